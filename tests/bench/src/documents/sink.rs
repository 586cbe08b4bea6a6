//! S3 for the bench: it takes objects, whole or in parts, and remembers only how long they are.
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
use bucket::Bucket;

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
    let checksum = request.headers.get("x-amz-checksum-crc64nvme").map(str::to_owned);
    let number = request
        .parameter("partNumber")
        .and_then(|number| number.parse().ok());
    match (request.method.as_str(), upload, number) {
        ("PUT", None, None) => {
            let entity_tag = bucket.put(key, body, checksum.clone());
            echo(Answer::ok(), checksum).header("etag", entity_tag)
        }
        ("POST", None, None) if request.parameter("uploads").is_some() => {
            let id = bucket.begin(key);
            Answer::xml(xml::initiated(name, key, &id))
        }
        ("PUT", Some(upload), Some(number)) => match bucket.part(upload, number, body, checksum.clone()) {
            Some(entity_tag) => echo(Answer::ok(), checksum).header("etag", entity_tag),
            None => no_such_upload(),
        },
        ("POST", Some(upload), None) => {
            let numbers = xml::part_numbers(&String::from_utf8_lossy(&body.content.unwrap_or_default()));
            match bucket.complete(upload, &numbers, checksum.clone()) {
                Some(entity_tag) => Answer::xml(xml::completed(name, key, &entity_tag, checksum.as_deref())),
                None => Answer::error("400 Bad Request", "InvalidPart"),
            }
        }
        ("DELETE", Some(upload), None) if bucket.abort(upload) => Answer {
            status: "204 No Content",
            ..Answer::ok()
        },
        ("GET", Some(upload), None) => match bucket.parts(upload) {
            Some(parts) => Answer::xml(xml::parts(name, key, upload, parts)),
            None => no_such_upload(),
        },
        ("GET", None, None) if request.parameter("uploads").is_some() => {
            Answer::xml(xml::uploads(name, bucket.open_uploads()))
        }
        (_, Some(_), _) => no_such_upload(),
        ("HEAD", None, None) if bucket.has(key) => Answer::ok(),
        _ => Answer::error("404 Not Found", "NoSuchKey"),
    }
}

fn no_such_upload() -> Answer {
    Answer::error("404 Not Found", "NoSuchUpload")
}

/// S3 tells the checksum that it was told.
fn echo(answer: Answer, checksum: Option<String>) -> Answer {
    match checksum {
        Some(checksum) => answer
            .header("x-amz-checksum-crc64nvme", checksum)
            .header("x-amz-checksum-type", "FULL_OBJECT"),
        None => answer,
    }
}
