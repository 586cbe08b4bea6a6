//! What a seller is told of the reports that Amazon had made before the seller joined: all at once.

use std::fmt::Write as _;

use super::Account;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::ReportType;

use super::Announcement;
use super::words::{day, escaped_length, fitting, minute, name};

/// SNS takes 256 KiB, attributes and all: of these words and the document for programs together, escaped.
const LONGEST_LIST: usize = 90 * 1024;

/// Of what was not delivered, and of what is to come: beside the list.
const LONGEST_SHORT_LIST: usize = 10 * 1024;

/// As much of a reason as is told in a list.
const LONGEST_REASON: usize = 300;

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the bucket, under this key.
    Delivered(String),
    /// It is not, because of that.
    NotDelivered(String),
    /// It will be; until then it waits for that, if for anything but its turn.
    ToCome(Option<String>),
}

/// A report that Amazon had made before the seller joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfilledReport {
    /// Amazon's id for it.
    pub report_id: String,
    /// What it reports, if that is known.
    pub report_type: Option<ReportType>,
    /// When Amazon was asked for it.
    pub created: Option<Timestamp>,
    /// The period that it is about.
    pub period: Option<(Timestamp, Timestamp)>,
    /// What became of it.
    pub fate: Fate,
}

/// All that there is to tell of a backfill.
#[derive(Clone, Debug)]
pub struct BackfillNews<'a> {
    /// Whose.
    pub seller_id: &'a Account,
    /// Where.
    pub region: RegionCode,
    /// The reports that were found, in any order.
    pub reports: Vec<BackfilledReport>,
    /// Whether there may be more at Amazon that is still to be found.
    pub is_searching: bool,
    /// Types that Amazon refuses to list.
    pub refused: &'a [ReportType],
}

impl BackfillNews<'_> {
    pub(super) fn newest_first(&self) -> Vec<&BackfilledReport> {
        let mut reports: Vec<_> = self.reports.iter().collect();
        reports.sort_by(|a, b| (b.created, &b.report_id).cmp(&(a.created, &a.report_id)));
        reports
    }
}

impl Announcement {
    /// Words for the seller what was delivered of what Amazon had already.
    #[must_use]
    pub fn of_backfill(news: &BackfillNews<'_>) -> Self {
        let reports = news.newest_first();
        let [delivered, failed, to_come] = [
            |fate: &Fate| matches!(fate, Fate::Delivered(_)),
            |fate: &Fate| matches!(fate, Fate::NotDelivered(_)),
            |fate: &Fate| matches!(fate, Fate::ToCome(_)),
        ]
        .map(|is_meant| {
            let lines = reports.iter().filter(|report| is_meant(&report.fate));
            lines.map(|report| line(report)).collect::<Vec<_>>()
        });
        let seller = news.seller_id.seller();
        let mut text = format!(
            "Amazon had made these reports before it was asked to look for them. They have been stored under these \
             keys,\nthe newest first; there is no other e-mail about them.\n\n\
             Seller:      {seller}\nRegion:      {}\nDelivered:   {}\n",
            news.region,
            delivered.len()
        );
        for (name, lines) in [("Failed:      ", &failed), ("To come:     ", &to_come)] {
            if !lines.is_empty() {
                let _ = writeln!(text, "{name}{}", lines.len());
            }
        }
        list(&mut text, "", &delivered, LONGEST_LIST);
        list(&mut text, "Not delivered:\n", &failed, LONGEST_SHORT_LIST);
        let heading = "Still to come, each with an e-mail of its own:\n";
        list(&mut text, heading, &to_come, LONGEST_SHORT_LIST);
        if news.is_searching {
            text.push_str("\nAmazon's list has not been read to its end. What else is found comes with e-mails of its own.\n");
        }
        if !news.refused.is_empty() {
            let types: Vec<_> = news.refused.iter().map(ReportType::as_str).collect();
            let _ = writeln!(text, "\nAmazon refuses to list reports of {}.", types.join(", "));
        }
        Self {
            subject: fitting(format!(
                "Amazon reports from before: {} delivered ({seller})",
                delivered.len()
            )),
            text,
            download: None,
        }
    }
}

fn line(report: &BackfilledReport) -> String {
    let what = match &report.report_type {
        Some(report_type) if name(report_type) == report_type.as_str() => report_type.to_string(),
        Some(report_type) => format!("{} ({report_type})", name(report_type)),
        None => "UNKNOWN".to_owned(),
    };
    let mut line = format!("{what}, report {}", report.report_id);
    if let Some((from, to)) = report.period {
        let _ = write!(line, ", {} to {}", day(from), day(to));
    }
    if let Some(created) = report.created {
        let _ = write!(line, ", created {}", minute(created));
    }
    let more = match &report.fate {
        Fate::Delivered(key) => key.as_str(),
        // What it is called; what is to be done about it is the owner's affair.
        Fate::NotDelivered(reason) => reason.split(':').next().unwrap_or_default(),
        Fate::ToCome(Some(waits_for)) => waits_for.as_str(),
        Fate::ToCome(None) => return line + "\n",
    };
    line + "\n    " + more + "\n"
}

pub(super) fn shortened(reason: &str) -> &str {
    let end = reason
        .char_indices()
        .nth(LONGEST_REASON)
        .map_or(reason.len(), |(at, _)| at);
    reason[..end].lines().next().unwrap_or_default()
}

/// As many lines as fit, and how many more there are.
fn list(text: &mut String, heading: &str, lines: &[String], longest: usize) {
    if lines.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(heading);
    let (mut length, mut shown) = (0, 0);
    for line in lines {
        length += escaped_length(line);
        if length > longest {
            break;
        }
        text.push_str(line);
        shown += 1;
    }
    if shown < lines.len() {
        let _ = writeln!(text, "and {} more.", lines.len() - shown);
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::LONGEST_SUBJECT;
    use super::*;

    fn report(number: u32, fate: Fate) -> BackfilledReport {
        let created: Timestamp = "2026-11-22T05:00:00Z".parse().expect("a time");
        BackfilledReport {
            report_id: number.to_string(),
            report_type: ReportType::parse("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2").ok(),
            created: Some(created - jiff::SignedDuration::from_hours(24 * i64::from(number))),
            period: Some((
                "2026-11-01T00:00:00Z".parse().expect("a time"),
                "2026-11-15T00:00:00Z".parse().expect("a time"),
            )),
            fate,
        }
    }

    fn told(reports: Vec<BackfilledReport>, is_searching: bool, refused: &[ReportType]) -> Announcement {
        Announcement::of_backfill(&BackfillNews {
            seller_id: &Account::parse("A3TH9S8BH6GOGM").expect("valid"),
            region: RegionCode::Eu,
            reports,
            is_searching,
            refused,
        })
    }

    #[test]
    fn all_are_listed_the_newest_first() {
        let delivered = |number| report(number, Fate::Delivered(format!("SellerId=A3/{number}.tsv")));
        let news = told(vec![delivered(20), delivered(3)], false, &[]);
        assert_eq!(
            news.subject,
            "Amazon reports from before: 2 delivered (A3TH9S8BH6GOGM)"
        );
        let newest = "Settlement (V2) (GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2), report 3, 2026-11-01 to 2026-11-15, created \
                      2026-11-19 05:00 UTC\n    SellerId=A3/3.tsv\n";
        let (at, older) = (news.text.find(newest), news.text.find("report 20"));
        assert!(at.is_some() && at < older, "{}", news.text);
        for silent in ["Failed", "To come", "more", "refuses", "to its end"] {
            assert!(!news.text.contains(silent), "{silent}: {}", news.text);
        }
    }

    #[test]
    fn what_failed_and_what_is_to_come_is_named() {
        let refused = [ReportType::parse("GET_REMOVED").expect("valid")];
        let reports = vec![
            report(1, Fate::Delivered("key".into())),
            report(2, Fate::NotDelivered("DocumentNotFound: gone\nand more".into())),
            report(3, Fate::ToCome(Some("AuthorizationRevoked".into()))),
            report(4, Fate::ToCome(None)),
        ];
        let text = told(reports, true, &refused).text;
        for words in [
            "\nDelivered:   1\nFailed:      1\nTo come:     2\n",
            "\n    DocumentNotFound\n",
            "\n    AuthorizationRevoked\n",
            "report 4,",
            "has not been read to its end",
            "refuses to list reports of GET_REMOVED.",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("and more"), "{text}");
    }

    #[test]
    fn however_many_there_are_the_message_is_no_longer_than_sns_takes() {
        let long = |number, fate: fn(String) -> Fate| report(number, fate("ä".repeat(400)));
        let mut reports: Vec<_> = (0..4000).map(|number| long(number, Fate::Delivered)).collect();
        reports.extend((4000..6000).map(|number| long(number, Fate::NotDelivered)));
        reports.extend((6000..9000).map(|number| report(number, Fate::ToCome(None))));
        let news = told(reports, true, &[]);
        assert!(news.text.len() < 120 * 1024, "{}", news.text.len());
        assert!(news.subject.len() <= LONGEST_SUBJECT);
        assert_eq!(news.text.matches(" more.\n").count(), 3);
        assert!(news.text.contains("report 0,") && !news.text.contains("report 3999,"));
    }
}
