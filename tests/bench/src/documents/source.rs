//! Amazon for the bench: documents as S3 serves them, and the two calls that lead to their URLs.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::json;

use super::composition::{Composition, Material, Name, Packing};
use super::connection::{self, Connection};
use super::http::{self, Request};
use super::part;
use super::range::Range;
use super::text::CONTENT_TYPE;
use crate::tls::Tls;

/// `GET /documents/NAME`; with `?ranges=off` it knows no ranges.
const DOCUMENTS: &str = "/documents/";
const REPORT_DOCUMENTS: &str = "/reports/2021-06-30/documents/";
const TOKEN: &str = "/auth/o2/token";

struct Source {
    material: &'static Material,
    documents: Mutex<HashMap<Name, Arc<Composition<'static>>>>,
}

/// Serves until it is killed.
pub fn play(tls: &Tls) -> Result<()> {
    let source = Source {
        material: Box::leak(Box::new(Material::new()?)),
        documents: Mutex::default(),
    };
    connection::serve(tls, part::say_address, move |connection| {
        while let Some(request) = http::read_request(connection)? {
            http::read_body(connection, &request.headers, |_| Ok(()))?;
            source.answer(connection, &request)?;
        }
        Ok(())
    })
}

impl Source {
    fn answer(&self, connection: &mut Connection, request: &Request) -> io::Result<()> {
        let path = request.path.as_str();
        if let Some(name) = path.strip_prefix(DOCUMENTS) {
            return match name.parse() {
                Ok(name) => self.send(connection, request, name),
                Err(_) => http::respond(connection, "404 Not Found", &[], b""),
            };
        }
        let body = if let Some(id) = path.strip_prefix(REPORT_DOCUMENTS) {
            report_document(id, request.headers.get("host").unwrap_or_default())
        } else if path == TOKEN {
            let token = json!({"access_token": "Atza|bench", "token_type": "bearer", "expires_in": 3600,
                "refresh_token": "Atzr|bench"});
            Some(token.to_string())
        } else {
            None
        };
        match body {
            Some(body) => {
                let headers = [("content-type", "application/json")];
                http::respond(connection, "200 OK", &headers, body.as_bytes())
            }
            None => http::respond(connection, "404 Not Found", &[], b""),
        }
    }

    /// As S3: ranges, a condition, an entity tag.
    fn send(&self, connection: &mut Connection, request: &Request, name: Name) -> io::Result<()> {
        let document = self.document(name)?;
        // The name says all there is to say of the bytes; a checksum of gibibytes would take its time.
        let entity_tag = format!("\"{name}\"");
        let condition = request.headers.get("if-match");
        if condition.is_some_and(|wanted| wanted != entity_tag && wanted != "*") {
            return http::respond(connection, "412 Precondition Failed", &[], b"");
        }
        let length = document.len();
        let knows_ranges = request.parameter("ranges") != Some("off");
        let wanted = request.headers.get("range").filter(|_| knows_ranges);
        let (status, range) = match wanted.map(|wanted| Range::parse(wanted, length)) {
            None | Some(Range::Ignored) => ("200 OK", 0..length),
            Some(Range::Some(range)) => ("206 Partial Content", range),
            Some(Range::Unsatisfiable) => {
                let content_range = format!("bytes */{length}");
                let headers = [("content-range", content_range.as_str())];
                return http::respond(connection, "416 Range Not Satisfiable", &headers, b"");
            }
        };
        let content_length = (range.end - range.start).to_string();
        let content_range = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
        let mut headers = vec![
            ("content-type", CONTENT_TYPE),
            ("content-length", content_length.as_str()),
            ("etag", entity_tag.as_str()),
            ("last-modified", "Sun, 22 Nov 2026 05:00:00 GMT"),
        ];
        if knows_ranges {
            headers.push(("accept-ranges", "bytes"));
        }
        if status.starts_with("206") {
            headers.push(("content-range", &content_range));
        }
        http::send_head(connection, &format!("HTTP/1.1 {status}"), &headers)?;
        if request.method == "HEAD" {
            return Ok(());
        }
        let mut offset = range.start;
        while offset < range.end {
            let piece = document.at(offset);
            let left = usize::try_from(range.end - offset).unwrap_or(usize::MAX);
            let piece = &piece[..piece.len().min(left)];
            connection.send(piece)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    fn document(&self, name: Name) -> io::Result<Arc<Composition<'static>>> {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = documents.get(&name) {
            return Ok(document.clone());
        }
        let document = Arc::new(self.material.document(name).map_err(io::Error::other)?);
        documents.insert(name, document.clone());
        Ok(document)
    }
}

/// What getReportDocument answers; the id is the document's name.
fn report_document(id: &str, host: &str) -> Option<String> {
    let name: Name = id.parse().ok()?;
    let mut answer = json!({"reportDocumentId": id, "url": format!("https://{host}{DOCUMENTS}{id}")});
    if name.packing == Packing::Gzip {
        answer["compressionAlgorithm"] = "GZIP".into();
    }
    Some(answer.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_url_is_the_sources_own() {
        let answer = report_document("gzip-77", "127.0.0.1:1").unwrap_or_default();
        assert!(
            answer.contains("https://127.0.0.1:1/documents/gzip-77"),
            "{answer}"
        );
        assert!(answer.contains("GZIP"));
        assert!(
            !report_document("plain-77", "h")
                .unwrap_or_default()
                .contains("GZIP")
        );
        assert_eq!(report_document("amzn1.spdoc", "h"), None);
    }
}
