//! What lies in the bucket, read to the last byte.

use anyhow::{Context, Result};
use end_to_end::crc64nvme;
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
}

/// An upload in parts that was not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Where it would have led.
    pub key: String,
    /// When it was begun.
    pub begun_at: Option<Timestamp>,
}

/// Where Amazon's reasons are, which are no reports.
const REASONS: &str = "errors/";

/// What is behind `SellerId=` in a key, and the report's id: the file's name up to the first dot.
pub fn report_of(key: &str) -> Option<(&str, &str)> {
    let key = key.strip_prefix(REASONS).unwrap_or(key);
    let seller = key.strip_prefix("SellerId=")?.split('/').next()?;
    let file = key.rsplit('/').next()?;
    Some((seller, file.split('.').next()?))
}

/// Those sellers' objects.
pub async fn objects(scene: &Scene, sellers: &[&str]) -> Result<Vec<Object>> {
    let (s3, bucket) = (scene.stack.s3(), scene.stack.output("REPORTS_BUCKET")?);
    let mut objects = Vec::new();
    let folders = ["", REASONS].into_iter();
    for prefix in folders.flat_map(|folder| sellers.iter().map(move |it| format!("{folder}SellerId={it}/"))) {
        let mut pages = s3
            .list_objects_v2()
            .bucket(&bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.context("the bucket can't be listed")?;
            for key in page.contents().iter().filter_map(|object| object.key()) {
                objects.push(read(&s3, &bucket, key).await?);
            }
        }
    }
    Ok(objects)
}

async fn read(s3: &aws_sdk_s3::Client, bucket: &str, key: &str) -> Result<Object> {
    let object = s3.get_object().bucket(bucket).key(key).send().await;
    let mut body = object.with_context(|| format!("{key} can't be read"))?.body;
    let (mut sha256, mut content) = (Sha256::new(), Vec::new());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.with_context(|| format!("{key} can't be read to its end"))?;
        sha256.update(&chunk);
        content.extend_from_slice(&chunk);
    }
    Ok(Object {
        key: key.to_owned(),
        bytes: content.len() as u64,
        crc64nvme: crc64nvme(&content),
        sha256: sha256
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    })
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
    use super::*;

    #[test]
    fn a_key_names_seller_and_report() {
        let key = "SellerId=amzn1.vg.6213651/ReportType=GET_X/date=2026-11-22/500.txt.gz";
        assert_eq!(report_of(key), Some(("amzn1.vg.6213651", "500")));
        assert_eq!(report_of("README.md"), None);
    }
}
