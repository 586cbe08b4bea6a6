//! Reports that Amazon takes long to make, and what their owners are told of them.

use super::{Account, Advice, AdviceCode, Particulars};
use jiff::Timestamp;
use sp_api::ids::{ReportId, ReportType};
use sp_api::{ProcessingStatus, RegionCode};

use super::Announcement;
use super::news::Circumstances;
use super::words::{ReportInWords, minute};

/// A report that was ordered here, and that Amazon has not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowReport {
    /// Whose report.
    pub seller_id: Account,
    /// Amazon's id for it.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: ReportType,
    /// Where it is made.
    pub region: RegionCode,
    /// How far Amazon is with it.
    pub processing_status: ProcessingStatus,
    /// Since when Amazon has the order.
    pub ordered_at: Timestamp,
    /// What was ordered.
    pub particulars: Particulars,
}

impl Announcement {
    /// Words for the owner that a report takes long, and what can be done.
    #[must_use]
    pub fn of_slow(report: &SlowReport, told: &Circumstances<'_>) -> Self {
        let in_words = ReportInWords {
            report_type: &report.report_type,
            seller: report.seller_id.seller(),
            id: ("Report id", report.report_id.as_str()),
            status: Some(report.processing_status.as_str()),
            told,
        };
        let text = format!(
            "Amazon has not finished this report yet. It is waited for, however long it takes, and delivered like\n\
             any other.\n\n\
             What to do:  {}\n\n{}Ordered:     {}\n",
            report.advice().text,
            in_words.facts(),
            minute(report.ordered_at),
        );
        Self {
            subject: in_words.subject("Amazon report slow"),
            text,
            download: None,
        }
    }
}

impl SlowReport {
    /// What can be done.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self.processing_status {
            ProcessingStatus::InQueue => Advice::new(
                AdviceCode::Cancel,
                format!(
                    "It is still in Amazon's queue, so it can be cancelled: DELETE /reports/{}?SellerId={}. Another \
                     report of this type that Amazon is at may hold it up.",
                    self.report_id,
                    self.seller_id.seller()
                ),
            ),
            _ => Advice::new(
                AdviceCode::AskAmazon,
                "Amazon has begun, and cancels no report that it has begun. It may hold up the seller's next reports \
                 of this type. If it lasts, ask Amazon's developer support about the report id.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(processing_status: ProcessingStatus) -> Announcement {
        let report = SlowReport {
            seller_id: Account::parse("A3TH9S8BH6GOGM").expect("valid"),
            report_id: ReportId::parse("54517018502").expect("valid"),
            report_type: ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").expect("valid"),
            region: RegionCode::Eu,
            processing_status,
            ordered_at: "2026-11-22T05:00:30Z".parse().expect("a time"),
            particulars: Particulars::default(),
        };
        let told = Circumstances {
            region: Some(report.region),
            particulars: &report.particulars,
            releases: 0,
            now: "2026-11-23T05:00:30Z".parse().expect("a time"),
        };
        Announcement::of_slow(&report, &told)
    }

    #[test]
    fn what_is_in_the_queue_can_be_cancelled() {
        let mail = slow(ProcessingStatus::InQueue);
        assert_eq!(
            mail.subject,
            "Amazon report slow: All listings, 2026-11-23, A3TH9S8BH6GOGM, 54517018502"
        );
        for words in [
            "DELETE /reports/54517018502?SellerId=A3TH9S8BH6GOGM",
            "\nStatus:      IN_QUEUE\n",
            "\nRegion:      EU\n",
            "\nOrdered:     2026-11-22 05:00 UTC\n",
        ] {
            assert!(mail.text.contains(words), "{words}: {}", mail.text);
        }
    }

    #[test]
    fn what_amazon_has_begun_can_not() {
        let mail = slow(ProcessingStatus::InProgress);
        assert!(!mail.text.contains("DELETE"), "{}", mail.text);
        assert!(mail.text.contains("IN_PROGRESS"), "{}", mail.text);
    }
}
