use jiff::Timestamp;
use jiff::tz::TimeZone;
use sp_api::CompressionAlgorithm;
use sp_api::ids::{ReportId, ReportType, SellerId};
use sp_api::report_types::{self, file_extension};

/// How a stored document describes itself, so that a browser shows or saves the plain report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectDescription {
    /// The key in the bucket.
    pub key: String,
    /// `Content-Type`, as Amazon sent it or as the catalogue knows it.
    pub content_type: String,
    /// `Content-Encoding`: the bytes are stored as Amazon compressed them.
    pub content_encoding: Option<&'static str>,
    /// `Content-Disposition`, with a file name that a person understands.
    pub content_disposition: String,
}

/// Media types that say nothing.
const MEANINGLESS: [&str; 3] = ["application/octet-stream", "binary/octet-stream", ""];

/// Where a report's document is stored and how it is described. The same report gives the same key,
/// so that a retry overwrites its own half-done work and never makes a second object.
///
/// `SellerId=…/ReportType=…/date=…/REPORT.EXT[.gz]`: partitions that query engines read, folders that
/// people do. `announced_at` is when the report was announced, `sent_as` the source's `Content-Type`.
#[must_use]
pub fn object_key(
    seller: &SellerId,
    report: &ReportId,
    report_type: &ReportType,
    announced_at: Timestamp,
    compression: Option<CompressionAlgorithm>,
    sent_as: Option<&str>,
) -> ObjectDescription {
    let media_type = |value: &str| value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let sent_as = sent_as.filter(|value| !MEANINGLESS.contains(&media_type(value).as_str()));
    let known = report_types::find(report_type).and_then(|info| info.content_type);
    let content_type = sent_as.or(known).unwrap_or("text/plain");
    // The catalogue knows better than a source that calls every table text/plain.
    let extension = file_extension(known.or(Some(media_type(content_type).as_str())));
    let date = announced_at.to_zoned(TimeZone::UTC).date();
    let (content_encoding, suffix) = match compression {
        Some(CompressionAlgorithm::Gzip) => (Some("gzip"), ".gz"),
        None => (None, ""),
    };
    ObjectDescription {
        key: format!("SellerId={seller}/ReportType={report_type}/date={date}/{report}.{extension}{suffix}"),
        content_type: content_type.to_owned(),
        content_encoding,
        content_disposition: format!(
            "attachment; filename=\"{report_type}_{seller}_{date}_{report}.{extension}\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(
        report_type: &str,
        compression: Option<CompressionAlgorithm>,
        sent_as: Option<&str>,
    ) -> ObjectDescription {
        object_key(
            &SellerId::parse("A3TH9S8BH6GOGM").expect("valid"),
            &ReportId::parse("54517018502").expect("valid"),
            &ReportType::parse(report_type).expect("valid"),
            "2026-11-22T23:59:59Z".parse().expect("a time"),
            compression,
            sent_as,
        )
    }

    #[test]
    fn a_compressed_table_is_described_for_browsers_and_query_engines() {
        let gzip = Some(CompressionAlgorithm::Gzip);
        let described = describe(
            "GET_MERCHANT_LISTINGS_ALL_DATA",
            gzip,
            Some("text/tab-separated-values; charset=Cp1252"),
        );
        assert_eq!(
            described,
            ObjectDescription {
                key: "SellerId=A3TH9S8BH6GOGM/ReportType=GET_MERCHANT_LISTINGS_ALL_DATA/date=2026-11-22/54517018502.tsv.gz"
                    .into(),
                content_type: "text/tab-separated-values; charset=Cp1252".into(),
                content_encoding: Some("gzip"),
                content_disposition:
                    "attachment; filename=\"GET_MERCHANT_LISTINGS_ALL_DATA_A3TH9S8BH6GOGM_2026-11-22_54517018502.tsv\""
                        .into(),
            }
        );
    }

    #[test]
    fn the_catalogue_fills_in_what_the_source_does_not_say() {
        let described = describe(
            "GET_SALES_AND_TRAFFIC_REPORT",
            None,
            Some("application/octet-stream"),
        );
        assert_eq!(described.content_type, "application/json");
        assert!(described.key.ends_with("/54517018502.json"));
    }

    #[test]
    fn an_unknown_type_is_stored_by_what_the_source_says() {
        assert!(
            describe("GET_A_TYPE_OF_2031", None, Some("text/csv; charset=UTF-8"))
                .key
                .ends_with(".csv")
        );
        let nothing_known = describe("GET_A_TYPE_OF_2031", None, None);
        assert!(nothing_known.key.ends_with(".txt"));
        assert_eq!(nothing_known.content_type, "text/plain");
    }
}
