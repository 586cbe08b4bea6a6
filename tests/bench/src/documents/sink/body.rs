//! A request's body, read and mostly forgotten.

use std::io::{self, ErrorKind};

use crc_fast::{CrcAlgorithm::Crc64Nvme, Digest};

use crate::documents::chunked::Chunked;
use crate::documents::connection::Connection;
use crate::documents::http::{self, Headers};

/// Longer ones are not kept.
const KEPT: u64 = 4 << 20;
/// What a gzip member ends with: its text's CRC-32 and length.
pub const TAIL: usize = 8;

/// What is known of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Its length, without the chunks of `aws-chunked`.
    pub bytes: u64,
    /// Its CRC-64/NVME.
    pub checksum: u64,
    /// The last of them, at most [`TAIL`].
    pub tail: Vec<u8>,
    /// All of them, if they are few.
    pub content: Option<Vec<u8>>,
}

impl Body {
    /// Reads it; fails if it is shorter than announced.
    pub fn read(connection: &mut Connection, headers: &Headers) -> io::Result<Self> {
        let mut reader = Reader::new(headers);
        http::read_body(connection, headers, |bytes| reader.take(bytes))?;
        reader.end()
    }
}

/// Takes a body's bytes without HTTP's chunks.
struct Reader {
    body: Body,
    digest: Digest,
    /// S3's own chunks, inside of HTTP's: SDKs put a checksum after the last.
    chunks: Option<Chunked>,
    announced: Option<u64>,
}

impl Reader {
    fn new(headers: &Headers) -> Self {
        let announced = headers.number("x-amz-decoded-content-length");
        let is_kept = announced
            .or(headers.number("content-length"))
            .is_some_and(|length| length <= KEPT);
        let encoding = headers.get("content-encoding").unwrap_or_default();
        Self {
            body: Body {
                content: is_kept.then(Vec::new),
                ..Body::default()
            },
            digest: Digest::new(Crc64Nvme),
            chunks: encoding.contains("aws-chunked").then(Chunked::default),
            announced,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut take = |data: &[u8]| {
            self.digest.update(data);
            self.body.take(data);
            Ok(())
        };
        let Some(chunks) = &mut self.chunks else {
            return take(bytes);
        };
        let used = chunks.push(bytes, &mut take)?;
        if used < bytes.len() {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    fn end(self) -> io::Result<Body> {
        let is_cut = self.chunks.is_some_and(|chunks| !chunks.is_done());
        if is_cut || self.announced.is_some_and(|length| length != self.body.bytes) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(Body {
            checksum: self.digest.finalize(),
            ..self.body
        })
    }
}

impl Body {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Some(content) = &mut self.content {
            content.extend_from_slice(bytes);
        }
        if bytes.len() < TAIL {
            self.tail.extend_from_slice(bytes);
            let surplus = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..surplus);
        } else {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - TAIL..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().copied().collect()
    }

    const CHUNKED: &[u8] = b"6\r\nhello,\r\n4\r\n S3!\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";

    #[test]
    fn what_the_sdks_send_in_chunks_is_counted_without_them() -> io::Result<()> {
        let announced = headers(&[
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "10"),
        ]);
        for size in [1, 7, CHUNKED.len()] {
            let mut reader = Reader::new(&announced);
            for piece in CHUNKED.chunks(size) {
                reader.take(piece)?;
            }
            let body = reader.end()?;
            assert_eq!((body.bytes, body.tail.as_slice()), (10, b"llo, S3!".as_slice()));
            assert_eq!(body.checksum, crc_fast::checksum(Crc64Nvme, b"hello, S3!"));
            assert_eq!(body.content.as_deref(), Some(b"hello, S3!".as_slice()));
        }
        Ok(())
    }

    #[test]
    fn a_body_that_ends_early_or_late_is_refused() -> io::Result<()> {
        let announced = |length| {
            headers(&[
                ("content-encoding", "gzip,aws-chunked"),
                ("x-amz-decoded-content-length", length),
            ])
        };
        let mut cut = Reader::new(&announced("10"));
        cut.take(&CHUNKED[..12])?;
        assert!(cut.end().is_err());
        let mut wrong = Reader::new(&announced("11"));
        wrong.take(CHUNKED)?;
        assert!(wrong.end().is_err());
        let mut more = Reader::new(&announced("10"));
        more.take(CHUNKED)?;
        assert!(more.take(b"more").is_err());
        Ok(())
    }

    #[test]
    fn long_bodies_are_not_kept() -> io::Result<()> {
        let mut reader = Reader::new(&headers(&[("content-length", "8000000")]));
        for number in 0..1000_u32 {
            reader.take(&[number.to_le_bytes(); 2000].concat())?;
        }
        let body = reader.end()?;
        assert_eq!((body.bytes, body.content), (8_000_000, None));
        assert_eq!(body.tail, [999_u32.to_le_bytes(); 2].concat());
        Ok(())
    }
}
