use encoding_rs::{SHIFT_JIS, UTF_8, WINDOWS_1252};

use super::*;
use crate::domain::CharsetFrom;

const LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A document; what is not said is as nothing were known.
struct Document {
    seller: &'static str,
    report_type: &'static str,
    ended: FinalStatus,
    is_gzip: bool,
    sent_as: Option<&'static str>,
    head: &'static [u8],
}

impl Default for Document {
    fn default() -> Self {
        Self {
            seller: "A3TH9S8BH6GOGM",
            report_type: "GET_A_TYPE_OF_2031",
            ended: FinalStatus::Done,
            is_gzip: false,
            sent_as: None,
            head: b"",
        }
    }
}

impl Document {
    fn with_facts<T>(&self, ask: impl FnOnce(&DocumentFacts<'_>) -> T) -> T {
        ask(&DocumentFacts {
            seller: &Account::parse(self.seller).expect("valid"),
            report: &ReportId::parse("54517018502").expect("valid"),
            report_type: &ReportType::parse(self.report_type).expect("valid"),
            ended: self.ended,
            announced_at: "2026-11-22T23:59:59Z".parse().expect("a time"),
            marketplaces: &[],
            region: RegionCode::Eu,
            is_gzip: self.is_gzip,
            sent_as: self.sent_as,
            head: self.head,
        })
    }

    /// As a transfer describes what it has read to its end.
    fn describe(&self) -> ObjectDescription {
        self.with_facts(|facts| {
            let charset = facts.evidence().map(|mut evidence| {
                evidence.take(facts.head);
                evidence.charset().encoding
            });
            facts.describe(charset)
        })
    }

    fn key(&self) -> String {
        self.describe().key
    }

    /// `Content-Type`, how it is disposed of, and the ending of its file.
    fn shown(&self) -> (String, String, String) {
        let described = self.describe();
        let (disposition, name) = described
            .content_disposition
            .split_once("; filename=\"")
            .expect("both");
        let extension = name.rsplit('.').next().expect("an ending").trim_end_matches('"');
        (
            described.content_type,
            disposition.to_owned(),
            extension.to_owned(),
        )
    }
}

fn shown(content_type: &str, disposition: &str, extension: &str) -> (String, String, String) {
    (
        content_type.to_owned(),
        disposition.to_owned(),
        extension.to_owned(),
    )
}

#[test]
fn a_compressed_table_is_described_for_browsers_and_query_engines() {
    let described = Document {
        report_type: LISTINGS,
        is_gzip: true,
        sent_as: Some("text/tab-separated-values; charset=Cp1252"),
        head: b"caf\xe9\n",
        ..Document::default()
    }
    .describe();
    assert_eq!(
        described,
        ObjectDescription {
            key: "SellerId=A3TH9S8BH6GOGM/ReportType=GET_MERCHANT_LISTINGS_ALL_DATA/date=2026-11-22/54517018502.tsv.gz"
                .into(),
            content_type: "text/tab-separated-values; charset=windows-1252".into(),
            content_encoding: Some("gzip"),
            content_disposition:
                "attachment; filename=\"GET_MERCHANT_LISTINGS_ALL_DATA_A3TH9S8BH6GOGM_2026-11-22_54517018502.tsv\""
                    .into(),
            file_name: "GET_MERCHANT_LISTINGS_ALL_DATA_A3TH9S8BH6GOGM_2026-11-22_54517018502.tsv".into(),
            retention: Retention::Standard,
        }
    );
}

#[test]
fn texts_have_a_charset_and_nothing_else_has() {
    for (report_type, sent_as, head, is_text) in [
        (
            LISTINGS,
            Some("application/octet-stream"),
            b"\x8f\xa4\x95\x69\t1".as_slice(),
            true,
        ),
        (LISTINGS, None, "日本".as_bytes(), true),
        (LISTINGS, Some("text/plain;charset=klingon"), b"caf\xe9\n", true),
        ("FEE_DISCOUNTS_REPORT", None, b"", false),
        (
            "GET_EASYSHIP_DOCUMENTS",
            Some("application/pdf"),
            b"%PDF-1.4",
            false,
        ),
        (LISTINGS, Some("text/plain; charset=Cp1252"), b"PK\x03\x04", false),
        ("GET_A_TYPE_OF_2031", None, b"\0\x01", false),
        ("GET_A_TYPE_OF_2031", None, b"", false),
    ] {
        let document = Document {
            report_type,
            sent_as,
            head,
            ..Document::default()
        };
        document.with_facts(|facts| {
            assert_eq!(facts.evidence().is_some(), is_text, "{report_type}");
            let content_type = facts.describe(Some(SHIFT_JIS)).content_type;
            assert_eq!(
                content_type.contains("; charset=Shift_JIS"),
                is_text,
                "{content_type}"
            );
        });
    }
}

#[test]
fn what_is_declared_and_not_so_is_noted() {
    let note = |sent_as, encoding, is_ascii| {
        let document = Document {
            sent_as: Some(sent_as),
            ..Document::default()
        };
        let from = CharsetFrom::Bytes;
        let charset = Charset {
            encoding,
            from,
            is_ascii,
        };
        document.with_facts(|facts| facts.oddity_of(charset))
    };
    assert_eq!(
        note("text/csv; charset=Cp1252", UTF_8, false).as_deref(),
        Some("declared as Cp1252, the bytes are UTF-8")
    );
    assert_eq!(
        note(
            "text/csv; header=present; charset=\"klingon\"",
            WINDOWS_1252,
            false
        )
        .as_deref(),
        Some("declared as klingon, which is no charset that is known")
    );
    for (sent_as, encoding, is_ascii) in [
        ("text/csv; charset=Cp1252", UTF_8, true),
        ("text/csv; charset=Cp1252", WINDOWS_1252, false),
        ("text/csv; charset=\"a b\"", UTF_8, false),
        ("text/csv", UTF_8, false),
    ] {
        assert_eq!(note(sent_as, encoding, is_ascii), None, "{sent_as}");
    }
}

#[test]
fn fatal_with_a_reason_is_kept_apart_from_the_data() {
    for (head, content_type, ending) in [
        (
            b"{\"errorDetails\": \"no\"}".as_slice(),
            "application/json; charset=UTF-8",
            "json",
        ),
        (
            b"The start date is too far in the past.",
            "text/plain; charset=UTF-8",
            "txt",
        ),
        (b"<?xml version='1.0'?><e/>", "text/xml; charset=UTF-8", "xml"),
    ] {
        let described = Document {
            report_type: LISTINGS,
            ended: FinalStatus::Fatal,
            // It is said to be what the report would have been.
            sent_as: Some("text/tab-separated-values; charset=Cp1252"),
            head,
            ..Document::default()
        }
        .describe();
        assert_eq!(described.content_type, content_type);
        assert_eq!(
            described.key,
            format!(
                "errors/SellerId=A3TH9S8BH6GOGM/ReportType={LISTINGS}/date=2026-11-22/54517018502.{ending}"
            )
        );
        let name = format!("54517018502_error.{ending}\"");
        assert!(
            described.content_disposition.ends_with(&name),
            "{}",
            described.content_disposition
        );
    }
}

#[test]
fn tables_are_saved_and_what_browsers_show_is_shown() {
    for (report_type, sent_as, expected) in [
        (
            LISTINGS,
            None,
            shown("text/tab-separated-values; charset=UTF-8", "attachment", "tsv"),
        ),
        // What Amazon really sends.
        (
            LISTINGS,
            Some("text/plain;charset=UTF-8"),
            shown("text/plain; charset=UTF-8", "attachment", "tsv"),
        ),
        (
            "GET_EPR_MONTHLY_REPORTS",
            None,
            shown("text/csv; charset=UTF-8", "attachment", "csv"),
        ),
        ("FEE_DISCOUNTS_REPORT", None, shown(XLSX, "attachment", "xlsx")),
        (
            "GET_SALES_AND_TRAFFIC_REPORT",
            Some("application/octet-stream"),
            shown("application/json; charset=UTF-8", "inline", "json"),
        ),
        (
            "GET_ORDER_REPORT_DATA_TAX",
            Some("binary/octet-stream"),
            shown("text/xml; charset=UTF-8", "inline", "xml"),
        ),
        (
            "GET_EASYSHIP_DOCUMENTS",
            None,
            shown("application/pdf", "inline", "pdf"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            Some("text/csv; charset=UTF-8"),
            shown("text/csv; charset=UTF-8", "attachment", "csv"),
        ),
        // Nobody wants to run what somebody else has written.
        (
            "GET_A_TYPE_OF_2031",
            Some("text/html; charset=UTF-8"),
            shown("text/html; charset=UTF-8", "attachment", "html"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            Some("text/plain"),
            shown("text/plain; charset=UTF-8", "inline", "txt"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            shown("application/octet-stream", "attachment", "bin"),
        ),
    ] {
        let document = Document {
            report_type,
            sent_as,
            ..Document::default()
        };
        assert_eq!(document.shown(), expected, "{report_type} {sent_as:?}");
    }
}

#[test]
fn the_first_bytes_tell_what_nobody_says() {
    const WORKBOOK: &[u8] =
        b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0f\0\0\0xl/workbook.xml<";
    for (report_type, sent_as, head, expected) in [
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"%PDF-1.7\n".as_slice(),
            shown("application/pdf", "inline", "pdf"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            Some("binary/octet-stream"),
            WORKBOOK,
            shown(XLSX, "attachment", "xlsx"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"PK\x03\x04",
            shown("application/zip", "attachment", "zip"),
        ),
        (
            "FEE_DISCOUNTS_REPORT",
            None,
            b"PK\x03\x04",
            shown(XLSX, "attachment", "xlsx"),
        ),
        (
            LISTINGS,
            Some("text/plain"),
            b"PK\x03\x04",
            shown("application/zip", "attachment", "zip"),
        ),
        (
            LISTINGS,
            None,
            b"\x1f\x8b\x08\0",
            shown("application/gzip", "attachment", "gz"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"sku\tname\n",
            shown("text/plain; charset=UTF-8", "inline", "txt"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"<?xml version='1.0' encoding='Shift_JIS'?>",
            shown("text/xml; charset=UTF-8", "inline", "xml"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"\xff\xfes\0k\0",
            shown("text/plain; charset=UTF-16LE", "inline", "txt"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"s\0k\0",
            shown("application/octet-stream", "attachment", "bin"),
        ),
    ] {
        let document = Document {
            report_type,
            sent_as,
            head,
            ..Document::default()
        };
        assert_eq!(
            document.shown(),
            expected,
            "{report_type} {}",
            head.escape_ascii()
        );
    }
}

#[test]
fn the_sources_name_for_the_compression_is_no_kind_of_report() {
    let document = Document {
        report_type: LISTINGS,
        is_gzip: true,
        sent_as: Some("application/gzip"),
        ..Document::default()
    };
    assert_eq!(
        document.shown(),
        shown("text/tab-separated-values; charset=UTF-8", "attachment", "tsv")
    );
    assert!(document.describe().key.ends_with("/54517018502.tsv.gz"));
}

#[test]
fn the_key_depends_on_nothing_that_may_change_from_attempt_to_attempt() {
    for head in [b"%PDF-1.7".as_slice(), b"PK\x03\x04", b"caf\xe9", b"\0", b""] {
        for report_type in [LISTINGS, "GET_A_TYPE_OF_2031"] {
            let key = |sent_as| {
                let document = Document {
                    report_type,
                    sent_as,
                    head,
                    ..Document::default()
                };
                document.key()
            };
            for sent_as in ["text/csv; charset=UTF-8", "application/gzip", "nonsense"] {
                assert_eq!(key(Some(sent_as)), key(None), "{report_type} {sent_as}");
            }
        }
    }
}

#[test]
fn the_keys_ending_is_the_catalogues_or_what_the_first_bytes_look_like() {
    for (report_type, head, ending) in [
        (LISTINGS, b"%PDF-1.7".as_slice(), ".tsv"),
        ("FEE_DISCOUNTS_REPORT", b"", ".xlsx"),
        ("GET_A_TYPE_OF_2031", b"", ".txt"),
        ("GET_A_TYPE_OF_2031", b"sku\tname\n", ".txt"),
        ("GET_A_TYPE_OF_2031", b"\xef\xbb\xbf{\n  \"a\": 1}", ".json"),
        ("GET_A_TYPE_OF_2031", b"[{\"a\": 1}]", ".json"),
        ("GET_A_TYPE_OF_2031", b"[x] done", ".txt"),
        ("GET_A_TYPE_OF_2031", b"<?xml version='1.0'?>", ".xml"),
        ("GET_A_TYPE_OF_2031", b"%PDF-1.7", ".pdf"),
        ("GET_A_TYPE_OF_2031", b"\0", ".bin"),
    ] {
        let document = Document {
            report_type,
            head,
            ..Document::default()
        };
        assert!(document.key().ends_with(ending), "{}", document.key());
    }
}

#[test]
fn a_vendors_file_has_a_name_that_file_systems_take() {
    let vendor = Document {
        seller: "amzn1.vg.6213651",
        report_type: "GET_VENDOR_SALES_REPORT",
        ..Document::default()
    };
    assert_eq!(
        vendor.describe().content_disposition,
        "inline; filename=\"GET_VENDOR_SALES_REPORT_amzn1.vg.6213651_2026-11-22_54517018502.json\""
    );
    let longest = DocumentFacts {
        seller: &Account::parse(&"A".repeat(64)).expect("valid"),
        report: &ReportId::parse(&"1".repeat(64)).expect("valid"),
        report_type: &ReportType::parse(&"X".repeat(128)).expect("valid"),
        ended: FinalStatus::Done,
        announced_at: Timestamp::UNIX_EPOCH,
        marketplaces: &[],
        region: RegionCode::Na,
        is_gzip: false,
        sent_as: Some("text/html"),
        head: b"",
    };
    let longest = longest.describe(None);
    let name = longest.content_disposition.split('"').nth(1).expect("a name");
    assert!(name.len() <= 255, "{}", name.len());
}
