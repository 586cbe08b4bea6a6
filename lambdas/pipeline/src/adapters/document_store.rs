use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::list_parts::ListPartsOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType};

use super::upload::{StoredPart, Upload};
use crate::PipelineError;
use crate::domain::{Checksummed, ObjectDescription};

/// The bucket that documents are stored in.
#[derive(Clone, Debug)]
pub struct DocumentStore {
    pub(super) client: aws_sdk_s3::Client,
    pub(super) bucket: String,
}

impl DocumentStore {
    /// The bucket of that name.
    #[must_use]
    pub fn new(client: aws_sdk_s3::Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Stores a small document in one request. S3 compares its checksum.
    ///
    /// # Errors
    /// S3's.
    pub async fn put(
        &self,
        description: &ObjectDescription,
        document: Checksummed,
    ) -> Result<(), PipelineError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&description.key)
            .content_type(&description.content_type)
            .set_content_encoding(description.content_encoding.map(str::to_owned))
            .content_disposition(&description.content_disposition)
            .tagging(description.retention.tag())
            .checksum_crc64_nvme(document.checksum.to_string())
            .body(ByteStream::from(document.bytes))
            .customize()
            // The checksum and TLS protect the body; a second digest would only cost.
            .disable_payload_signing()
            .send()
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        Ok(())
    }

    /// Begins to store a document in parts.
    ///
    /// # Errors
    /// S3's.
    pub async fn begin(&self, description: &ObjectDescription) -> Result<Upload, PipelineError> {
        let created = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(&description.key)
            .content_type(&description.content_type)
            .set_content_encoding(description.content_encoding.map(str::to_owned))
            .content_disposition(&description.content_disposition)
            .tagging(description.retention.tag())
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .send()
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        let checksum = created.checksum_type();
        let id = created.upload_id().ok_or(PipelineError::AwsRefused {
            service: "S3",
            message: "no upload id in the answer".into(),
        })?;
        Ok(Upload::new(
            self.clone(),
            description.key.clone(),
            id.to_owned(),
            checksum,
        ))
    }

    /// Takes up an upload that an earlier invocation began; `None` if there is none any more.
    ///
    /// # Errors
    /// S3's.
    pub async fn resume(
        &self,
        description: &ObjectDescription,
        id: &str,
    ) -> Result<Option<Upload>, PipelineError> {
        let mut upload: Option<Upload> = None;
        let mut after = None;
        loop {
            let listed = self
                .client
                .list_parts()
                .bucket(&self.bucket)
                .key(&description.key)
                .upload_id(id)
                .set_part_number_marker(after)
                .send()
                .await;
            let listed = match listed {
                Ok(listed) => listed,
                Err(error) if error.code() == Some("NoSuchUpload") => return Ok(None),
                Err(error) => return Err(PipelineError::aws("S3", &error)),
            };
            let so_far = upload.unwrap_or_else(|| {
                let key = description.key.clone();
                Upload::new(self.clone(), key, id.to_owned(), listed.checksum_type())
            });
            upload = Some(so_far.with_earlier(stored_parts(&listed)));
            after = listed.next_part_number_marker;
            if listed.is_truncated != Some(true) || after.is_none() {
                return Ok(upload);
            }
        }
    }
}

/// The parts whose content can be told by their checksum.
fn stored_parts(listed: &ListPartsOutput) -> impl Iterator<Item = StoredPart> {
    listed.parts().iter().filter_map(|part| {
        Some(StoredPart {
            number: u32::try_from(part.part_number?).ok()?,
            e_tag: part.e_tag.clone()?,
            length: u64::try_from(part.size?).ok()?,
            checksum: part.checksum_crc64_nvme()?.parse().ok()?,
        })
    })
}
