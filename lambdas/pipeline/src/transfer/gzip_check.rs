use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use sp_api::SpApiError;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::PipelineError;

/// Parts that wait for the check.
const WAITING: usize = 1;

/// What is decompressed at once. Much less is much slower, because what was decompressed before is
/// kept and copied for every call.
const ROOM: usize = 256 << 10;

/// Decompresses a gzip document that passes, only to see that it is whole, beside its transfer.
pub(super) struct GzipChecker {
    parts: Option<mpsc::Sender<Bytes>>,
    worker: JoinHandle<io::Result<()>>,
}

/// The parts that come, as one document to be read.
struct Coming {
    parts: mpsc::Receiver<Bytes>,
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
            && let Some(next) = self.parts.blocking_recv()
        {
            self.current = next;
        }
        Ok(&self.current)
    }

    fn consume(&mut self, length: usize) {
        self.current.advance(length);
    }
}

impl GzipChecker {
    pub(super) fn start() -> Self {
        let (parts, coming) = mpsc::channel(WAITING);
        let coming = Coming {
            parts: coming,
            current: Bytes::new(),
        };
        let worker = tokio::task::spawn_blocking(|| read_all(coming));
        Self {
            parts: Some(parts),
            worker,
        }
    }

    /// The document's next bytes.
    pub(super) async fn take(&mut self, part: Bytes) -> Result<(), PipelineError> {
        let taken = match &self.parts {
            Some(parts) => parts.send(part).await.is_ok(),
            None => false,
        };
        // It stops listening when it has found something.
        if taken { Ok(()) } else { self.finish().await }
    }

    /// At the document's end: whether it is whole, as its own checksum and length say.
    pub(super) async fn finish(&mut self) -> Result<(), PipelineError> {
        self.parts = None;
        match (&mut self.worker).await {
            Ok(result) => result.map_err(|error| corrupt(&error)),
            Err(lost) => Err(corrupt(&io::Error::other(lost))),
        }
    }
}

/// Whether a document begins as a gzip document does, as far as its first bytes can tell.
pub(super) fn check_beginning(first: &[u8]) -> Result<(), PipelineError> {
    let begun = MultiGzDecoder::new(first).read(&mut [0]);
    begun.map(drop).map_err(|error| corrupt(&error))
}

/// Whether a gzip document is whole, of which all is here.
pub(super) fn check(document: &[u8]) -> Result<(), PipelineError> {
    read_all(document).map_err(|error| corrupt(&error))
}

fn read_all(document: impl BufRead) -> io::Result<()> {
    let mut gzip = MultiGzDecoder::new(document);
    let mut room = vec![0; ROOM];
    while gzip.read(&mut room)? > 0 {}
    Ok(())
}

/// The first bytes, `most` of them at most, of the document that a gzip document begins with. What
/// is wrong with it will be found by who reads it all.
pub(super) fn beginning(gzip: &[u8], most: usize) -> Vec<u8> {
    let mut beginning = Vec::new();
    let mut reader = MultiGzDecoder::new(gzip).take(most as u64);
    let mut buffer = [0; 8 << 10];
    while let Ok(length @ 1..) = reader.read(&mut buffer) {
        beginning.extend_from_slice(&buffer[..length]);
    }
    beginning
}

pub(super) fn corrupt(error: &io::Error) -> PipelineError {
    SpApiError::DocumentIncomplete {
        message: format!("it is no valid gzip: {error}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("into memory");
        encoder.finish().expect("into memory")
    }

    fn text(seed: u64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..50_000).map(|_| random.u8(b'a'..b'q')).collect()
    }

    /// Both ways to check.
    async fn check(document: &[u8]) -> Result<(), PipelineError> {
        let at_once = super::check(document);
        let mut check = GzipChecker::start();
        let in_parts = async {
            for part in document.chunks(1000) {
                check.take(Bytes::copy_from_slice(part)).await?;
            }
            check.finish().await
        };
        let in_parts = in_parts.await;
        assert_eq!(in_parts.is_ok(), at_once.is_ok());
        in_parts
    }

    #[tokio::test]
    async fn a_whole_gzip_document_passes_in_one_member_or_several() {
        let one = gzip(&text(1));
        check(&one).await.expect("whole");
        check(&[one.clone(), one].concat()).await.expect("whole");
    }

    #[tokio::test]
    async fn a_cut_or_changed_gzip_document_does_not() {
        let whole = gzip(&text(2));
        for tenth in 0..10 {
            let cut = check(&whole[..whole.len() * tenth / 10]).await.expect_err("cut");
            assert_eq!(cut.name(), "DocumentIncomplete", "{tenth}");
            let mut changed = whole.clone();
            changed[10 + (whole.len() - 19) * tenth / 10] ^= 1;
            let changed = check(&changed).await.expect_err("changed");
            assert_eq!(changed.name(), "DocumentIncomplete", "{tenth}");
        }
    }

    #[test]
    fn the_beginning_is_read_as_far_as_it_goes() {
        let text = text(3);
        let whole = gzip(&text);
        assert_eq!(beginning(&whole, 1000), text[..1000]);
        assert_eq!(beginning(&whole, 1 << 20), text);
        let cut = beginning(&whole[..whole.len() / 2], 1 << 20);
        assert!(!cut.is_empty() && text.starts_with(&cut));
        assert!(beginning(b"plain", 10).is_empty());
    }

    #[test]
    fn a_beginning_is_a_gzip_documents_or_not() {
        let whole = gzip(&text(4));
        assert!(check_beginning(&whole[..whole.len() / 2]).is_ok());
        let corrupt = check_beginning(b"<html>Not a document</html>").expect_err("no gzip");
        assert_eq!(corrupt.name(), "DocumentIncomplete");
    }
}
