use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumType, CompletedMultipartUpload, CompletedPart};
use tokio::task::{JoinError, JoinSet};

use super::DocumentStore;
use crate::PipelineError;
use crate::domain::{Checksummed, Crc64Nvme};

/// A document that is being stored in parts, and is no object until it is complete.
#[derive(Debug)]
pub struct Upload {
    store: DocumentStore,
    key: String,
    id: String,
    in_flight: JoinSet<Result<StoredPart, PipelineError>>,
    /// What S3 has of this document, by number.
    stored: BTreeMap<u32, StoredPart>,
    /// What an earlier invocation left, and this one has not come to yet.
    earlier: BTreeMap<u32, StoredPart>,
    next: u32,
    /// Whether S3 keeps a checksum of the whole object. It does; stand-ins for it may not.
    keeps_whole_checksum: bool,
}

type Sent = Result<Result<StoredPart, PipelineError>, JoinError>;

/// A part that S3 has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredPart {
    pub(super) number: u32,
    pub(super) e_tag: String,
    pub(super) length: u64,
    pub(super) checksum: Crc64Nvme,
}

impl Upload {
    pub(super) fn new(
        store: DocumentStore,
        key: String,
        id: String,
        checksum: Option<&ChecksumType>,
    ) -> Self {
        Self {
            store,
            key,
            id,
            in_flight: JoinSet::new(),
            stored: BTreeMap::new(),
            earlier: BTreeMap::new(),
            next: 1,
            keeps_whole_checksum: checksum == Some(&ChecksumType::FullObject),
        }
    }

    pub(super) fn with_earlier(mut self, parts: impl Iterator<Item = StoredPart>) -> Self {
        self.earlier.extend(parts.map(|part| (part.number, part)));
        self
    }

    /// S3's id for it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many parts it has so far.
    #[must_use]
    pub fn parts(&self) -> u32 {
        self.next - 1
    }

    /// Takes the parts that an earlier invocation stored of this very document as they are: as many
    /// of the first as there are without a gap and of the right size; where `wanted` says how many must
    /// be taken, that many or none. How many that is.
    pub fn take_earlier(&mut self, size: impl Fn(u32) -> usize, wanted: Option<u32>) -> u32 {
        let is_there = |number: &u32| {
            let part = self.earlier.get(number);
            part.is_some_and(|part| part.length == size(*number) as u64)
        };
        let there = (1..).take_while(is_there).count();
        let there = u32::try_from(there).unwrap_or(u32::MAX);
        let taken = wanted.map_or(there, |wanted| if there < wanted { 0 } else { wanted });
        for number in 1..=taken {
            self.stored.extend(self.earlier.remove_entry(&number));
        }
        self.next = taken + 1;
        taken
    }

    /// Sends the next part, unless an earlier invocation has sent exactly this. Whether it is sent.
    pub fn send(&mut self, part: Checksummed) -> bool {
        let number = self.next;
        self.next += 1;
        let (length, checksum) = (part.bytes.len() as u64, part.checksum);
        if let Some(earlier) = self.earlier.remove(&number)
            && (earlier.length, earlier.checksum) == (length, checksum)
        {
            self.stored.insert(number, earlier);
            return false;
        }
        let request = self
            .store
            .client
            .upload_part()
            .bucket(&self.store.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .part_number(signed(number))
            .checksum_crc64_nvme(checksum.to_string())
            .body(ByteStream::from(part.bytes))
            .customize()
            // The checksum and TLS protect the body; a second digest would only cost.
            .disable_payload_signing();
        self.in_flight.spawn(async move {
            let sent = request
                .send()
                .await
                .map_err(|error| PipelineError::aws("S3", &error))?;
            Ok(StoredPart {
                number,
                e_tag: sent.e_tag.unwrap_or_default(),
                length,
                checksum,
            })
        });
        true
    }

    /// Notes the parts that have arrived, without waiting for others.
    ///
    /// # Errors
    /// S3's, of any of them.
    pub fn note_arrivals(&mut self) -> Result<(), PipelineError> {
        while let Some(sent) = self.in_flight.try_join_next() {
            self.note(sent)?;
        }
        Ok(())
    }

    fn note(&mut self, sent: Sent) -> Result<(), PipelineError> {
        let part = sent.unwrap_or_else(|lost| {
            Err(PipelineError::AwsTransient {
                service: "S3",
                message: lost.to_string(),
            })
        })?;
        self.stored.insert(part.number, part);
        Ok(())
    }

    /// Waits until S3 has every part that was sent.
    ///
    /// # Errors
    /// S3's, of any of them.
    pub async fn settle(&mut self) -> Result<(), PipelineError> {
        while let Some(sent) = self.in_flight.join_next().await {
            self.note(sent)?;
        }
        Ok(())
    }

    /// Makes the parts an object, once S3 has them all. Its length and its checksum, which S3 compares.
    ///
    /// # Errors
    /// S3's.
    pub async fn complete(&mut self) -> Result<(u64, Crc64Nvme), PipelineError> {
        self.settle().await?;
        let (mut length, mut checksum) = (0, Crc64Nvme::EMPTY);
        for part in self.stored.values() {
            length += part.length;
            checksum = checksum.followed_by(part.checksum, part.length);
        }
        let (kind, whole) = self
            .keeps_whole_checksum
            .then(|| (ChecksumType::FullObject, checksum.to_string()))
            .unzip();
        let parts = self.stored.values().map(|part| {
            CompletedPart::builder()
                .part_number(signed(part.number))
                .e_tag(&part.e_tag)
                .checksum_crc64_nvme(part.checksum.to_string())
                .build()
        });
        self.store
            .client
            .complete_multipart_upload()
            .bucket(&self.store.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .set_checksum_type(kind)
            .set_checksum_crc64_nvme(whole)
            .mpu_object_size(i64::try_from(length).unwrap_or(i64::MAX))
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(parts.collect()))
                    .build(),
            )
            .send()
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        Ok((length, checksum))
    }

    /// Gives it up: nothing half-written stays.
    pub async fn abort(mut self) {
        self.in_flight.shutdown().await;
        let aborted = self
            .store
            .client
            .abort_multipart_upload()
            .bucket(&self.store.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .send()
            .await;
        if let Err(error) = aborted {
            // The bucket's lifecycle rule sweeps what stays.
            tracing::warn!("{}", PipelineError::aws("S3", &error));
        }
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).expect("S3 takes 10,000 parts at most")
}
