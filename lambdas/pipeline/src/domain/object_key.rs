use encoding_rs::{Encoding, UTF_8};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sp_api::ids::{ReportId, ReportType, SellerId};
use sp_api::{CompressionAlgorithm, RegionCode};

use super::DocumentFormat;
use super::charset::{Text, labelled};
use super::media_type::{MediaType, extension_in_key};

/// Longer ones are cut in file names, which file systems limit to 255 bytes. Amazon has none so long.
const LONGEST_TYPE: usize = 100;

/// What is known of a document before its first byte is stored.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFacts<'a> {
    /// Whose report.
    pub seller: &'a SellerId,
    /// The report.
    pub report: &'a ReportId,
    /// What it reports.
    pub report_type: &'a ReportType,
    /// When it was announced: the same for every attempt.
    pub announced_at: Timestamp,
    /// Where the selling partner sells.
    pub region: RegionCode,
    /// How the source compresses it.
    pub compression: Option<CompressionAlgorithm>,
    /// The source's `Content-Type`.
    pub sent_as: Option<&'a str>,
    /// The first bytes of the decompressed document, up to 64 KiB; may be empty.
    pub head: &'a [u8],
    /// In which form it is to be stored.
    pub format: DocumentFormat,
}

/// How a stored document describes itself, so that a browser shows or saves the plain report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectDescription {
    /// The key in the bucket.
    pub key: String,
    /// `Content-Type`; of a text with its charset, by the name that browsers know.
    pub content_type: String,
    /// `Content-Encoding`: `gzip` where the bytes are.
    pub content_encoding: Option<&'static str>,
    /// `Content-Disposition`, with a file name that a person understands.
    pub content_disposition: String,
    /// What the document has to be transcoded from on its way into UTF-8. `None` where it is to be
    /// stored as it is, and for what is no text.
    pub transcode_from: Option<&'static Encoding>,
}

/// Where a report's document is stored and how it is described.
///
/// The key is `SellerId=…/ReportType=…/date=…/REPORT.EXT[.gz]`: partitions that query engines read,
/// folders that people do. The same report gives the same key, whatever its first bytes and its
/// format, so that a retry overwrites its own half-done work and never makes a second object.
///
/// The media type is what the source says, or the catalogue where the source says nothing, or what
/// the first bytes look like where nobody does; first bytes that are no text overrule whoever says so.
/// A text's charset is [`Text::encoding`]'s; a label of the source's that nobody here knows is
/// passed on.
#[must_use]
pub fn describe(facts: &DocumentFacts<'_>) -> ObjectDescription {
    let (content_encoding, suffix) = match facts.compression {
        Some(CompressionAlgorithm::Gzip) => (Some("gzip"), ".gz"),
        None => (None, ""),
    };
    let DocumentFacts {
        seller,
        report,
        report_type,
        sent_as,
        head,
        ..
    } = *facts;
    let date = facts.announced_at.to_zoned(TimeZone::UTC).date();
    let in_key = extension_in_key(report_type, sent_as);
    let media_type = MediaType::find(report_type, sent_as, content_encoding.is_some(), head);
    let (content_type, transcode_from) = content_type(facts, &media_type);
    let disposition = if media_type.is_shown() {
        "inline"
    } else {
        "attachment"
    };
    let kind = report_type.as_str();
    let name = format!(
        "{kind:.LONGEST_TYPE$}_{seller}_{date}_{report}.{}",
        media_type.extension
    );
    ObjectDescription {
        key: format!("SellerId={seller}/ReportType={report_type}/date={date}/{report}.{in_key}{suffix}"),
        content_type,
        content_encoding,
        // Identifiers hold nothing that would have to be quoted.
        content_disposition: format!("{disposition}; filename=\"{name}\""),
        transcode_from,
    }
}

/// `Content-Type`, and what has to be transcoded.
fn content_type(facts: &DocumentFacts<'_>, media_type: &MediaType) -> (String, Option<&'static Encoding>) {
    let essence = &media_type.essence;
    if !media_type.is_text() {
        return (essence.clone(), None);
    }
    let declared = facts.sent_as.and_then(charset_parameter);
    let text = Text {
        head: facts.head,
        declared,
        is_utf8_by_default: media_type.is_utf8_by_default(),
        region: facts.region,
    };
    let encoding = text.encoding();
    match (facts.format, declared) {
        (DocumentFormat::Utf8, _) => (format!("{essence}; charset={}", UTF_8.name()), Some(encoding)),
        (DocumentFormat::AsIs, Some(label)) if labelled(label).is_none() => {
            (format!("{essence}; charset={label}"), None)
        }
        (DocumentFormat::AsIs, _) => (format!("{essence}; charset={}", encoding.name()), None),
    }
}

/// The `charset` of a `Content-Type`, if it is one word.
fn charset_parameter(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        let is_word = !value.is_empty()
            && value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.:+".contains(c));
        (name.trim().eq_ignore_ascii_case("charset") && is_word).then_some(value)
    })
}

#[cfg(test)]
mod tests;
