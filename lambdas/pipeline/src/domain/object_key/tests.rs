use encoding_rs::{SHIFT_JIS, WINDOWS_1252};

use super::*;

const GZIP: Option<CompressionAlgorithm> = Some(CompressionAlgorithm::Gzip);
const LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A document; what is not said is as nothing were known.
struct Document {
    seller: &'static str,
    report_type: &'static str,
    region: RegionCode,
    compression: Option<CompressionAlgorithm>,
    sent_as: Option<&'static str>,
    head: &'static [u8],
    format: DocumentFormat,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            seller: "A3TH9S8BH6GOGM",
            report_type: "GET_A_TYPE_OF_2031",
            region: RegionCode::Eu,
            compression: None,
            sent_as: None,
            head: b"",
            format: DocumentFormat::AsIs,
        }
    }
}

impl Document {
    fn describe(&self) -> ObjectDescription {
        describe(&DocumentFacts {
            seller: &SellerId::parse(self.seller).expect("valid"),
            report: &ReportId::parse("54517018502").expect("valid"),
            report_type: &ReportType::parse(self.report_type).expect("valid"),
            announced_at: "2026-11-22T23:59:59Z".parse().expect("a time"),
            region: self.region,
            compression: self.compression,
            sent_as: self.sent_as,
            head: self.head,
            format: self.format,
        })
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
        compression: GZIP,
        sent_as: Some("text/tab-separated-values; charset=Cp1252"),
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
            transcode_from: None,
        }
    );
}

#[test]
fn in_utf8_texts_are_transcoded_and_nothing_else() {
    let stored = |report_type, sent_as, head| {
        let described = Document {
            report_type,
            sent_as,
            head,
            region: RegionCode::Fe,
            format: DocumentFormat::Utf8,
            ..Document::default()
        }
        .describe();
        (described.content_type, described.transcode_from)
    };
    let tsv = "text/tab-separated-values; charset=UTF-8".to_owned();
    assert_eq!(
        stored(LISTINGS, Some("application/octet-stream"), b"\x8f\xa4\x95\x69\t1"),
        (tsv.clone(), Some(SHIFT_JIS))
    );
    assert_eq!(stored(LISTINGS, None, "日本".as_bytes()), (tsv, Some(UTF_8)));
    assert_eq!(
        stored(LISTINGS, Some("text/plain;charset=klingon"), b"caf\xe9\n"),
        ("text/plain; charset=UTF-8".into(), Some(WINDOWS_1252))
    );
    for (report_type, sent_as, head) in [
        ("FEE_DISCOUNTS_REPORT", None, b"".as_slice()),
        ("GET_EASYSHIP_DOCUMENTS", Some("application/pdf"), b"%PDF-1.4"),
        (LISTINGS, Some("text/plain; charset=Cp1252"), b"PK\x03\x04"),
        ("GET_A_TYPE_OF_2031", None, b"\0\x01"),
        ("GET_A_TYPE_OF_2031", None, b""),
    ] {
        let (content_type, transcode_from) = stored(report_type, sent_as, head);
        assert_eq!(transcode_from, None, "{report_type}");
        assert!(!content_type.contains("charset"), "{content_type}");
    }
}

#[test]
fn a_label_that_nobody_knows_is_passed_on() {
    let klingon = Document {
        sent_as: Some("text/csv; header=present; charset=\"klingon\""),
        ..Document::default()
    };
    assert_eq!(klingon.describe().content_type, "text/csv; charset=klingon");
    let injected = Document {
        sent_as: Some("text/csv; charset=\"a b\""),
        ..Document::default()
    };
    assert_eq!(injected.describe().content_type, "text/csv; charset=windows-1252");
}

#[test]
fn tables_are_saved_and_what_browsers_show_is_shown() {
    for (report_type, sent_as, expected) in [
        (
            LISTINGS,
            None,
            shown(
                "text/tab-separated-values; charset=windows-1252",
                "attachment",
                "tsv",
            ),
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
            shown("text/csv; charset=windows-1252", "attachment", "csv"),
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
            shown("text/plain; charset=windows-1252", "inline", "txt"),
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
            shown("text/plain; charset=windows-1252", "inline", "txt"),
        ),
        (
            "GET_A_TYPE_OF_2031",
            None,
            b"<?xml version='1.0' encoding='Shift_JIS'?>",
            shown("text/xml; charset=Shift_JIS", "inline", "xml"),
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
        compression: GZIP,
        sent_as: Some("application/gzip"),
        ..Document::default()
    };
    assert_eq!(
        document.shown(),
        shown(
            "text/tab-separated-values; charset=windows-1252",
            "attachment",
            "tsv"
        )
    );
    assert!(document.describe().key.ends_with("/54517018502.tsv.gz"));
}

#[test]
fn the_key_depends_on_nothing_that_is_found_out_on_the_way() {
    for report_type in ["GET_A_TYPE_OF_2031", LISTINGS, "FEE_DISCOUNTS_REPORT"] {
        let key = |head, format| {
            let document = Document {
                report_type,
                head,
                format,
                ..Document::default()
            };
            document.describe().key
        };
        let bare = key(b"", DocumentFormat::AsIs);
        for head in [
            b"%PDF-1.7".as_slice(),
            b"PK\x03\x04",
            b"\x1f\x8b\x08",
            b"caf\xe9",
            b"\0",
        ] {
            assert_eq!(key(head, DocumentFormat::AsIs), bare);
            assert_eq!(key(head, DocumentFormat::Utf8), bare);
        }
    }
    let sent_as = |sent_as| {
        let document = Document {
            sent_as,
            ..Document::default()
        };
        document.describe().key
    };
    assert!(sent_as(None).ends_with("/54517018502.txt"));
    assert!(sent_as(Some("text/csv; charset=UTF-8")).ends_with("/54517018502.csv"));
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
    let longest = describe(&DocumentFacts {
        seller: &SellerId::parse(&"A".repeat(64)).expect("valid"),
        report: &ReportId::parse(&"1".repeat(64)).expect("valid"),
        report_type: &ReportType::parse(&"X".repeat(128)).expect("valid"),
        announced_at: Timestamp::UNIX_EPOCH,
        region: RegionCode::Na,
        compression: None,
        sent_as: Some("text/html"),
        head: b"",
        format: DocumentFormat::AsIs,
    });
    let name = longest.content_disposition.split('"').nth(1).expect("a name");
    assert!(name.len() <= 255, "{}", name.len());
}
