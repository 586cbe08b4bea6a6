//! Amazon's identifiers, each a type of its own, parsed once at the edge.
//!
//! A report id, a report document id and a report schedule id are unique only together with the
//! selling partner.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Why a text is not the identifier it was meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);

/// An identifier in JSON: a text, or a number where somebody took its digits for one.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Written {
    Text(String),
    Number(u64),
}

impl Written {
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

macro_rules! identifier {
    ($(#[doc = $doc:literal])* $name:ident, $longest:literal, $extra:expr, $expected:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "Written", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses the identifier as Amazon writes it.
            ///
            /// # Errors
            /// The text is empty, too long, or holds a character the identifier can't have.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_made_of(text, $longest, $extra) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId($expected))
                }
            }

            /// The identifier as Amazon writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let description = [$($doc.trim()),*].join(" ");
                json_schema!({
                    "description": description,
                    "type": "string",
                    "maxLength": $longest,
                    "pattern": pattern($extra),
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl TryFrom<Written> for $name {
            type Error = InvalidId;
            fn try_from(written: Written) -> Result<Self, InvalidId> {
                Self::parse(&written.into_text())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

/// Every visible character of ASCII that is no letter and no digit.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Whether a text has 1 to `longest` characters, all of them letters, digits or among `extra`.
fn is_made_of(text: &str, longest: usize, extra: &str) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// [`is_made_of`] as a regular expression, but for the length.
fn pattern(extra: &str) -> String {
    let mut pattern = "^[A-Za-z0-9".to_owned();
    for c in extra.chars() {
        // No others: ECMA-262 refuses escapes that are not needed.
        if "^$\\.*+?()[]{}|/-".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "]+$"
}

identifier!(
    /// A selling partner: a seller's merchant id (`A3TH9S8BH6GOGM`) or a vendor group's account id
    /// (`amzn1.vg.6213651`). Never holds an underscore.
    SellerId,
    64,
    ".-",
    "must be a seller id such as A3TH9S8BH6GOGM or a vendor account id such as amzn1.vg.6213651"
);
identifier!(
    /// A report of one selling partner: `54517018502`.
    ReportId,
    64,
    "._-",
    "must be a report id such as 54517018502"
);
identifier!(
    /// A report's document: `amzn1.tortuga.3.edbcd0d8-3434-8222-1234-52ad8ade1208.REP4567URI9BMZ`.
    ReportDocumentId,
    256,
    "._-:~+=",
    "must be a report document id such as amzn1.tortuga.3.edbcd0d8-3434-8222-1234-52ad8ade1208.REP4567URI9BMZ"
);
identifier!(
    /// A report schedule of one selling partner: `50232018507`.
    ReportScheduleId,
    64,
    "._-",
    "must be a report schedule id such as 50232018507"
);
identifier!(
    /// A report type: `GET_MERCHANT_LISTINGS_ALL_DATA`.
    ReportType,
    128,
    "_",
    "must be a report type such as GET_MERCHANT_LISTINGS_ALL_DATA"
);
identifier!(
    /// A marketplace: `ATVPDKIKX0DER`.
    MarketplaceId,
    32,
    "",
    "must be a marketplace id such as ATVPDKIKX0DER"
);
identifier!(
    /// A notification type: `REPORT_PROCESSING_FINISHED`.
    NotificationType,
    64,
    "_",
    "must be a notification type such as REPORT_PROCESSING_FINISHED"
);
identifier!(
    /// A version of a notification type's payload: `1.0`, `2020-09-04`.
    PayloadVersion,
    64,
    ".-_",
    "must be a payload version such as 1.0"
);
identifier!(
    /// A place that notifications are sent to, by Amazon's id for it.
    DestinationId,
    256,
    PUNCTUATION,
    "must be a destination id"
);
identifier!(
    /// A selling partner's subscription to a notification type, by Amazon's id for it.
    SubscriptionId,
    256,
    PUNCTUATION,
    "must be a subscription id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sellers_and_vendors_are_selling_partners() {
        assert!(SellerId::parse("A3TH9S8BH6GOGM").is_ok());
        assert!(SellerId::parse("amzn1.vg.6213651").is_ok());
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in ["", " ", "A B", "A/B", "A_B", "ä", &"A".repeat(65)] {
            assert!(SellerId::parse(text).is_err(), "{text:?}");
        }
        assert!(ReportDocumentId::parse("a/../b").is_err());
    }

    #[test]
    fn every_visible_character_may_stand_in_what_amazon_names() {
        for c in (0..=127).map(char::from) {
            let parsed = SubscriptionId::parse(&c.to_string());
            assert_eq!(parsed.is_ok(), c.is_ascii_graphic(), "{c:?}");
        }
    }

    #[test]
    fn a_schema_says_what_is_parsed() {
        let schema = schemars::schema_for!(SellerId);
        assert_eq!(schema.get("pattern"), Some(&r"^[A-Za-z0-9\.\-]+$".into()));
        assert_eq!(schema.get("maxLength"), Some(&64.into()));
        let description = schema.get("description").and_then(|it| it.as_str());
        assert!(description.is_some_and(|it| it.starts_with("A selling partner: a seller's merchant id")));
    }

    #[test]
    fn json_is_parsed_as_strictly() {
        assert!(serde_json::from_str::<ReportId>("\"54517018502\"").is_ok());
        assert!(serde_json::from_str::<ReportId>("\"\"").is_err());
        assert!(serde_json::from_str::<ReportId>("-5").is_err());
        assert!(serde_json::from_str::<ReportId>("5.5").is_err());
    }

    #[test]
    fn digits_may_come_as_a_number() {
        let id: ReportId = serde_json::from_str("54517018502").expect("an id");
        assert_eq!(id.as_str(), "54517018502");
    }
}
