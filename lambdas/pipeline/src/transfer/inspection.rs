use std::io::{self, BufRead};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::gunzip::{Gunzipped, corrupt, gunzip};
use super::pieces::PieceReader;
use crate::PipelineError;
use crate::domain::Evidence;

/// Pieces that wait to be looked at.
const WAITING: usize = 1;

/// Looks at a document that passes, beside its transfer: decompresses gzip to see that it is whole, and
/// counts a text to see what it is in.
pub(super) struct Inspection {
    pieces: Option<mpsc::Sender<Result<Bytes, PipelineError>>>,
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

    /// How long a gzip document is when it is decompressed.
    pub(super) fn plain_length(&self) -> Option<u64> {
        self.gunzipped.map(|gunzipped| gunzipped.plain_length)
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

impl Inspection {
    pub(super) fn start(is_gzip: bool, text: Option<Evidence>) -> Self {
        let (pieces, coming) = mpsc::channel(WAITING);
        let document = PieceReader::new(coming);
        let worker = tokio::task::spawn_blocking(move || inspect(document, is_gzip, text));
        Self {
            pieces: Some(pieces),
            worker,
        }
    }

    /// The document's next bytes. Whether there is any use in going on: it stops listening when it has
    /// found something.
    pub(super) async fn take(&mut self, piece: Bytes) -> bool {
        match &self.pieces {
            Some(pieces) => pieces.send(Ok(piece)).await.is_ok(),
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
