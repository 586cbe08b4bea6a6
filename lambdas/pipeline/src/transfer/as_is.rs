//! A document on its way as it is: the bytes that Amazon has.

use std::time::Instant;

use encoding_rs::Encoding;

use super::gunzip::{check_beginning, corrupt};
use super::inspection::{Inspected, Inspection, inspect};
use super::opening::Opening;
use super::part_sizes::PartSizes;
use super::parts::Parts;
use super::reading::Reading;
use super::sending::{Sent, send};
use super::subject::{LEFT_OUT, Subject};
use super::{FIRST_STRETCH, Large, Pass, Transfer};
use crate::PipelineError;
use crate::adapters::{Upload, or_warn};
use crate::domain::stages::{DocumentToStore, StoredDocument};
use crate::domain::{Checksummed, Counted, Crc64Nvme, Evidence, Findings, GzipCheck};

/// What is noted of a text that is not decompressed on its way.
const BY_BEGINNING: &str = "the charset is that of the beginning: the rest is not decompressed";

/// A large document, and how its parts are read.
struct Reader<'a> {
    large: &'a Large<'a>,
    sizes: PartSizes,
    /// How long it is, if its source answers ranges.
    in_stretches: Option<u64>,
    /// Whether all of it is decompressed to see that it is whole.
    is_read: bool,
    /// What its text is described as.
    charset: Option<&'static Encoding>,
}

impl Transfer {
    pub(super) async fn as_is(
        &self,
        input: &DocumentToStore,
        known: Option<&Findings>,
        until: Instant,
    ) -> Result<Pass, PipelineError> {
        let url = &input.document.url;
        let (document, mut stream) = self.client.open_stretches(url, FIRST_STRETCH).await?;
        let known = known.filter(|known| known.length == document.length());
        let mut length = document.length();
        if let Some(end) = known.and_then(|known| known.end) {
            stream = stream.until(end);
            length = length.map(|length| length.min(end));
        }
        let in_stretches = length.filter(|_| document.etag().is_some());
        let sizes = PartSizes::of(length);
        let size = sizes.size(1);
        // The next parts are on their way while the first one tells what all this is.
        let mut parts = match in_stretches {
            Some(length) => {
                let open = (size as u64 <= FIRST_STRETCH).then_some(stream);
                self.reading(sizes)
                    .by_stretches(document.clone(), length, 1, open)
            }
            None => self.reading(sizes).in_a_row(length, stream),
        };
        let first = parts.next().await?.unwrap_or_default();
        let opening = Opening::of(&first.bytes);
        let subject = Subject {
            input,
            document: &document,
            opening: &opening,
            known,
        };
        if first.bytes.len() < size {
            return self.small(&subject, first).await.map(Pass::Stored);
        }
        let is_gzip = opening.is_gzip;
        // Without a length, only what is in it tells where it ends.
        let is_read = is_gzip && (self.gzip_check == GzipCheck::Contents || document.length().is_none());
        if is_gzip && !is_read {
            check_beginning(&first.bytes)?;
        }
        let charset = subject.likely_charset();
        let large = Large {
            subject: &subject,
            description: &subject.facts().describe(charset),
        };
        let reader = Reader {
            large: &large,
            sizes,
            in_stretches,
            is_read,
            charset,
        };
        self.large(reader, first, parts, until).await
    }

    fn reading(&self, sizes: PartSizes) -> Reading {
        Reading {
            sizes,
            pool: self.pool.clone(),
        }
    }

    /// Stores a document of which all is here.
    async fn small(
        &self,
        subject: &Subject<'_>,
        mut document: Checksummed,
    ) -> Result<StoredDocument, PipelineError> {
        let facts = subject.facts();
        let inspected = inspect(&document.bytes[..], subject.opening.is_gzip, facts.evidence());
        let inspected = inspected.map_err(|error| corrupt(&error))?;
        let mut notes = Vec::new();
        if let Some(end) = inspected.end().and_then(|end| usize::try_from(end).ok()) {
            document.bytes.truncate(end);
            document.checksum = Crc64Nvme::of(&document.bytes);
            notes.push(LEFT_OUT.to_owned());
        }
        let plain_length = inspected.plain_length();
        let charset = inspected.text.map(Evidence::charset);
        let description = facts.describe(charset.map(|charset| charset.encoding));
        let what = (document.bytes.len() as u64, document.checksum);
        self.store.put(&description, document).await?;
        Ok(subject
            .stored(&description, what, charset, notes)
            .of_plain_length(plain_length))
    }

    /// Stores a document in parts, of which the first one is here.
    async fn large(
        &self,
        reader: Reader<'_>,
        first: Checksummed,
        mut parts: Parts,
        until: Instant,
    ) -> Result<Pass, PipelineError> {
        let subject = reader.large.subject;
        let earlier = match self.earlier(subject, reader.charset).await? {
            Ok(earlier) => earlier,
            Err(again) => return Ok(Pass::Again(again)),
        };
        let counted = earlier.as_ref().and_then(|earlier| earlier.counted.clone());
        let (mut upload, is_resumed) = self.upload(reader.large, earlier).await?;
        let mut text = subject.facts().evidence().filter(|_| reader.must_be_counted());
        let mut first = Some(first);
        // What is there of a document that needs no look need not be read again.
        if is_resumed && let Some(length) = reader.in_stretches {
            let taken = reader.take_earlier(&mut upload, &mut text, counted);
            if taken > 0 {
                first = None;
                let (document, from) = (subject.document.clone(), taken + 1);
                let reading = self.reading(reader.sizes);
                parts = reading.by_stretches(document, length, from, None);
            }
        }
        let is_looked_at = reader.is_read || text.is_some();
        let mut inspection = is_looked_at.then(|| Inspection::start(reader.is_read, text));
        let sent = send(&mut upload, first, parts, inspection.as_mut(), until).await;
        let ended = match sent {
            Ok(Sent::All) => self.all_sent(&reader, &mut upload, inspection).await,
            Ok(Sent::Some { is_progress }) => {
                return Err(self
                    .to_be_continued(&reader, upload, inspection, is_progress)
                    .await);
            }
            Err(error) => Err(error),
        };
        self.end(subject, upload, ended).await
    }

    /// Makes the parts an object, if the document is what it has been described as.
    async fn all_sent(
        &self,
        reader: &Reader<'_>,
        upload: &mut Upload,
        inspection: Option<Inspection>,
    ) -> Result<Pass, PipelineError> {
        let inspected = match inspection {
            Some(inspection) => inspection.finish().await?,
            None => Inspected {
                gunzipped: None,
                text: None,
            },
        };
        let subject = reader.large.subject;
        let (end, plain_length, mut notes) = (inspected.end(), inspected.plain_length(), Vec::new());
        let charset = match (inspected.text, reader.charset) {
            (Some(evidence), _) => Some(evidence.charset()),
            (None, None) => None,
            (None, Some(_)) => {
                let mut beginning = subject.facts().evidence();
                if let Some(evidence) = &mut beginning {
                    evidence.take(&subject.opening.head);
                    if !evidence.is_complete() {
                        notes.push(BY_BEGINNING.to_owned());
                    }
                }
                beginning.map(Evidence::charset_so_far)
            }
        };
        let found = charset.map(|charset| charset.encoding);
        if end.is_some() || found != reader.charset {
            return Ok(Pass::Again(subject.findings(found, end)));
        }
        let what = upload.complete().await?;
        let description = reader.large.description;
        let stored = subject.stored(description, what, charset, notes);
        Ok(Pass::Stored(stored.of_plain_length(plain_length)))
    }

    /// Leaves the rest to the next invocation: why this one ends.
    async fn to_be_continued(
        &self,
        reader: &Reader<'_>,
        mut upload: Upload,
        inspection: Option<Inspection>,
        mut is_progress: bool,
    ) -> PipelineError {
        if let Err(error) = upload.settle().await {
            upload.abort().await;
            return error;
        }
        let parts = upload.parts();
        if !reader.is_read
            && let Some(inspection) = inspection
            && let Ok(inspected) = inspection.finish().await
            && let Some(evidence) = inspected.text.and_then(|text| text.so_far())
        {
            let input = reader.large.subject.input;
            let counted = Counted { parts, evidence };
            let noted = self
                .ledger
                .record_counted(&input.seller_id, &input.report_id, upload.id(), &counted)
                .await;
            is_progress |= noted.is_ok();
            or_warn(noted);
        }
        if is_progress {
            PipelineError::DocumentUnfinished { parts }
        } else {
            PipelineError::DocumentTooLong
        }
    }
}

impl Reader<'_> {
    /// Whether the whole text tells more of its charset than its beginning, and is seen.
    fn must_be_counted(&self) -> bool {
        self.is_read || !self.large.subject.opening.is_gzip
    }

    /// Takes what an earlier invocation has stored and need not be looked at again; goes on with what
    /// has been counted of its `text`. How many parts that are.
    fn take_earlier(
        &self,
        upload: &mut Upload,
        text: &mut Option<Evidence>,
        counted: Option<Counted>,
    ) -> u32 {
        let size = |number| self.sizes.size(number);
        if self.is_read {
            return 0;
        }
        if text.as_ref().is_none_or(Evidence::is_complete) {
            return upload.take_earlier(size, None);
        }
        let Some(Counted { parts, evidence }) = counted else {
            return 0;
        };
        let Some(evidence) = self.large.subject.facts().evidence_from(evidence) else {
            return 0;
        };
        let taken = upload.take_earlier(size, Some(parts));
        if taken > 0 {
            *text = Some(evidence);
        }
        taken
    }
}
