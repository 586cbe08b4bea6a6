//! What goes in and out of the workflow's stages: the JSON of `statemachine/report-delivery.asl.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use sp_api::ids::{MarketplaceId, ReportId, ReportType};
use sp_api::{CompressionAlgorithm, DocumentUrl, RegionCode};

use super::quota::Slot;
use super::words::human_size;
use super::{Account, AnnouncedReport, CharsetFrom, Crc64Nvme, Failure, FinalStatus, FinishedReport, Link};

/// What goes into the express lane.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExpressDelivery<'a> {
    /// The name of the report's one execution, should it be handed over.
    pub name: &'a str,
    /// The report.
    pub report: &'a AnnouncedReport,
}

/// What *ReportDocumentRetrieval* is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Question {
    /// Where a report's document is.
    Document(RetrievalRequest),
    /// What Amazon did not announce of a report.
    Report(LookUpRequest),
}

/// The question where a report's document is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetrievalRequest {
    /// The report, and what came of an earlier attempt.
    pub report: ReportToRetrieve,
    /// How many attempts before this one failed.
    pub retry_count: u32,
    /// When the execution started: the same for every attempt.
    pub started_at: Timestamp,
    /// What the execution is called.
    #[serde(default)]
    pub execution: Option<String>,
}

impl RetrievalRequest {
    /// The slot that this attempt may use.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        let slot = self.report.retrieval.as_ref()?.slot?;
        usable(slot, self.retry_count, self.started_at)
    }
}

/// The question what Amazon did not announce of a report.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookUpRequest {
    /// The report, and what came of an earlier attempt.
    pub look_up: ReportToLookUp,
    /// How many attempts before this one failed.
    pub retry_count: u32,
    /// When the execution started: the same for every attempt.
    pub started_at: Timestamp,
    /// What the execution is called.
    #[serde(default)]
    pub execution: Option<String>,
}

impl LookUpRequest {
    /// The slot that this attempt may use.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        let slot = self.look_up.looked_up.as_ref()?.slot?;
        usable(slot, self.retry_count, self.started_at)
    }
}

/// Not after a failure: the attempt that failed may have spent it. Nor one from before the execution:
/// it was an earlier execution's with the same input.
fn usable(slot: Slot, retry_count: u32, started_at: Timestamp) -> Option<Slot> {
    (retry_count == 0 && slot.not_before >= started_at).then_some(slot)
}

/// A report, and what came of an earlier attempt to look it up.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReportToLookUp {
    /// The report.
    #[serde(flatten)]
    pub report: AnnouncedReport,
    /// The earlier attempt's result.
    #[serde(default)]
    pub looked_up: Option<LookedUp>,
}

/// What *ReportDocumentRetrieval* answers about a report: all of it, or when to ask again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookedUp {
    /// The report, once Amazon is done with it.
    pub report: Option<FinishedReport>,
    /// The slot to wait for.
    pub slot: Option<Slot>,
    /// When to ask again: Amazon is not done with the report.
    pub ask_again_at: Option<Timestamp>,
    /// Whether the delivery stops here: its row waits for what is somebody else's to mend, or the report
    /// is another account's, which delivers it.
    #[serde(default)]
    pub is_parked: bool,
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
    /// Whether the delivery stops here: its row waits for what is somebody else's to mend.
    #[serde(default)]
    pub is_parked: bool,
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
    /// What Amazon calls the compression, or null. The bytes tell what it is.
    #[serde(default, deserialize_with = "CompressionAlgorithm::leniently")]
    pub compression_algorithm: Option<CompressionAlgorithm>,
    /// When the report was announced: the same for every attempt and every execution, and so is the
    /// object's key that is made from it.
    pub key_time: Timestamp,
    /// The marketplaces that the report was ordered for; none where that is not known.
    #[serde(default)]
    pub marketplace_ids: Vec<MarketplaceId>,
}

fn exposed<S: Serializer>(url: &DocumentUrl, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.expose())
}

/// What *ReportDocumentStorage* is asked to store.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DocumentToStore {
    /// The selling partner.
    pub seller_id: Account,
    /// The report.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: ReportType,
    /// How it ended: the document of a report that failed says why.
    #[serde(default = "done")]
    pub processing_status: FinalStatus,
    /// Where its document is.
    pub document: RetrievedDocument,
    /// After so many seconds the rest is left to another invocation; without it, when this one ends.
    #[serde(default)]
    pub seconds_at_most: Option<u64>,
    /// What the execution is called.
    #[serde(default)]
    pub execution: Option<String>,
}

fn done() -> FinalStatus {
    FinalStatus::Done
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
    /// The charset that a text came in.
    #[serde(default)]
    pub charset: Option<String>,
    /// What that was found out from.
    #[serde(default)]
    pub charset_from: Option<CharsetFrom>,
    /// What was odd about the document.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Amazon's words, where the document says why there is no report.
    #[serde(default)]
    pub reason: Option<String>,
    /// The object's `Content-Type`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The object's `Content-Encoding`.
    #[serde(default)]
    pub content_encoding: Option<String>,
    /// What a browser calls the file that it saves.
    #[serde(default)]
    pub file_name: Option<String>,
    /// How long that file is: decompressed. Not known of what was not decompressed on its way.
    #[serde(default)]
    pub plain_bytes: Option<u64>,
}

impl StoredDocument {
    /// A document of which nothing else is to be said.
    #[must_use]
    pub fn new(object_key: String, bytes: u64, crc64nvme: Crc64Nvme) -> Self {
        Self {
            object_key,
            bytes,
            crc64nvme,
            invalid_sequences: 0,
            charset: None,
            charset_from: None,
            notes: Vec::new(),
            reason: None,
            content_type: None,
            content_encoding: None,
            file_name: None,
            plain_bytes: None,
        }
    }

    /// How much it is, for people: `1.2 MB, gzip`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let size = human_size(self.bytes);
        match &self.content_encoding {
            Some(encoding) => format!("{size}, {encoding}"),
            None => size,
        }
    }

    /// The same, whose gzip is so long when it is decompressed, where that is known.
    #[must_use]
    pub fn of_plain_length(self, length: Option<u64>) -> Self {
        Self {
            plain_bytes: length.or(self.plain_bytes),
            ..self
        }
    }
}

/// What *PresignedUrlGenerator* is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinkRequest {
    /// The selling partner.
    pub seller_id: Account,
    /// The report.
    pub report_id: ReportId,
    /// What it reports. Executions that began under an earlier release do not say.
    #[serde(default)]
    pub report_type: Option<ReportType>,
    /// How it ended.
    #[serde(default = "done")]
    pub processing_status: FinalStatus,
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
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn absent_compression_is_null_because_the_workflow_selects_it() {
        let document = RetrievedDocument {
            region_code: RegionCode::Eu,
            url: DocumentUrl::from("https://example.com/d".to_owned()),
            compression_algorithm: None,
            key_time: "2026-11-22T05:00:00Z".parse().expect("a time"),
            marketplace_ids: vec![MarketplaceId::parse("A1PA6795UKMFR9").expect("valid")],
        };
        assert_eq!(
            serde_json::to_value(document).expect("JSON"),
            json!({
                "RegionCode": "EU", "Url": "https://example.com/d", "CompressionAlgorithm": null,
                "KeyTime": "2026-11-22T05:00:00Z", "MarketplaceIds": ["A1PA6795UKMFR9"],
            })
        );
    }

    #[test]
    fn no_declared_compression_makes_a_document_unreadable() {
        for (declared, kept) in [
            (json!("GZIP"), Some("GZIP")),
            (json!("ZIP"), Some("ZIP")),
            (json!("GZIP "), Some("GZIP ")),
            (json!(7), Some("7")),
            (json!(["GZIP"]), Some("[\"GZIP\"]")),
            (json!(""), None),
            (Value::Null, None),
        ] {
            let to_store: DocumentToStore = serde_json::from_value(json!({
                "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X",
                "Document": {
                    "RegionCode": "EU", "Url": "https://example.com/d", "KeyTime": "2026-11-22T05:00:00Z",
                    "CompressionAlgorithm": declared,
                },
            }))
            .expect("readable");
            let algorithm = to_store.document.compression_algorithm;
            assert_eq!(algorithm.as_ref().map(CompressionAlgorithm::as_str), kept);
            assert_eq!(to_store.processing_status, FinalStatus::Done);
        }
    }

    #[test]
    fn what_is_stored_has_the_names_that_the_workflow_selects() {
        let stored = StoredDocument::new("k".into(), 0, Crc64Nvme::EMPTY);
        assert_eq!(
            serde_json::to_value(stored).expect("JSON"),
            json!({
                "ObjectKey": "k", "Bytes": 0, "Crc64Nvme": "AAAAAAAAAAA=", "InvalidSequences": 0,
                "Charset": null, "CharsetFrom": null, "Notes": [], "Reason": null, "ContentType": null,
                "ContentEncoding": null, "FileName": null, "PlainBytes": null,
            })
        );
    }

    #[test]
    fn a_retry_does_not_count_on_a_slot_that_may_be_spent() {
        let slot =
            json!({"Operation": "getReportDocument", "NotBefore": "2026-11-22T05:00:00Z", "Refusals": 0});
        let request = |retry_count: u32, started_at: &str| -> RetrievalRequest {
            serde_json::from_value(json!({
                "Report": {
                    "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
                    "ReportDocumentId": "d", "Retrieval": {"Document": null, "Slot": slot},
                },
                "RetryCount": retry_count, "StartedAt": started_at,
            }))
            .expect("readable")
        };
        assert!(request(0, "2026-11-22T04:00:00Z").slot().is_some());
        assert!(request(1, "2026-11-22T04:00:00Z").slot().is_none());
        // The input of an execution that somebody starts again.
        assert!(request(0, "2026-11-23T04:00:00Z").slot().is_none());
    }

    #[test]
    fn the_two_questions_are_told_apart() {
        let report = json!({"SellerId": "A3", "ReportId": "1"});
        let look_up = json!({
            "LookUp": report, "RetryCount": 0, "StartedAt": "2026-11-22T04:00:00Z",
        });
        assert!(matches!(
            serde_json::from_value(look_up),
            Ok(Question::Report(request)) if request.slot().is_none()
        ));
        let document = json!({
            "Report": {"SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE"},
            "RetryCount": 0, "StartedAt": "2026-11-22T04:00:00Z",
        });
        assert!(matches!(
            serde_json::from_value(document),
            Ok(Question::Document(_))
        ));
        assert_eq!(
            serde_json::to_value(LookedUp::default()).expect("JSON"),
            json!({"Report": null, "Slot": null, "AskAgainAt": null, "IsParked": false})
        );
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
