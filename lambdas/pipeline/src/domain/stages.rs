//! What goes in and out of the workflow's stages: the JSON of `statemachine/report-delivery.asl.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use sp_api::ids::{ReportId, ReportType, SellerId};
use sp_api::{CompressionAlgorithm, DocumentUrl, RegionCode};

use super::quota::Slot;
use super::{Crc64Nvme, Failure, FinishedReport, Link};

/// What *ReportDocumentRetrieval* is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetrievalRequest {
    /// The report, and what came of an earlier attempt.
    pub report: ReportToRetrieve,
    /// How many attempts before this one failed.
    pub retry_count: u32,
    /// When the execution started: the same for every attempt.
    pub started_at: Timestamp,
}

impl RetrievalRequest {
    /// The slot that this attempt may use. Not after a failure: the attempt that failed may have
    /// spent it.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        let before = self.report.retrieval.as_ref()?;
        (self.retry_count == 0).then_some(before.slot).flatten()
    }
}

/// A report, and what came of an earlier attempt to retrieve it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReportToRetrieve {
    /// The report.
    #[serde(flatten)]
    pub report: FinishedReport,
    /// The earlier attempt's result.
    #[serde(default)]
    pub retrieval: Option<Retrieval>,
}

/// What *ReportDocumentRetrieval* answers: the document, or when to ask again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retrieval {
    /// Where the document is.
    pub document: Option<RetrievedDocument>,
    /// The slot to wait for.
    pub slot: Option<Slot>,
}

/// Where a document is, for the next five minutes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetrievedDocument {
    /// The region that the report was found in.
    pub region_code: RegionCode,
    /// A bearer URL: in the execution's data, which is not logged, and nowhere else.
    #[serde(serialize_with = "exposed")]
    pub url: DocumentUrl,
    /// `GZIP` or null.
    pub compression_algorithm: Option<CompressionAlgorithm>,
    /// When the report was announced: the same for every attempt and every execution, and so is the
    /// object's key that is made from it.
    pub key_time: Timestamp,
}

fn exposed<S: Serializer>(url: &DocumentUrl, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.expose())
}

/// What *ReportDocumentStorage* is asked to store.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DocumentToStore {
    /// The selling partner.
    pub seller_id: SellerId,
    /// The report.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: ReportType,
    /// Where its document is.
    pub document: RetrievedDocument,
}

/// What *ReportDocumentStorage* has stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredDocument {
    /// The key in the reports bucket.
    pub object_key: String,
    /// The object's length.
    pub bytes: u64,
    /// Of the object's bytes, as S3 computes it.
    #[serde(rename = "Crc64Nvme")]
    pub crc64nvme: Crc64Nvme,
    /// How many sequences of the document could not be read on the way into UTF-8, and stand as
    /// U+FFFD.
    pub invalid_sequences: u64,
}

/// What *PresignedUrlGenerator* is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinkRequest {
    /// The selling partner.
    pub seller_id: SellerId,
    /// The report.
    pub report_id: ReportId,
    /// The key in the reports bucket.
    pub object_key: String,
}

/// What *ReportNotifier* is told: the report, and how far its delivery came.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Outcome {
    /// The report.
    #[serde(flatten)]
    pub report: FinishedReport,
    /// Its document, once stored.
    #[serde(default)]
    pub stored_document: Option<StoredDocument>,
    /// The link to it, once made.
    #[serde(default)]
    pub link: Option<Link>,
    /// What ended the delivery, if it failed.
    #[serde(default)]
    pub failure: Option<Failure>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_compression_is_null_because_the_workflow_selects_it() {
        let document = RetrievedDocument {
            region_code: RegionCode::Eu,
            url: DocumentUrl::from("https://example.com/d".to_owned()),
            compression_algorithm: None,
            key_time: "2026-11-22T05:00:00Z".parse().expect("a time"),
        };
        assert_eq!(
            serde_json::to_value(document).expect("JSON"),
            json!({
                "RegionCode": "EU", "Url": "https://example.com/d", "CompressionAlgorithm": null,
                "KeyTime": "2026-11-22T05:00:00Z",
            })
        );
    }

    #[test]
    fn a_retry_does_not_count_on_a_slot_that_may_be_spent() {
        let slot =
            json!({"Operation": "getReportDocument", "NotBefore": "2026-11-22T05:00:00Z", "Refusals": 0});
        let request = |retry_count: u32| -> RetrievalRequest {
            serde_json::from_value(json!({
                "Report": {
                    "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
                    "ReportDocumentId": "d", "Retrieval": {"Document": null, "Slot": slot},
                },
                "RetryCount": retry_count, "StartedAt": "2026-11-22T04:00:00Z",
            }))
            .expect("readable")
        };
        assert!(request(0).slot().is_some());
        assert!(request(1).slot().is_none());
    }

    #[test]
    fn an_outcome_is_read_at_every_length() {
        let cancelled = json!({"SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "CANCELLED"});
        let outcome: Outcome = serde_json::from_value(cancelled).expect("readable");
        assert!(outcome.link.is_none() && outcome.failure.is_none());
        let failed = json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "ReportDocumentId": "d", "Failure": {"Error": "SellerNotFound", "Cause": "{}"},
        });
        let outcome: Outcome = serde_json::from_value(failed).expect("readable");
        assert_eq!(outcome.failure.expect("a failure").error, "SellerNotFound");
    }
}
