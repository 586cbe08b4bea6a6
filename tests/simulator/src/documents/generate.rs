//! Makes a report's document: always the same bytes for the same report.

use encoding_rs::Encoding;
use sp_api::ids::{MarketplaceId, ReportType};
use sp_api::{RegionCode, marketplaces, report_types};

use super::rope::{MARKER, Piece, Rope};
use super::table::{Table, TextFormat};
use super::{binary, gzip};
use crate::oddities::document::DocumentOddity;
use crate::outcomes::DocumentPlan;
use crate::random::Numbers;
use crate::reports::Report;

/// Units of long documents are about this long: as little to compute as possible, but shorter than
/// a part of any multipart upload.
const UNIT: usize = 256 * 1024;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Whose document it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) seller_id: &'a str,
    pub(crate) report_id: &'a str,
    pub(crate) report_type: &'a str,
    pub(crate) is_european: bool,
    pub(crate) marketplace_ids: &'a [String],
}

impl<'a> Subject<'a> {
    /// The report's.
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            seller_id: &report.key.seller_id,
            report_id: &report.key.id,
            report_type: &report.specification.report_type,
            is_european: report.key.region == RegionCode::Eu,
            marketplace_ids: &report.specification.marketplace_ids,
        }
    }
}

/// A document's bytes and what is said about them.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    /// What the report says.
    pub(crate) content: Rope,
    /// What the URL serves: the content, or the content compressed.
    pub(crate) served: Rope,
    /// Whether that is so.
    pub(crate) is_gzip: bool,
    pub(crate) content_type: String,
    /// What the text is written in, by the encoding's own name; `None` for what is no flat file.
    pub(crate) charset: Option<&'static str>,
    /// What getReportDocument calls the compression.
    pub(crate) algorithm: Option<&'static str>,
    /// Whether the URL says `Content-Encoding: gzip` to everybody.
    pub(crate) always_says_gzip: bool,
}

enum Format {
    Text(TextFormat),
    Xlsx,
    Pdf,
}

/// The encoding with that label, if it is one that ASCII digits keep their bytes in.
pub(crate) fn encoding(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

/// Makes the document, or an odd one.
pub(crate) fn generate(
    subject: Subject<'_>,
    plan: &DocumentPlan,
    oddity: Option<DocumentOddity>,
) -> Generated {
    match oddity {
        Some(oddity) => oddity.change(as_planned(subject, &oddity.plan(subject, plan))),
        None => as_planned(subject, plan),
    }
}

fn media_type(subject: Subject<'_>) -> &'static str {
    let info = ReportType::parse(subject.report_type)
        .ok()
        .and_then(|name| report_types::find(&name));
    info.and_then(|info| info.content_type).unwrap_or("text/plain")
}

fn format(media_type: &str) -> Format {
    match media_type {
        XLSX => Format::Xlsx,
        "application/pdf" => Format::Pdf,
        "text/csv" => Format::Text(TextFormat::Csv),
        "application/json" => Format::Text(TextFormat::Json),
        "text/xml" | "application/xml" => Format::Text(TextFormat::Xml),
        _ => Format::Text(TextFormat::Tsv),
    }
}

/// Whether the report is a table with tabs, which says nothing of its charset itself.
pub(crate) fn is_flat_file(subject: Subject<'_>) -> bool {
    matches!(format(media_type(subject)), Format::Text(TextFormat::Tsv))
}

fn as_planned(subject: Subject<'_>, plan: &DocumentPlan) -> Generated {
    let media_type = media_type(subject);
    let format = format(media_type);
    let charset = plan
        .charset
        .clone()
        .or_else(|| usual_charset(&format, subject).map(str::to_owned));
    let content_type = plan.content_type.clone().unwrap_or_else(|| match &charset {
        Some(charset) => format!("{media_type};charset={charset}"),
        None => media_type.to_owned(),
    });
    let charset = charset.as_deref().unwrap_or("UTF-8");
    let written_in = is_flat_file(subject)
        .then(|| encoding(charset).map(Encoding::name))
        .flatten();
    let content = match (&plan.body, &format, plan.size) {
        (Some(body), _, _) => Rope::from(encode(charset, body)),
        (None, Format::Xlsx, None) => Rope::from(binary::xlsx(subject.report_type)),
        (None, Format::Pdf, None) => Rope::from(binary::pdf(subject.report_type)),
        (None, Format::Text(text_format), size) => text(subject, *text_format, charset, size),
        // Of a given size, what counts is the size: text will do.
        (None, Format::Xlsx | Format::Pdf, size) => text(subject, TextFormat::Tsv, charset, size),
    };
    let served = if plan.gzip {
        gzip::compress(&content)
    } else {
        content.clone()
    };
    Generated {
        content,
        served,
        is_gzip: plan.gzip,
        content_type,
        charset: written_in,
        algorithm: plan.gzip.then_some("GZIP"),
        always_says_gzip: false,
    }
}

/// Flat files come in the charset of their marketplace.
fn usual_charset(format: &Format, subject: Subject<'_>) -> Option<&'static str> {
    if !matches!(format, Format::Text(TextFormat::Tsv)) {
        None
    } else if marketplace_charset(subject) == "Shift_JIS" {
        Some("Shift_JIS")
    } else {
        subject.is_european.then_some("ISO-8859-1")
    }
}

/// What was written in the report's marketplaces before there was UTF-8.
pub(crate) fn marketplace_charset(subject: Subject<'_>) -> &'static str {
    let charset = |id: &String| marketplaces::find(&MarketplaceId::parse(id).ok()?).map(|it| it.charset);
    let mut charsets = subject.marketplace_ids.iter().filter_map(charset);
    charsets.find(|it| *it == "Shift_JIS").unwrap_or("windows-1252")
}

fn encode(charset: &str, text: &str) -> Vec<u8> {
    match encoding(charset) {
        Some(encoding) => encoding.encode(text).0.into_owned(),
        None => text.as_bytes().to_vec(),
    }
}

fn text(subject: Subject<'_>, format: TextFormat, charset: &str, size: Option<u64>) -> Rope {
    let word = match encoding(charset).map(Encoding::name) {
        Some("UTF-8") => "Größe 日本",
        Some("windows-1252") => "Größe",
        Some("Shift_JIS") => "日本",
        _ => "plain",
    };
    let table = Table {
        format,
        report_type: subject.report_type,
        charset,
        word,
    };
    let seed = format!(
        "{} {} {}",
        subject.seller_id, subject.report_type, subject.report_id
    );
    let mut numbers = Numbers::from_text(&seed);
    let encode = |text: &str| encode(charset, text);
    match size {
        None => {
            let rows = 10 + numbers.below(40);
            let rows = (0..=rows).map(|row| table.row(&mut numbers, "", row == rows).text());
            let rows = rows.collect::<String>();
            Rope::from(encode(&(table.opening() + &rows + table.closing())))
        }
        Some(size) => text_of_size(&table, &mut numbers, size, &encode),
    }
}

/// Text of exactly that many bytes.
fn text_of_size(
    table: &Table<'_>,
    numbers: &mut Numbers,
    size: u64,
    encode: &dyn Fn(&str) -> Vec<u8>,
) -> Rope {
    let seed = numbers.next();
    let opening = encode(&table.opening());
    let last_row = |padding: &str| {
        let row = table.row(&mut Numbers::seeded(seed), padding, true);
        encode(&(row.text() + table.closing()))
    };
    let Some(mut room) = size.checked_sub((opening.len() + last_row("").len()) as u64) else {
        // Too short for a table: the beginning of one.
        let mut bytes = [opening, last_row("")].concat();
        bytes.truncate(usize::try_from(size).expect("shorter than a row"));
        return Rope::from(bytes);
    };
    let mut pieces = vec![Piece::Bytes(opening.into())];

    // Long documents: units that differ in a row's first value.
    let start = table.row(numbers, "", false);
    let mut after = encode(&start.rest);
    while after.len() < UNIT && room >= UNIT as u64 {
        after.extend(encode(&table.row(numbers, "", false).text()));
    }
    let before = encode(&start.before);
    let unit = (before.len() + MARKER + after.len()) as u64;
    if after.len() >= UNIT && room >= unit {
        let count = room / unit;
        room -= count * unit;
        pieces.push(Piece::Units {
            count,
            seed,
            before: before.into(),
            after: after.into(),
        });
    }

    // What is left: ordinary rows, and a last one that is padded to fit.
    let mut rest = Vec::new();
    let left = loop {
        let left = room - rest.len() as u64;
        let row = encode(&table.row(numbers, "", false).text());
        if row.len() as u64 > left {
            break usize::try_from(left).expect("shorter than a row");
        }
        rest.extend(row);
    };
    rest.extend(last_row(&"x".repeat(left)));
    pieces.push(Piece::Bytes(rest.into()));
    Rope(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JAPAN: &str = "A1VC38T7YXB528";

    fn subject(report_type: &str) -> Subject<'_> {
        let (seller_id, report_id) = ("A3TH9S8BH6GOGM", "1");
        Subject {
            seller_id,
            report_id,
            report_type,
            is_european: false,
            marketplace_ids: &[],
        }
    }

    const TYPES: [&str; 6] = [
        "GET_MERCHANT_LISTINGS_ALL_DATA",
        "GET_B2B_PRODUCT_OPPORTUNITIES_RECOMMENDED_FOR_YOU",
        "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT",
        "GET_ORDER_REPORT_DATA_SHIPPING",
        "FEE_DISCOUNTS_REPORT",
        "GET_A_TYPE_OF_2031",
    ];

    #[test]
    fn a_size_is_met_to_the_byte() {
        for report_type in TYPES {
            for size in [0, 1, 100, 1_000, 5_000, 262_144, 300_000, 600_001, 3_000_000_000] {
                for charset in ["UTF-8", "Shift_JIS", "ISO-8859-1"] {
                    let charset = Some(charset.to_owned());
                    let plan = DocumentPlan {
                        size: Some(size),
                        charset,
                        ..DocumentPlan::default()
                    };
                    let generated = generate(subject(report_type), &plan, None);
                    assert_eq!(generated.content.len(), size, "{report_type}");
                }
            }
        }
    }

    #[test]
    fn a_sized_json_document_is_json() {
        let plan = DocumentPlan {
            size: Some(700_000),
            gzip: true,
            ..DocumentPlan::default()
        };
        let generated = generate(subject(TYPES[2]), &plan, None);
        let bytes = generated.content.chunks().flatten().collect::<Vec<u8>>();
        serde_json::from_slice::<serde_json::Value>(&bytes).expect("valid JSON");
        assert!(generated.served.len() < 200_000);
    }

    #[test]
    fn the_same_report_has_the_same_document() {
        let plan = DocumentPlan::default();
        let bytes = |report_id| {
            let subject = Subject {
                report_id,
                ..subject(TYPES[0])
            };
            generate(subject, &plan, None).content.beginning(100_000)
        };
        assert_eq!(bytes("1"), bytes("1"));
        assert_ne!(bytes("1"), bytes("2"));
    }

    #[test]
    fn flat_files_of_japan_and_europe_have_their_charsets() {
        let marketplace_ids = [JAPAN.to_owned()];
        let japan = Subject {
            marketplace_ids: &marketplace_ids,
            ..subject(TYPES[0])
        };
        let generated = generate(japan, &DocumentPlan::default(), None);
        assert_eq!(
            generated.content_type,
            "text/tab-separated-values;charset=Shift_JIS"
        );
        assert!(String::from_utf8(generated.content.beginning(100_000)).is_err());
        let europe = Subject {
            is_european: true,
            ..subject(TYPES[0])
        };
        assert!(
            generate(europe, &DocumentPlan::default(), None)
                .content_type
                .ends_with("ISO-8859-1")
        );
    }
}
