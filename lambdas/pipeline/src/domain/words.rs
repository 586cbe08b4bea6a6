//! How people are told of a report: by names that they use.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sp_api::ids::{MarketplaceId, ReportType, SellerId};
use sp_api::{marketplaces, report_types};

use super::Particulars;
use super::news::Circumstances;

/// SNS's limit for the subject of an e-mail.
pub(super) const LONGEST_SUBJECT: usize = 100;

/// As much of an id as stands in a subject: all of Amazon's, and of a request id what tells it from others.
const LONGEST_ID: usize = 20;

/// A report, or an order for one, that somebody is told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReportInWords<'a> {
    pub(super) report_type: &'a ReportType,
    pub(super) seller: &'a SellerId,
    /// What it is known by: a report id or a request id.
    pub(super) id: (&'static str, &'a str),
    /// How far Amazon is, or how it ended there; nothing of what came to nothing here.
    pub(super) status: Option<&'static str>,
    pub(super) told: &'a Circumstances<'a>,
}

impl ReportInWords<'_> {
    /// `headline` and what tells this report from others: no two of a morning are one thread of mail.
    pub(super) fn subject(&self, headline: &str) -> String {
        let when = period(self.told.particulars).unwrap_or_else(|| day(self.told.now));
        // The beginning of a request id is enough, and leaves room for the name.
        let id = self.id.1.get(..LONGEST_ID).unwrap_or(self.id.1);
        let which = format!(", {when}, {}, {id}", self.seller);
        let mut name = format!("{headline}: {}", name(self.report_type));
        // The name is what can be shortened best. All of it is ASCII, so no character is cut in two.
        name.truncate(LONGEST_SUBJECT.saturating_sub(which.len()));
        fitting(name + &which)
    }

    /// Everything that there is to know it by, a line each.
    pub(super) fn facts(&self) -> String {
        let Circumstances {
            region, particulars, ..
        } = self.told;
        let (label, id) = self.id;
        let lines = [
            ("Report", title(self.report_type).map(str::to_owned)),
            ("Report type", Some(self.report_type.to_string())),
            ("Period", period(particulars)),
            ("Marketplace", marketplaces_of(&particulars.marketplace_ids)),
            (
                "Reference",
                particulars.reference.as_ref().map(ToString::to_string),
            ),
            ("Seller", Some(self.seller.to_string())),
            (label, Some(id.to_owned())),
            ("Status", self.status.map(str::to_owned)),
            ("Region", region.map(|region| region.to_string())),
        ];
        let mut text = String::new();
        for (label, value) in lines {
            if let Some(value) = value {
                let label = format!("{label}:");
                let _ = writeln!(text, "{label:<13}{value}");
            }
        }
        text
    }
}

/// A subject of ids, types and titles, as long as SNS takes it.
pub(super) fn fitting(mut subject: String) -> String {
    // They are ASCII, so no character is cut in two.
    subject.truncate(LONGEST_SUBJECT);
    subject
}

fn title(report_type: &ReportType) -> Option<&'static str> {
    report_types::find(report_type)?.title
}

/// What people call reports of a type.
pub(super) fn name(report_type: &ReportType) -> &str {
    title(report_type).unwrap_or(report_type.as_str())
}

fn period(particulars: &Particulars) -> Option<String> {
    let (from, to) = (particulars.data_start_time, particulars.data_end_time);
    Some(match (from.map(day), to.map(day)) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("until {to}"),
        (None, None) => return None,
    })
}

fn marketplaces_of(ids: &[MarketplaceId]) -> Option<String> {
    let names = ids.iter().map(|id| match marketplaces::find(id) {
        Some(marketplace) => marketplace.name,
        None => id.as_str(),
    });
    let names: Vec<_> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The day in UTC.
pub(super) fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

/// The minute in UTC.
pub(super) fn minute(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M UTC")
        .to_string()
}

/// How long a text is in JSON.
pub(super) fn escaped_length(text: &str) -> usize {
    serde_json::to_string(text).expect("a text").len()
}

/// A length that is rounded for people.
pub(super) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut size = bytes;
    let mut unit = 0;
    while size >= 10_000 && unit + 1 < UNITS.len() {
        size = size.div_ceil(1000);
        unit += 1;
    }
    format!("{size} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use sp_api::RegionCode;

    use super::*;
    use crate::domain::Reference;

    fn particulars() -> Particulars {
        Particulars {
            data_start_time: "2026-11-01T00:00:00Z".parse().ok(),
            data_end_time: "2026-11-15T00:00:00Z".parse().ok(),
            marketplace_ids: ["A1PA6795UKMFR9", "A2OFANEWCOUNTRY"]
                .map(|id| MarketplaceId::parse(id).expect("valid"))
                .to_vec(),
            reference: Reference::parse("für Montag").ok(),
            ..Particulars::default()
        }
    }

    fn told<T>(report_type: &str, particulars: &Particulars, look: impl Fn(ReportInWords<'_>) -> T) -> T {
        look(ReportInWords {
            report_type: &ReportType::parse(report_type).expect("valid"),
            seller: &SellerId::parse("A3TH9S8BH6GOGM").expect("valid"),
            id: ("Report id", "54517018502"),
            status: Some("DONE"),
            told: &Circumstances {
                region: Some(RegionCode::Eu),
                particulars,
                releases: 0,
                now: "2026-11-22T08:30:00Z".parse().expect("a time"),
            },
        })
    }

    #[test]
    fn a_report_is_known_by_names_that_people_use() {
        let facts = told("GET_MERCHANT_LISTINGS_ALL_DATA", &particulars(), |it| it.facts());
        assert_eq!(
            facts,
            "Report:      All listings\n\
             Report type: GET_MERCHANT_LISTINGS_ALL_DATA\n\
             Period:      2026-11-01 to 2026-11-15\n\
             Marketplace: Amazon.de, A2OFANEWCOUNTRY\n\
             Reference:   für Montag\n\
             Seller:      A3TH9S8BH6GOGM\n\
             Report id:   54517018502\n\
             Status:      DONE\n\
             Region:      EU\n"
        );
        // What is not known is not made up.
        let facts = told("GET_A_TYPE_OF_2031", &Particulars::default(), |it| it.facts());
        assert!(
            facts.starts_with("Report type: GET_A_TYPE_OF_2031\nSeller: "),
            "{facts}"
        );
    }

    #[test]
    fn a_subject_differs_from_others_and_fits_into_sns() {
        let subject = |report_type: &str, particulars: &Particulars| {
            told(report_type, particulars, |it| it.subject("Amazon report ready"))
        };
        assert_eq!(
            subject("GET_MERCHANT_LISTINGS_ALL_DATA", &particulars()),
            "Amazon report ready: All listings, 2026-11-01 to 2026-11-15, A3TH9S8BH6GOGM, 54517018502"
        );
        let long = subject(&format!("GET_{}", "X".repeat(120)), &Particulars::default());
        assert_eq!(long.len(), LONGEST_SUBJECT);
        assert!(
            long.ends_with("X, 2026-11-22, A3TH9S8BH6GOGM, 54517018502"),
            "{long}"
        );
    }

    #[test]
    fn sizes_are_rounded_for_people() {
        assert_eq!(human_size(9_999), "9999 bytes");
        assert_eq!(human_size(123_456), "124 kB");
        assert_eq!(human_size(1_073_741_824), "1074 MB");
        assert_eq!(human_size(20_000_000_000), "20 GB");
    }
}
