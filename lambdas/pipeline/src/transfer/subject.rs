use encoding_rs::Encoding;
use sp_api::{CompressionAlgorithm, Document};

use super::opening::Opening;
use crate::domain::stages::{DocumentToStore, StoredDocument};
use crate::domain::{Charset, Crc64Nvme, DocumentFacts, Findings, ObjectDescription, words_of};

/// As much of a reason is read as can matter.
const REASON: usize = 64 << 10;

/// A document that has been opened: what is known of it.
pub(super) struct Subject<'a> {
    pub(super) input: &'a DocumentToStore,
    pub(super) document: &'a Document,
    pub(super) opening: &'a Opening,
    /// What an earlier reading of it came to.
    pub(super) known: Option<&'a Findings>,
}

impl Subject<'_> {
    pub(super) fn facts(&self) -> DocumentFacts<'_> {
        let Self { input, opening, .. } = self;
        DocumentFacts {
            seller: &input.seller_id,
            report: &input.report_id,
            report_type: &input.report_type,
            ended: input.processing_status,
            announced_at: input.document.key_time,
            marketplaces: &input.document.marketplace_ids,
            region: input.document.region_code,
            is_gzip: opening.is_gzip,
            sent_as: self.document.content_type(),
            head: &opening.head,
        }
    }

    /// What a text is in: as an earlier reading found, or as its beginning looks. `None` if it is no
    /// text.
    pub(super) fn likely_charset(&self) -> Option<&'static Encoding> {
        let mut evidence = self.facts().evidence()?;
        if let Some(charset) = self.known.and_then(|known| known.charset) {
            return Some(charset);
        }
        evidence.take(&self.opening.head);
        Some(evidence.charset_so_far().encoding)
    }

    /// What is to be known before the document is read once more, in another charset or up to `end`.
    pub(super) fn findings(&self, charset: Option<&'static Encoding>, end: Option<u64>) -> Findings {
        Findings {
            length: self.document.length(),
            charset,
            end: end.or_else(|| self.known?.end),
        }
    }

    /// The document as it is stored now; `charset` is what a text came in.
    pub(super) fn stored(
        &self,
        description: &ObjectDescription,
        (bytes, checksum): (u64, Crc64Nvme),
        charset: Option<Charset>,
        more_notes: Vec<String>,
    ) -> StoredDocument {
        let facts = self.facts();
        let mut notes = Vec::new();
        notes.extend(self.oddity_of_compression());
        notes.extend(charset.and_then(|charset| facts.oddity_of(charset)));
        notes.extend(more_notes);
        if self.known.is_some_and(|known| known.end.is_some()) {
            notes.push(LEFT_OUT.to_owned());
        }
        for note in &notes {
            tracing::warn!("an odd document: {note}");
        }
        let head = &self.opening.head[..self.opening.head.len().min(REASON)];
        let reason = charset.filter(|_| facts.is_reason());
        StoredDocument {
            charset: charset.map(|charset| charset.encoding.name().to_owned()),
            charset_from: charset.map(|charset| charset.from),
            notes,
            reason: reason.and_then(|charset| words_of(head, charset.encoding)),
            content_type: Some(description.content_type.clone()),
            content_encoding: description.content_encoding.map(str::to_owned),
            file_name: Some(description.file_name.clone()),
            plain_bytes: (!self.opening.is_gzip).then_some(bytes),
            ..StoredDocument::new(description.key.clone(), bytes, checksum)
        }
    }

    fn oddity_of_compression(&self) -> Option<String> {
        let declared = self.input.document.compression_algorithm.as_ref();
        let declared = declared.map(CompressionAlgorithm::as_str);
        let Opening {
            is_gzip, is_empty, ..
        } = *self.opening;
        let bytes = match (is_gzip, is_empty) {
            (true, _) => "gzip",
            (false, true) => "none",
            (false, false) => "plain",
        };
        match declared {
            Some(CompressionAlgorithm::GZIP) if is_gzip => None,
            None if is_gzip => Some("not declared as compressed, the bytes are gzip".to_owned()),
            None => None,
            Some(declared) => Some(format!("declared as {declared:?}, the bytes are {bytes}")),
        }
    }
}

/// What is noted of a gzip document that other bytes follow.
pub(super) const LEFT_OUT: &str = "bytes behind the gzip document's end are left out";
