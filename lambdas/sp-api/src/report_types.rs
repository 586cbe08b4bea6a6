//! What is known of Amazon's report types: `report_types.csv` beside this crate's manifest.

use crate::ids::ReportType;

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
}

impl ReportTypeInfo {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        Some(Self {
            name: fields.next()?,
            content_type: fields.next().filter(|value| *value != "unknown"),
            requestable: yes_or_no(fields.next()?),
            schedulable: yes_or_no(fields.next()?),
            restricted: yes_or_no(fields.next()?) == Some(true),
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
    fn a_restricted_type_is_known_as_such() {
        let invoicing = ReportType::parse("GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING").expect("valid");
        assert!(find(&invoicing).expect("in the catalogue").restricted);
        let listings = ReportType::parse("GET_MERCHANT_LISTINGS_ALL_DATA").expect("valid");
        assert!(!find(&listings).expect("in the catalogue").restricted);
    }

    #[test]
    fn an_unknown_type_is_not_invented() {
        assert_eq!(
            find(&ReportType::parse("GET_A_TYPE_OF_2031").expect("valid")),
            None
        );
    }
}
