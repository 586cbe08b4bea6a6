//! A document on its way into UTF-8.

use std::time::Instant;

use bytes::Bytes;
use encoding_rs::UTF_8;
use sp_api::DocumentStream;

use super::opening::{LOOK, Opening};
use super::part_sizes::PartSizes;
use super::sending::{Sent, send};
use super::subject::{LEFT_OUT, Subject};
use super::transcoding::{Transcoded, Transcoding};
use super::{Large, Pass, Transfer};
use crate::PipelineError;
use crate::domain::stages::{DocumentToStore, StoredDocument};
use crate::domain::{Charset, Crc64Nvme, Findings, ObjectDescription};

impl Transfer {
    /// The document as UTF-8; `None` if it is no text.
    pub(super) async fn as_utf8(
        &self,
        input: &DocumentToStore,
        known: Option<&Findings>,
        until: Instant,
    ) -> Result<Option<Pass>, PipelineError> {
        let (document, mut stream) = self.client.open_document(&input.document.url).await?;
        let before = look_ahead(&mut stream).await?;
        let opening = Opening::of(&before.concat());
        let subject = Subject {
            input,
            document: &document,
            opening: &opening,
            known: known.filter(|known| known.length == document.length()),
        };
        let facts = subject.facts();
        let (Some(evidence), Some(from)) = (facts.evidence(), subject.likely_charset()) else {
            return Ok(None);
        };
        let description = facts.describe(Some(UTF_8));
        let sizes = PartSizes::of(None);
        let transcoding = Transcoding {
            from,
            is_gzip: opening.is_gzip,
            sizes,
            pool: self.pool.clone(),
        };
        let (mut parts, outcome) = transcoding.start(before, stream, evidence);
        let first = parts.next().await?.unwrap_or_default();
        if first.bytes.len() < sizes.size(1) && parts.next().await?.is_none() {
            let transcoded = outcome.take()?;
            if transcoded.charset.encoding != from {
                let again = subject.findings(Some(transcoded.charset.encoding), None);
                return Ok(Some(Pass::Again(again)));
            }
            let what = (first.bytes.len() as u64, first.checksum);
            self.store.put(&description, first).await?;
            let stored = subject.transcoded(&description, what, &transcoded);
            return Ok(Some(Pass::Stored(stored)));
        }
        let earlier = match self.earlier(&subject, Some(from)).await? {
            Ok(earlier) => earlier,
            Err(again) => return Ok(Some(Pass::Again(again))),
        };
        let large = Large {
            subject: &subject,
            description: &description,
        };
        let (mut upload, _) = self.upload(&large, earlier).await?;
        let ended = match send(&mut upload, Some(first), parts, None, until).await {
            Ok(Sent::All) => match outcome.take() {
                Ok(transcoded) if transcoded.charset.encoding != from => {
                    let found = transcoded.charset.encoding;
                    Ok(Pass::Again(subject.findings(Some(found), None)))
                }
                Ok(transcoded) => upload
                    .complete()
                    .await
                    .map(|what| Pass::Stored(subject.transcoded(&description, what, &transcoded))),
                Err(error) => Err(error),
            },
            Ok(Sent::Some { is_progress }) => match upload.settle().await {
                Err(error) => Err(error),
                Ok(()) if is_progress => {
                    let parts = upload.parts();
                    return Err(PipelineError::DocumentUnfinished { parts });
                }
                Ok(()) => Err(PipelineError::DocumentTooLong),
            },
            Err(error) => Err(error),
        };
        self.end(&subject, upload, ended).await.map(Some)
    }
}

impl Subject<'_> {
    fn transcoded(
        &self,
        description: &ObjectDescription,
        what: (u64, Crc64Nvme),
        transcoded: &Transcoded,
    ) -> StoredDocument {
        let charset: Charset = transcoded.charset;
        let notes = transcoded.is_followed.then(|| LEFT_OUT.to_owned());
        StoredDocument {
            invalid_sequences: transcoded.invalid,
            plain_bytes: Some(transcoded.length),
            ..self.stored(description, what, Some(charset), notes.into_iter().collect())
        }
    }
}

/// Enough of the document to describe it.
async fn look_ahead(stream: &mut DocumentStream) -> Result<Vec<Bytes>, PipelineError> {
    let mut chunks = Vec::new();
    let mut length = 0;
    while length < LOOK
        && let Some(chunk) = stream.next_chunk(LOOK - length).await?
    {
        length += chunk.len();
        chunks.push(chunk);
    }
    Ok(chunks)
}
