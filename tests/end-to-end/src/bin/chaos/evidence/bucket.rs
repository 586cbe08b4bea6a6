//! What lies in the bucket, read to the last byte.

use std::io::Read as _;

use anyhow::{Context, Result};
use end_to_end::crc64nvme;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::timestamp;
use crate::scene::Scene;

/// A stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where.
    pub key: String,
    /// How long it is.
    pub bytes: u64,
    /// The checksum of the bytes that came when it was read, as the simulator computes it.
    pub sha256: String,
    /// The same, as S3 does.
    pub crc64nvme: String,
    /// The checksum of the text in it, if the bytes are gzip; else of the bytes.
    pub content_sha256: String,
    /// What is said about its bytes.
    pub content_type: Option<String>,
    /// What is said about its compression.
    pub content_encoding: Option<String>,
}

/// An upload in parts that was not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Where it would have led.
    pub key: String,
    /// When it was begun.
    pub begun_at: Option<Timestamp>,
}

/// What the keys of documents that hold data begin with. Reasons of failures are kept elsewhere.
pub const DATA: &str = "SellerId=";

/// What is behind `SellerId=` in a key, and the report's id: the file's name up to the first dot.
pub fn report_of(key: &str) -> Option<(&str, &str)> {
    let seller = key.split('/').find_map(|part| part.strip_prefix(DATA))?;
    let file = key.rsplit('/').next()?;
    Some((seller, file.split('.').next()?))
}

/// Those sellers' objects.
pub async fn objects(scene: &Scene, sellers: &[&str]) -> Result<Vec<Object>> {
    let (s3, bucket) = (scene.stack.s3(), scene.stack.output("REPORTS_BUCKET")?);
    let mut objects = Vec::new();
    let is_ours = |key: &&str| report_of(key).is_some_and(|(seller, _)| sellers.contains(&seller));
    let mut pages = s3.list_objects_v2().bucket(&bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.context("the bucket can't be listed")?;
        let keys = page.contents().iter().filter_map(|object| object.key());
        for key in keys.filter(is_ours) {
            objects.push(read(&s3, &bucket, key).await?);
        }
    }
    Ok(objects)
}

async fn read(s3: &aws_sdk_s3::Client, bucket: &str, key: &str) -> Result<Object> {
    let object = s3.get_object().bucket(bucket).key(key).send().await;
    let mut object = object.with_context(|| format!("{key} can't be read"))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = object.body.next().await {
        let chunk = chunk.with_context(|| format!("{key} can't be read to its end"))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(Object {
        key: key.to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
        crc64nvme: crc64nvme(&bytes),
        content_sha256: unpacked(&bytes).map_or_else(|| sha256(&bytes), |content| sha256(&content)),
        content_type: object.content_type,
        content_encoding: object.content_encoding,
    })
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is in the gzip, whatever comes behind it; `None` if it is none.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Uploads of those sellers' documents that were begun and neither completed nor aborted.
pub async fn uploads(scene: &Scene, sellers: &[&str]) -> Result<Vec<Upload>> {
    let bucket = scene.stack.output("REPORTS_BUCKET")?;
    let listed = scene
        .stack
        .s3()
        .list_multipart_uploads()
        .bucket(bucket)
        .send()
        .await;
    let listed = listed.context("the unfinished uploads can't be listed")?;
    let uploads = listed.uploads().iter().filter_map(|upload| {
        let key = upload.key()?.to_owned();
        let is_ours = report_of(&key).is_some_and(|(seller, _)| sellers.contains(&seller));
        let begun_at = upload.initiated().and_then(|time| timestamp(*time));
        is_ours.then_some(Upload { key, begun_at })
    });
    Ok(uploads.collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_key_names_seller_and_report() {
        let key = "SellerId=amzn1.vg.6213651/ReportType=GET_X/date=2026-11-22/500.txt.gz";
        assert_eq!(report_of(key), Some(("amzn1.vg.6213651", "500")));
        let apart = "errors/SellerId=A1/500.json";
        assert_eq!(report_of(apart), Some(("A1", "500")));
        assert_eq!(report_of("README.md"), None);
    }

    #[test]
    fn what_is_in_a_gzip_is_read_whatever_comes_behind() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"sku").expect("written");
        let mut gzip = gzip.finish().expect("written");
        gzip.extend([0; 9]);
        assert_eq!(unpacked(&gzip).as_deref(), Some(&b"sku"[..]));
        assert_eq!(unpacked(b"sku"), None);
        assert_eq!(unpacked(b""), None);
    }
}
