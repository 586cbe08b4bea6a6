use std::io::{Sink, Write, sink};

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use sha2::{Digest, Sha256};
use sp_api::{DocumentStream, SpApiError};

use crate::PipelineError;
use crate::domain::hexadecimal;

/// What is learned of a document while it passes: its length, its digest, and whether it is whole.
pub(super) struct Passing {
    bytes: u64,
    sha256: Sha256,
    /// Decompresses what passes, only to see that it can be done.
    gzip: Option<MultiGzDecoder<Sink>>,
}

impl Passing {
    /// Nothing has passed yet of a document in that content encoding.
    pub(super) fn new(content_encoding: Option<&str>) -> Self {
        Self {
            bytes: 0,
            sha256: Sha256::new(),
            gzip: (content_encoding == Some("gzip")).then(|| MultiGzDecoder::new(sink())),
        }
    }

    /// The next `size` bytes, or fewer at the document's end.
    pub(super) async fn next_part(
        &mut self,
        document: &mut DocumentStream,
        size: usize,
    ) -> Result<Bytes, PipelineError> {
        let mut part = BytesMut::new();
        while part.len() < size {
            let room = size - part.len();
            let Some(chunk) = document.next_chunk(room).await? else {
                break;
            };
            if part.is_empty() {
                // Once, and no more than is still to come: growing step by step would copy.
                part.reserve(chunk.len() + document.remaining_or(room - chunk.len()));
            }
            part.extend_from_slice(&chunk);
        }
        self.take(&part)?;
        Ok(part.freeze())
    }

    fn take(&mut self, part: &[u8]) -> Result<(), PipelineError> {
        self.bytes += part.len() as u64;
        self.sha256.update(part);
        match &mut self.gzip {
            Some(gzip) => gzip.write_all(part).map_err(|error| corrupt(&error)),
            None => Ok(()),
        }
    }

    /// At the document's end: whether it is whole, as its own checksum and length say.
    pub(super) fn finish(&mut self) -> Result<(), PipelineError> {
        match &mut self.gzip {
            Some(gzip) => gzip.try_finish().map_err(|error| corrupt(&error)),
            None => Ok(()),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of what has passed.
    pub(super) fn hexadecimal(self) -> String {
        hexadecimal(&self.sha256.finalize())
    }
}

fn corrupt(error: &std::io::Error) -> PipelineError {
    SpApiError::DocumentIncomplete {
        message: format!("it is no valid gzip: {error}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("into memory");
        encoder.finish().expect("into memory")
    }

    fn check(document: &[u8]) -> Result<(), PipelineError> {
        let mut passing = Passing::new(Some("gzip"));
        for part in document.chunks(1000) {
            passing.take(part)?;
        }
        passing.finish()
    }

    #[test]
    fn a_whole_gzip_document_passes_in_one_member_or_several() {
        let mut random = fastrand::Rng::with_seed(1);
        let text: Vec<u8> = (0..50_000).map(|_| random.u8(b'a'..b'q')).collect();
        let one = gzip(&text);
        check(&one).expect("whole");
        check(&[one.clone(), one].concat()).expect("whole");
    }

    #[test]
    fn a_cut_or_changed_gzip_document_does_not() {
        let mut random = fastrand::Rng::with_seed(2);
        let text: Vec<u8> = (0..50_000).map(|_| random.u8(b'a'..b'q')).collect();
        let whole = gzip(&text);
        for tenth in 0..10 {
            let cut = check(&whole[..whole.len() * tenth / 10]).expect_err("cut");
            assert_eq!(cut.name(), "DocumentIncomplete", "{tenth}");
            let mut changed = whole.clone();
            changed[10 + (whole.len() - 19) * tenth / 10] ^= 1;
            let changed = check(&changed).expect_err("changed");
            assert_eq!(changed.name(), "DocumentIncomplete", "{tenth}");
        }
    }

    #[test]
    fn a_plain_document_is_not_taken_for_gzip() {
        let mut passing = Passing::new(None);
        passing.take(b"plain").expect("anything");
        passing.finish().expect("whole");
        assert_eq!(passing.bytes(), 5);
    }
}
