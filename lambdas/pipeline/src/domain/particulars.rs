use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sp_api::ids::MarketplaceId;
use sp_api::{CreateReport, Report};

use super::order::RequestId;

/// Longer ones are no names.
const LONGEST_REFERENCE: usize = 256;

/// The caller's own name for an order. It comes back with everything that is said of its report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// Why a text is no reference.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LONGEST_REFERENCE} characters, none of them a control character")]
pub struct InvalidReference;

impl Reference {
    /// Parses what a caller calls an order.
    ///
    /// # Errors
    /// It is empty or too long, or holds control characters, of which a line break in an e-mail is one.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let length = text.chars().count();
        match (1..=LONGEST_REFERENCE).contains(&length) && !text.contains(char::is_control) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidReference),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Reference {
    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The caller's own name for an order. It comes back with everything that is said of its report.",
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_REFERENCE,
            // Not white space alone.
            "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Reference {
    type Error = InvalidReference;
    fn try_from(text: String) -> Result<Self, InvalidReference> {
        Self::parse(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

/// What is known of a report besides whose, which and of what type it is: all that was ordered, of one that
/// was ordered here; little or nothing of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Start of the period that it is about.
    pub data_start_time: Option<Timestamp>,
    /// End of the period.
    pub data_end_time: Option<Timestamp>,
    /// The marketplaces that it covers.
    pub marketplace_ids: Vec<MarketplaceId>,
    /// Options that its type knows.
    pub report_options: BTreeMap<String, String>,
    /// The order that it came of, as it is called here.
    pub request_id: Option<RequestId>,
    /// The order that it came of, as the caller calls it.
    pub reference: Option<Reference>,
}

impl Particulars {
    /// All that was ordered.
    #[must_use]
    pub fn of_order(report: &CreateReport, reference: Option<&Reference>) -> Self {
        Self {
            data_start_time: report.data_start_time,
            data_end_time: report.data_end_time,
            marketplace_ids: report.marketplace_ids.clone(),
            report_options: report.report_options.clone(),
            request_id: None,
            reference: reference.cloned(),
        }
    }

    /// These, and what Amazon tells of the report where they say nothing.
    #[must_use]
    pub fn completed_by(self, report: &Report) -> Self {
        let has_marketplaces = !self.marketplace_ids.is_empty();
        Self {
            data_start_time: self.data_start_time.or(report.data_start_time),
            data_end_time: self.data_end_time.or(report.data_end_time),
            marketplace_ids: match has_marketplaces {
                true => self.marketplace_ids,
                false => report.marketplace_ids.clone(),
            },
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_line_of_text() {
        for text in ["7", "Monday's listings, für Ä", &"ä".repeat(256)] {
            assert_eq!(Reference::parse(text).expect("valid").as_str(), text);
        }
        for text in ["", "a\nb", "a\u{7f}", &"a".repeat(257)] {
            assert_eq!(Reference::parse(text), Err(InvalidReference), "{text:?}");
        }
    }
}
