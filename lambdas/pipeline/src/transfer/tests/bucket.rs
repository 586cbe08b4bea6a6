//! S3 and DynamoDB that remember what they are told.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::error::ErrorMetadata;
use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadOutput;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use aws_sdk_s3::operation::create_multipart_upload::CreateMultipartUploadOutput;
use aws_sdk_s3::operation::list_parts::{ListPartsError, ListPartsOutput};
use aws_sdk_s3::operation::put_object::PutObjectOutput;
use aws_sdk_s3::operation::upload_part::UploadPartOutput;
use aws_sdk_s3::types::{ChecksumType, Part};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

use crate::adapters::{DocumentStore, Ledger};
use crate::domain::Crc64Nvme;

type Parts = Arc<Mutex<BTreeMap<i32, Vec<u8>>>>;

pub struct Bucket {
    /// What has been sent, by part; a whole object is part 0.
    sent: Parts,
    put: Rule,
    create: Rule,
    part: Rule,
    complete: Rule,
    abort: Rule,
    list: Rule,
    row: Rule,
    note: Rule,
}

impl Bucket {
    /// An empty one.
    pub fn new() -> Self {
        Self::with_earlier(Vec::new(), "")
    }

    /// One with an upload of the object that `of` names, which an earlier invocation left with these
    /// parts.
    pub fn with_earlier(parts: Vec<Vec<u8>>, of: &str) -> Self {
        let sent = Parts::default();
        let (put, part) = (Arc::clone(&sent), Arc::clone(&sent));
        let row = HashMap::from([
            ("uploadId".to_owned(), AttributeValue::S("id".into())),
            ("uploadOf".to_owned(), AttributeValue::S(of.to_owned())),
        ]);
        let row = (!parts.is_empty()).then_some(row);
        Self {
            sent,
            put: mock!(aws_sdk_s3::Client::put_object)
                .match_requests(move |request| {
                    let body = request.body().bytes().expect("in memory");
                    lock(&put).insert(0, body.to_vec());
                    is_checksum(request.checksum_crc64_nvme(), body)
                })
                .then_output(|| PutObjectOutput::builder().build()),
            create: mock!(aws_sdk_s3::Client::create_multipart_upload).then_output(|| {
                CreateMultipartUploadOutput::builder()
                    .upload_id("id")
                    .checksum_type(ChecksumType::FullObject)
                    .build()
            }),
            part: mock!(aws_sdk_s3::Client::upload_part)
                .match_requests(move |request| {
                    let body = request.body().bytes().expect("in memory");
                    lock(&part).insert(request.part_number().expect("a number"), body.to_vec());
                    is_checksum(request.checksum_crc64_nvme(), body)
                })
                .then_output(|| UploadPartOutput::builder().e_tag("tag").build()),
            complete: mock!(aws_sdk_s3::Client::complete_multipart_upload)
                .match_requests(|request| {
                    let upload = request.multipart_upload().expect("parts");
                    let numbers = upload.parts().iter().filter_map(|part| part.part_number());
                    numbers.eq((1..).take(upload.parts().len()))
                        && request.checksum_type() == Some(&ChecksumType::FullObject)
                        && request.checksum_crc64_nvme().is_some()
                })
                .then_output(|| CompleteMultipartUploadOutput::builder().build()),
            abort: mock!(aws_sdk_s3::Client::abort_multipart_upload)
                .then_output(|| AbortMultipartUploadOutput::builder().build()),
            list: mock!(aws_sdk_s3::Client::list_parts).then_output(move || {
                let parts = parts.iter().zip(1..).map(|(part, number)| {
                    Part::builder()
                        .part_number(number)
                        .e_tag("earlier")
                        .size(i64::try_from(part.len()).expect("small"))
                        .checksum_crc64_nvme(Crc64Nvme::of(part).to_string())
                        .build()
                });
                ListPartsOutput::builder()
                    .checksum_type(ChecksumType::FullObject)
                    .set_parts(Some(parts.collect()))
                    .build()
            }),
            row: mock!(aws_sdk_dynamodb::Client::get_item)
                .then_output(move || GetItemOutput::builder().set_item(row.clone()).build()),
            note: mock!(aws_sdk_dynamodb::Client::update_item)
                .then_output(|| UpdateItemOutput::builder().build()),
        }
    }

    pub fn store(&self) -> DocumentStore {
        let rules = [
            &self.put,
            &self.create,
            &self.part,
            &self.complete,
            &self.abort,
            &self.list,
        ];
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules);
        DocumentStore::new(client, "reports".into())
    }

    pub fn ledger(&self) -> Ledger {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&self.row, &self.note]);
        Ledger::new(client, "Reports".into())
    }

    /// As it is when the upload that the ledger knows of has been completed, given up or swept.
    pub fn without_uploads(self) -> Self {
        let list = mock!(aws_sdk_s3::Client::list_parts)
            .then_error(|| ListPartsError::generic(ErrorMetadata::builder().code("NoSuchUpload").build()));
        Self { list, ..self }
    }

    /// Calls of put, create, part, complete and abort.
    pub fn calls(&self) -> [usize; 5] {
        [&self.put, &self.create, &self.part, &self.complete, &self.abort].map(Rule::num_calls)
    }

    /// The bytes that were sent, in the order of their parts.
    pub fn sent(&self) -> Vec<u8> {
        lock(&self.sent).values().flatten().copied().collect()
    }
}

fn lock(sent: &Parts) -> std::sync::MutexGuard<'_, BTreeMap<i32, Vec<u8>>> {
    sent.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_checksum(given: Option<&str>, body: &[u8]) -> bool {
    given == Some(&Crc64Nvme::of(body).to_string())
}
