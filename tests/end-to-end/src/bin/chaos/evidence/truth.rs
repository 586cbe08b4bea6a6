//! What Amazon made, in the simulator's words.

use serde_json::Value;

use crate::plan::NUMBER;
use crate::scene::account_of;

/// A report as Amazon has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueReport {
    /// Whose.
    pub seller: String,
    /// Its id; unique together with the seller.
    pub id: String,
    /// Where.
    pub region: String,
    /// What.
    pub report_type: String,
    /// The number of the order that it was made for; `None` if it came about elsewhere.
    pub order: Option<usize>,
    /// How far it is, or how it ended.
    pub status: String,
    /// Whether there is a document.
    pub has_document: bool,
    /// The document's length.
    pub bytes: Option<u64>,
    /// The document's checksum, if it was asked for.
    pub sha256: Option<String>,
    /// The checksum of what it says, before compression.
    pub content_sha256: Option<String>,
    /// Whether the document's bytes are gzip, whatever Amazon says.
    pub is_gzip: bool,
    /// What a flat file is written in, whatever Amazon says.
    pub charset: Option<String>,
    /// How the document is odd.
    pub oddity: Option<String>,
    /// How many times it was announced.
    pub notified: u64,
}

impl TrueReport {
    /// Reads the reports of those sellers.
    pub fn of(reports: &[Value], sellers: &[&str]) -> Vec<Self> {
        reports
            .iter()
            .map(Self::read)
            .map(|report| Self {
                seller: account_of(sellers, &report.seller, Some(&report.region)),
                ..report
            })
            .filter(|report| sellers.contains(&report.seller.as_str()))
            .collect()
    }

    fn read(report: &Value) -> Self {
        let text = |name: &str| report[name].as_str().unwrap_or_default().to_owned();
        let known = |name: &str| report[name].as_str().map(str::to_owned);
        let order = report["reportOptions"][NUMBER].as_str();
        Self {
            seller: text("sellerId"),
            id: text("reportId"),
            region: text("region"),
            report_type: text("reportType"),
            order: order.and_then(|number| number.parse().ok()),
            status: text("status"),
            has_document: report["documentId"].is_string(),
            bytes: report["bytes"].as_u64(),
            sha256: known("sha256"),
            content_sha256: known("contentSha256"),
            is_gzip: report["gzip"] == true,
            charset: known("charset"),
            oddity: known("oddity"),
            notified: report["notified"].as_u64().unwrap_or(0),
        }
    }

    /// Whether nothing more becomes of it at Amazon.
    pub fn is_final(&self) -> bool {
        !matches!(self.status.as_str(), "IN_QUEUE" | "IN_PROGRESS")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_knows_the_order_that_it_was_made_for() {
        let report = json!({
            "reportId": "1", "sellerId": "A1", "region": "EU", "reportType": "GET_X", "status": "DONE",
            "reportOptions": {NUMBER: "17"}, "documentId": "d", "bytes": 5, "sha256": "00", "notified": 1,
        });
        let mut elsewhere = report.clone();
        elsewhere["reportOptions"] = json!({});
        let reports = TrueReport::of(&[report.clone(), elsewhere], &["A1"]);
        assert_eq!(reports[0].order, Some(17));
        assert_eq!(reports[1].order, None);
        assert!(reports[0].is_final() && reports[0].has_document);
        assert!(TrueReport::of(&[report], &["A2"]).is_empty());
    }
}
