//! What the sink has received: lengths, and the last bytes.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm::Crc64Nvme, checksum_combine};
use serde::{Deserialize, Serialize};

use super::body::{Body, TAIL};

/// An object that was stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// Its key, as it stood in the URL.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// The CRC-64/NVME of what was received.
    pub checksum: u64,
    /// Its last eight bytes, where the gzip trailer is.
    pub tail: Vec<u8>,
}

/// What was received since the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// The objects, in the order in which they were stored.
    pub objects: Vec<Stored>,
    /// How many uploads were neither completed nor aborted.
    pub open_uploads: usize,
    /// How many uploads were aborted.
    pub aborted_uploads: usize,
    /// How many parts were uploaded.
    pub parts: usize,
}

/// A part of an upload.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub body: Body,
    pub entity_tag: String,
}

/// What is said about an object, or a part, that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub entity_tag: String,
    /// CRC-64/NVME in base64.
    pub checksum: String,
}

#[derive(Default)]
struct Upload {
    key: String,
    parts: BTreeMap<u32, Part>,
}

/// The one bucket.
#[derive(Default)]
pub struct Bucket {
    received: Received,
    uploads: HashMap<String, Upload>,
    /// The last object's, if it is small.
    content: Option<Vec<u8>>,
    entity_tags: u64,
}

impl Bucket {
    /// What was received.
    pub fn received(&self) -> &Received {
        &self.received
    }

    /// The last object's content, if it is small.
    pub fn content(&self) -> Option<Vec<u8>> {
        self.content.clone()
    }

    /// Whether there is such an object.
    pub fn has(&self, key: &str) -> bool {
        self.received.objects.iter().any(|object| object.key == key)
    }

    /// Stores an object.
    pub fn put(&mut self, key: &str, body: Body) -> Taken {
        self.received.objects.push(Stored {
            key: key.to_owned(),
            bytes: body.bytes,
            checksum: body.checksum,
            tail: body.tail,
        });
        self.content = body.content;
        Taken {
            entity_tag: self.entity_tag(),
            checksum: shown(body.checksum),
        }
    }

    /// Begins an upload in parts and returns its id.
    pub fn begin(&mut self, key: &str) -> String {
        let tag = self.entity_tag();
        let id = format!("upload-{}", tag.trim_matches('"'));
        let upload = Upload {
            key: key.to_owned(),
            ..Upload::default()
        };
        self.uploads.insert(id.clone(), upload);
        self.received.open_uploads = self.uploads.len();
        id
    }

    /// Takes a part; none if there is no such upload.
    pub fn part(&mut self, id: &str, number: u32, body: Body) -> Option<Taken> {
        let entity_tag = self.entity_tag();
        let upload = self.uploads.get_mut(id)?;
        self.received.parts += 1;
        let taken = Taken {
            entity_tag: entity_tag.clone(),
            checksum: shown(body.checksum),
        };
        upload.parts.insert(number, Part { body, entity_tag });
        Some(taken)
    }

    /// What the parts that are named are together; none if one of them is not there.
    pub fn whole(&self, id: &str, numbers: &[u32]) -> Option<Body> {
        let upload = self.uploads.get(id)?;
        let parts = numbers.iter().map(|number| upload.parts.get(number));
        let parts = parts
            .collect::<Option<Vec<_>>>()
            .filter(|parts| !parts.is_empty())?;
        let mut whole = Body {
            content: Some(Vec::new()),
            ..Body::default()
        };
        for Part { body, .. } in parts {
            whole.bytes += body.bytes;
            whole.checksum = checksum_combine(Crc64Nvme, whole.checksum, body.checksum, body.bytes);
            whole.tail.extend(&body.tail);
            whole.content = whole
                .content
                .zip(body.content.as_ref())
                .map(|(mut whole, content)| {
                    whole.extend(content);
                    whole
                });
        }
        let surplus = whole.tail.len().saturating_sub(TAIL);
        whole.tail.drain(..surplus);
        Some(whole)
    }

    /// Makes an object of what the parts of an upload are together.
    pub fn complete(&mut self, id: &str, whole: Body) -> Option<Taken> {
        let key = self.uploads.remove(id)?.key;
        self.received.open_uploads = self.uploads.len();
        Some(self.put(&key, whole))
    }

    /// Drops an upload; false if there is no such.
    pub fn abort(&mut self, id: &str) -> bool {
        let was_there = self.uploads.remove(id).is_some();
        self.received.aborted_uploads += usize::from(was_there);
        self.received.open_uploads = self.uploads.len();
        was_there
    }

    /// The parts of an upload, with their numbers.
    pub fn parts(&self, id: &str) -> Option<&BTreeMap<u32, Part>> {
        self.uploads.get(id).map(|upload| &upload.parts)
    }

    /// Keys and ids of the uploads that have not ended.
    pub fn open_uploads(&self) -> impl Iterator<Item = (&str, &str)> {
        self.uploads
            .iter()
            .map(|(id, upload)| (upload.key.as_str(), id.as_str()))
    }

    fn entity_tag(&mut self) -> String {
        self.entity_tags += 1;
        format!("\"{:032x}\"", self.entity_tags)
    }
}

/// A checksum as S3 shows it.
pub fn shown(checksum: u64) -> String {
    STANDARD.encode(checksum.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content: &[u8]) -> Body {
        Body {
            bytes: content.len() as u64,
            checksum: crc_fast::checksum(Crc64Nvme, content),
            tail: content[content.len().saturating_sub(TAIL)..].to_vec(),
            content: Some(content.to_vec()),
        }
    }

    #[test]
    fn an_object_is_what_its_parts_are() {
        let mut bucket = Bucket::default();
        let id = bucket.begin("key");
        assert!(bucket.part(&id, 2, body(b"cd")).is_some());
        assert!(bucket.part(&id, 1, body(b"0123456789ab")).is_some());
        assert!(bucket.part("other", 1, body(b"x")).is_none());
        assert_eq!(bucket.whole(&id, &[1, 3]), None);
        assert_eq!(bucket.whole(&id, &[]), None);
        assert_eq!(bucket.received().open_uploads, 1);
        let whole = bucket.whole(&id, &[1, 2]).unwrap_or_default();
        let taken = bucket.complete(&id, whole);
        let checksum = crc_fast::checksum(Crc64Nvme, b"0123456789abcd");
        assert_eq!(taken.map(|taken| taken.checksum), Some(shown(checksum)));
        let expected = Stored {
            key: "key".to_owned(),
            bytes: 14,
            checksum,
            tail: b"6789abcd".to_vec(),
        };
        assert_eq!(bucket.received().objects, [expected]);
        assert_eq!(bucket.content().as_deref(), Some(b"0123456789abcd".as_slice()));
        assert_eq!(bucket.received().open_uploads, 0);
    }

    #[test]
    fn an_aborted_upload_leaves_nothing() {
        let mut bucket = Bucket::default();
        let id = bucket.begin("key");
        assert!(bucket.abort(&id));
        assert!(!bucket.abort(&id));
        assert_eq!(bucket.complete(&id, Body::default()), None);
        assert_eq!(bucket.received().aborted_uploads, 1);
        assert!(bucket.received().objects.is_empty());
    }
}
