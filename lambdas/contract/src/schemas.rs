//! The schemas of Rust types, as components of the document.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where schemas are in the document.
const PLACE: &str = "/components/schemas";

/// The schemas that the operations refer to.
pub(crate) struct Schemas(SchemaGenerator);

impl Default for Schemas {
    fn default() -> Self {
        // As who reads it sees an answer: what may be left out is not required.
        Self(settings().for_deserialize().into_generator())
    }
}

impl Schemas {
    /// A reference to the type's schema, which becomes a component; or the schema itself, of a simple type.
    pub(crate) fn reference<T: JsonSchema>(&mut self) -> Value {
        self.0.subschema_for::<T>().into()
    }

    /// The type's schema itself.
    pub(crate) fn inline<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.0).into()
    }

    /// Everything that was referred to.
    pub(crate) fn into_components(mut self) -> Map<String, Value> {
        self.0.take_definitions(true)
    }
}

/// The schema of what is only ever written, as a component, and those that it refers to.
pub(crate) fn written<T: JsonSchema>() -> Map<String, Value> {
    let mut generator = settings().for_serialize().into_generator();
    generator.subschema_for::<T>();
    generator.take_definitions(true)
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = PLACE.into();
        settings.meta_schema = None;
    })
}

/// A schema without `null`: a parameter is there or it is not.
pub(crate) fn without_null(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else {
        return schema;
    };
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            fields["type"] = only.clone();
        }
    }
    if let Some(Value::Array(alternatives)) = fields.get_mut("anyOf") {
        alternatives.retain(|alternative| alternative["type"] != "null");
        if let [only] = alternatives.as_slice() {
            let only = only.clone();
            fields.remove("anyOf");
            fields.extend(only.as_object().cloned().unwrap_or_default());
        }
    }
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    schema
}
