//! Reads a document part by part, in its order.

use std::ops::Range;
use std::time::{Duration, Instant};

use sp_api::{Document, DocumentStream, SpApiError};
use tokio::sync::mpsc;

use super::part_sizes::PartSizes;
use super::parts::{Coming, Parts, Task};
use super::pool::{Buffer, BufferPool};
use crate::PipelineError;
use crate::domain::Checksummed;

/// A URL lives five minutes, and what is asked for under it must be asked for by then. What is still
/// missing at this age of the transfer is asked for in one long stretch.
const STRETCHES_UNTIL: Duration = Duration::from_secs(180);

/// A stretch is asked for so many times.
const ATTEMPTS: u32 = 2;

/// What reading needs.
pub(super) struct Reading {
    pub(super) sizes: PartSizes,
    pub(super) pool: BufferPool,
}

impl Reading {
    /// The next part of `stream`, which has that number; `left` is how much there is still to come, if
    /// that is known. Shorter than its size at the document's end.
    async fn part(
        &self,
        number: u32,
        left: Option<u64>,
        stream: &mut DocumentStream,
    ) -> Result<Checksummed, PipelineError> {
        let size = self.sizes.size(number);
        let room = left.map_or(size, |left| size.min(usize::try_from(left).unwrap_or(size)));
        let mut buffer = self.pool.buffer(room).await;
        fill(&mut buffer, stream, size).await?;
        Ok(buffer.freeze())
    }

    /// The parts from that number on, of a document of `length` whose source answers stretches: several
    /// of them on their way at once. `open` is the first of them, if it has been asked for.
    pub(super) fn by_stretches(
        self,
        document: Document,
        length: u64,
        from: u32,
        open: Option<DocumentStream>,
    ) -> Parts {
        // Of the pool's parts, half are being read and half are being sent.
        let ahead = (self.pool.bytes() / self.sizes.size(1) / 2).max(2) - 1;
        start(ahead, |ready| async move {
            let (opened, mut open) = (Instant::now(), open);
            let mut at = (1..from).map(|number| self.sizes.size(number) as u64).sum();
            for number in from.. {
                if at >= length {
                    break;
                }
                if opened.elapsed() > STRETCHES_UNTIL {
                    return self.rest(&document, at..length, number, &ready).await;
                }
                let end = length.min(at + self.sizes.size(number) as u64);
                let Ok(place) = ready.reserve().await else { break };
                let buffer = self.pool.buffer(size_of(&(at..end))).await;
                let part = read_stretch(document.clone(), open.take(), at..end, buffer);
                place.send(Coming::Read(Task::new(tokio::spawn(part))));
                at = end;
            }
        })
    }

    /// The parts of a document that can only be read from its beginning to its end; of that length, if
    /// it is known.
    pub(super) fn in_a_row(self, length: Option<u64>, stream: DocumentStream) -> Parts {
        start(1, move |ready| async move {
            self.row(stream, 1, length, &ready).await;
        })
    }

    async fn rest(&self, document: &Document, range: Range<u64>, number: u32, ready: &Ready) {
        let left = range.end - range.start;
        match document.stretch(range).await {
            Ok(stream) => self.row(stream, number, Some(left), ready).await,
            Err(error) => {
                hand_over(ready, Err(error.into())).await;
            }
        }
    }

    /// Cuts a stream into parts, from that number on.
    async fn row(&self, mut stream: DocumentStream, from: u32, length: Option<u64>, ready: &Ready) {
        let mut left = length;
        for number in from.. {
            let part = match self.part(number, left, &mut stream).await {
                Ok(part) => part,
                Err(error) => {
                    hand_over(ready, Err(error)).await;
                    break;
                }
            };
            left = left.map(|left| left.saturating_sub(part.bytes.len() as u64));
            let is_last = part.bytes.len() < self.sizes.size(number);
            let is_taken = part.bytes.is_empty() || hand_over(ready, Ok(part)).await;
            if is_last || !is_taken {
                break;
            }
        }
    }
}

type Ready = mpsc::Sender<Coming>;

fn start<Reader, Running>(ahead: usize, reader: Reader) -> Parts
where
    Reader: FnOnce(Ready) -> Running,
    Running: Future<Output = ()> + Send + 'static,
{
    let (ready, coming) = mpsc::channel(ahead);
    Parts::new(coming, vec![Task::new(tokio::spawn(reader(ready)))])
}

/// Whether there is anybody to take it still.
async fn hand_over(ready: &Ready, part: Result<Checksummed, PipelineError>) -> bool {
    ready.send(Coming::Here(part)).await.is_ok()
}

async fn read_stretch(
    document: Document,
    mut open: Option<DocumentStream>,
    range: Range<u64>,
    mut buffer: Buffer,
) -> Result<Checksummed, PipelineError> {
    for attempt in 1.. {
        let read = async {
            let mut stream = match open.take() {
                Some(open) => open,
                None => document.stretch(range.clone()).await?,
            };
            fill(&mut buffer, &mut stream, size_of(&range)).await?;
            // Finds out whether the stretch has an end, and leaves the connection to the next one.
            stream.next_chunk(1).await
        };
        match read.await {
            Ok(_) => break,
            Err(error) if attempt == ATTEMPTS => return Err(error.into()),
            Err(error) => tracing::warn!("a stretch of the document is asked for again: {error}"),
        }
        buffer.clear();
    }
    Ok(buffer.freeze())
}

/// Adds to `buffer` until it has `size` bytes, or the stream ends.
async fn fill(buffer: &mut Buffer, stream: &mut DocumentStream, size: usize) -> Result<(), SpApiError> {
    while buffer.filled() < size {
        let Some(chunk) = stream.next_chunk(size - buffer.filled()).await? else {
            break;
        };
        buffer.add(&chunk);
    }
    Ok(())
}

fn size_of(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).expect("a part fits into memory")
}
