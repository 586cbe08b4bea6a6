use jiff::Timestamp;
use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sp_api::ids::ReportId;

use crate::domain::Reference;
use crate::domain::order::RequestId;

/// The answer to orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OrderAnswer {
    /// 200.
    Ordered(Ordered),
    /// 202, to a single order.
    Queued(Queued),
    /// 202, to a list.
    Accepted(QueuedOrders),
}

/// An order that Amazon has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ordered {
    /// Amazon's id for the report.
    pub report_id: ReportId,
    /// The caller's own name for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// An order that will be carried out as soon as the quota allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queued {
    /// The order's name until Amazon has given the report an id.
    pub request_id: RequestId,
    /// How far it is.
    pub status: QueuedStatus,
    /// When it is its turn.
    // With milliseconds, as the ledger has it.
    #[serde(serialize_with = "with_milliseconds")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub not_before: Timestamp,
    /// The caller's own name for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// The status of an order that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum QueuedStatus {
    /// It waits for the quota.
    Queued,
}

/// A list of orders that will be carried out as soon as the quota allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QueuedOrders {
    /// Each of them, as they stood in the request.
    pub orders: Vec<Queued>,
}

/// An answer, and what else there is to say.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{Answer}AndWarnings")]
pub struct Warned<Answer> {
    /// What is answered.
    #[serde(flatten)]
    pub answer: Answer,
    /// Why nobody may announce the report: the selling partner is not subscribed there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub warnings: Vec<String>,
}

fn with_milliseconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

impl OrderAnswer {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Ordered(_) => StatusCode::OK,
            Self::Queued(_) | Self::Accepted(_) => StatusCode::ACCEPTED,
        }
    }
}

/// What came of cancelling a report or an order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CancellationAnswer {
    /// The report's id, or the order's that has become none.
    pub report_id: String,
    /// How far it is.
    pub status: CancellationStatus,
}

/// How far a cancellation is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CancellationStatus {
    /// It was still in the queue here: Amazon never hears of it.
    Cancelled,
    /// Amazon has agreed; its notification ends the report.
    Cancelling,
}
