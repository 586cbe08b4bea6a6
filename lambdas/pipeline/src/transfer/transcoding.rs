//! A document on its way into UTF-8: decompressed, transcoded and compressed again, each step on a
//! thread of its own, in the memory of a few blocks.

use std::io::{self, BufRead, Write};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use encoding_rs::{Decoder, DecoderResult, Encoding};
use flate2::Compression;
use flate2::write::GzEncoder;
use sp_api::DocumentStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::gunzip::{corrupt, gunzip};
use super::part_sizes::PartSizes;
use super::parts::{Coming, Parts, Task};
use super::pieces::{PieceReader, Pieces};
use super::pool::{Buffer, BufferPool};
use super::xml;
use crate::PipelineError;
use crate::domain::{Charset, Evidence};

/// Text is handed from step to step in blocks of this size.
const BLOCK: usize = 256 << 10;

/// Blocks, and chunks of the network's, that wait for the next step.
const WAITING: usize = 4;

/// What stands for a sequence that can't be read: U+FFFD, the replacement character.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// What is to be done.
pub(super) struct Transcoding {
    pub(super) from: &'static Encoding,
    /// Whether the document comes as gzip, and goes as gzip.
    pub(super) is_gzip: bool,
    pub(super) sizes: PartSizes,
    pub(super) pool: BufferPool,
}

/// What became of a document that has been transcoded to its end.
#[derive(Clone, Debug)]
pub(super) struct Transcoded {
    /// What it turned out to be in.
    pub(super) charset: Charset,
    /// How many sequences could not be read.
    pub(super) invalid: u64,
    /// Whether bytes that are none of it came behind a gzip document.
    pub(super) is_followed: bool,
    /// How long the text is in UTF-8.
    pub(super) length: u64,
}

/// There when the last part is.
#[derive(Clone, Default)]
pub(super) struct Outcome(Arc<OnceLock<Transcoded>>);

impl Outcome {
    /// # Errors
    /// The document has not been transcoded to its end.
    pub(super) fn take(&self) -> Result<Transcoded, PipelineError> {
        let transcoded = self.0.get().cloned();
        transcoded.ok_or_else(|| corrupt(&io::Error::other("it has no end")))
    }
}

impl Transcoding {
    /// The parts of the transcoded document, and what became of it. `before` has been taken out of
    /// `stream` already; `evidence` is what all of it is counted with.
    pub(super) fn start(
        self,
        before: Vec<Bytes>,
        stream: DocumentStream,
        evidence: Evidence,
    ) -> (Parts, Outcome) {
        let (chunks, chunks_out) = mpsc::channel(WAITING);
        let (blocks, blocks_out) = mpsc::channel(WAITING);
        let (parts, parts_out) = mpsc::channel(1);
        let outcome = Outcome::default();
        let (from, is_gzip) = (self.from, self.is_gzip);
        let steps = vec![
            Task::new(tokio::spawn(read(before, stream, chunks))),
            Task::new(tokio::task::spawn_blocking({
                let outcome = outcome.clone();
                move || {
                    let text = TextDecoder::new(from, evidence, blocks.clone());
                    match decode(PieceReader::new(chunks_out), text, is_gzip) {
                        Ok(transcoded) => {
                            let _ = outcome.0.set(transcoded);
                        }
                        Err(error) => {
                            let _ = blocks.blocking_send(Err(error));
                        }
                    }
                }
            })),
            Task::new(tokio::task::spawn_blocking({
                let runtime = Handle::current();
                move || encode(blocks_out, &parts, &self, runtime)
            })),
        ];
        (Parts::new(parts_out, steps), outcome)
    }
}

async fn read(
    before: Vec<Bytes>,
    mut stream: DocumentStream,
    chunks: mpsc::Sender<Result<Bytes, PipelineError>>,
) {
    for chunk in before {
        if chunks.send(Ok(chunk)).await.is_err() {
            return;
        }
    }
    while let Some(chunk) = stream.next_chunk(BLOCK).await.transpose() {
        let is_over = chunk.is_err();
        if chunks.send(chunk.map_err(PipelineError::from)).await.is_err() || is_over {
            return;
        }
    }
}

/// Decompresses and transcodes.
fn decode(
    mut chunks: PieceReader,
    mut text: TextDecoder,
    is_gzip: bool,
) -> Result<Transcoded, PipelineError> {
    let decoded = if is_gzip {
        gunzip(&mut chunks, |piece| text.take(piece)).map(|gunzipped| gunzipped.is_followed)
    } else {
        text.take_all(&mut chunks).map(|()| false)
    };
    match decoded {
        Ok(is_followed) => Ok(text.finish(is_followed)),
        Err(error) => Err(chunks.into_failure().unwrap_or_else(|| corrupt(&error))),
    }
}

/// Compresses, and cuts into parts.
fn encode(
    mut blocks: Pieces<Vec<u8>>,
    parts: &mpsc::Sender<Coming>,
    transcoding: &Transcoding,
    runtime: Handle,
) {
    let mut cutter = Cutter {
        parts,
        sizes: transcoding.sizes,
        pool: &transcoding.pool,
        runtime,
        number: 1,
        part: None,
    };
    let mut encoded = || -> Result<(), PipelineError> {
        // Nobody to take a part: the transfer has been given up, and the error goes nowhere.
        let given_up = |error: io::Error| PipelineError::InvalidInput(error.to_string());
        if transcoding.is_gzip {
            let mut gzip = GzEncoder::new(&mut cutter, Compression::fast());
            while let Some(block) = blocks.blocking_recv() {
                gzip.write_all(&block?).map_err(given_up)?;
            }
            gzip.try_finish().map_err(given_up)
        } else {
            while let Some(block) = blocks.blocking_recv() {
                cutter.write_all(&block?).map_err(given_up)?;
            }
            Ok(())
        }
    };
    match encoded() {
        Ok(()) => {
            let _ = cutter.hand_over();
        }
        Err(error) => {
            let _ = parts.blocking_send(Coming::Here(Err(error)));
        }
    }
}

/// Writes UTF-8 blocks for bytes in another encoding.
struct TextDecoder {
    decoder: Decoder,
    /// Of this length always, and filled so far.
    block: Vec<u8>,
    filled: usize,
    blocks: mpsc::Sender<Result<Vec<u8>, PipelineError>>,
    is_first: bool,
    invalid: u64,
    handed_over: u64,
    evidence: Evidence,
}

impl TextDecoder {
    fn new(
        from: &'static Encoding,
        evidence: Evidence,
        blocks: mpsc::Sender<Result<Vec<u8>, PipelineError>>,
    ) -> Self {
        Self {
            evidence,
            decoder: from.new_decoder(),
            block: vec![0; BLOCK],
            filled: 0,
            blocks,
            is_first: true,
            invalid: 0,
            handed_over: 0,
        }
    }

    fn decode(&mut self, mut bytes: &[u8], is_last: bool) -> io::Result<()> {
        loop {
            let room = &mut self.block[self.filled..];
            let (result, read, written) = self
                .decoder
                .decode_to_utf8_without_replacement(bytes, room, is_last);
            self.filled += written;
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => self.hand_over()?,
                DecoderResult::Malformed(..) => {
                    self.invalid += 1;
                    if self.filled + REPLACEMENT.len() > BLOCK {
                        self.hand_over()?;
                    }
                    let end = self.filled + REPLACEMENT.len();
                    self.block[self.filled..end].copy_from_slice(REPLACEMENT);
                    self.filled = end;
                }
            }
        }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let mut block = std::mem::replace(&mut self.block, vec![0; BLOCK]);
        block.truncate(std::mem::take(&mut self.filled));
        if std::mem::take(&mut self.is_first) {
            block = xml::declared_as_utf8(block);
        }
        self.handed_over += block.len() as u64;
        let sent = self.blocks.blocking_send(Ok(block));
        sent.map_err(|_| io::Error::other("nobody takes the text"))
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.evidence.take(bytes);
        self.decode(bytes, false)
    }

    fn take_all(&mut self, chunks: &mut PieceReader) -> io::Result<()> {
        loop {
            let chunk = chunks.fill_buf()?;
            let length = chunk.len();
            if length == 0 {
                return Ok(());
            }
            self.take(chunk)?;
            chunks.consume(length);
        }
    }

    /// After the last byte, which may have left a character incomplete.
    fn finish(mut self, is_followed: bool) -> Transcoded {
        // Nobody takes it if the transfer has been given up.
        let _ = self.decode(&[], true).and_then(|()| self.hand_over());
        Transcoded {
            charset: self.evidence.charset(),
            invalid: self.invalid,
            is_followed,
            length: self.handed_over,
        }
    }
}

/// Cuts what is written into parts.
struct Cutter<'a> {
    parts: &'a mpsc::Sender<Coming>,
    sizes: PartSizes,
    pool: &'a BufferPool,
    runtime: Handle,
    number: u32,
    part: Option<Buffer>,
}

impl Cutter<'_> {
    fn hand_over(&mut self) -> io::Result<()> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        self.number += 1;
        let sent = self.parts.blocking_send(Coming::Here(Ok(part.freeze())));
        sent.map_err(|_| io::Error::other("nobody takes the part"))
    }
}

impl Write for Cutter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.sizes.size(self.number);
        let part = match &mut self.part {
            Some(part) => part,
            part => part.insert(self.runtime.block_on(self.pool.buffer(size))),
        };
        let taken = bytes.len().min(size - part.filled());
        part.add(&bytes[..taken]);
        if part.filled() == size {
            self.hand_over()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
