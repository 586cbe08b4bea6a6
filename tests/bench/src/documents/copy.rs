//! The least work that moves a document: bytes read from one TLS connection and written to another.
//!
//! No SDK, no signature, no checksum, one request each, one thread.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use flate2::write::GzDecoder;

use super::composition::Name;
use super::connection::{Client, Connection};
use super::http;
use super::part;
use crate::tls::Tls;

/// Sent with one system call. With much more, memory is given back and fetched again each time.
const QUEUE: usize = 64 << 10;
/// How far the thread that inflates may be behind.
const BACKLOG: usize = 16;

/// Copies a document, and inflates what passes on a second thread if asked to: nobody can tell
/// that a gzip document is whole without doing so.
pub fn play(source: SocketAddr, sink: SocketAddr, name: Name, is_inflating: bool, tls: &Tls) -> Result<()> {
    let client = Client::new(&tls.bundle())?;
    part::work(|| {
        let mut from = client.connect(source)?;
        http::send_head(
            &mut from,
            &format!("GET /documents/{name} HTTP/1.1"),
            &[("host", &source.to_string())],
        )?;
        let response = http::read_response(&mut from)?;
        ensure!(response.status == 200, "the source says {}", response.status);
        let length = response.headers.number("content-length").context("no length")?;
        let mut to = client.connect(sink)?;
        let headers = [("host", sink.to_string()), ("content-length", length.to_string())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        http::send_head(&mut to, "PUT /reports/copy HTTP/1.1", &headers)?;
        if is_inflating {
            copy_inflating(&mut from, &mut to, length)?;
        } else {
            copy(&mut from, &mut to, length, |_| Ok(()))?;
        }
        let response = http::read_response(&mut to)?;
        ensure!(response.status == 200, "the sink says {}", response.status);
        Ok(())
    })
}

fn copy(
    from: &mut Connection,
    to: &mut Connection,
    length: u64,
    mut watch: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<()> {
    let (mut left, mut queued) = (length, 0);
    while left > 0 {
        let arrived = from.fill()?;
        ensure!(!arrived.is_empty(), "the document ends {left} bytes too early");
        let used = arrived.len();
        watch(arrived)?;
        to.queue(arrived)?;
        from.consume(used);
        left = left.checked_sub(used as u64).context("more than was announced")?;
        queued += used;
        if queued >= QUEUE || left == 0 {
            to.flush()?;
            queued = 0;
        }
    }
    Ok(())
}

fn copy_inflating(from: &mut Connection, to: &mut Connection, length: u64) -> Result<()> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(BACKLOG);
        let inflating = scope.spawn(move || inflate(&receiver));
        let mut pieces = Pieces::new(sender);
        let copied =
            copy(from, to, length, |bytes| pieces.write_all(bytes)).and_then(|()| Ok(pieces.flush()?));
        drop(pieces);
        inflating.join().map_err(|_| anyhow!("inflating panicked"))??;
        copied
    })
}

fn inflate(pieces: &Receiver<Vec<u8>>) -> io::Result<()> {
    let mut decoder = GzDecoder::new(io::sink());
    for piece in pieces {
        decoder.write_all(&piece)?;
    }
    decoder.try_finish()
}

/// Hands bytes to another thread, not too few at once.
pub struct Pieces {
    sender: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
}

impl Pieces {
    /// For a thread that receives from the other end.
    pub fn new(sender: SyncSender<Vec<u8>>) -> Self {
        Self {
            sender,
            piece: Vec::with_capacity(QUEUE),
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= QUEUE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(QUEUE));
        // The receiver ends early only with an error of its own, which says more.
        self.sender
            .send(piece)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
