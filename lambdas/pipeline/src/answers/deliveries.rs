use jiff::Timestamp;
use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sp_api::ids::ReportId;

use crate::domain::stopped::Stopped;

/// How far a delivery is that was asked for; of one that is over with a new link, because nobody gets a
/// second e-mail.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Which report's.
    pub report_id: ReportId,
    /// The status of its row.
    pub status: String,
    /// A new link to its document.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub link: Option<String>,
    /// Until when the link works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
    /// Whether it begins now, or has begun before.
    #[serde(skip)]
    pub begins: bool,
}

impl Delivery {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        if self.begins {
            StatusCode::ACCEPTED
        } else {
            StatusCode::OK
        }
    }
}

/// A job has begun that has deliveries begin again.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBegun {
    /// Which.
    pub job_id: String,
    /// How far it is.
    pub status: Running,
}

/// The status of a job that has just begun.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Running {
    /// It goes through the deliveries that stopped.
    Running,
}

/// How far a job is. The functions make it of its row in the ledger, attribute by attribute.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct Job {
    /// Which.
    pub job_id: String,
    /// Whether it is over.
    pub status: JobStatus,
    /// How many deliveries were to begin again, as far as it has come.
    pub matched: u64,
    /// How many of them did.
    pub started: u64,
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When it ended.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ended_at: Option<Timestamp>,
    /// What was asked for.
    pub criteria: Stopped,
}

/// How far a job may be.
#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
pub enum JobStatus {
    /// It goes through the deliveries that stopped.
    Running,
    /// It has.
    Done,
}
