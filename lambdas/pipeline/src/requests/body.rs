use std::fmt::Display;

use serde_json::{Map, Value};
use sp_api::RegionCode;
use sp_api::ids::SellerId;

/// Why a request is refused; the message names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidRequest {
    /// The field or parameter at fault; `None` when it is the body as a whole.
    pub field: Option<String>,
    /// What is wrong, for people.
    pub message: String,
}

impl InvalidRequest {
    pub(super) fn field(name: &str, problem: impl Display) -> Self {
        Self {
            field: Some(name.to_owned()),
            message: format!("{name} {problem}"),
        }
    }
}

impl InvalidRequest {
    /// The same fault, in the part of the body called `place`.
    pub(super) fn within(self, place: &str) -> Self {
        match self.field {
            Some(field) => Self {
                message: format!("{place}.{}", self.message),
                field: Some(format!("{place}.{field}")),
            },
            None => Self::field(place, self.message),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// The names that parsers on this thread have asked for.
    pub(super) static ASKED: std::cell::RefCell<std::collections::BTreeSet<String>> = const {
        std::cell::RefCell::new(std::collections::BTreeSet::new())
    };
}

/// A JSON object whose fields are taken out one by one; what is left over at the end is unknown.
pub(super) struct Body(Map<String, Value>);

impl Body {
    pub(super) fn of(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        let whole = |message: &str| InvalidRequest {
            field: None,
            message: message.to_owned(),
        };
        if bytes.trim_ascii().is_empty() {
            return Err(whole("the body is empty; it must be a JSON object"));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(whole("the body must be a JSON object")),
            Err(error) => Err(whole(&format!("the body is not JSON: {error}"))),
        }
    }

    /// The field's value; `null` counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        #[cfg(test)]
        ASKED.with_borrow_mut(|asked| asked.insert(name.to_owned()));
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn required(&mut self, name: &str) -> Result<Value, InvalidRequest> {
        self.take(name)
            .ok_or_else(|| InvalidRequest::field(name, "is missing"))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, InvalidRequest> {
        let value = self.required(name)?;
        text(name, value)
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, InvalidRequest> {
        self.take(name).map(|value| text(name, value)).transpose()
    }

    /// A field that is parsed from a text.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, InvalidRequest> {
        let value = self.text(name)?;
        parse(&value).map_err(|error| InvalidRequest::field(name, error))
    }

    /// As [`parsed`](Self::parsed), of a field that may be left out.
    pub(super) fn optional_parsed<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, InvalidRequest> {
        let value = self.optional_text(name)?;
        let parsed = value.map(|value| parse(&value)).transpose();
        parsed.map_err(|error| InvalidRequest::field(name, error))
    }

    pub(super) fn seller_id(&mut self) -> Result<SellerId, InvalidRequest> {
        self.parsed("SellerId", SellerId::parse)
    }

    pub(super) fn region_code(&mut self) -> Result<RegionCode, InvalidRequest> {
        let code = self.text("RegionCode")?;
        region_code(&code)
    }

    pub(super) fn optional_region_code(&mut self) -> Result<Option<RegionCode>, InvalidRequest> {
        let code = self.optional_text("RegionCode")?;
        code.map(|code| region_code(&code)).transpose()
    }

    /// Refuses the body if it holds a field that nobody asked for: a misspelt option is not ignored.
    pub(super) fn finish(self) -> Result<(), InvalidRequest> {
        match self.0.keys().next() {
            Some(name) => Err(InvalidRequest::field(name, "is not a field of this request")),
            None => Ok(()),
        }
    }
}

fn region_code(code: &str) -> Result<RegionCode, InvalidRequest> {
    RegionCode::parse(code).ok_or_else(|| InvalidRequest::field("RegionCode", "must be NA, EU or FE"))
}

fn text(name: &str, value: Value) -> Result<String, InvalidRequest> {
    match value {
        Value::String(text) if text.trim().is_empty() => Err(InvalidRequest::field(name, "is empty")),
        Value::String(text) => Ok(text),
        _ => Err(InvalidRequest::field(name, "must be a text")),
    }
}
