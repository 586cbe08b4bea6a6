use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sp_api::RegionCode;
use sp_api::ids::{MarketplaceId, ReportDocumentId, ReportId, ReportScheduleId, ReportType, SellerId};

use crate::domain::Reference;
use crate::domain::order::RequestId;
use crate::requests::LedgerStatus;

/// A page of a selling partner's reports and orders.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportList {
    /// Their rows. There may be fewer than `limit` before the last page.
    #[schemars(with = "Vec<ReportRow>")]
    pub reports: Vec<Value>,
    /// What leads on to the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A report or an order, as far as it has come. The functions make it of its row in the ledger, attribute by
/// attribute.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ReportRow {
    /// Amazon's report id; of an order that has none yet, its request id.
    pub report_id: String,
    /// The order that it was, or is.
    pub request_id: Option<RequestId>,
    /// The caller's own name for the order.
    pub reference: Option<Reference>,
    /// Whose.
    pub seller_id: SellerId,
    /// Where.
    pub region_code: Option<RegionCode>,
    /// What it reports.
    pub report_type: Option<ReportType>,
    /// The marketplaces that it was ordered for.
    pub marketplace_ids: Option<Vec<MarketplaceId>>,
    /// Start of its period.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub data_start_time: Option<Timestamp>,
    /// End of its period.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub data_end_time: Option<Timestamp>,
    /// The options that it was ordered with.
    pub report_options: Option<BTreeMap<String, String>>,
    /// The schedule that made it.
    pub report_schedule_id: Option<ReportScheduleId>,
    /// How far it is here.
    #[schemars(with = "Option<LedgerStatus>")]
    pub status: Option<String>,
    /// How far it is at Amazon, or how it ended there.
    pub processing_status: Option<String>,
    /// When the order was queued.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub queued_at: Option<Timestamp>,
    /// When it is the order's turn.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub not_before: Option<Timestamp>,
    /// The report that the order has become.
    pub placed_as: Option<ReportId>,
    /// The error that has to be put right before it goes on.
    pub waiting_for: Option<String>,
    /// Since when it waits for that.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub waiting_since: Option<Timestamp>,
    /// When Amazon took the order.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ordered_at: Option<Timestamp>,
    /// When its owner was told that Amazon takes long.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub slow_since: Option<Timestamp>,
    /// The name of the execution that works on it, or did so last.
    pub execution: Option<String>,
    /// When Amazon agreed to cancel it.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub cancel_requested_at: Option<Timestamp>,
    /// When it was known here that Amazon was done.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub notified_at: Option<Timestamp>,
    /// What its announcement had to be completed by.
    pub announced_without: Option<Vec<String>>,
    /// When its document was known.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub retrieved_at: Option<Timestamp>,
    /// When its document was stored.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub stored_at: Option<Timestamp>,
    /// When the link was made.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub linked_at: Option<Timestamp>,
    /// When its owner was told of its end.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub announced_at: Option<Timestamp>,
    /// Why an e-mail about it was refused for good.
    pub mail_error: Option<String>,
    /// When it was given up.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub failed_at: Option<Timestamp>,
    /// When its owner was told of that.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub failure_announced_at: Option<Timestamp>,
    /// How many attempts failed.
    pub attempts: Option<u64>,
    /// How the last of them failed.
    pub last_error: Option<String>,
    /// When that was.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_error_at: Option<Timestamp>,
    /// Why it was given up, by the error's name.
    pub error: Option<String>,
    /// Why, in words.
    pub error_cause: Option<String>,
    /// Amazon's id for the document.
    pub report_document_id: Option<ReportDocumentId>,
    /// The document's key in the bucket.
    pub object_key: Option<String>,
    /// The document's length as it is stored.
    pub bytes: Option<u64>,
    /// S3's own checksum of the whole object, in Base64.
    pub crc64nvme: Option<String>,
    /// The charset that a text came in.
    pub charset: Option<String>,
    /// What the charset was found out from.
    pub charset_from: Option<String>,
    /// How many sequences could not be read on the way into UTF-8.
    pub invalid_sequences: Option<u64>,
    /// What was odd about the document.
    pub notes: Option<Vec<String>>,
    /// Amazon's words where there is no report.
    pub reason: Option<String>,
    /// When it is looked at next, should nothing come of it before.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub due_at: Option<Timestamp>,
    /// The bucket that the document is in.
    pub bucket: Option<String>,
}
