//! A document's way from Amazon into the bucket: whole or not at all, in a small memory whatever its
//! length.
//!
//! Parts are read, several at once where the source answers ranges; checked; and sent, several at
//! once. All memory for parts comes from one [`BufferPool`], so the source is not read faster than S3
//! takes. A document that outlasts the invocation is continued by the next one.

mod gzip_check;
mod part_sizes;
mod parts;
mod pool;
mod reading;
#[cfg(test)]
mod tests;
mod transcoding;
mod xml;

use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use sp_api::{CompressionAlgorithm, Document, DocumentStream, SpApiClient};

use crate::PipelineError;
use crate::adapters::{DocumentStore, Ledger, UnfinishedUpload, Upload, or_warn};
use crate::domain::stages::{DocumentToStore, StoredDocument};
use crate::domain::{
    Checksummed, Crc64Nvme, DocumentFacts, DocumentFormat, GzipCheck, ObjectDescription, describe,
};
use gzip_check::GzipChecker;
use part_sizes::PartSizes;
use parts::Parts;
pub use pool::BufferPool;
use reading::Reading;
use transcoding::Transcoding;

/// What is looked at to describe a document.
const HEAD: usize = 64 << 10;

/// What is asked for before the document's length is known: the first part of most of them.
const FIRST_STRETCH: u64 = 8 << 20;

/// Stores documents.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Where they come from.
    pub client: SpApiClient,
    /// Where they go.
    pub store: DocumentStore,
    /// Where an upload is written down that may have to be continued.
    pub ledger: Ledger,
    /// What they are stored as.
    pub format: DocumentFormat,
    /// How gzip documents that are stored as they are get checked.
    pub gzip_check: GzipCheck,
    /// The memory for parts.
    pub pool: BufferPool,
}

/// A document that is too large for one request.
struct Large<'a> {
    input: &'a DocumentToStore,
    document: &'a Document,
    description: &'a ObjectDescription,
}

impl Transfer {
    /// Stores a document.
    ///
    /// # Errors
    /// The document's own, or S3's: then nothing half-written stays.
    /// [`PipelineError::DocumentUnfinished`] at `until`, when it has to be called again and will go on
    /// from there; [`PipelineError::DocumentTooLong`] if it would come no further.
    pub async fn run(
        &self,
        input: &DocumentToStore,
        until: Instant,
    ) -> Result<StoredDocument, PipelineError> {
        if self.format == DocumentFormat::Utf8
            && let Some(stored) = self.transcoded(input, until).await?
        {
            return Ok(stored);
        }
        self.as_is(input, until).await
    }

    /// The bytes as Amazon has them.
    async fn as_is(&self, input: &DocumentToStore, until: Instant) -> Result<StoredDocument, PipelineError> {
        let url = &input.document.url;
        let (document, stream) = self.client.open_stretches(url, FIRST_STRETCH).await?;
        let in_stretches = document.length().filter(|_| document.etag().is_some());
        let sizes = PartSizes::of(document.length());
        let size = sizes.size(1);
        let reading = || Reading {
            sizes,
            pool: self.pool.clone(),
        };
        // The next parts are on their way while the first one tells what all this is.
        let mut parts = match in_stretches {
            Some(length) => {
                let open = (size as u64 <= FIRST_STRETCH).then_some(stream);
                reading().by_stretches(document.clone(), length, 1, open)
            }
            None => reading().in_a_row(&document, stream),
        };
        let first = parts.next().await?.unwrap_or_default();
        let is_gzip = is_gzip(input);
        let head = if is_gzip {
            gzip_check::beginning(&first.bytes, HEAD)
        } else {
            first.bytes[..first.bytes.len().min(HEAD)].to_vec()
        };
        let description = self.describe(input, &document, &head);
        if first.bytes.len() < size {
            if is_gzip {
                gzip_check::check(&first.bytes)?;
            }
            return self.put(&description, first).await;
        }
        // Without a length, only what is in it tells where it ends.
        let is_read = is_gzip && (self.gzip_check == GzipCheck::Contents || document.length().is_none());
        if is_gzip && !is_read {
            gzip_check::check_beginning(&first.bytes)?;
        }
        let large = Large {
            input,
            document: &document,
            description: &description,
        };
        let mut upload = self.upload(&large).await?;
        // What is there of a document that needs no check need not be read again.
        let mut first = Some(first);
        if let Some(length) = in_stretches
            && !is_read
        {
            let stored = upload.take_earlier(|number| sizes.size(number));
            if stored > 0 {
                first = None;
                parts = reading().by_stretches(document.clone(), length, stored + 1, None);
            }
        }
        let checker = is_read.then(GzipChecker::start);
        let sent = send(&mut upload, first, parts, checker, until).await;
        self.end(upload, &description, sent, 0).await
    }

    /// The document as UTF-8; `None` if it is no text.
    async fn transcoded(
        &self,
        input: &DocumentToStore,
        until: Instant,
    ) -> Result<Option<StoredDocument>, PipelineError> {
        let is_gzip = is_gzip(input);
        let (document, mut stream) = self.client.open_document(&input.document.url).await?;
        let before = look_ahead(&mut stream).await?;
        let mut head = before.concat();
        if is_gzip {
            head = gzip_check::beginning(&head, HEAD);
        }
        let description = self.describe(input, &document, &head);
        let Some(from) = description.transcode_from else {
            return Ok(None);
        };
        let sizes = PartSizes::of(None);
        let transcoding = Transcoding {
            from,
            is_gzip,
            sizes,
            pool: self.pool.clone(),
        };
        let (mut parts, invalid) = transcoding.start(before, stream);
        let first = parts.next().await?.unwrap_or_default();
        if first.bytes.len() < sizes.size(1) && parts.next().await?.is_none() {
            let stored = self.put(&description, first).await?;
            let invalid_sequences = invalid.load(Ordering::Relaxed);
            return Ok(Some(StoredDocument {
                invalid_sequences,
                ..stored
            }));
        }
        let large = Large {
            input,
            document: &document,
            description: &description,
        };
        let mut upload = self.upload(&large).await?;
        let sent = send(&mut upload, Some(first), parts, None, until).await;
        let invalid = invalid.load(Ordering::Relaxed);
        self.end(upload, &description, sent, invalid).await.map(Some)
    }

    fn describe(&self, input: &DocumentToStore, document: &Document, head: &[u8]) -> ObjectDescription {
        describe(&DocumentFacts {
            seller: &input.seller_id,
            report: &input.report_id,
            report_type: &input.report_type,
            announced_at: input.document.key_time,
            region: input.document.region_code,
            compression: input.document.compression_algorithm,
            sent_as: document.content_type(),
            head,
            format: self.format,
        })
    }

    async fn put(
        &self,
        description: &ObjectDescription,
        document: Checksummed,
    ) -> Result<StoredDocument, PipelineError> {
        let (bytes, checksum) = (document.bytes.len() as u64, document.checksum);
        self.store.put(description, document).await?;
        Ok(stored(description, bytes, checksum, 0))
    }

    /// An upload of the document: the one that an earlier invocation began, or a new one.
    async fn upload(&self, large: &Large<'_>) -> Result<Upload, PipelineError> {
        let (seller, report) = (&large.input.seller_id, &large.input.report_id);
        let of = large.identity();
        if let Some(earlier) = self.ledger.unfinished_upload(seller, report).await?
            && let Some(upload) = self.store.resume(large.description, &earlier.id).await?
        {
            if earlier.of == of {
                return Ok(upload);
            }
            // Of another document, or described otherwise.
            upload.abort().await;
        }
        let upload = self.store.begin(large.description).await?;
        let unfinished = UnfinishedUpload {
            id: upload.id().to_owned(),
            of,
        };
        // Without the note, a killed function's parts are of no use, and the bucket sweeps them.
        or_warn(self.ledger.record_upload(seller, report, &unfinished).await);
        Ok(upload)
    }

    async fn end(
        &self,
        upload: Upload,
        description: &ObjectDescription,
        sent: Result<(u64, Crc64Nvme), PipelineError>,
        invalid_sequences: u64,
    ) -> Result<StoredDocument, PipelineError> {
        match sent {
            Ok((bytes, checksum)) => Ok(stored(description, bytes, checksum, invalid_sequences)),
            Err(error @ PipelineError::DocumentUnfinished { .. }) => Err(error),
            Err(error) => {
                upload.abort().await;
                Err(error)
            }
        }
    }
}

impl Large<'_> {
    /// Two documents with the same are the same, described in the same way.
    fn identity(&self) -> String {
        let description = self.description;
        format!(
            "{} {:?} {} {:?} {:?}",
            description.key,
            description.content_encoding,
            description.content_type,
            self.document.length(),
            self.document.etag(),
        )
    }
}

/// Sends the parts, and makes them an object if all is well.
async fn send(
    upload: &mut Upload,
    first: Option<Checksummed>,
    mut parts: Parts,
    mut checker: Option<GzipChecker>,
    until: Instant,
) -> Result<(u64, Crc64Nvme), PipelineError> {
    let mut next = match first {
        Some(first) => Some(first),
        None => parts.next().await?,
    };
    let mut is_progress = false;
    while let Some(part) = next {
        if let Some(checker) = &mut checker {
            checker.take(part.bytes.clone()).await?;
        }
        is_progress |= upload.send(part);
        upload.note_arrivals()?;
        if Instant::now() >= until {
            upload.settle().await?;
            return Err(if is_progress {
                PipelineError::DocumentUnfinished {
                    parts: upload.parts(),
                }
            } else {
                PipelineError::DocumentTooLong
            });
        }
        next = parts.next().await?;
    }
    if let Some(mut checker) = checker {
        checker.finish().await?;
    }
    upload.complete().await
}

/// Enough of the document to describe it.
async fn look_ahead(stream: &mut DocumentStream) -> Result<Vec<Bytes>, PipelineError> {
    let mut chunks = Vec::new();
    let mut length = 0;
    while length < HEAD
        && let Some(chunk) = stream.next_chunk(HEAD).await?
    {
        length += chunk.len();
        chunks.push(chunk);
    }
    Ok(chunks)
}

fn is_gzip(input: &DocumentToStore) -> bool {
    input.document.compression_algorithm == Some(CompressionAlgorithm::Gzip)
}

fn stored(
    description: &ObjectDescription,
    bytes: u64,
    crc64nvme: Crc64Nvme,
    invalid_sequences: u64,
) -> StoredDocument {
    StoredDocument {
        object_key: description.key.clone(),
        bytes,
        crc64nvme,
        invalid_sequences,
    }
}
