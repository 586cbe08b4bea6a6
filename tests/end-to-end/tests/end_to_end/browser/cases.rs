//! Which reports are opened, and what they say.

use encoding_rs::Encoding;
use end_to_end::sha256;
use serde_json::{Value, json};

use crate::world::LISTINGS;

const CSV: &str = "GET_B2B_PRODUCT_OPPORTUNITIES_RECOMMENDED_FOR_YOU";
const JSON: &str = "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT";
const XML: &str = "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL";
const XLSX: &str = "FEE_DISCOUNTS_REPORT";
const PDF: &str = "GET_EASYSHIP_DOCUMENTS";
const UNKNOWN: &str = "GET_A_TYPE_OF_2031";

/// A charset, and whose reports come in it.
pub struct Charset {
    /// As Amazon calls it.
    label: &'static str,
    /// As browsers do.
    name: &'static str,
    pub region: &'static str,
    pub marketplace: &'static str,
    /// Words that read differently in any other.
    words: &'static str,
}

pub const CHARSETS: [Charset; 3] = [
    Charset {
        label: "UTF-8",
        name: "UTF-8",
        region: "NA",
        marketplace: "ATVPDKIKX0DER",
        words: "Größe 日本 naïve ½ €",
    },
    Charset {
        label: "Cp1252",
        name: "windows-1252",
        region: "EU",
        marketplace: "A1PA6795UKMFR9",
        words: "Größe naïve – „Maß“ 5 €",
    },
    // The last letter's second byte is a backslash, and 髙 is Microsoft's own.
    Charset {
        label: "MS932",
        name: "Shift_JIS",
        region: "FE",
        marketplace: "A1VC38T7YXB528",
        words: "商品名 髙島屋 ①ｱｲｳ 表",
    },
];

/// A report that is to be opened.
#[derive(Clone, Copy)]
pub struct Case {
    pub report_type: &'static str,
    /// What the file's name ends with.
    pub extension: &'static str,
    gzip: bool,
    /// Whether Amazon says what it is.
    is_declared: bool,
    charset: &'static Charset,
}

/// Every report of one charset: each format, compressed or not; at most as many as Amazon takes at once.
pub fn cases(charset: &'static Charset) -> Vec<Case> {
    let case = |report_type, extension, gzip, is_declared| Case {
        report_type,
        extension,
        gzip,
        is_declared,
        charset,
    };
    let mut cases = vec![
        case(LISTINGS, "tsv", false, false),
        case(LISTINGS, "tsv", false, true),
        case(LISTINGS, "tsv", true, false),
        case(LISTINGS, "tsv", true, true),
        case(UNKNOWN, "txt", true, false),
    ];
    for (report_type, extension) in [(CSV, "csv"), (JSON, "json"), (XML, "xml")] {
        cases.push(case(report_type, extension, false, false));
        cases.push(case(report_type, extension, true, true));
    }
    match charset.name {
        "UTF-8" => cases.extend([case(XLSX, "xlsx", false, false), case(XLSX, "xlsx", true, true)]),
        "windows-1252" => cases.extend([case(PDF, "pdf", false, true), case(PDF, "pdf", true, false)]),
        _ => {}
    }
    cases
}

impl Case {
    pub fn is_text(self) -> bool {
        ![XLSX, PDF].contains(&self.report_type)
    }

    /// Whether browsers show it; the others they save.
    pub fn is_shown(self) -> bool {
        ["json", "xml", "pdf", "txt"].contains(&self.extension)
    }

    /// What a text says.
    pub fn text(self) -> String {
        let words = self.charset.words;
        match self.report_type {
            CSV => format!("sku,name\r\nA-1,\"{words}\"\r\n"),
            JSON => format!("{{\"sku\": \"A-1\", \"name\": \"{words}\"}}\n"),
            XML => format!(
                "<?xml version=\"1.0\" encoding=\"{}\"?><Orders><Name>{words}</Name></Orders>",
                self.charset.name
            ),
            _ => format!("sku\tname\nA-1\t{words}\n"),
        }
    }

    /// The charset that it is stored in; `None` for what is no text.
    pub fn stored_charset(self, into_utf8: bool) -> Option<&'static str> {
        let charset = if into_utf8 { "UTF-8" } else { self.charset.name };
        self.is_text().then_some(charset)
    }

    /// SHA-256 of the plain report as it is stored, where `sent` is that of what Amazon sends.
    pub fn stored_sha256(self, into_utf8: bool, sent: &str) -> String {
        let charset = self.stored_charset(into_utf8);
        match charset.and_then(|name| Encoding::for_label(name.as_bytes())) {
            Some(encoding) => sha256(&encoding.encode(&self.text()).0),
            None => sent.to_owned(),
        }
    }

    /// How Amazon sends it, for the simulator: the report that is ordered with the option `case`.
    pub fn outcome(self, number: &str) -> Value {
        let mut outcome = json!({
            "reportType": self.report_type, "reportOptions": {"case": number}, "gzip": self.gzip,
            "delayMilliseconds": 0,
        });
        if self.is_text() {
            outcome["body"] = json!(self.text());
            outcome["charset"] = json!(self.charset.name);
        }
        let media_type = match self.report_type {
            CSV => "text/csv",
            JSON => "application/json",
            XML => "text/xml",
            // What Amazon really calls them.
            _ => "text/plain",
        };
        if !self.is_declared {
            outcome["contentType"] = json!("application/octet-stream");
        } else if self.is_text() {
            outcome["contentType"] = json!(format!("{media_type}; charset={}", self.charset.label));
        }
        outcome
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} in {}, {}, {}",
            self.extension,
            self.stored_charset(false).unwrap_or("binary"),
            if self.gzip { "gzip" } else { "plain" },
            if self.is_declared {
                "declared"
            } else {
                "undeclared"
            },
        )
    }
}
