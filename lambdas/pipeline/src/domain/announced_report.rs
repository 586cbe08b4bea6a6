use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sp_api::ids::{ReportDocumentId, ReportId, ReportType};

use super::{Account, FinalStatus, FinishedReport, hexadecimal};

/// Step Functions' limit.
const LONGEST_EXECUTION_NAME: usize = 80;

/// A report that was announced as finished, with as much as was told of it. Whose and which is always
/// told; the workflow asks Amazon for what else it needs. Its JSON is the input of the state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AnnouncedReport {
    /// The selling partner: a seller, or a vendor's account.
    pub seller_id: Account,
    /// The report, unique only together with the selling partner.
    pub report_id: ReportId,
    /// What it reports. Absent, never empty, as are the others: the state machine asks for presence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_type: Option<ReportType>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_status: Option<FinalStatus>,
    /// Its document, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_document_id: Option<ReportDocumentId>,
}

impl AnnouncedReport {
    /// What the announcement lacked of what a delivery needs, by Amazon's names.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let needs_document = self.processing_status == Some(FinalStatus::Done);
        [
            ("reportType", self.report_type.is_none()),
            ("processingStatus", self.processing_status.is_none()),
            (
                "reportDocumentId",
                needs_document && self.report_document_id.is_none(),
            ),
        ]
        .into_iter()
        .filter_map(|(name, is_missing)| is_missing.then_some(name))
        .collect()
    }

    /// Whether it can be delivered without asking Amazon for the report first.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }

    /// The one name of this report's execution, so that a repeated notification starts nothing new.
    ///
    /// `SELLER_REPORT`: a selling partner's id holds no underscore, so no two reports share a name.
    /// Ids too long for that give their SHA-256.
    #[must_use]
    pub fn execution_name(&self) -> String {
        self.execution_names(0).first()
    }

    /// The names of the executions of this report since it went on anew for the `releases`th time: of the
    /// first one, and of those that take its place when it is lost.
    #[must_use]
    pub fn execution_names(&self, releases: u64) -> ExecutionNames {
        ExecutionNames::new(format!("{}_{}", self.seller_id, self.report_id), releases)
    }
}

impl From<FinishedReport> for AnnouncedReport {
    fn from(report: FinishedReport) -> Self {
        Self {
            seller_id: report.seller_id,
            report_id: report.report_id,
            report_type: Some(report.report_type),
            processing_status: Some(report.processing_status),
            report_document_id: report.report_document_id,
        }
    }
}

/// The names of the executions that work on one row, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionNames(String);

impl ExecutionNames {
    /// For work called `name` that has gone on anew `releases` times.
    #[must_use]
    pub fn new(name: String, releases: u64) -> Self {
        Self(match releases {
            0 => name,
            releases => format!("{name}_released{releases}"),
        })
    }

    /// The first one's.
    #[must_use]
    pub fn first(&self) -> String {
        shortened(self.0.clone())
    }

    /// The name of the one that takes the place of one that was lost, the `attempt`th time.
    #[must_use]
    pub fn again(&self, attempt: u64) -> String {
        shortened(format!("{}_again{attempt}", self.0))
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
    use serde_json::json;

    use super::*;

    fn report(seller: &str, report: &str) -> AnnouncedReport {
        AnnouncedReport {
            seller_id: Account::parse(seller).expect("valid"),
            report_id: ReportId::parse(report).expect("valid"),
            report_type: ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").ok(),
            processing_status: Some(FinalStatus::Done),
            report_document_id: ReportDocumentId::parse("amzn1.tortuga.3.x.REP").ok(),
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
        assert_eq!(
            serde_json::to_value(report("A3TH9S8BH6GOGM", "54517018502")).expect("JSON"),
            json!({
                "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502",
                "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "ProcessingStatus": "DONE",
                "ReportDocumentId": "amzn1.tortuga.3.x.REP",
            })
        );
    }

    #[test]
    fn what_was_not_told_is_absent_and_makes_the_report_incomplete() {
        let whole = report("A3TH9S8BH6GOGM", "54517018502");
        assert!(whole.is_complete());
        let mut without_type = whole.clone();
        without_type.report_type = None;
        let mut without_status = whole.clone();
        without_status.processing_status = None;
        let mut without_document = whole;
        without_document.report_document_id = None;
        for (report, absent) in [
            (&without_type, "ReportType"),
            (&without_status, "ProcessingStatus"),
            (&without_document, "ReportDocumentId"),
        ] {
            assert!(!report.is_complete(), "{absent}");
            assert!(serde_json::to_value(report).expect("JSON").get(absent).is_none());
        }
        without_document.processing_status = Some(FinalStatus::Cancelled);
        assert!(without_document.is_complete());
    }
}
