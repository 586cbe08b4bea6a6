//! Reports API 2021-06-30: one report, from its order to its document.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::client::Call;
use crate::ids::{MarketplaceId, ReportDocumentId, ReportId, ReportScheduleId, ReportType};
use crate::rates::Operation;
use crate::wire::{absent_if_empty, or_default, with_milliseconds};
use crate::{AccessToken, DocumentUrl, ProcessingStatus, RegionCode, SpApiClient, SpApiError};

/// What the paths of this API begin with.
pub(crate) const API: [&str; 2] = ["reports", "2021-06-30"];

/// An order for a report. As JSON it is what Amazon is sent, so that an order can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReport {
    /// What to report.
    pub report_type: ReportType,
    /// 1 to 25 marketplaces.
    pub marketplace_ids: Vec<MarketplaceId>,
    /// Start of the period; Amazon's default is now.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "with_milliseconds"
    )]
    pub data_start_time: Option<Timestamp>,
    /// End of the period; Amazon's default is now.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "with_milliseconds"
    )]
    pub data_end_time: Option<Timestamp>,
    /// Options that the type knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub report_options: BTreeMap<String, String>,
}

/// A report as Amazon knows it, wherever it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Amazon's id for it.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: ReportType,
    /// The marketplaces it covers; Amazon may leave them out.
    #[serde(default, deserialize_with = "or_default")]
    pub marketplace_ids: Vec<MarketplaceId>,
    /// How far Amazon is.
    pub processing_status: ProcessingStatus,
    /// Its document, when there is one.
    #[serde(default, deserialize_with = "absent_if_empty")]
    pub report_document_id: Option<ReportDocumentId>,
    /// The schedule that made it, if one did.
    #[serde(default, deserialize_with = "absent_if_empty")]
    pub report_schedule_id: Option<ReportScheduleId>,
    /// When it was ordered.
    pub created_time: Timestamp,
    /// Start of the period.
    pub data_start_time: Option<Timestamp>,
    /// End of the period.
    pub data_end_time: Option<Timestamp>,
    /// When Amazon had done with it.
    pub processing_end_time: Option<Timestamp>,
}

/// Where a report's document is, for the next five minutes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportDocument {
    /// A bearer URL that lives five minutes.
    pub url: DocumentUrl,
    /// What Amazon calls the document's compression; absent when it calls it plain.
    #[serde(default, deserialize_with = "CompressionAlgorithm::leniently")]
    pub compression_algorithm: Option<CompressionAlgorithm>,
}

/// What Amazon calls the compression of a document, as it was told. Only the bytes tell what it is:
/// documents have come plain that were called `GZIP`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CompressionAlgorithm(String);

impl CompressionAlgorithm {
    /// The name of RFC 1952's format, the only one that the model has.
    pub const GZIP: &str = "GZIP";

    /// The most that is kept of what was told.
    const LONGEST: usize = 40;

    /// The name as it was told.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads whatever stands there; nothing, where that is nothing.
    ///
    /// # Errors
    /// What is read is no JSON.
    pub fn leniently<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let told = match Option::<Value>::deserialize(deserializer)? {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        let told: String = told.chars().take(Self::LONGEST).collect();
        Ok((!told.is_empty()).then_some(Self(told)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateReportAnswer {
    report_id: ReportId,
}

impl SpApiClient {
    /// Orders a report. Amazon has no key against doing it twice: see [`SpApiError::is_in_doubt`].
    ///
    /// # Errors
    /// See [`SpApiError`]; an invalid type or period is [`SpApiError::Rejected`].
    pub async fn create_report(
        &self,
        region: RegionCode,
        token: &AccessToken,
        order: &CreateReport,
    ) -> Result<ReportId, SpApiError> {
        let answer: CreateReportAnswer = self
            .send(Call {
                operation: Operation::CreateReport,
                method: Method::POST,
                url: self.url(region, &[API[0], API[1], "reports"]),
                token,
                body: Some(order),
            })
            .await?;
        Ok(answer.report_id)
    }

    /// Asks how far a report is.
    ///
    /// # Errors
    /// See [`SpApiError`]; a processing status that the model does not have is
    /// [`SpApiError::UnexpectedAnswer`].
    pub async fn get_report(
        &self,
        region: RegionCode,
        token: &AccessToken,
        report: &ReportId,
    ) -> Result<Report, SpApiError> {
        let url = self.url(region, &[API[0], API[1], "reports", report.as_str()]);
        self.send(Call::without_body(Operation::GetReport, Method::GET, url, token))
            .await
    }

    /// Cancels a report that is still [`ProcessingStatus::InQueue`].
    ///
    /// # Errors
    /// See [`SpApiError`]; a report that has left the queue is [`SpApiError::Rejected`].
    pub async fn cancel_report(
        &self,
        region: RegionCode,
        token: &AccessToken,
        report: &ReportId,
    ) -> Result<(), SpApiError> {
        let url = self.url(region, &[API[0], API[1], "reports", report.as_str()]);
        self.carry_out(Call::without_body(
            Operation::CancelReport,
            Method::DELETE,
            url,
            token,
        ))
        .await
    }

    /// Asks for a document's URL. `token` is a restricted data token where the type needs one.
    ///
    /// # Errors
    /// See [`SpApiError`]; a document past its 90 days is [`SpApiError::NotFound`].
    pub async fn get_report_document(
        &self,
        region: RegionCode,
        token: &AccessToken,
        document: &ReportDocumentId,
    ) -> Result<ReportDocument, SpApiError> {
        let url = self.url(region, &[API[0], API[1], "documents", document.as_str()]);
        let operation = Operation::GetReportDocument;
        self.send(Call::without_body(operation, Method::GET, url, token))
            .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_that_was_kept_is_the_same_order() {
        let kept = json!({
            "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "marketplaceIds": ["A1PA6795UKMFR9", "ATVPDKIKX0DER"],
            "dataStartTime": "2024-03-10T20:11:24.000Z",
            "reportOptions": {"custom": "true"},
        });
        let order: CreateReport = serde_json::from_value(kept.clone()).expect("an order");
        assert_eq!(
            order.data_start_time,
            Some("2024-03-10T21:11:24+01:00".parse().expect("a time"))
        );
        assert_eq!(order.data_end_time, None);
        assert_eq!(serde_json::to_value(order).expect("JSON"), kept);
        let smallest = json!({"reportType": "X", "marketplaceIds": ["A1PA6795UKMFR9"]});
        let order: CreateReport = serde_json::from_value(smallest.clone()).expect("an order");
        assert_eq!(serde_json::to_value(order).expect("JSON"), smallest);
    }

    #[test]
    fn a_report_has_what_amazon_says_and_nothing_empty() {
        let report: Report = serde_json::from_value(json!({
            "reportId": "ReportId1",
            "reportType": "FEE_DISCOUNTS_REPORT",
            "marketplaceIds": null,
            "dataStartTime": "2024-03-11T13:47:20.677Z",
            "createdTime": "2024-03-10T13:47:20+00:00",
            "processingStatus": "CANCELLED",
            "reportDocumentId": "",
            "reportScheduleId": null,
        }))
        .expect("a report");
        assert_eq!(report.processing_status, ProcessingStatus::Cancelled);
        assert_eq!(report.report_document_id, None);
        assert_eq!(report.report_schedule_id, None);
        assert_eq!(report.marketplace_ids, []);
        assert_eq!(
            report.created_time,
            "2024-03-10T13:47:20Z".parse().expect("a time")
        );
        assert_eq!(
            report.data_start_time,
            Some("2024-03-11T13:47:20.677Z".parse().expect("a time"))
        );
        assert_eq!((report.data_end_time, report.processing_end_time), (None, None));
    }

    #[test]
    fn a_broken_document_id_is_not_taken_for_an_absent_one() {
        let report = json!({
            "reportId": "1", "reportType": "X", "createdTime": "2024-03-10T13:47:20Z",
            "processingStatus": "DONE", "reportDocumentId": "a/../b",
        });
        let error = serde_json::from_value::<Report>(report).expect_err("no document id");
        assert!(
            error.to_string().contains("must be a report document id"),
            "{error}"
        );
    }
}
