//! Gzip documents: one member after the other, and what comes behind them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use sp_api::SpApiError;

use crate::PipelineError;

/// What is decompressed at once. Much less is much slower, because what was decompressed before is
/// kept and copied for every call.
const ROOM: usize = 256 << 10;

/// RFC 1952's two bytes. No text begins like this.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Where a gzip document ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gunzipped {
    /// Behind its last member.
    pub(super) end: u64,
    /// How long it is when it is decompressed.
    pub(super) plain_length: u64,
    /// Whether other bytes than zeros come there, which are no member.
    pub(super) is_followed: bool,
}

/// Whether a document begins as a gzip document does; also one that breaks off before it has begun.
pub(super) fn is_gzip(first: &[u8]) -> bool {
    !first.is_empty() && first.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic)
}

/// Decompresses a gzip document, piece by piece. Every member's own checksum and length are compared.
/// Zeros behind a member are what tapes and blocks are filled up with; of what else comes there, only
/// the first byte is read.
pub(super) fn gunzip(
    document: impl BufRead,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Gunzipped> {
    let mut source = Counting {
        source: document,
        read: 0,
    };
    let mut room = vec![0; ROOM];
    // What has been read of the next member.
    let mut begun: &[u8] = &[];
    let mut plain_length = 0;
    loop {
        let mut member = GzDecoder::new(begun.chain(&mut source));
        loop {
            match member.read(&mut room)? {
                0 => break,
                length => {
                    plain_length += length as u64;
                    take(&room[..length])?;
                }
            }
        }
        let end = source.read;
        let is_followed = match source.after_zeros()? {
            None => {
                return Ok(Gunzipped {
                    end,
                    plain_length,
                    is_followed: false,
                });
            }
            Some(byte) if byte == MAGIC[0] => {
                source.consume(1);
                // One that ends here breaks off, which its decoder will find.
                let next = source.fill_buf()?.first();
                next.is_some_and(|next| *next != MAGIC[1])
            }
            Some(_) => true,
        };
        if is_followed {
            return Ok(Gunzipped {
                end,
                plain_length,
                is_followed,
            });
        }
        begun = &MAGIC[..1];
    }
}

/// Counts what has been read.
struct Counting<Source> {
    source: Source,
    read: u64,
}

impl<Source: BufRead> Counting<Source> {
    /// The first byte from here on that is no zero, which is not read yet.
    fn after_zeros(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.fill_buf()?;
            let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
            let (next, is_empty) = (buffer.get(zeros).copied(), buffer.is_empty());
            self.consume(zeros);
            if next.is_some() || is_empty {
                return Ok(next);
            }
        }
    }
}

impl<Source: BufRead> Read for Counting<Source> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.read += length as u64;
        Ok(length)
    }
}

impl<Source: BufRead> BufRead for Counting<Source> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.read += length as u64;
        self.source.consume(length);
    }
}

/// The first bytes, `most` of them at most, of the document that a gzip document begins with. What
/// is wrong with it will be found by who reads it all.
pub(super) fn beginning(gzip: &[u8], most: usize) -> Vec<u8> {
    let mut beginning = Vec::new();
    // Enough has been read, or something is wrong with it.
    let _ = gunzip(gzip, |text| {
        beginning.extend_from_slice(&text[..text.len().min(most - beginning.len())]);
        if beginning.len() < most {
            Ok(())
        } else {
            Err(io::Error::other("enough"))
        }
    });
    beginning
}

/// Whether a document begins as a gzip document does, as far as its first bytes can tell.
pub(super) fn check_beginning(first: &[u8]) -> Result<(), PipelineError> {
    let begun = GzDecoder::new(first).read(&mut [0]);
    begun.map(drop).map_err(|error| corrupt(&error))
}

pub(super) fn corrupt(error: &io::Error) -> PipelineError {
    SpApiError::DocumentIncomplete {
        message: format!("it is no valid gzip: {error}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

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

    /// What a document comes to, the same in pieces of any length.
    fn read(document: &[u8]) -> Result<(Gunzipped, Vec<u8>), PipelineError> {
        let in_pieces = |length| {
            let mut text = Vec::new();
            let pieces = BufReader::with_capacity(length, document);
            let gunzipped = gunzip(pieces, |piece| {
                text.extend_from_slice(piece);
                Ok(())
            });
            gunzipped.map(|it| (it, text)).map_err(|error| corrupt(&error))
        };
        let whole = in_pieces(1 << 20);
        for length in [1, 2, 1000] {
            let again = in_pieces(length);
            assert_eq!(again.as_ref().ok(), whole.as_ref().ok(), "in pieces of {length}");
        }
        whole
    }

    fn ends_at(end: usize, is_followed: bool, plain_length: usize) -> Gunzipped {
        Gunzipped {
            end: end as u64,
            plain_length: plain_length as u64,
            is_followed,
        }
    }

    #[test]
    fn a_whole_gzip_document_is_one_member_or_several() {
        let one = gzip(&text(1));
        assert_eq!(
            read(&one).expect("whole"),
            (ends_at(one.len(), false, text(1).len()), text(1))
        );
        let two = [one.clone(), one].concat();
        let (end, texts) = read(&two).expect("whole");
        assert_eq!(end, ends_at(two.len(), false, 2 * text(1).len()));
        assert!(texts == [text(1), text(1)].concat());
    }

    #[test]
    fn a_cut_or_changed_gzip_document_is_incomplete() {
        let whole = gzip(&text(2));
        for tenth in 0..10 {
            let cut = read(&whole[..whole.len() * tenth / 10]).expect_err("cut");
            assert_eq!(cut.name(), "DocumentIncomplete", "{tenth}");
            let mut changed = whole.clone();
            changed[10 + (whole.len() - 19) * tenth / 10] ^= 1;
            let changed = read(&changed).expect_err("changed");
            assert_eq!(changed.name(), "DocumentIncomplete", "{tenth}");
        }
        // A second member that breaks off is no other bytes.
        for length in [1, 2, 10, whole.len() - 1] {
            let cut = [&whole, &whole[..length]].concat();
            assert_eq!(
                read(&cut).expect_err("cut").name(),
                "DocumentIncomplete",
                "{length}"
            );
        }
    }

    #[test]
    fn zeros_behind_a_gzip_document_are_accepted_and_other_bytes_are_told() {
        let whole = gzip(&text(3));
        let then = |more: &[u8]| [&whole, more].concat();
        for zeros in [1, 7, 100_000] {
            let (end, found) = read(&then(&vec![0; zeros])).expect("whole");
            let expected = (ends_at(whole.len(), false, text(3).len()), text(3));
            assert_eq!((end, found), expected, "{zeros}");
        }
        for more in [b"\r\n".as_slice(), b"\0\0x", b"\x1fx", &[7; 100_000]] {
            let (end, found) = read(&then(more)).expect("whole");
            assert_eq!((end, found), (ends_at(whole.len(), true, text(3).len()), text(3)));
        }
        let padded = [&then(&[0; 9])[..], &whole].concat();
        let expected = ends_at(padded.len(), false, 2 * text(3).len());
        assert_eq!(read(&padded).expect("whole").0, expected);
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
    fn a_document_begins_as_gzip_or_not() {
        assert!(is_gzip(&gzip(b"")) && is_gzip(b"\x1f\x8b") && is_gzip(b"\x1f"));
        assert!(!is_gzip(b"") && !is_gzip(b"sku\tname\n") && !is_gzip(b"\x1fx"));
    }
}
