//! What the sink has received: lengths, and the last bytes.

use std::collections::{BTreeMap, HashMap};

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
    /// The CRC-64/NVME that came with it, in base64.
    pub crc64nvme: Option<String>,
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
    pub crc64nvme: Option<String>,
    pub entity_tag: String,
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

    /// Stores an object and returns its entity tag.
    pub fn put(&mut self, key: &str, body: Body, crc64nvme: Option<String>) -> String {
        self.received.objects.push(Stored {
            key: key.to_owned(),
            bytes: body.bytes,
            crc64nvme,
            tail: body.tail,
        });
        self.content = body.content;
        self.entity_tag()
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

    /// Takes a part and returns its entity tag; none if there is no such upload.
    pub fn part(&mut self, id: &str, number: u32, body: Body, crc64nvme: Option<String>) -> Option<String> {
        let entity_tag = self.entity_tag();
        let upload = self.uploads.get_mut(id)?;
        self.received.parts += 1;
        let part = Part {
            body,
            crc64nvme,
            entity_tag: entity_tag.clone(),
        };
        upload.parts.insert(number, part);
        Some(entity_tag)
    }

    /// Makes an object of the parts that are named; none if one of them is not there.
    pub fn complete(&mut self, id: &str, numbers: &[u32], crc64nvme: Option<String>) -> Option<String> {
        let upload = self.uploads.get(id)?;
        let parts = numbers.iter().map(|number| upload.parts.get(number));
        let parts = parts
            .collect::<Option<Vec<_>>>()
            .filter(|parts| !parts.is_empty())?;
        let ends: Vec<u8> = parts.iter().flat_map(|part| part.body.tail.clone()).collect();
        let contents: Option<Vec<&[u8]>> = parts.iter().map(|part| part.body.content.as_deref()).collect();
        let body = Body {
            bytes: parts.iter().map(|part| part.body.bytes).sum(),
            tail: ends[ends.len().saturating_sub(TAIL)..].to_vec(),
            content: contents.map(|contents| contents.concat()),
        };
        let key = self.uploads.remove(id)?.key;
        self.received.open_uploads = self.uploads.len();
        Some(self.put(&key, body, crc64nvme))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content: &[u8]) -> Body {
        Body {
            bytes: content.len() as u64,
            tail: content[content.len().saturating_sub(TAIL)..].to_vec(),
            content: Some(content.to_vec()),
        }
    }

    #[test]
    fn an_object_is_what_its_parts_are() {
        let mut bucket = Bucket::default();
        let id = bucket.begin("key");
        assert!(bucket.part(&id, 2, body(b"cd"), None).is_some());
        assert!(bucket.part(&id, 1, body(b"0123456789ab"), None).is_some());
        assert!(bucket.part("other", 1, body(b"x"), None).is_none());
        assert_eq!(bucket.complete(&id, &[1, 3], None), None);
        assert_eq!(bucket.received().open_uploads, 1);
        assert!(bucket.complete(&id, &[1, 2], Some("crc".to_owned())).is_some());
        let expected = Stored {
            key: "key".to_owned(),
            bytes: 14,
            crc64nvme: Some("crc".to_owned()),
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
        assert_eq!(bucket.complete(&id, &[1], None), None);
        assert_eq!(bucket.received().aborted_uploads, 1);
        assert!(bucket.received().objects.is_empty());
    }
}
