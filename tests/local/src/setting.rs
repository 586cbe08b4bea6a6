//! The deployment's settings, in the CDK's own words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A local stack has its own values for these.
const OURS: [&str; 5] = [
    "apiUrl",
    "architecture",
    "functionsDir",
    "localMailbox",
    "removalPolicy",
];

/// One setting, as `cdk --context` takes it. Which there are and what they may be, the CDK app says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    name: String,
    value: String,
}

impl Setting {
    /// A setting.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
        }
    }
}

/// What `name` is set to.
pub fn value<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    let setting = settings.iter().find(|setting| setting.name == name)?;
    Some(&setting.value)
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
        if OURS.contains(&name) {
            return Err(format!("a local stack has its own {name}"));
        }
        Ok(Self::new(name, value))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_the_cdk_reads_them() {
        let setting: Setting = "documentFormat=utf8".parse().expect("a setting");
        assert_eq!(setting.to_string(), "documentFormat=utf8");
        assert_eq!(value(&[setting], "documentFormat"), Some("utf8"));
        for wrong in ["documentFormat", "functionsDir=/tmp"] {
            assert!(wrong.parse::<Setting>().is_err(), "{wrong}");
        }
    }
}
