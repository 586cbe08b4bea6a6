//! What kind of file a document is.

use sp_api::ids::ReportType;
use sp_api::report_types::{self, file_extension};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const UNKNOWN: &str = "application/octet-stream";

/// Media types that say nothing: what a store calls everything that was left without one.
const MEANINGLESS: [&str; 3] = [
    UNKNOWN,
    "binary/octet-stream",
    "application/x-www-form-urlencoded",
];

/// What is known of a document's kind: what its source says, its report type, and its first bytes.
#[derive(Clone, Debug)]
pub(super) struct MediaType {
    /// `type/subtype`, in lower case, without parameters.
    pub(super) essence: String,
    /// The ending of the plain file's name, without the dot.
    pub(super) extension: &'static str,
}

impl MediaType {
    /// Finds it out. `is_compressed`: the source's `sent_as` may mean the compression.
    pub(super) fn find(
        report_type: &ReportType,
        sent_as: Option<&str>,
        is_compressed: bool,
        head: &[u8],
    ) -> Self {
        let sent_as = sent_as.and_then(|value| essence(value, is_compressed));
        let known = report_types::find(report_type).and_then(|info| info.content_type);
        let said = || sent_as.clone().or_else(|| known.map(str::to_owned));
        let essence = match magic(head) {
            // Sources call all kinds of things text; nobody calls a PDF a ZIP archive.
            Some(magic) => [sent_as.as_deref(), known]
                .into_iter()
                .flatten()
                .find(|essence| !is_text(essence) && is_written_as(essence, magic))
                .unwrap_or(magic)
                .to_owned(),
            None => said().unwrap_or_else(|| guess(head).to_owned()),
        };
        let extension = match known {
            // The catalogue knows better than a source that calls every table text/plain.
            Some(known) if essence == "text/plain" && is_text(known) => file_extension(known),
            _ => file_extension(&essence),
        };
        Self { essence, extension }
    }

    /// Whether it has a charset.
    pub(super) fn is_text(&self) -> bool {
        is_text(&self.essence)
    }

    /// Amazon's reason why there is no report: of whatever kind its bytes are, not its report type.
    pub(super) fn of_reason(head: &[u8]) -> Self {
        let essence = magic(head).unwrap_or_else(|| guess(head)).to_owned();
        let extension = file_extension(&essence);
        Self { essence, extension }
    }

    /// Whether browsers show it, and do nothing else. Tables they can't show, and HTML they would run.
    pub(super) fn is_shown(&self) -> bool {
        ["json", "xml", "pdf", "txt"].contains(&self.extension)
    }
}

/// The ending that keys have for a type: the catalogue's, and of types that it does not know what the
/// first bytes look like. What the source calls them may change from attempt to attempt.
pub(super) fn extension_in_key(report_type: &ReportType, head: &[u8]) -> &'static str {
    match report_types::find(report_type).and_then(|info| info.content_type) {
        Some(known) => file_extension(known),
        None if head.is_empty() => "txt",
        None => file_extension(magic(head).unwrap_or_else(|| guess(head))),
    }
}

/// A `Content-Type` without its parameters, unless it says nothing.
fn essence(content_type: &str, is_compressed: bool) -> Option<String> {
    let essence = content_type.split(';').next()?.trim().to_ascii_lowercase();
    let means_compression = is_compressed && file_extension(&essence) == "gz";
    (essence.contains('/') && !MEANINGLESS.contains(&essence.as_str()) && !means_compression)
        .then_some(essence)
}

fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.starts_with("application/")
            && ["json", "xml", "jsonl", "csv"]
                .iter()
                .any(|ending| essence.ends_with(ending))
}

/// The binary format that begins like this.
fn magic(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"%PDF-") {
        Some("application/pdf")
    } else if head.starts_with(b"PK\x03\x04") {
        Some(if holds_a_workbook(head) {
            XLSX
        } else {
            "application/zip"
        })
    } else if head.starts_with(b"\x1f\x8b\x08") {
        Some("application/gzip")
    } else {
        None
    }
}

/// Whether something that is said can be true of bytes that begin like `magic`. Workbooks and many
/// others are ZIP archives.
fn is_written_as(essence: &str, magic: &str) -> bool {
    match magic {
        "application/pdf" => essence == magic,
        "application/gzip" => file_extension(essence) == "gz",
        XLSX => essence == magic,
        _ => !["pdf", "gz"].contains(&file_extension(essence)),
    }
}

/// Whether a ZIP archive's first entries are those of a workbook.
fn holds_a_workbook(head: &[u8]) -> bool {
    const NAME: usize = 30;
    head.windows(NAME + 3)
        .any(|entry| entry.starts_with(b"PK\x03\x04") && entry.ends_with(b"xl/"))
}

/// What something is of which nothing is known.
fn guess(head: &[u8]) -> &'static str {
    // WHATWG's binary data bytes. A byte order mark says text of any encoding.
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    let is_marked = encoding_rs::Encoding::for_bom(head).is_some();
    if head.is_empty() || !is_marked && head.iter().any(is_binary) {
        UNKNOWN
    } else if head.starts_with(b"<?xml") {
        "text/xml"
    } else if is_json(head) {
        "application/json"
    } else {
        "text/plain"
    }
}

/// Whether something begins as an object does, or a list of them.
fn is_json(head: &[u8]) -> bool {
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let next = |bracket: &[u8]| head.strip_prefix(bracket).map(<[u8]>::trim_ascii_start);
    let is_object = |rest: &[u8]| rest.is_empty() || rest.starts_with(b"\"") || rest.starts_with(b"}");
    let is_list = |rest: &[u8]| rest.starts_with(b"{") || rest.starts_with(b"]");
    next(b"{").is_some_and(is_object) || next(b"[").is_some_and(is_list)
}
