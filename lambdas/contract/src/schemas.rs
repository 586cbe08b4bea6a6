//! The schemas of Rust types, as components of the document.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where schemas are in the document.
const PLACE: &str = "/components/schemas";

/// The schemas that the operations refer to.
pub(crate) struct Schemas {
    /// Of requests, in which `null` is as good as nothing.
    taken: SchemaGenerator,
    /// Of answers, in which there is none.
    answered: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || settings().for_deserialize();
        Self {
            taken: settings().into_generator(),
            // As who reads it sees an answer: what may be left out is not required.
            answered: without_nulls(settings()).into_generator(),
        }
    }
}

impl Schemas {
    /// A reference to the schema of what is taken, which becomes a component.
    pub(crate) fn taken<T: JsonSchema>(&mut self) -> Value {
        self.taken.subschema_for::<T>().into()
    }

    /// A reference to the schema of what is answered, which becomes a component.
    pub(crate) fn answered<T: JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().into()
    }

    /// The schema of what is taken itself.
    pub(crate) fn inline<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.taken).into()
    }

    /// Everything that was referred to.
    ///
    /// # Panics
    /// Two different schemas have the same name.
    pub(crate) fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.taken.take_definitions(true);
        add(&mut components, self.answered.take_definitions(true));
        components
    }
}

/// Adds the schema of what is only ever written, as a component, and those that it refers to.
///
/// # Panics
/// Two different schemas have the same name.
pub(crate) fn add_written<T: JsonSchema>(components: &mut Map<String, Value>) {
    let mut generator = without_nulls(settings().for_serialize()).into_generator();
    generator.subschema_for::<T>();
    add(components, generator.take_definitions(true));
}

fn add(components: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, schema) in more {
        if let Some(other) = components.get(&name) {
            assert_eq!(*other, schema, "two schemas are called {name}");
        }
        components.insert(name, schema);
    }
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = PLACE.into();
        settings.meta_schema = None;
    })
}

fn without_nulls(settings: SchemaSettings) -> SchemaSettings {
    settings.with_transform(RecursiveTransform(|schema: &mut Schema| {
        if let Some(fields) = schema.as_object_mut() {
            drop_null(fields);
        }
    }))
}

/// Takes `null` out of what a schema allows: what it is of is there or it is not.
pub(crate) fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        alternatives.retain(|alternative| alternative["type"] != "null");
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}
