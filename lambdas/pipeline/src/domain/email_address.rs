use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// RFC 5321's limits.
const LONGEST: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;

/// An address that e-mail is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

/// Why a text is no such address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ann@example.com")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Parses an address as people write it: quoted local parts and addresses in brackets are none of them.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local_part, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let is_local_part = (1..=LONGEST_LOCAL_PART).contains(&local_part.len())
            && !local_part.starts_with('.')
            && !local_part.ends_with('.')
            && !local_part.contains("..")
            && local_part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let is_domain = domain.contains('.') && domain.split('.').all(is_label);
        match text.len() <= LONGEST && is_local_part && is_domain {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidEmailAddress),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for EmailAddress {
    fn schema_name() -> Cow<'static, str> {
        "EmailAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An address that e-mail is sent to.",
            "type": "string",
            "format": "email",
            "maxLength": LONGEST,
        })
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        Self::parse(text)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_what_is_none() {
        for text in [
            "ann@example.com",
            "a.b+reports@mail.example.co.jp",
            "o'neil@x-y.de",
        ] {
            assert_eq!(EmailAddress::parse(text).expect("valid").as_str(), text);
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@localhost",
            "ann@example..com",
            "ann@-example.com",
            "a nn@example.com",
            "ann@example.com\n",
            "ann@bob@example.com",
            "ann..b@example.com",
            "änn@example.com",
            "Ann <ann@example.com>",
            &long,
        ] {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmailAddress), "{text:?}");
        }
    }
}
