use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sp_api::ids::{ReportDocumentId, ReportId, ReportType, SellerId};

use super::hexadecimal;

/// Step Functions' limit.
const LONGEST_EXECUTION_NAME: usize = 80;

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

/// A report that Amazon is done with. Its JSON is the input of the state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FinishedReport {
    /// The selling partner: a seller, or a vendor's account.
    pub seller_id: SellerId,
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
    /// The one name of this report's execution, so that a repeated notification starts nothing new.
    ///
    /// `SELLER_REPORT`: a selling partner's id holds no underscore, so no two reports share a name.
    /// Ids too long for that give their SHA-256.
    #[must_use]
    pub fn execution_name(&self) -> String {
        shortened(format!("{}_{}", self.seller_id, self.report_id))
    }

    /// The name of the execution that takes the place of one that was lost, the `attempt`th time.
    #[must_use]
    pub fn execution_name_again(&self, attempt: u64) -> String {
        shortened(format!("{}_{}_again{attempt}", self.seller_id, self.report_id))
    }
}

fn shortened(name: String) -> String {
    // Step Functions also forbids some characters, none of which an id can hold.
    if name.len() <= LONGEST_EXECUTION_NAME {
        return name;
    }
    hexadecimal(&Sha256::digest(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(seller: &str, report: &str) -> FinishedReport {
        FinishedReport {
            seller_id: SellerId::parse(seller).expect("valid"),
            report_id: ReportId::parse(report).expect("valid"),
            report_type: ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").expect("valid"),
            processing_status: FinalStatus::Done,
            report_document_id: None,
        }
    }

    #[test]
    fn the_same_report_has_the_same_execution_name() {
        assert_eq!(
            report("A3TH9S8BH6GOGM", "54517018502").execution_name(),
            "A3TH9S8BH6GOGM_54517018502"
        );
        assert_eq!(
            report("amzn1.vg.6213651", "5").execution_name(),
            "amzn1.vg.6213651_5"
        );
    }

    #[test]
    fn different_reports_have_different_names_however_long() {
        let long = "9".repeat(64);
        let (a, b) = (report(&"A".repeat(64), &long), report(&"A".repeat(63), &long));
        assert_eq!(a.execution_name().len(), 64);
        assert_ne!(a.execution_name(), b.execution_name());
        assert_ne!(
            report("A", "B_C").execution_name(),
            report("A.B", "C").execution_name()
        );
    }

    #[test]
    fn the_workflows_input_is_the_quick_starts() {
        let mut done = report("A3TH9S8BH6GOGM", "54517018502");
        done.report_document_id = Some(ReportDocumentId::parse("amzn1.tortuga.3.x.REP").expect("valid"));
        assert_eq!(
            serde_json::to_value(&done).expect("JSON"),
            serde_json::json!({
                "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502",
                "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "ProcessingStatus": "DONE",
                "ReportDocumentId": "amzn1.tortuga.3.x.REP",
            })
        );
    }
}
