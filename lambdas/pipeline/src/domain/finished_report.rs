use serde::{Deserialize, Serialize};
use sp_api::ids::{ReportDocumentId, ReportId, ReportType};
use sp_api::{ProcessingStatus, Report};

use super::Account;

/// How a report can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FinalStatus {
    /// Ready; there is a document.
    Done,
    /// Cancelled, or nothing to report, or asked for again too soon. No document.
    Cancelled,
    /// Amazon failed to make it; there may be a document that says why.
    Fatal,
    /// Amazon knows it no more. Not a status of Amazon's: the reconciler finds it.
    Dropped,
}

impl FinalStatus {
    /// The status that Amazon writes so, in capitals or not; `None` for others, be the report unfinished
    /// or the name unknown.
    #[must_use]
    pub fn of_amazon(name: &str) -> Option<Self> {
        let mut all = [Self::Done, Self::Cancelled, Self::Fatal].into_iter();
        all.find(|status| status.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// Amazon's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
            Self::Fatal => "FATAL",
            Self::Dropped => "DROPPED",
        }
    }
}

/// A report that Amazon is done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FinishedReport {
    /// The selling partner: a seller, or a vendor's account.
    pub seller_id: Account,
    /// The report, unique only together with the selling partner.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: ReportType,
    /// How it ended.
    pub processing_status: FinalStatus,
    /// Its document, if there is one. Absent, never empty: the state machine asks for its presence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_document_id: Option<ReportDocumentId>,
}

impl FinishedReport {
    /// A report as Amazon has it; `None` while Amazon is not done with it.
    #[must_use]
    pub fn of(seller_id: Account, report: Report) -> Option<Self> {
        let processing_status = match report.processing_status {
            ProcessingStatus::InQueue | ProcessingStatus::InProgress => return None,
            ProcessingStatus::Done => FinalStatus::Done,
            ProcessingStatus::Cancelled => FinalStatus::Cancelled,
            ProcessingStatus::Fatal => FinalStatus::Fatal,
        };
        Some(Self {
            seller_id,
            report_id: report.report_id,
            report_type: report.report_type,
            processing_status,
            report_document_id: report.report_document_id,
        })
    }
}
