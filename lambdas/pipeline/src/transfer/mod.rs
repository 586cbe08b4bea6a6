//! A document's way from Amazon into the bucket: whole or not at all, in a small memory whatever its
//! length.
//!
//! Parts are read, several at once where the source answers ranges; checked; and sent, several at
//! once. All memory for parts comes from one [`BufferPool`], so the source is not read faster than S3
//! takes. A document that outlasts the invocation is continued by the next one.

mod as_is;
mod as_utf8;
mod gunzip;
mod inspection;
mod opening;
mod part_sizes;
mod parts;
mod pieces;
mod pool;
mod reading;
mod sending;
mod subject;
#[cfg(test)]
mod tests;
mod transcoding;
mod xml;

use std::time::Instant;

use encoding_rs::Encoding;
use sp_api::{SpApiClient, SpApiError};

use crate::PipelineError;
use crate::adapters::{DocumentStore, Ledger, UnfinishedUpload, Upload, or_warn};
use crate::domain::stages::{DocumentToStore, StoredDocument};
use crate::domain::{DocumentFormat, Findings, GzipCheck, ObjectDescription};
pub use pool::BufferPool;
use subject::Subject;

/// What is asked for before the document's length is known: the first part of most of them.
const FIRST_STRETCH: u64 = 8 << 20;

/// A document is read so many times at most: once with what earlier invocations found, once with what
/// turns out to be so instead. If that does not hold either, it is not the same document any more.
const READINGS: usize = 3;

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
    subject: &'a Subject<'a>,
    description: &'a ObjectDescription,
}

/// What a reading of a document came to.
enum Pass {
    /// It is stored.
    Stored(StoredDocument),
    /// It must be read once more, and is not what it was taken for.
    Again(Findings),
}

impl Transfer {
    /// Stores a document. Most are read once. One whose bytes turn out, late, to be in another charset
    /// than they began with, or to be followed by what is none of the document, is read once more.
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
        let mut known = None;
        for _ in 0..READINGS {
            match self.read(input, known.as_ref(), until).await? {
                Pass::Stored(stored) => return Ok(stored),
                Pass::Again(findings) => {
                    let charset = findings.charset.map_or("none", Encoding::name);
                    tracing::info!(
                        charset,
                        "the document is another than it seemed, and is read once more"
                    );
                    known = Some(findings);
                }
            }
        }
        Err(SpApiError::DocumentIncomplete {
            message: "it is another one whenever it is read".to_owned(),
        }
        .into())
    }

    async fn read(
        &self,
        input: &DocumentToStore,
        known: Option<&Findings>,
        until: Instant,
    ) -> Result<Pass, PipelineError> {
        if self.format == DocumentFormat::Utf8
            && let Some(pass) = self.as_utf8(input, known, until).await?
        {
            return Ok(pass);
        }
        self.as_is(input, known, until).await
    }

    /// The upload that an earlier invocation has begun, if any; or what it has found out about the
    /// document that this one does not know yet.
    async fn earlier(
        &self,
        subject: &Subject<'_>,
        charset: Option<&'static Encoding>,
    ) -> Result<Result<Option<UnfinishedUpload>, Findings>, PipelineError> {
        let (seller, report) = (&subject.input.seller_id, &subject.input.report_id);
        let earlier = self.ledger.earlier_transfer(seller, report).await?;
        let news = earlier.findings.filter(|found| {
            let is_news = found.charset != charset || found.end.is_some();
            subject.known.is_none() && found.length == subject.document.length() && is_news
        });
        Ok(match news {
            Some(news) => Err(news),
            None => Ok(earlier.upload),
        })
    }

    /// An upload of the document: the one that an earlier invocation began, or a new one. Whether it is
    /// the earlier one.
    async fn upload(
        &self,
        large: &Large<'_>,
        earlier: Option<UnfinishedUpload>,
    ) -> Result<(Upload, bool), PipelineError> {
        let input = large.subject.input;
        let of = large.identity();
        if let Some(earlier) = earlier
            && let Some(upload) = self.store.resume(large.description, &earlier.id).await?
        {
            if earlier.of == of {
                return Ok((upload, true));
            }
            // Of another document, or described otherwise.
            upload.abort().await;
        }
        let upload = self.store.begin(large.description).await?;
        let unfinished = UnfinishedUpload {
            id: upload.id().to_owned(),
            of,
            counted: None,
        };
        // Without the note, a killed function's parts are of no use, and the bucket sweeps them.
        let noted = self
            .ledger
            .record_upload(&input.seller_id, &input.report_id, &unfinished)
            .await;
        or_warn(noted);
        Ok((upload, false))
    }

    /// Ends an upload that is not to be continued: unless it is an object now, nothing of it stays.
    async fn end(
        &self,
        subject: &Subject<'_>,
        upload: Upload,
        ended: Result<Pass, PipelineError>,
    ) -> Result<Pass, PipelineError> {
        if !matches!(ended, Ok(Pass::Stored(_))) {
            upload.abort().await;
        }
        if let Ok(Pass::Again(findings)) = &ended {
            let (seller, report) = (&subject.input.seller_id, &subject.input.report_id);
            // The document's URL may live no longer: the next attempt would find out the same.
            or_warn(self.ledger.record_findings(seller, report, findings).await);
        }
        ended
    }
}

impl Large<'_> {
    /// Two documents with the same are the same, described in the same way.
    fn identity(&self) -> String {
        let (description, document) = (self.description, self.subject.document);
        format!(
            "{} {:?} {} {:?} {:?}",
            description.key,
            description.content_encoding,
            description.content_type,
            document.length(),
            document.etag(),
        )
    }
}
