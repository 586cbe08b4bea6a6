//! S3 for the bench: it takes objects, whole or in parts, and remembers their lengths and checksums.
//!
//! DynamoDB's calls it answers with yes.

mod body;
mod bucket;
mod xml;

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;

use super::connection::{self, Connection};
use super::http::{self, Request};
use super::part;
use crate::tls::Tls;
use body::Body;
use bucket::{Bucket, Taken, shown};

pub use bucket::Received;
#[cfg(test)]
pub use bucket::Stored;

/// What was received, as JSON; `DELETE` forgets it.
pub const RECEIVED: &str = "/bench/received";
/// The content of the object that was stored last, if it is small.
pub const CONTENT: &str = "/bench/content";

#[derive(Default)]
struct Sink {
    bucket: Mutex<Bucket>,
}

/// Serves until it is killed.
pub fn play(tls: &Tls) -> Result<()> {
    let sink = Sink::default();
    connection::serve(tls, part::say_address, move |connection| {
        while let Some(request) = http::read_request(connection)? {
            let body = Body::read(connection, &request.headers)?;
            sink.answer(connection, &request, body)?;
        }
        Ok(())
    })
}

/// An answer: status, headers, body.
struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn ok() -> Self {
        Self {
            status: "200 OK",
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn xml(body: String) -> Self {
        Self::ok().header("content-type", "application/xml").body(body)
    }

    fn error(status: &'static str, code: &str) -> Self {
        Self {
            status,
            ..Self::xml(xml::error(code))
        }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl Sink {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, connection: &mut Connection, request: &Request, body: Body) -> io::Result<()> {
        let mut answer = match (request.method.as_str(), request.path.as_str()) {
            ("GET", RECEIVED) => Answer::ok().body(serde_json::to_vec(self.bucket().received())?),
            ("DELETE", RECEIVED) => {
                *self.bucket() = Bucket::default();
                Answer::ok()
            }
            ("GET", CONTENT) => Answer::ok().body(self.bucket().content().unwrap_or_default()),
            ("POST", "/") => Answer::ok()
                .header("content-type", "application/x-amz-json-1.0")
                .body("{}"),
            _ => s3(&mut self.bucket(), request, body),
        };
        answer.headers.push(("x-amz-request-id", "BENCH".to_owned()));
        if request.method == "HEAD" {
            // A length without a body.
            answer.body.clear();
        }
        let headers: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        http::respond(connection, answer.status, &headers, &answer.body)
    }
}

/// The calls that storing an object may take, addressed in path style.
fn s3(bucket: &mut Bucket, request: &Request, body: Body) -> Answer {
    let (name, key) = xml::bucket_and_key(&request.path);
    let upload = request.parameter("uploadId");
    let number = request
        .parameter("partNumber")
        .and_then(|number| number.parse().ok());
    let is_right = |body: &Body| {
        let told = request.headers.get("x-amz-checksum-crc64nvme");
        told.is_none_or(|told| told == shown(body.checksum))
    };
    match (request.method.as_str(), upload, number) {
        ("PUT", ..) if !is_right(&body) => bad_digest(),
        ("PUT", None, None) => taken(bucket.put(key, body)),
        ("PUT", Some(upload), Some(number)) => bucket
            .part(upload, number, body)
            .map_or_else(no_such_upload, taken),
        ("POST", None, None) if request.parameter("uploads").is_some() => {
            Answer::xml(xml::initiated(name, key, &bucket.begin(key)))
        }
        ("POST", Some(upload), None) => {
            let numbers = xml::part_numbers(&String::from_utf8_lossy(&body.content.unwrap_or_default()));
            match bucket.whole(upload, &numbers) {
                Some(whole) if !is_right(&whole) => bad_digest(),
                Some(whole) => bucket
                    .complete(upload, whole)
                    .map_or_else(no_such_upload, |taken| {
                        Answer::xml(xml::completed(name, key, &taken))
                    }),
                None => Answer::error("400 Bad Request", "InvalidPart"),
            }
        }
        ("DELETE", Some(upload), None) if bucket.abort(upload) => Answer {
            status: "204 No Content",
            ..Answer::ok()
        },
        ("GET", Some(upload), None) => bucket.parts(upload).map_or_else(no_such_upload, |parts| {
            Answer::xml(xml::parts(name, key, upload, parts))
        }),
        ("GET", None, None) if request.parameter("uploads").is_some() => {
            Answer::xml(xml::uploads(name, bucket.open_uploads()))
        }
        (_, Some(_), _) => no_such_upload(),
        ("HEAD", None, None) if bucket.has(key) => Answer::ok(),
        _ => Answer::error("404 Not Found", "NoSuchKey"),
    }
}

fn taken(taken: Taken) -> Answer {
    Answer::ok()
        .header("etag", taken.entity_tag)
        .header("x-amz-checksum-crc64nvme", taken.checksum)
        .header("x-amz-checksum-type", "FULL_OBJECT")
}

fn no_such_upload() -> Answer {
    Answer::error("404 Not Found", "NoSuchUpload")
}

fn bad_digest() -> Answer {
    Answer::error("400 Bad Request", "BadDigest")
}
