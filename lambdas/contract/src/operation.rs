use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use pipeline::api::ErrorBody;

use crate::refusals::{ALWAYS, AMAZONS_OWN, BY_AMAZON, Refusal};
use crate::schemas::{Schemas, drop_null};

/// A method of a path: what it takes, and what it answers.
pub(crate) struct Operation {
    /// In small letters.
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
    pub(crate) refusals: Vec<Refusal>,
    is_open: bool,
}

impl Operation {
    /// One that wants a signature.
    pub(crate) fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            parameters: Vec::new(),
            body: None,
            responses: Map::new(),
            refusals: ALWAYS.to_vec(),
            is_open: false,
        }
    }

    /// It takes no signature, and its refusals are not the functions' JSON.
    pub(crate) fn open(mut self) -> Self {
        self.is_open = true;
        self.refusals.clear();
        self
    }

    /// It takes the fields of `T` in its path, if that has a place for them, and in its query.
    pub(crate) fn parameters<T: JsonSchema>(mut self, schemas: &mut Schemas) -> Self {
        let schema = schemas.inline::<T>();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        for (name, property) in properties {
            let is_in_path = self.path.contains(&format!("{{{name}}}"));
            let is_required = required.iter().any(|it| *it == name);
            let place = if is_in_path { "path" } else { "query" };
            self.parameters
                .push(parameter(&name, place, is_required, property));
        }
        self
    }

    /// It takes a secret in its path; whatever else stands there is answered with a page.
    pub(crate) fn takes_secret(mut self, name: &str) -> Self {
        let schema = json!({"type": "string", "minLength": 1});
        self.parameters.push(parameter(name, "path", true, schema));
        self
    }

    /// It takes texts in its query; what is missing or amiss is answered with a page.
    pub(crate) fn takes_texts(mut self, names: &[&str]) -> Self {
        for name in names {
            let schema = json!({"type": "string"});
            self.parameters.push(parameter(name, "query", false, schema));
        }
        self
    }

    /// It takes a header.
    pub(crate) fn header<T: JsonSchema>(mut self, schemas: &mut Schemas, name: &str) -> Self {
        let schema = schemas.inline::<T>();
        self.parameters.push(parameter(name, "header", false, schema));
        self
    }

    /// It takes a body.
    pub(crate) fn body<T: JsonSchema>(mut self, schemas: &mut Schemas, is_required: bool) -> Self {
        let schema = schemas.taken::<T>();
        self.body = Some(json!({
            "required": is_required,
            "content": {"application/json": {"schema": schema}},
        }));
        self
    }

    /// It answers with JSON.
    pub(crate) fn answers<T: JsonSchema>(
        self,
        schemas: &mut Schemas,
        status: &'static str,
        words: &str,
    ) -> Self {
        let schema = schemas.answered::<T>();
        self.answers_with(status, words, &schema)
    }

    /// It answers with JSON of that schema.
    pub(crate) fn answers_with(self, status: &'static str, words: &str, schema: &Value) -> Self {
        let content = json!({"application/json": {"schema": schema}});
        self.responds(status, json!({"description": words, "content": content}))
    }

    /// It answers so.
    pub(crate) fn responds(mut self, status: &'static str, response: Value) -> Self {
        self.responses.insert(status.to_owned(), response);
        self
    }

    /// It asks Amazon.
    pub(crate) fn asks_amazon(self) -> Self {
        self.refused(BY_AMAZON)
    }

    /// It refuses so.
    pub(crate) fn refused(mut self, refusals: &[Refusal]) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// As the document has it.
    pub(crate) fn to_json(&self, schemas: &mut Schemas) -> Value {
        let mut responses = self.responses.clone();
        let mut by_status: BTreeMap<&str, Vec<Refusal>> = BTreeMap::new();
        for refusal in &self.refusals {
            by_status.entry(refusal.0).or_default().push(*refusal);
        }
        for (status, refusals) in by_status {
            let is_closed = !self.may_be_amazons(status);
            responses.insert(status.to_owned(), refusal(schemas, status, &refusals, is_closed));
        }
        let mut operation = json!({"operationId": self.id, "summary": self.summary, "responses": responses});
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.clone().into();
        }
        if let Some(body) = &self.body {
            operation["requestBody"] = body.clone();
        }
        if self.is_open {
            operation["security"] = json!([]);
        }
        operation
    }

    /// Whether a refusal of that status may have a code of Amazon's.
    fn may_be_amazons(&self, status: &str) -> bool {
        let asks_amazon = self.refusals.iter().any(|(_, code, _)| *code == AMAZONS_OWN);
        asks_amazon && status.starts_with('4') && !["403", "429"].contains(&status)
    }
}

fn parameter(name: &str, place: &str, is_required: bool, mut schema: Value) -> Value {
    let description = schema.as_object_mut().and_then(|fields| {
        drop_null(fields);
        fields.remove("description")
    });
    let mut parameter = json!({"name": name, "in": place, "required": is_required});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    if schema["type"] == "array" {
        // One text with commas.
        parameter["style"] = "form".into();
        parameter["explode"] = false.into();
    }
    parameter["schema"] = schema;
    parameter
}

fn refusal(schemas: &mut Schemas, status: &str, refusals: &[Refusal], is_closed: bool) -> Value {
    let mut schema = schemas.answered::<ErrorBody<'static>>();
    if is_closed {
        let codes: Vec<_> = refusals.iter().map(|(_, code, _)| *code).collect();
        schema["properties"] = json!({"code": {"enum": codes}});
    }
    let words: Vec<_> = refusals
        .iter()
        .map(|(_, code, words)| match *code {
            AMAZONS_OWN => format!("- {code}: {words}"),
            _ => format!("- `{code}`: {words}"),
        })
        .collect();
    let mut response = json!({
        "description": words.join("\n"),
        "content": {"application/json": {"schema": schema}},
    });
    if ["409", "429", "503"].contains(&status) {
        response["headers"] = json!({
            "Retry-After": {
                "description": "After how many seconds it is worth another try, if that is known.",
                "schema": {"type": "integer", "minimum": 0},
            },
        });
    }
    response
}
