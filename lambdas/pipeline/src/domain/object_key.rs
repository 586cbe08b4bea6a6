use encoding_rs::Encoding;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sp_api::RegionCode;
use sp_api::ids::{MarketplaceId, ReportId, ReportType};

use super::charset::{Candidates, Charset, Evidence, EvidenceSoFar, labelled};
use super::media_type::{MediaType, extension_in_key};
use super::{Account, FinalStatus, Retention};

/// Longer ones are cut in file names, which file systems limit to 255 bytes. Amazon has none so long.
const LONGEST_TYPE: usize = 100;

/// What is looked at to find out what kind of file a document is.
const HEAD: usize = 64 << 10;

/// What is known of a document before its first byte is stored.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFacts<'a> {
    /// Whose report.
    pub seller: &'a Account,
    /// The report.
    pub report: &'a ReportId,
    /// What it reports.
    pub report_type: &'a ReportType,
    /// How the report ended: the document of one that failed is Amazon's reason.
    pub ended: FinalStatus,
    /// When it was announced: the same for every attempt.
    pub announced_at: Timestamp,
    /// The marketplaces that it reports on, as far as they are known.
    pub marketplaces: &'a [MarketplaceId],
    /// Where the selling partner sells.
    pub region: RegionCode,
    /// Whether the document's bytes are gzip.
    pub is_gzip: bool,
    /// The source's `Content-Type`.
    pub sent_as: Option<&'a str>,
    /// The first bytes of the decompressed document, the same ones for every attempt; may be empty.
    pub head: &'a [u8],
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
    /// `Content-Disposition`, with the file's name.
    pub content_disposition: String,
    /// What a browser calls the file: a name that a person understands.
    pub file_name: String,
    /// How long it stays.
    pub retention: Retention,
}

impl<'a> DocumentFacts<'a> {
    /// Where a report's document is stored and how it is described; `charset` is what a text is stored
    /// in.
    ///
    /// The key is `SellerId=…/ReportType=…/date=…/REPORT.EXT[.gz]`: partitions that query engines
    /// read, folders that people do. A reason why there is no report is kept apart from them, under
    /// `errors/`. The same document gives the same key, whatever is said of it and in whatever form
    /// it is stored, so that a retry overwrites its own half-done work and never makes a second object.
    ///
    /// The media type is what the source says, or the catalogue where the source says nothing, or what
    /// the first bytes look like where nobody does; first bytes that are no text overrule whoever says
    /// so.
    #[must_use]
    pub fn describe(&self, charset: Option<&'static Encoding>) -> ObjectDescription {
        let (content_encoding, suffix) = if self.is_gzip {
            (Some("gzip"), ".gz")
        } else {
            (None, "")
        };
        let DocumentFacts {
            seller,
            report,
            report_type,
            ..
        } = *self;
        let date = self.announced_at.to_zoned(TimeZone::UTC).date();
        let media_type = self.media_type();
        let (folder, in_key, what) = if self.is_reason() {
            ("errors/", media_type.extension, "_error")
        } else {
            ("", extension_in_key(report_type, self.beginning()), "")
        };
        let disposition = if media_type.is_shown() {
            "inline"
        } else {
            "attachment"
        };
        let kind = report_type.as_str();
        let name = format!(
            "{kind:.LONGEST_TYPE$}_{seller}_{date}_{report}{what}.{}",
            media_type.extension
        );
        let essence = &media_type.essence;
        ObjectDescription {
            key: format!(
                "{folder}SellerId={seller}/ReportType={report_type}/date={date}/{report}.{in_key}{suffix}"
            ),
            content_type: match charset.filter(|_| media_type.is_text()) {
                Some(charset) => format!("{essence}; charset={}", charset.name()),
                None => essence.clone(),
            },
            content_encoding,
            // Identifiers hold nothing that would have to be quoted.
            content_disposition: format!("{disposition}; filename=\"{name}\""),
            file_name: name,
            retention: Retention::of(report_type, self.ended),
        }
    }

    /// Whether the document is Amazon's reason why there is no report.
    #[must_use]
    pub fn is_reason(&self) -> bool {
        self.ended == FinalStatus::Fatal
    }

    /// What is to be counted of the document, to find out its charset; `None` if it is no text.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        self.media_type()
            .is_text()
            .then(|| Evidence::new(self.candidates(), self.head))
    }

    /// As [`evidence`](Self::evidence), going on from what was written down of it; `None` if that does
    /// not fit.
    #[must_use]
    pub fn evidence_from(&self, so_far: EvidenceSoFar) -> Option<Evidence> {
        Evidence::resumed(self.candidates(), self.head, so_far)
    }

    /// What is odd about the charset that the source declares.
    #[must_use]
    pub fn oddity_of(&self, charset: Charset) -> Option<String> {
        let label = self.declared()?;
        match labelled(label) {
            None => Some(format!("declared as {label}, which is no charset that is known")),
            Some(encoding) if encoding == charset.encoding || charset.is_ascii => None,
            Some(_) => Some(format!(
                "declared as {label}, the bytes are {}",
                charset.encoding.name()
            )),
        }
    }

    fn candidates(&self) -> Candidates {
        Candidates::collect(self.head, self.declared(), self.marketplaces, self.region)
    }

    fn declared(&self) -> Option<&'a str> {
        self.sent_as.and_then(charset_parameter)
    }

    fn beginning(&self) -> &'a [u8] {
        &self.head[..self.head.len().min(HEAD)]
    }

    fn media_type(&self) -> MediaType {
        if self.is_reason() {
            MediaType::of_reason(self.beginning())
        } else {
            MediaType::find(self.report_type, self.sent_as, self.is_gzip, self.beginning())
        }
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
        (name.trim().eq_ignore_ascii_case("charset") && is_word && value.len() <= 40).then_some(value)
    })
}

#[cfg(test)]
mod tests;
