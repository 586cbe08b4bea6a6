use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use sp_api::DocumentStream;
use tokio::task::JoinSet;

use crate::PipelineError;
use crate::domain::ObjectDescription;
use crate::domain::stages::StoredDocument;

/// S3's limits are 5 MiB at least for a part and 10,000 parts at most.
const SMALLEST_PART: u64 = 8 << 20;
const MOST_PARTS: u64 = 10_000;

/// Parts on their way at once. With the one being filled that is the memory a transfer takes.
const CONCURRENT_PARTS: usize = 4;

/// The bucket that documents are stored in.
#[derive(Clone, Debug)]
pub struct DocumentStore {
    client: aws_sdk_s3::Client,
    bucket: String,
}

/// An upload in parts that has not been completed yet.
struct Upload<'a> {
    store: &'a DocumentStore,
    key: &'a str,
    id: String,
    in_flight: JoinSet<Result<CompletedPart, PipelineError>>,
    completed: Vec<CompletedPart>,
    next_number: i32,
}

impl DocumentStore {
    /// The bucket of that name.
    #[must_use]
    pub fn new(client: aws_sdk_s3::Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Streams `document` into the object that `description` describes: whole or not at all, in the
    /// memory of a few parts whatever its length.
    ///
    /// # Errors
    /// The document's own, or S3's; nothing half-written stays.
    pub async fn store(
        &self,
        description: &ObjectDescription,
        mut document: DocumentStream,
    ) -> Result<StoredDocument, PipelineError> {
        let part_size = part_size(document.length());
        let mut digest = Digested::default();
        let first = digest.next_part(&mut document, part_size).await?;
        if first.len() < part_size {
            self.put(description, first).await?;
        } else {
            let mut upload = self.begin(description).await?;
            if let Err(error) = upload.run(first, &mut document, &mut digest, part_size).await {
                upload.abort().await;
                return Err(error);
            }
        }
        Ok(StoredDocument {
            object_key: description.key.clone(),
            bytes: digest.bytes,
            sha256: digest.hexadecimal(),
        })
    }

    async fn put(&self, description: &ObjectDescription, body: Bytes) -> Result<(), PipelineError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&description.key)
            .content_type(&description.content_type)
            .set_content_encoding(description.content_encoding.map(str::to_owned))
            .content_disposition(&description.content_disposition)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        Ok(())
    }

    async fn begin<'a>(&'a self, description: &'a ObjectDescription) -> Result<Upload<'a>, PipelineError> {
        let created = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(&description.key)
            .content_type(&description.content_type)
            .set_content_encoding(description.content_encoding.map(str::to_owned))
            .content_disposition(&description.content_disposition)
            .send()
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        let id = created.upload_id.ok_or(PipelineError::AwsRefused {
            service: "S3",
            message: "no upload id in the answer".into(),
        })?;
        Ok(Upload {
            store: self,
            key: &description.key,
            id,
            in_flight: JoinSet::new(),
            completed: Vec::new(),
            next_number: 1,
        })
    }
}

impl Upload<'_> {
    async fn run(
        &mut self,
        first: Bytes,
        document: &mut DocumentStream,
        digest: &mut Digested,
        part_size: usize,
    ) -> Result<(), PipelineError> {
        let mut part = first;
        // The last part may be empty: the document's length is a multiple of the part's.
        while !part.is_empty() {
            // Back-pressure: the source is not read while S3 is behind.
            while self.in_flight.len() >= CONCURRENT_PARTS {
                self.collect_one().await?;
            }
            self.send(part);
            part = digest.next_part(document, part_size).await?;
        }
        while !self.in_flight.is_empty() {
            self.collect_one().await?;
        }
        self.complete().await
    }

    fn send(&mut self, part: Bytes) {
        let number = self.next_number;
        self.next_number += 1;
        let request = self
            .store
            .client
            .upload_part()
            .bucket(&self.store.bucket)
            .key(self.key)
            .upload_id(&self.id)
            .part_number(number)
            .body(ByteStream::from(part));
        self.in_flight.spawn(async move {
            let sent = request
                .send()
                .await
                .map_err(|error| PipelineError::aws("S3", &error))?;
            Ok(CompletedPart::builder()
                .part_number(number)
                .set_e_tag(sent.e_tag)
                .set_checksum_crc32(sent.checksum_crc32)
                .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
                .build())
        });
    }

    async fn collect_one(&mut self) -> Result<(), PipelineError> {
        match self.in_flight.join_next().await {
            Some(Ok(part)) => self.completed.push(part?),
            Some(Err(lost)) => {
                return Err(PipelineError::AwsTransient {
                    service: "S3",
                    message: lost.to_string(),
                });
            }
            None => {}
        }
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), PipelineError> {
        self.completed.sort_by_key(CompletedPart::part_number);
        let parts = std::mem::take(&mut self.completed);
        self.store
            .client
            .complete_multipart_upload()
            .bucket(&self.store.bucket)
            .key(self.key)
            .upload_id(&self.id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        Ok(())
    }

    async fn abort(mut self) {
        self.in_flight.shutdown().await;
        let aborted = self
            .store
            .client
            .abort_multipart_upload()
            .bucket(&self.store.bucket)
            .key(self.key)
            .upload_id(&self.id)
            .send()
            .await;
        if let Err(error) = aborted {
            // The bucket's lifecycle rule sweeps what stays.
            tracing::warn!("{}", PipelineError::aws("S3", &error));
        }
    }
}

/// Counts and digests what passes.
#[derive(Default)]
struct Digested {
    bytes: u64,
    sha256: Sha256,
}

impl Digested {
    /// The next `size` bytes, or fewer at the document's end.
    async fn next_part(
        &mut self,
        document: &mut DocumentStream,
        size: usize,
    ) -> Result<Bytes, PipelineError> {
        let mut part = BytesMut::new();
        while part.len() < size {
            let room = size - part.len();
            let Some(chunk) = document.next_chunk(room).await? else {
                break;
            };
            if part.is_empty() {
                // Once, and no more than is still to come: growing step by step would copy.
                part.reserve(chunk.len() + document.remaining_or(room - chunk.len()));
            }
            part.extend_from_slice(&chunk);
        }
        self.bytes += part.len() as u64;
        self.sha256.update(&part);
        Ok(part.freeze())
    }

    fn hexadecimal(self) -> String {
        self.sha256
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Grows with the document, so that S3's limit of parts is never met.
fn part_size(length: Option<u64>) -> usize {
    let size = length.unwrap_or(0).div_ceil(MOST_PARTS).max(SMALLEST_PART);
    usize::try_from(size).expect("a part fits into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_with_the_document() {
        assert_eq!(part_size(None), 8 << 20);
        assert_eq!(part_size(Some(1 << 30)), 8 << 20);
        let terabyte = 1_u64 << 40;
        assert!(terabyte.div_ceil(part_size(Some(terabyte)) as u64) <= MOST_PARTS);
    }
}
