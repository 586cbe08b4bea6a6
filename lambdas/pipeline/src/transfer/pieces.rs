//! A document that comes in pieces, read on a thread of its own.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::PipelineError;

/// Between two steps: a piece, or what went wrong before. The end of the channel is the end of the
/// document; a step that panics is found out by [`super::parts::Parts`].
pub(super) type Pieces<T> = mpsc::Receiver<Result<T, PipelineError>>;

/// The pieces that come, as one document to be read. Waiting for one blocks the thread.
pub(super) struct PieceReader {
    pieces: Pieces<Bytes>,
    current: Bytes,
    /// Why there are no more.
    failed: Option<PipelineError>,
}

impl PieceReader {
    pub(super) fn new(pieces: Pieces<Bytes>) -> Self {
        Self {
            pieces,
            current: Bytes::new(),
            failed: None,
        }
    }

    /// Why reading failed, if that was because no more pieces came.
    pub(super) fn into_failure(self) -> Option<PipelineError> {
        self.failed
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for PieceReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty()
            && let Some(next) = self.pieces.blocking_recv()
        {
            self.current = next.map_err(|error| {
                self.failed = Some(error);
                io::Error::other("the source failed")
            })?;
        }
        Ok(&self.current)
    }

    fn consume(&mut self, length: usize) {
        self.current.advance(length);
    }
}
