//! Regions and the endpoints that serve them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of SP-API's three regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RegionCode {
    /// North America and Brazil.
    Na,
    /// Europe, India, the Middle East and Africa.
    Eu,
    /// Japan, Australia and Singapore.
    Fe,
}

impl RegionCode {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Na, Self::Eu, Self::Fe];

    /// `NA`, `EU` or `FE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Na => "NA",
            Self::Eu => "EU",
            Self::Fe => "FE",
        }
    }

    /// The region with that code, which must be in capitals; `None` if there is none.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.as_str() == code)
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
