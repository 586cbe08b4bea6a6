//! A source of documents that can misbehave.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sp_api::DocumentUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One document, and how it is served.
#[derive(Clone, Default)]
pub struct Source {
    pub document: Arc<Vec<u8>>,
    pub content_type: &'static str,
    /// What the storage calls the document's encoding.
    pub content_encoding: Option<&'static str>,
    pub answers_ranges: bool,
    /// The connection is closed before this byte of the document is sent.
    pub cut_at: Option<usize>,
    /// Nothing more is sent from this byte of the document on, and the connection stays.
    pub stall_at: Option<usize>,
    /// No length is announced: the document ends when the connection does.
    pub hides_length: bool,
    /// What is announced, if not the length.
    pub announced: Option<usize>,
    /// Every answer is of another version of the document.
    pub changes: bool,
    /// It is written in chunks of this length.
    pub chunks_of: Option<usize>,
    /// How many requests have come.
    pub requests: Arc<AtomicUsize>,
}

impl Source {
    pub fn of(document: Vec<u8>) -> Self {
        Self {
            document: Arc::new(document),
            content_type: "text/csv",
            ..Self::default()
        }
    }

    pub fn in_ranges(document: Vec<u8>) -> Self {
        Self {
            answers_ranges: true,
            ..Self::of(document)
        }
    }

    /// Serves it until the test ends.
    pub async fn serve(&self) -> DocumentUrl {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/document", listener.local_addr().expect("bound"));
        let source = self.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(source.clone().answer(connection));
            }
        });
        DocumentUrl::from(url)
    }

    async fn answer(self, mut connection: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match connection.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let version = self.requests.fetch_add(1, Ordering::Relaxed);
        let etag = if self.changes {
            format!("\"{version}\"")
        } else {
            "\"tag\"".to_owned()
        };
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        if head
            .lines()
            .any(|line| line.starts_with("if-match:") && !line.ends_with(&etag))
        {
            let refusal =
                b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = connection.write_all(refusal).await;
            return;
        }
        let length = self.document.len();
        let wanted = range(&head, length).filter(|_| self.answers_ranges);
        let range = wanted.clone().unwrap_or(0..length);
        let announced = self.announced.unwrap_or(range.len());
        let more = match wanted {
            Some(range) => format!(
                "206 Partial Content\r\nContent-Range: bytes {}-{}/{length}\r\nETag: {etag}",
                range.start,
                range.end - 1
            ),
            None => "200 OK".to_owned(),
        };
        let length = if self.hides_length {
            String::new()
        } else {
            format!("Content-Length: {announced}\r\n")
        };
        let encoding = self
            .content_encoding
            .map(|it| format!("Content-Encoding: {it}\r\n"));
        let head = format!(
            "HTTP/1.1 {more}\r\nContent-Type: {}\r\n{length}{}Connection: close\r\n\r\n",
            self.content_type,
            encoding.unwrap_or_default()
        );
        let end = [self.cut_at, self.stall_at, Some(range.end)]
            .into_iter()
            .flatten()
            .min();
        let end = end.unwrap_or(range.end).max(range.start);
        // The client may hang up early; that is what some tests are about.
        let _ = connection.write_all(head.as_bytes()).await;
        let bytes = &self.document[range.start..end];
        for chunk in bytes.chunks(self.chunks_of.unwrap_or(bytes.len()).max(1)) {
            let _ = connection.write_all(chunk).await;
            let _ = connection.flush().await;
        }
        if self.stall_at.is_some_and(|at| at < range.end) {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }
}

/// The range that a request asks for, if the document has it.
fn range(head: &str, length: usize) -> Option<Range<usize>> {
    let value = head.lines().find_map(|line| line.strip_prefix("range: bytes="))?;
    let (first, last) = value.split_once('-')?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    (first < length).then(|| first..length.min(last + 1))
}
