//! Gzip that needs no memory: each unit of a rope compresses to the same bytes but for its marker,
//! which is stored uncompressed. So the compressed document is a rope as well, and its length is
//! known before a byte of it is written.

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::rope::{MARKER, Piece, Rope, marker};

const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Compresses a rope into one gzip member.
pub(crate) fn compress(rope: &Rope) -> Rope {
    let mut pieces = vec![Piece::Bytes(Bytes::from_static(&HEADER))];
    let mut checksum = Crc::new();
    for piece in &rope.0 {
        match piece {
            Piece::Bytes(bytes) => {
                checksum.update(bytes);
                pieces.push(Piece::Bytes(deflate(bytes, FlushCompress::Sync)));
            }
            Piece::Units {
                count,
                seed,
                before,
                after,
            } => {
                let text_before = deflate(before, FlushCompress::Sync);
                let stored = [text_before.as_ref(), &stored_block_header()].concat();
                let mut rest = Crc::new();
                rest.update(after);
                for index in 0..*count {
                    checksum.update(before);
                    checksum.update(marker(*seed, index).as_bytes());
                    checksum.combine(&rest);
                }
                pieces.push(Piece::Units {
                    count: *count,
                    seed: *seed,
                    before: stored.into(),
                    after: deflate(after, FlushCompress::Sync),
                });
            }
        }
    }
    let mut end = deflate(&[], FlushCompress::Finish).to_vec();
    end.extend_from_slice(&checksum.sum().to_le_bytes());
    // The length modulo 2³², which is what the format has room for.
    let length = u32::try_from(rope.len() & u64::from(u32::MAX)).expect("32 bits are left");
    end.extend_from_slice(&length.to_le_bytes());
    pieces.push(Piece::Bytes(end.into()));
    Rope(pieces)
}

/// What stands before bytes that deflate carries as they are: block type, length, length inverted.
fn stored_block_header() -> [u8; 5] {
    let length = u16::try_from(MARKER).expect("a marker is short");
    let [low, high] = length.to_le_bytes();
    [0, low, high, !low, !high]
}

/// Compresses without any reference to what was compressed before, and ends on a byte boundary.
fn deflate(bytes: &[u8], end: FlushCompress) -> Bytes {
    let mut compress = Compress::new(Compression::default(), false);
    let mut output = Vec::with_capacity(bytes.len() / 2 + 256);
    loop {
        let consumed = usize::try_from(compress.total_in()).expect("pieces fit into memory");
        let status = compress
            .compress_vec(&bytes[consumed..], &mut output, end)
            .expect("compressing can't fail: there is no dictionary and no bad input");
        let consumed_all = usize::try_from(compress.total_in()).is_ok_and(|total| total == bytes.len());
        // Room left over means that the flush is complete.
        let has_room = output.len() < output.capacity();
        if status == Status::StreamEnd || (consumed_all && has_room && !matches!(end, FlushCompress::Finish))
        {
            return output.into();
        }
        output.reserve(output.capacity());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn an_ordinary_reader_gets_the_document_back() {
        let text = "sku\tprice\n".repeat(400);
        let units = Piece::Units {
            count: 1000,
            seed: 3,
            before: Bytes::from("<row>"),
            after: Bytes::from("\tand more of it, and more of it\n".repeat(99)),
        };
        let rope = Rope(vec![Piece::Bytes(text.into()), units, Piece::Bytes("end".into())]);
        let packed = compress(&rope).chunks().flatten().collect::<Vec<u8>>();
        assert!(packed.len() as u64 * 10 < rope.len(), "it does get smaller");
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_end(&mut read)
            .expect("valid gzip");
        assert!(read == rope.chunks().flatten().collect::<Vec<u8>>());
    }

    #[test]
    fn nothing_at_all_can_be_compressed() {
        let packed = compress(&Rope::from(Vec::new()))
            .chunks()
            .flatten()
            .collect::<Vec<u8>>();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_end(&mut read)
            .expect("valid gzip");
        assert!(read.is_empty());
    }
}
