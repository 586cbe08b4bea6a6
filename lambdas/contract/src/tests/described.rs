//! What the document says of each operation, as the tests compare it.

use std::collections::BTreeMap;

use serde_json::Value;

/// Names, and whether each must be there.
pub(super) type Names = BTreeMap<String, bool>;

/// An operation of the document.
#[derive(Debug)]
pub(super) struct Described {
    /// `POST`
    pub(super) method: String,
    /// `/reports/{reportId}`
    pub(super) path: String,
    /// Whether it wants no signature.
    pub(super) is_open: bool,
    /// Of the body: the fields.
    pub(super) fields: Names,
    /// In the query.
    pub(super) query: Names,
    /// In headers.
    pub(super) headers: Names,
    /// By the status: the fields of the answer.
    pub(super) answers: BTreeMap<u16, Names>,
}

/// All operations.
pub(super) fn operations() -> Vec<Described> {
    let document = crate::document();
    let paths = document["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let mut fields = Names::new();
            add_fields(&document, body, &mut fields);
            all.push(Described {
                method: method.to_uppercase(),
                path: path.clone(),
                is_open: operation["security"].as_array().is_some_and(Vec::is_empty),
                fields,
                query: parameters(operation, "query"),
                headers: parameters(operation, "header"),
                answers: answers(&document, operation),
            });
        }
    }
    all
}

fn answers(document: &Value, operation: &Value) -> BTreeMap<u16, Names> {
    let all = operation["responses"].as_object().into_iter().flatten();
    // What stands for many statuses has no number.
    let exact = all.filter_map(|(status, answer)| Some((status.parse().ok()?, answer)));
    exact
        .map(|(status, answer)| {
            let mut fields = Names::new();
            let schema = &answer["content"]["application/json"]["schema"];
            add_fields(document, schema, &mut fields);
            (status, fields)
        })
        .collect()
}

fn parameters(operation: &Value, place: &str) -> Names {
    let all = operation["parameters"].as_array().into_iter().flatten();
    let there = all.filter(|parameter| parameter["in"] == place);
    there
        .map(|parameter| {
            let name = parameter["name"].as_str().expect("a name");
            (name.to_owned(), parameter["required"] == true)
        })
        .collect()
}

/// The fields of a schema, or of all its alternatives.
fn add_fields(document: &Value, schema: &Value, fields: &mut Names) {
    if let Some(place) = schema["$ref"].as_str() {
        let component = document.pointer(&place[1..]).expect("a component");
        return add_fields(document, component, fields);
    }
    for alternative in schema["anyOf"].as_array().into_iter().flatten() {
        add_fields(document, alternative, fields);
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.into_iter().flatten().any(|it| it == name);
    for name in schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        fields.insert(name.clone(), is_required(name));
    }
}
