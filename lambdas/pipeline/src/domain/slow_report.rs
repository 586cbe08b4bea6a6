//! Reports that Amazon takes long to make, and what their owners are told of them.

use super::{Account, Advice, AdviceCode, Particulars};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sp_api::ids::{ReportId, ReportType};
use sp_api::{ProcessingStatus, RegionCode};

use super::Announcement;
use super::announcement::subject;

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
    pub fn of_slow(report: &SlowReport) -> Self {
        let text = format!(
            "Amazon has not finished this report yet. It is waited for, however long it takes, and delivered like\n\
             any other.\n\n\
             What to do:  {}\n\n\
             Report type: {}\nSeller:      {}\nReport id:   {}\nStatus:      {}\nRegion:      {}\nOrdered:     {}\n",
            report.advice().text,
            report.report_type,
            report.seller_id.seller(),
            report.report_id,
            report.processing_status.as_str(),
            report.region,
            report
                .ordered_at
                .to_zoned(TimeZone::UTC)
                .strftime("%Y-%m-%d %H:%M UTC"),
        );
        Self {
            subject: subject(
                "Amazon report slow",
                &report.report_type,
                report.seller_id.seller(),
            ),
            text,
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
        Announcement::of_slow(&SlowReport {
            seller_id: Account::parse("A3TH9S8BH6GOGM").expect("valid"),
            report_id: ReportId::parse("54517018502").expect("valid"),
            report_type: ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").expect("valid"),
            region: RegionCode::Eu,
            processing_status,
            ordered_at: "2026-11-22T05:00:30Z".parse().expect("a time"),
            particulars: Particulars::default(),
        })
    }

    #[test]
    fn what_is_in_the_queue_can_be_cancelled() {
        let mail = slow(ProcessingStatus::InQueue);
        assert_eq!(
            mail.subject,
            "Amazon report slow: GET_MERCHANT_LISTINGS_ALL_DATA (A3TH9S8BH6GOGM)"
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
