use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sp_api::ProcessingStatus;
use sp_api::ids::{MarketplaceId, ReportId, ReportType};

use crate::domain::backfill_news::{BackfillNews, BackfilledReport, Fate, shortened};
use crate::domain::stages::StoredDocument;
use crate::domain::words::escaped_length;
use crate::domain::{FinalStatus, Particulars};

/// As much of a backfill as fits into a message beside the mail's words, escaped as it travels there.
const LONGEST_LIST: usize = 100 * 1024;

/// A report, as far as it is known. The fields are called as in `GET /reports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsReport {
    /// Amazon's id for it, once it is ordered. Unique only together with seller and region.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report_id: Option<ReportId>,
    /// What it reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report_type: Option<ReportType>,
    /// How far Amazon is, or how it ended there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ReportStatus")]
    pub processing_status: Option<ReportStatus>,
    /// The marketplaces that it covers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub marketplace_ids: Vec<MarketplaceId>,
    /// Start of its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub data_start_time: Option<Timestamp>,
    /// End of its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub data_end_time: Option<Timestamp>,
    /// The options that it was ordered with.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub report_options: BTreeMap<String, String>,
}

impl NewsReport {
    pub(super) fn new(report_type: &ReportType, particulars: &Particulars) -> Self {
        Self {
            report_id: None,
            report_type: Some(report_type.clone()),
            processing_status: None,
            marketplace_ids: particulars.marketplace_ids.clone(),
            data_start_time: particulars.data_start_time,
            data_end_time: particulars.data_end_time,
            report_options: particulars.report_options.clone(),
        }
    }
}

/// How far Amazon is with a report, by Amazon's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReportStatus {
    /// Not begun.
    InQueue,
    /// Begun.
    InProgress,
    /// Ready.
    Done,
    /// Cancelled, or there was nothing to report.
    Cancelled,
    /// Amazon could not make it.
    Fatal,
    /// Amazon knows it no more. Not a status of Amazon's.
    Dropped,
}

impl ReportStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InQueue => "IN_QUEUE",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
            Self::Fatal => "FATAL",
            Self::Dropped => "DROPPED",
        }
    }
}

impl From<FinalStatus> for ReportStatus {
    fn from(status: FinalStatus) -> Self {
        match status {
            FinalStatus::Done => Self::Done,
            FinalStatus::Cancelled => Self::Cancelled,
            FinalStatus::Fatal => Self::Fatal,
            FinalStatus::Dropped => Self::Dropped,
        }
    }
}

impl From<ProcessingStatus> for ReportStatus {
    fn from(status: ProcessingStatus) -> Self {
        match status {
            ProcessingStatus::InQueue => Self::InQueue,
            ProcessingStatus::InProgress => Self::InProgress,
            ProcessingStatus::Done => Self::Done,
            ProcessingStatus::Cancelled => Self::Cancelled,
            ProcessingStatus::Fatal => Self::Fatal,
        }
    }
}

/// A stored document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsObject {
    /// The bucket that it is in.
    pub bucket: String,
    /// Its key there.
    pub key: String,
    /// Its length as it is stored.
    pub bytes: u64,
    /// Its length when it is decompressed, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub plain_bytes: Option<u64>,
    /// `Content-Type`; of a text with its charset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub content_type: Option<String>,
    /// `Content-Encoding`: `gzip`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub content_encoding: Option<String>,
    /// CRC-64/NVME of the object's bytes, as S3 has it.
    pub crc64nvme: String,
    /// What a browser calls the file that it saves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub file_name: Option<String>,
}

impl NewsObject {
    pub(super) fn new(bucket: &str, stored: &StoredDocument) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: stored.object_key.clone(),
            bytes: stored.bytes,
            plain_bytes: stored.plain_bytes,
            content_type: stored.content_type.clone(),
            content_encoding: stored.content_encoding.clone(),
            crc64nvme: stored.crc64nvme.to_string(),
            file_name: stored.file_name.clone(),
        }
    }
}

/// What became of the reports that Amazon had already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsBackfill {
    /// The bucket that the documents are in.
    pub bucket: String,
    /// How many were delivered.
    pub delivered: usize,
    /// How many could not be.
    pub not_delivered: usize,
    /// How many are still to come, each with news of its own.
    pub to_come: usize,
    /// Whether there may be more at Amazon that is still to be found.
    pub is_searching: bool,
    /// Types that Amazon refuses to list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub refused_report_types: Vec<ReportType>,
    /// The reports, the newest first: as many as fit. `GET /reports` lists all.
    pub reports: Vec<BackfillPart>,
    /// How many are not in the list.
    pub omitted: usize,
}

/// What became of one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackfillPart {
    /// Amazon's id for it.
    pub report_id: String,
    /// What it reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report_type: Option<ReportType>,
    /// Start of its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub data_start_time: Option<Timestamp>,
    /// End of its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub data_end_time: Option<Timestamp>,
    /// Its document's key in the bucket, if it was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub key: Option<String>,
    /// Why it could not be delivered, or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
}

impl NewsBackfill {
    pub(super) fn new(news: &BackfillNews<'_>, bucket: &str) -> Self {
        let all = news.newest_first();
        let count = |is_meant: fn(&Fate) -> bool| all.iter().filter(|it| is_meant(&it.fate)).count();
        let mut length = 0;
        let fits = |part: &BackfillPart| {
            // The document is a text in a message that is JSON itself.
            length += escaped_length(&serde_json::to_string(part).expect("texts"));
            length <= LONGEST_LIST
        };
        let reports: Vec<_> = all
            .iter()
            .map(|report| BackfillPart::new(report))
            .take_while(fits)
            .collect();
        Self {
            bucket: bucket.to_owned(),
            delivered: count(|fate| matches!(fate, Fate::Delivered(_))),
            not_delivered: count(|fate| matches!(fate, Fate::NotDelivered(_))),
            to_come: count(|fate| matches!(fate, Fate::ToCome(_))),
            is_searching: news.is_searching,
            refused_report_types: news.refused.to_vec(),
            omitted: all.len() - reports.len(),
            reports,
        }
    }
}

impl BackfillPart {
    fn new(report: &BackfilledReport) -> Self {
        let (key, reason) = match &report.fate {
            Fate::Delivered(key) => (Some(key.clone()), None),
            Fate::NotDelivered(reason) => (None, Some(shortened(reason).to_owned())),
            Fate::ToCome(waits_for) => (None, waits_for.clone()),
        };
        let (data_start_time, data_end_time) = report.period.unzip();
        Self {
            report_id: report.report_id.clone(),
            report_type: report.report_type.clone(),
            data_start_time,
            data_end_time,
            key,
            reason,
        }
    }
}
