use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use sp_api::DocumentStream;
use tokio::task::JoinSet;

use super::passing::Passing;
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
        let mut digest = Passing::new(description.content_encoding);
        let first = digest.next_part(&mut document, part_size).await?;
        if first.len() < part_size {
            digest.finish()?;
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
            bytes: digest.bytes(),
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
        digest: &mut Passing,
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
        digest.finish()?;
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

/// Grows with the document, so that S3's limit of parts is never met.
fn part_size(length: Option<u64>) -> usize {
    let size = length.unwrap_or(0).div_ceil(MOST_PARTS).max(SMALLEST_PART);
    usize::try_from(size).expect("a part fits into memory")
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadOutput;
    use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
    use aws_sdk_s3::operation::create_multipart_upload::CreateMultipartUploadOutput;
    use aws_sdk_s3::operation::put_object::PutObjectOutput;
    use aws_sdk_s3::operation::upload_part::UploadPartOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use sp_api::{DocumentUrl, Endpoints, SpApiClient};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// S3 that takes everything, and counts it.
    struct Bucket {
        put: Rule,
        create: Rule,
        part: Rule,
        complete: Rule,
        abort: Rule,
    }

    impl Bucket {
        fn new() -> Self {
            Self {
                put: mock!(Client::put_object).then_output(|| PutObjectOutput::builder().build()),
                create: mock!(Client::create_multipart_upload)
                    .match_requests(|request| request.content_type() == Some("text/csv"))
                    .then_output(|| CreateMultipartUploadOutput::builder().upload_id("id").build()),
                part: mock!(Client::upload_part)
                    .then_output(|| UploadPartOutput::builder().e_tag("tag").build()),
                complete: mock!(Client::complete_multipart_upload)
                    .match_requests(|request| {
                        let parts = request
                            .multipart_upload()
                            .map(|upload| upload.parts())
                            .unwrap_or_default();
                        let numbers: Vec<_> = parts.iter().filter_map(|part| part.part_number()).collect();
                        numbers.is_sorted() && numbers.first() == Some(&1)
                    })
                    .then_output(|| CompleteMultipartUploadOutput::builder().build()),
                abort: mock!(Client::abort_multipart_upload)
                    .then_output(|| AbortMultipartUploadOutput::builder().build()),
            }
        }

        /// Stores a document that is announced with `announced` bytes and has `sent`.
        async fn store(&self, announced: usize, sent: usize) -> Result<StoredDocument, PipelineError> {
            let rules = [&self.put, &self.create, &self.part, &self.complete, &self.abort];
            let store = DocumentStore::new(
                mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules),
                "reports".into(),
            );
            let client = SpApiClient::new(Endpoints::production());
            let document = client
                .open_document(&serve(announced, sent).await)
                .await
                .expect("it opens");
            let description = ObjectDescription {
                key: "key".into(),
                content_type: "text/csv".into(),
                content_encoding: None,
                content_disposition: "attachment".into(),
                transcode_from: None,
            };
            store.store(&description, document).await
        }

        /// Calls of put, create, part, complete and abort.
        fn calls(&self) -> [usize; 5] {
            [&self.put, &self.create, &self.part, &self.complete, &self.abort].map(Rule::num_calls)
        }
    }

    /// Serves one document of zeros, and closes the connection.
    async fn serve(announced: usize, sent: usize) -> DocumentUrl {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/document", listener.local_addr().expect("bound"));
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.expect("a client");
            let _ = connection.read(&mut [0; 4096]).await.expect("a request");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n");
            connection.write_all(head.as_bytes()).await.expect("sent");
            // The client may hang up early; that is what some tests are about.
            let _ = connection.write_all(&vec![0; sent]).await;
        });
        DocumentUrl::from(url)
    }

    const PART: usize = 8 << 20;

    #[tokio::test]
    async fn a_small_document_is_one_request() {
        let bucket = Bucket::new();
        let stored = bucket.store(5, 5).await.expect("stored");
        assert_eq!(bucket.calls(), [1, 0, 0, 0, 0]);
        assert_eq!(stored.bytes, 5);
        assert_eq!(
            stored.sha256,
            "8855508aade16ec573d21e6a485dfd0a7624085c1a14b5ecdd6485de0c6839a4"
        );
    }

    #[tokio::test]
    async fn an_empty_document_is_an_empty_object() {
        let bucket = Bucket::new();
        assert_eq!(bucket.store(0, 0).await.expect("stored").bytes, 0);
        assert_eq!(bucket.calls(), [1, 0, 0, 0, 0]);
    }

    #[tokio::test]
    async fn a_large_document_goes_in_parts() {
        for (length, parts) in [(PART, 1), (PART + 1, 2), (6 * PART, 6), (6 * PART + 7, 7)] {
            let bucket = Bucket::new();
            let stored = bucket.store(length, length).await.expect("stored");
            assert_eq!(bucket.calls(), [0, 1, parts, 1, 0], "{length}");
            assert_eq!(stored.bytes, length as u64);
        }
    }

    #[tokio::test]
    async fn a_document_that_ends_early_is_never_an_object() {
        for (announced, sent) in [
            (100, 0),
            (100, 99),
            (3 * PART, PART + 1),
            (3 * PART, 3 * PART - 1),
        ] {
            let bucket = Bucket::new();
            let error = bucket.store(announced, sent).await.expect_err("incomplete");
            assert_eq!(error.name(), "DocumentIncomplete", "{error}");
            let [put, create, _, complete, abort] = bucket.calls();
            assert_eq!((put, complete), (0, 0), "{sent} of {announced}");
            assert_eq!(create, abort, "{sent} of {announced}: nothing half-written stays");
        }
    }

    #[test]
    fn parts_grow_with_the_document() {
        assert_eq!(part_size(None), PART);
        assert_eq!(part_size(Some(1 << 30)), PART);
        let terabyte = 1_u64 << 40;
        assert!(terabyte.div_ceil(part_size(Some(terabyte)) as u64) <= MOST_PARTS);
    }
}
