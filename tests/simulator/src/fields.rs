//! Reads JSON objects field by field, so that every complaint can name the field.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What is wrong with which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's name; `body` where the whole body is meant.
    pub(crate) field: String,
    /// What it has to be: "must be text".
    pub(crate) problem: String,
}

impl FieldError {
    pub(crate) fn new(field: &str, problem: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            problem: problem.into(),
        }
    }
}

type Read<T> = Result<T, FieldError>;

/// Parses a body that has to be one JSON object; an empty body is an empty object.
pub(crate) fn parse_object(body: &[u8]) -> Read<Map<String, Value>> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(FieldError::new("body", "must be a JSON object")),
        Err(error) => Err(FieldError::new("body", format!("is not JSON: {error}"))),
    }
}

/// A timestamp as the models demand it: RFC 3339 with an offset.
pub(crate) fn parse_timestamp(field: &str, text: &str) -> Read<Timestamp> {
    // jiff also reads a blank or a lower-case t in the middle, which Amazon does not document.
    let parsed = if text.as_bytes().get(10) == Some(&b'T') {
        text.parse().ok()
    } else {
        None
    };
    parsed.ok_or_else(|| {
        FieldError::new(
            field,
            "must be an ISO 8601 date and time such as 2024-03-10T20:11:24.000Z",
        )
    })
}

/// A JSON object that remembers which of its fields were asked for.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            asked: RefCell::default(),
        }
    }

    /// The field as it stands.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.object.get(name)
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        as_type: impl Fn(&'a Value) -> Option<T>,
    ) -> Read<Option<T>> {
        match self.raw(name) {
            None => Ok(None),
            Some(value) => as_type(value)
                .map(Some)
                .ok_or_else(|| FieldError::new(name, expected)),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Read<Option<&'a str>> {
        self.read(name, "must be text that is not empty", |value| {
            value.as_str().filter(|text| !text.is_empty())
        })
    }

    pub(crate) fn required_text(&self, name: &str) -> Read<&'a str> {
        self.text(name)?
            .ok_or_else(|| FieldError::new(name, "is required"))
    }

    pub(crate) fn number(&self, name: &str) -> Read<Option<u64>> {
        self.read(name, "must be a whole number that is not negative", Value::as_u64)
    }

    pub(crate) fn fraction(&self, name: &str) -> Read<Option<f64>> {
        self.read(name, "must be a number", Value::as_f64)
    }

    pub(crate) fn flag(&self, name: &str) -> Read<Option<bool>> {
        self.read(name, "must be true or false", Value::as_bool)
    }

    pub(crate) fn timestamp(&self, name: &str) -> Read<Option<Timestamp>> {
        self.text(name)?
            .map(|text| parse_timestamp(name, text))
            .transpose()
    }

    pub(crate) fn texts(&self, name: &str) -> Read<Option<Vec<String>>> {
        self.read(name, "must be a list of texts that are not empty", |value| {
            let texts = value.as_array()?.iter().map(Value::as_str);
            texts
                .map(|text| text.filter(|text| !text.is_empty()).map(str::to_owned))
                .collect()
        })
    }

    pub(crate) fn text_map(&self, name: &str) -> Read<Option<BTreeMap<String, String>>> {
        self.read(name, "must be an object whose values are all texts", |value| {
            let entries = value.as_object()?.iter();
            entries
                .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect()
        })
    }

    pub(crate) fn object(&self, name: &str) -> Read<Option<&'a Map<String, Value>>> {
        self.read(name, "must be an object", Value::as_object)
    }

    pub(crate) fn array(&self, name: &str) -> Read<Option<&'a Vec<Value>>> {
        self.read(name, "must be a list", Value::as_array)
    }

    /// Refuses fields that nobody asked for: a misspelt name must not pass in silence.
    pub(crate) fn finish(&self) -> Read<()> {
        let asked = self.asked.borrow();
        match self.object.keys().find(|name| !asked.contains(*name)) {
            Some(unknown) => {
                let known = asked.iter().cloned().collect::<Vec<_>>().join(", ");
                Err(FieldError::new(
                    unknown,
                    format!("is not known here; known are: {known}"),
                ))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_name_the_field() {
        let object = parse_object(br#"{"size": "big", "reprotType": "X"}"#).expect("JSON");
        let fields = Fields::new(&object);
        assert_eq!(fields.number("size").expect_err("not a number").field, "size");
        assert_eq!(
            fields.required_text("sellerId").expect_err("absent").field,
            "sellerId"
        );
        assert_eq!(fields.finish().expect_err("misspelt").field, "reprotType");
    }

    #[test]
    fn timestamps_need_an_offset() {
        assert!(parse_timestamp("f", "2024-03-10T20:11:24.000Z").is_ok());
        assert!(parse_timestamp("f", "2024-03-10T20:11:24+09:00").is_ok());
        for text in [
            "2024-03-10",
            "2024-03-10T20:11:24",
            "yesterday",
            "2024-03-10 20:11:24Z",
        ] {
            assert!(parse_timestamp("f", text).is_err(), "{text}");
        }
    }
}
