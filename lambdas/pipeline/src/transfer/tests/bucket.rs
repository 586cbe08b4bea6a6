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
type Noted = Arc<Mutex<BTreeMap<String, String>>>;

/// How an object describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub key: String,
    pub content_type: String,
    pub content_encoding: Option<String>,
}

pub struct Bucket {
    /// What has been sent, by part; a whole object is part 0.
    sent: Parts,
    /// The description of the last object that was put, or begun.
    described: Arc<Mutex<Option<Described>>>,
    /// What has been written down of it, by attribute.
    noted: Noted,
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
        Self::with_row(Vec::new(), &[])
    }

    /// One with an upload of the object that `of` names, which an earlier invocation left with these
    /// parts.
    pub fn with_earlier(parts: Vec<Vec<u8>>, of: &str) -> Self {
        Self::with_row(parts, &[("uploadId", "id"), ("uploadOf", of)])
    }

    /// One with these parts of an upload, and a row in the ledger.
    pub fn with_row(parts: Vec<Vec<u8>>, row: &[(&str, &str)]) -> Self {
        let sent = Parts::default();
        let (put, part) = (Arc::clone(&sent), Arc::clone(&sent));
        let described = Arc::<Mutex<Option<Described>>>::default();
        let (of_put, of_create) = (Arc::clone(&described), Arc::clone(&described));
        let (dropped, noted) = (Arc::clone(&sent), Noted::default());
        let notes = Arc::clone(&noted);
        let row: HashMap<_, _> = row
            .iter()
            .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
            .collect();
        let row = (!row.is_empty()).then_some(row);
        Self {
            sent,
            described,
            noted,
            put: mock!(aws_sdk_s3::Client::put_object)
                .match_requests(move |request| {
                    let body = request.body().bytes().expect("in memory");
                    lock(&put).insert(0, body.to_vec());
                    *lock(&of_put) = Some(Described {
                        key: request.key().unwrap_or_default().to_owned(),
                        content_type: request.content_type().unwrap_or_default().to_owned(),
                        content_encoding: request.content_encoding().map(str::to_owned),
                    });
                    is_checksum(request.checksum_crc64_nvme(), body)
                })
                .then_output(|| PutObjectOutput::builder().build()),
            create: mock!(aws_sdk_s3::Client::create_multipart_upload)
                .match_requests(move |request| {
                    *lock(&of_create) = Some(Described {
                        key: request.key().unwrap_or_default().to_owned(),
                        content_type: request.content_type().unwrap_or_default().to_owned(),
                        content_encoding: request.content_encoding().map(str::to_owned),
                    });
                    true
                })
                .then_output(|| {
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
                .match_requests(move |_| {
                    lock(&dropped).clear();
                    true
                })
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
                .match_requests(move |request| {
                    let values = request.expression_attribute_values().into_iter().flatten();
                    let texts = values.filter_map(|(name, value)| Some((name, value.as_s().ok()?)));
                    lock(&notes).extend(texts.map(|(name, text)| (name.clone(), text.clone())));
                    true
                })
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

    /// How the object describes itself.
    pub fn described(&self) -> Described {
        lock(&self.described).clone().expect("an object")
    }

    /// What the ledger was told, under that name of a value.
    pub fn noted(&self, name: &str) -> Option<String> {
        lock(&self.noted).get(name).cloned()
    }

    /// The bytes that were sent, in the order of their parts.
    pub fn sent(&self) -> Vec<u8> {
        lock(&self.sent).values().flatten().copied().collect()
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_checksum(given: Option<&str>, body: &[u8]) -> bool {
    given == Some(&Crc64Nvme::of(body).to_string())
}
