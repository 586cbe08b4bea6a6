use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::gunzip::{Gunzipped, corrupt, gunzip};
use crate::PipelineError;
use crate::domain::Evidence;

/// Pieces that wait to be looked at.
const WAITING: usize = 1;

/// Looks at a document that passes, beside its transfer: decompresses gzip to see that it is whole, and
/// counts a text to see what it is in.
pub(super) struct Inspection {
    pieces: Option<mpsc::Sender<Bytes>>,
    worker: JoinHandle<io::Result<Inspected>>,
}

/// What an inspection came to.
#[derive(Debug)]
pub(super) struct Inspected {
    /// Where gzip ends.
    pub(super) gunzipped: Option<Gunzipped>,
    /// What there is to know of a text.
    pub(super) text: Option<Evidence>,
}

impl Inspected {
    /// Where the document ends, if other bytes come behind that.
    pub(super) fn end(&self) -> Option<u64> {
        let gunzipped = self.gunzipped.filter(|gunzipped| gunzipped.is_followed);
        gunzipped.map(|gunzipped| gunzipped.end)
    }
}

/// Looks at a document: all that there is of it.
pub(super) fn inspect(
    mut document: impl BufRead,
    is_gzip: bool,
    mut text: Option<Evidence>,
) -> io::Result<Inspected> {
    let mut count = |piece: &[u8]| {
        if let Some(text) = &mut text {
            text.take(piece);
        }
        Ok(())
    };
    let gunzipped = if is_gzip {
        Some(gunzip(document, count)?)
    } else {
        loop {
            let piece = document.fill_buf()?;
            let length = piece.len();
            if length == 0 {
                break None;
            }
            count(piece)?;
            document.consume(length);
        }
    };
    Ok(Inspected { gunzipped, text })
}

/// The pieces that come, as one document to be read.
struct Coming {
    pieces: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Read for Coming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Coming {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty()
            && let Some(next) = self.pieces.blocking_recv()
        {
            self.current = next;
        }
        Ok(&self.current)
    }

    fn consume(&mut self, length: usize) {
        self.current.advance(length);
    }
}

impl Inspection {
    pub(super) fn start(is_gzip: bool, text: Option<Evidence>) -> Self {
        let (pieces, coming) = mpsc::channel(WAITING);
        let coming = Coming {
            pieces: coming,
            current: Bytes::new(),
        };
        let worker = tokio::task::spawn_blocking(move || inspect(coming, is_gzip, text));
        Self {
            pieces: Some(pieces),
            worker,
        }
    }

    /// The document's next bytes. Whether there is any use in going on: it stops listening when it has
    /// found something.
    pub(super) async fn take(&mut self, piece: Bytes) -> bool {
        match &self.pieces {
            Some(pieces) => pieces.send(piece).await.is_ok(),
            None => false,
        }
    }

    /// At the end of what there was to take.
    ///
    /// # Errors
    /// A gzip document is not whole, as its own checksum and length say.
    pub(super) async fn finish(mut self) -> Result<Inspected, PipelineError> {
        self.pieces = None;
        match self.worker.await {
            Ok(result) => result.map_err(|error| corrupt(&error)),
            Err(lost) => Err(corrupt(&io::Error::other(lost))),
        }
    }
}
