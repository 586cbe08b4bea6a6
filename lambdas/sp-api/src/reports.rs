//! Reports API 2021-06-30.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::client::Call;
use crate::ids::{MarketplaceId, ReportDocumentId, ReportId, ReportType};
use crate::rates::Operation;
use crate::{AccessToken, DocumentUrl, RegionCode, SpApiClient, SpApiError};

const API: [&str; 2] = ["reports", "2021-06-30"];

/// How far Amazon is with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProcessingStatus {
    /// Waiting to be made.
    InQueue,
    /// Being made.
    InProgress,
    /// Ready; there is a document.
    Done,
    /// Cancelled, or nothing to report, or asked for again inside its period. No document.
    Cancelled,
    /// Amazon failed to make it; there may be a document that says why.
    Fatal,
}

impl ProcessingStatus {
    const ALL: [Self; 5] = [
        Self::InQueue,
        Self::InProgress,
        Self::Done,
        Self::Cancelled,
        Self::Fatal,
    ];

    /// The status of that name; `None` if Amazon has none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing more will become of the report.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InQueue | Self::InProgress)
    }

    /// Amazon's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InQueue => "IN_QUEUE",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
            Self::Fatal => "FATAL",
        }
    }
}

/// An order for a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReport {
    /// What to report.
    pub report_type: ReportType,
    /// 1 to 25 marketplaces.
    pub marketplace_ids: Vec<MarketplaceId>,
    /// Start of the period; Amazon's default is now.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "with_milliseconds")]
    pub data_start_time: Option<Timestamp>,
    /// End of the period; Amazon's default is now.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "with_milliseconds")]
    pub data_end_time: Option<Timestamp>,
    /// Options that the type knows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub report_options: BTreeMap<String, String>,
}

/// As Amazon's own samples are written; its sandbox compares texts.
fn with_milliseconds<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| format!("{time:.3}")).serialize(serializer)
}

/// Where a report's document is, for the next five minutes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportDocument {
    /// A bearer URL that lives five minutes.
    pub url: DocumentUrl,
    /// Absent when the document is plain.
    #[serde(default)]
    pub compression_algorithm: Option<CompressionAlgorithm>,
}

/// How a document is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CompressionAlgorithm {
    /// RFC 1952.
    Gzip,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateReportAnswer {
    report_id: ReportId,
}

impl SpApiClient {
    /// Orders a report.
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
        self.send(Call::<()> {
            operation: Operation::GetReportDocument,
            method: Method::GET,
            url: self.url(region, &[API[0], API[1], "documents", document.as_str()]),
            token,
            body: None,
        })
        .await
    }
}
