//! What is known of Amazon's report types: `report_types.csv` beside this crate's manifest.
//!
//! Content types and flags are those of the client libraries that keep such tables, periods those of
//! Amazon's own list of report type values. Where that list contradicts a library, it prevails. Titles are
//! its names, shortened; those of types that it got after January 2022 have not been compared with it.

use std::time::Duration;

use jiff::civil::Date;

use crate::SchedulePeriod;
use crate::ids::ReportType;

/// How long Amazon keeps most reports, and those of orders.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
const ORDERS_KEPT: Duration = Duration::from_secs(30 * 86_400);

const CATALOGUE: &str = include_str!("../report_types.csv");

/// What the catalogue says of one report type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportTypeInfo {
    /// The report type's name, for example `GET_MERCHANT_LISTINGS_ALL_DATA`.
    pub name: &'static str,
    /// The document's media type, where it is known.
    pub content_type: Option<&'static str>,
    /// Whether createReport takes it; `None` where that is not known.
    pub requestable: Option<bool>,
    /// Whether createReportSchedule takes it; `None` where that is not known.
    pub schedulable: Option<bool>,
    /// Whether the document holds personal data and is handed out for a restricted data token only.
    pub restricted: bool,
    /// Amazon makes a report of this type no more than once in that time; what is asked for sooner is
    /// cancelled. `None` where no limit is known.
    pub shortest_period: Option<SchedulePeriod>,
    /// That Amazon has removed the type.
    pub removal: Option<Removal>,
    /// What people call these reports; `None` where that is not known.
    pub title: Option<&'static str>,
}

/// When Amazon removed a report type, and what takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Since when Amazon makes no report of the type.
    pub since: Date,
    /// The type that Amazon has instead; `None` where none is known.
    pub successor: Option<&'static str>,
}

impl ReportTypeInfo {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let known = |field: &'static str| Some(field).filter(|value| *value != "unknown");
        Some(Self {
            name: fields.next()?,
            content_type: known(fields.next()?),
            requestable: yes_or_no(fields.next()?),
            schedulable: yes_or_no(fields.next()?),
            restricted: yes_or_no(fields.next()?) == Some(true),
            shortest_period: SchedulePeriod::parse(fields.next()?).ok(),
            removal: match (fields.next()?, fields.next()?) {
                ("no", _) => None,
                (since, successor) => Some(Removal {
                    since: since.parse().ok()?,
                    successor: Some(successor).filter(|name| *name != "none"),
                }),
            },
            title: known(fields.next()?),
        })
    }
}

/// The file ending for a media type in lower case, without the dot: `txt` for texts of any other
/// kind, `bin` for the rest.
#[must_use]
pub fn file_extension(media_type: &str) -> &'static str {
    match media_type {
        "text/tab-separated-values" => "tsv",
        "text/csv" | "application/csv" => "csv",
        "text/xml" | "application/xml" => "xml",
        "text/html" => "html",
        "application/pdf" => "pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.ms-excel" => "xls",
        "application/zip" | "application/x-zip-compressed" => "zip",
        "application/gzip" | "application/x-gzip" => "gz",
        "application/json" | "text/json" => "json",
        other if other.starts_with("text/") => "txt",
        _ => "bin",
    }
}

fn yes_or_no(field: &str) -> Option<bool> {
    match field {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// How long Amazon keeps a report after it is made; of an unknown type, as long as most.
#[must_use]
pub fn kept(report_type: Option<&ReportType>) -> Duration {
    match report_type {
        Some(name) if name.as_str().contains("_ORDER") => ORDERS_KEPT,
        _ => KEPT,
    }
}

/// Every known report type, by name.
pub fn all() -> impl Iterator<Item = ReportTypeInfo> {
    CATALOGUE.lines().skip(1).filter_map(ReportTypeInfo::parse)
}

/// The catalogue's entry for `report_type`; `None` for types it does not know, which are to be
/// passed through: Amazon adds types without asking us.
#[must_use]
pub fn find(report_type: &ReportType) -> Option<ReportTypeInfo> {
    all().find(|info| info.name == report_type.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_catalogue_is_read() {
        assert_eq!(all().count(), CATALOGUE.lines().count() - 1);
        assert!(
            all().all(|info| !info.name.is_empty() && info.content_type.is_none_or(|it| it.contains('/')))
        );
    }

    #[test]
    fn no_two_types_have_one_title_and_each_fits_into_a_subject() {
        let titles: Vec<_> = all().filter_map(|info| info.title).collect();
        assert!(titles.len() > 100);
        for title in &titles {
            assert_eq!(titles.iter().filter(|it| *it == title).count(), 1, "{title}");
            assert!(title.is_ascii() && title.len() <= 50, "{title}");
        }
        let listings = ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").expect("valid");
        assert_eq!(find(&listings).and_then(|it| it.title), Some("All listings"));
    }

    #[test]
    fn a_restricted_type_is_known_as_such() {
        let invoicing = ReportType::parse("GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING").expect("valid");
        assert!(find(&invoicing).expect("in the catalogue").restricted);
        let listings = ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").expect("valid");
        assert!(!find(&listings).expect("in the catalogue").restricted);
    }

    #[test]
    fn a_limit_is_one_of_amazons_periods() {
        let limits: Vec<&str> = CATALOGUE
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(5))
            .filter(|limit| *limit != "unknown")
            .collect();
        let read = all().filter_map(|info| info.shortest_period);
        assert_eq!(read.map(SchedulePeriod::as_str).collect::<Vec<_>>(), limits);
    }

    /// Types of which the table beside this checkout says what Amazon's documentation does not: there,
    /// what a library leaves open counts as no. Their `requestable` and `schedulable`.
    const BETTER_KNOWN: [(&str, Option<bool>, Option<bool>); 6] = [
        // "Can be requested."
        ("GET_MERCHANT_LISTINGS_DEFECT_DATA", Some(true), Some(false)),
        (
            "GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA",
            Some(true),
            Some(false),
        ),
        // createReport is Amazon's example of how to get the first of these; of the others nothing is said.
        ("GET_EASYSHIP_DOCUMENTS", None, None),
        ("GET_EASYSHIP_PICKEDUP", None, None),
        ("GET_EASYSHIP_WAITING_FOR_PICKUP", None, None),
        ("GET_FLAT_FILE_GEO_OPPORTUNITIES", None, None),
    ];

    /// Types that the table beside this checkout lacks.
    const LATER: [&str; 2] = ["END_USER_DATA_REPORT", "MARKETPLACE_ASIN_PAGE_VIEW_METRICS"];

    #[test]
    fn what_amazon_has_removed_is_known_with_date_and_successor() {
        let removed = all().filter_map(|info| Some((info.name, info.removal?)));
        let removed = removed.map(|(name, it)| (name, it.since.to_string(), it.successor));
        let (december, november) = ("2025-12-11".to_owned(), "2026-11-11".to_owned());
        let second = Some("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2");
        assert_eq!(
            removed.collect::<Vec<_>>(),
            [
                ("GET_FBA_SNS_FORECAST_DATA", december.clone(), None),
                ("GET_FBA_SNS_PERFORMANCE_DATA", december, None),
                (
                    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE",
                    november.clone(),
                    second
                ),
                ("GET_V2_SETTLEMENT_REPORT_DATA_XML", november, second),
            ]
        );
        for info in all() {
            let successor = info.removal.and_then(|it| it.successor);
            let in_force = |name| all().any(|it| it.name == name && it.removal.is_none());
            assert!(successor.is_none_or(in_force), "{info:?}");
        }
    }

    #[test]
    fn a_type_with_personal_data_that_was_added_later_is_restricted() {
        let restricted = LATER.map(|name| {
            let info = find(&ReportType::parse(name).expect("valid"));
            info.map(|info| info.restricted)
        });
        assert_eq!(restricted, [Some(true), Some(false)]);
    }

    #[test]
    fn the_catalogue_is_the_one_that_was_collected() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/sp-api/report_types.csv"
        );
        let Ok(collected) = std::fs::read_to_string(path) else {
            // Past the test harness, which would keep it to itself.
            let note = b"skipped: the collected report types are not beside this checkout\n";
            std::io::Write::write_all(&mut std::io::stderr(), note).expect("said");
            return;
        };
        let mut lines = collected.lines();
        let columns: Vec<&str> = lines.next().expect("a heading").split(',').collect();
        let column = |name: &str| columns.iter().position(|it| *it == name).expect(name);
        let flag = |value: &str| match value {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        };
        let mut ours = all().filter(|info| !LATER.contains(&info.name));
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let field = |name: &str| fields[column(name)];
            let info = ours.next().expect("as many types");
            assert_eq!(info.name, field("reportType"));
            let content_type = Some(field("content_type(jlevers)")).filter(|it| !it.is_empty());
            assert_eq!(info.content_type, content_type, "{line}");
            let restricted = ["restricted(jlevers)", "restricted(amzn tokens guide 2021-09)"];
            let restricted = restricted.iter().any(|name| field(name) == "True");
            assert_eq!(info.restricted, restricted, "{line}");
            let better = BETTER_KNOWN.iter().find(|(name, ..)| *name == info.name);
            let flags = match better {
                Some((_, requestable, schedulable)) => (*requestable, *schedulable),
                None => (
                    flag(field("requestable(jlevers)")),
                    flag(field("schedulable(jlevers)")),
                ),
            };
            assert_eq!((info.requestable, info.schedulable), flags, "{line}");
        }
        assert_eq!(ours.next(), None);
    }

    #[test]
    fn an_unknown_type_is_not_invented() {
        assert_eq!(
            find(&ReportType::parse("GET_A_TYPE_OF_2031").expect("valid")),
            None
        );
    }
}
