//! Serves documents under their URLs, the way S3 does.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH,
    LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, Method, StatusCode, response};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use super::{Document, Link};
use crate::errors::storage_error;
use crate::faults::FaultKind;

/// Bytes are handed to the connection in pieces of at most this.
const CHUNK: u64 = 256 * 1024;

/// Answers a request for a document.
pub(crate) fn serve(
    link: Option<&Link>,
    method: &Method,
    headers: &HeaderMap,
    fault: Option<&FaultKind>,
    request_id: &str,
) -> Response {
    let no = |status, code, message| storage_error(status, code, message, request_id);
    let Some(link) = link else {
        let message = "The request signature we calculated does not match the signature you provided.";
        return no(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message);
    };
    if link.expires <= Instant::now() {
        return no(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
    }
    if method != Method::GET && method != Method::HEAD {
        let message = "The specified method is not allowed against this resource.";
        return no(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
    }
    let document = &link.document;
    if let Some(wanted) = headers.get(IF_MATCH)
        && wanted.as_bytes() != b"*"
        && wanted.as_bytes() != document.etag().as_bytes()
    {
        let message = "At least one of the pre-conditions you specified did not hold";
        return no(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message);
    }
    let length = document.served.len();
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok());
    match range.map_or(Asked::Everything, |range| parse_range(range, length)) {
        Asked::Everything => answer(link, StatusCode::OK, (0, length), method, fault),
        Asked::Part(first, end) => answer(link, StatusCode::PARTIAL_CONTENT, (first, end), method, fault),
        Asked::Nothing => no(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "The requested range is not satisfiable",
        ),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Everything,
    /// From the first to before the second.
    Part(u64, u64),
    /// A range that the document does not have.
    Nothing,
}

/// Reads a range; like S3, one that is malformed or has several parts counts for everything.
fn parse_range(range: &str, length: u64) -> Asked {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Everything;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last && first < length => {
            Asked::Part(first, last.saturating_add(1).min(length))
        }
        (Ok(first), Ok(last)) if first <= last => Asked::Nothing,
        (Ok(first), Err(_)) if last.is_empty() && first < length => Asked::Part(first, length),
        (Ok(_), Err(_)) if last.is_empty() => Asked::Nothing,
        (Err(_), Ok(0)) if first.is_empty() => Asked::Nothing,
        (Err(_), Ok(suffix)) if first.is_empty() => Asked::Part(length.saturating_sub(suffix), length),
        _ => Asked::Everything,
    }
}

fn answer(
    link: &Link,
    status: StatusCode,
    (first, end): (u64, u64),
    method: &Method,
    fault: Option<&FaultKind>,
) -> Response {
    let document = &link.document;
    let modified = document.created.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut builder = response::Builder::new()
        .status(status)
        .header(CONTENT_TYPE, &document.content_type)
        .header(CONTENT_LENGTH, end - first)
        .header(ACCEPT_RANGES, "bytes")
        .header(ETAG, document.etag())
        .header(LAST_MODIFIED, modified);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{}", end - 1, document.served.len());
        builder = builder.header(CONTENT_RANGE, range);
    }
    if let Some(encoding) = document.content_encoding(link.is_encoded) {
        builder = builder.header(CONTENT_ENCODING, encoding);
    }
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        body(document, first, end, fault)
    };
    builder
        .body(body)
        .expect("every header is made of printable text")
}

/// Where in a body something happens, and what.
enum Event {
    Stall(Duration),
    Cut,
    /// The next byte is inverted.
    Spoil,
}

fn body(document: &Arc<Document>, first: u64, end: u64, fault: Option<&FaultKind>) -> Body {
    let event = match fault {
        Some(FaultKind::Truncate { after_bytes }) => Some((first + after_bytes, Event::Cut)),
        Some(FaultKind::Stall {
            milliseconds,
            after_bytes: Some(after_bytes),
        }) => Some((
            first + after_bytes,
            Event::Stall(Duration::from_millis(*milliseconds)),
        )),
        Some(FaultKind::Corrupt) => {
            let middle = document.served.len() / 2;
            (middle >= first).then_some((middle, Event::Spoil))
        }
        _ => None,
    };
    let document = Arc::clone(document);
    let chunks = stream::try_unfold((first, event), move |(offset, event)| {
        let document = Arc::clone(&document);
        async move {
            let event = match event {
                Some((at, Event::Cut)) if at <= offset => {
                    // Lets the bytes before the cut reach the other end: the error drops the
                    // connection together with whatever it still holds.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    return Err(io::Error::other("truncated on demand"));
                }
                Some((at, Event::Stall(time))) if at <= offset => {
                    tokio::time::sleep(time).await;
                    None
                }
                Some((at, Event::Spoil)) if at <= offset && offset < end => {
                    let byte = document.served.read(offset, 1);
                    let spoilt = byte.map(|byte| Bytes::from(vec![!byte[0]]));
                    return Ok(spoilt.map(|byte| (byte, (offset + 1, None))));
                }
                event => event,
            };
            let stop = event.as_ref().map_or(end, |(at, _)| end.min(*at));
            let chunk: Option<Bytes> = if offset < end {
                document.served.read(offset, CHUNK.min(stop - offset))
            } else {
                None
            };
            Ok(chunk.map(|chunk| {
                let next = offset + chunk.len() as u64;
                (chunk, (next, event))
            }))
        }
    });
    Body::from_stream(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        assert_eq!(parse_range("bytes=0-9", 100), Asked::Part(0, 10));
        assert_eq!(parse_range("bytes=90-", 100), Asked::Part(90, 100));
        assert_eq!(parse_range("bytes=90-1000", 100), Asked::Part(90, 100));
        assert_eq!(parse_range("bytes=-10", 100), Asked::Part(90, 100));
        assert_eq!(parse_range("bytes=-1000", 100), Asked::Part(0, 100));
        assert_eq!(parse_range("bytes=100-", 100), Asked::Nothing);
        assert_eq!(parse_range("bytes=100-200", 100), Asked::Nothing);
        assert_eq!(parse_range("bytes=9-1", 100), Asked::Everything);
        assert_eq!(parse_range("bytes=0-1,5-6", 100), Asked::Everything);
        assert_eq!(parse_range("rows=1-2", 100), Asked::Everything);
    }
}
