//! Deliveries that stopped, and which of them are to begin again.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sp_api::ids::{ReportId, SellerId};

use super::obstacle::WAITING_FOR_OWNER;
use super::years::YEARS;

/// As many report ids as one question names.
pub const MOST_REPORT_IDS: usize = 100;

/// As long as Step Functions lets the name of an error be.
const LONGEST_ERROR: usize = 256;

/// Whether that is how errors are called.
#[must_use]
pub fn is_error_name(text: &str) -> bool {
    (1..=LONGEST_ERROR).contains(&text.len()) && text.chars().all(|it| it.is_ascii_graphic())
}

/// Where a delivery stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StoppedAs {
    /// It failed for good.
    #[default]
    #[serde(rename = "FAILED")]
    Failed,
    /// It waits for what is somebody else's to mend.
    #[serde(rename = "WAITING_FOR_OWNER")]
    Waiting,
}

impl StoppedAs {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Failed, Self::Waiting];

    /// Its name in the ledger.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Waiting => WAITING_FOR_OWNER,
        }
    }

    /// The attributes that hold why it stopped, by the error's name, and when.
    #[must_use]
    pub fn why_and_when(self) -> [&'static str; 2] {
        match self {
            Self::Failed => ["error", "failedAt"],
            Self::Waiting => ["waitingFor", "waitingSince"],
        }
    }
}

/// Which deliveries are to begin again: those that all of it is true of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Stopped {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<SellerId>,
    /// Where they stopped.
    #[serde(default)]
    #[schemars(with = "Option<StoppedAs>")]
    pub status: StoppedAs,
    /// By the name of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = LONGEST_ERROR), regex(pattern = "^[!-~]+$"))]
    pub error: Option<String>,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time", "pattern" = YEARS))]
    pub since: Option<Timestamp>,
    /// These, at most a hundred; all of them without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<ReportId>>", length(min = 1, max = MOST_REPORT_IDS))]
    pub report_ids: Vec<ReportId>,
}
