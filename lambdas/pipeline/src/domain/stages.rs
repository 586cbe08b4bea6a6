//! What goes in and out of the workflow's stages: the JSON of `statemachine/report-delivery.asl.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use sp_api::ids::{ReportId, ReportType, SellerId};
use sp_api::{CompressionAlgorithm, DocumentUrl, RegionCode};

use super::{Failure, FinishedReport, Link};

/// What *ReportDocumentRetrieval* hands on: where the document is, for the next five minutes.
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
    /// When the execution started: the same for every attempt, and so is the key made from it.
    pub started_at: Timestamp,
}

/// What *ReportDocumentStorage* has stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredDocument {
    /// The key in the reports bucket.
    pub object_key: String,
    /// The object's length.
    pub bytes: u64,
    /// SHA-256 of the object's bytes, hexadecimal.
    pub sha256: String,
}

/// What *PresignedUrlGenerator* is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinkRequest {
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
        };
        assert_eq!(
            serde_json::to_value(document).expect("JSON"),
            json!({"RegionCode": "EU", "Url": "https://example.com/d", "CompressionAlgorithm": null})
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
