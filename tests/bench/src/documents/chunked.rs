//! Bodies in chunks: HTTP's own transfer coding, and S3's `aws-chunked`, which looks the same.

use std::io::{self, ErrorKind};

/// Longer than any chunk's signature.
const LONGEST_LINE: usize = 4096;

/// Takes chunks apart, however they arrive.
#[derive(Debug, Default)]
pub struct Chunked {
    state: State,
    line: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    /// In the line before a chunk: its length in hexadecimal, perhaps `;chunk-signature=…`.
    #[default]
    Length,
    /// In a chunk, with so many bytes to come.
    Data(u64),
    /// In the line end after a chunk.
    DataEnd,
    /// In the lines after the last chunk.
    Trailer,
    Done,
}

impl Chunked {
    /// Whether everything was there.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Hands over what is in the chunks, and says how many of the bytes it has used: all, unless
    /// the end is among them.
    pub fn push(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_done() {
            if let State::Data(left) = &mut self.state {
                let length = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                let (data, after) = rest.split_at(length);
                take(data)?;
                rest = after;
                *left -= length as u64;
                if *left == 0 {
                    self.state = State::DataEnd;
                }
            } else {
                rest = self.push_line(rest)?;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    fn push_line<'a>(&mut self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        self.line.extend_from_slice(line);
        if self.line.len() > LONGEST_LINE {
            return Err(ErrorKind::InvalidData.into());
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.end_line(line.trim_ascii())?;
        }
        Ok(rest)
    }

    fn end_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.state = match self.state {
            State::Length => match length(line).ok_or(ErrorKind::InvalidData)? {
                0 => State::Trailer,
                length => State::Data(length),
            },
            State::DataEnd if line.is_empty() => State::Length,
            State::Trailer if line.is_empty() => State::Done,
            State::Trailer => State::Trailer,
            State::DataEnd | State::Data(_) | State::Done => return Err(ErrorKind::InvalidData.into()),
        };
        Ok(())
    }
}

fn length(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        b"b;chunk-signature=0a\r\nhello, S3!\n\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";

    #[test]
    fn chunks_are_taken_apart_however_they_arrive() -> io::Result<()> {
        for size in 1..=BODY.len() {
            let (mut chunked, mut content) = (Chunked::default(), Vec::new());
            for piece in BODY.chunks(size) {
                let mut take = |bytes: &[u8]| {
                    content.extend_from_slice(bytes);
                    Ok(())
                };
                assert_eq!(chunked.push(piece, &mut take)?, piece.len());
            }
            assert!(chunked.is_done());
            assert_eq!(content, b"hello, S3!\n!");
        }
        Ok(())
    }

    #[test]
    fn what_follows_the_end_is_left() -> io::Result<()> {
        let mut bytes = BODY.to_vec();
        bytes.extend_from_slice(b"PUT /next");
        assert_eq!(Chunked::default().push(&bytes, &mut |_| Ok(()))?, BODY.len());
        Ok(())
    }

    #[test]
    fn a_cut_or_odd_body_is_not_done() {
        let mut chunked = Chunked::default();
        assert!(chunked.push(&BODY[..BODY.len() - 2], &mut |_| Ok(())).is_ok());
        assert!(!chunked.is_done());
        assert!(Chunked::default().push(b"three\r\n", &mut |_| Ok(())).is_err());
        assert!(Chunked::default().push(b"1\r\nab\r\n", &mut |_| Ok(())).is_err());
    }
}
