//! What a line of a function's log says.

use serde_json::{Map, Value};

/// A line that a function wrote by itself, which is JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its fields, as they are in the log.
    pub fields: Map<String, Value>,
}

impl Said {
    /// `None` for a line of Lambda's own.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().map(|fields| Self { fields })
    }

    /// A field that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// Whether it is about that report or order: a field says so, or its text names it.
    pub fn is_about(&self, id: &str) -> bool {
        let is_in_a_field = ["report", "order"].iter().any(|name| self.text(name) == Some(id));
        is_in_a_field || self.text("message").is_some_and(|message| names(message, id))
    }

    /// For people: the text, after its level where that is more than usual; of metrics their values.
    pub fn in_words(&self) -> String {
        if let Some(metrics) = self.metrics() {
            return metrics;
        }
        let message = self.text("message").unwrap_or_default();
        match self.text("level") {
            None | Some("INFO") => message.to_owned(),
            Some(level) => format!("{level} {message}"),
        }
    }

    /// What is counted, if it is a line in the embedded metric format.
    fn metrics(&self) -> Option<String> {
        self.fields.get("_aws")?;
        let values = self
            .fields
            .iter()
            .filter(|(name, _)| *name != "_aws" && *name != "FunctionName");
        let values = values.map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        });
        Some(format!("counted: {}", values.collect::<Vec<_>>().join(" ")))
    }
}

/// Whether the text has that id, and not only as a part of a longer one.
fn names(text: &str, id: &str) -> bool {
    let is_of_an_id = |character: Option<char>| character.is_some_and(|it| it.is_ascii_alphanumeric());
    text.match_indices(id).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + id.len()..]);
        !is_of_an_id(before.chars().next_back()) && !is_of_an_id(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Said {
        Said::parse(line).expect("JSON")
    }

    #[test]
    fn a_line_is_read_for_people() {
        assert_eq!(
            said(r#"{"level": "INFO", "message": "all is well"}"#).in_words(),
            "all is well"
        );
        assert_eq!(
            said(r#"{"level": "WARN", "message": "not so well"}"#).in_words(),
            "WARN not so well"
        );
        let metrics = r#"{"_aws": {}, "FunctionName": "f", "Outcome": "Delivered", "Reports": 1}"#;
        assert_eq!(said(metrics).in_words(), "counted: Outcome=Delivered Reports=1");
        assert_eq!(Said::parse("START RequestId: 1"), None);
    }

    #[test]
    fn a_line_is_about_what_its_fields_or_its_text_name() {
        let about = |line: &str| said(line).is_about("5451");
        assert!(about(r#"{"report": "5451", "message": ""}"#));
        assert!(about(
            r#"{"message": "a link to SellerId=A3/5451.tsv.gz is opened"}"#
        ));
        assert!(!about(
            r#"{"report": "15451", "message": "report 15451, of 54511"}"#
        ));
    }
}
