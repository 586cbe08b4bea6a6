//! Documents of any size from a few megabytes of memory: a head, one block again and again, a tail.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use anyhow::{Context, Error, Result};
use clap::ValueEnum;
use crc_fast::CrcAlgorithm::{self, Crc32IsoHdlc, Crc64Nvme};
use crc_fast::{checksum, checksum_combine};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

use super::text::{Text, utf8};

/// RFC 1952: deflate, no name, no time, an unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
const GZIP_TRAILER: usize = 8;

/// How a document is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Packing {
    /// As it is.
    Plain,
    /// One gzip member.
    Gzip,
}

impl fmt::Display for Packing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
        })
    }
}

/// A document that the source has: how it is sent, and how long its plain text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub packing: Packing,
    pub plain_bytes: u64,
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.packing, self.plain_bytes)
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let (packing, bytes) = name.split_once('-').context("not a document's name")?;
        Ok(Self {
            packing: Packing::from_str(packing, false).map_err(Error::msg)?,
            plain_bytes: bytes.parse()?,
        })
    }
}

/// A head, a block that is repeated, and a tail.
#[derive(Clone, Debug)]
pub struct Composition<'a> {
    head: &'a [u8],
    block: &'a [u8],
    times: u64,
    tail: Vec<u8>,
}

impl Composition<'_> {
    /// How long the whole is.
    pub fn len(&self) -> u64 {
        self.body_end() + self.tail.len() as u64
    }

    /// Bytes from `offset` on, as many as lie together; none at the end.
    pub fn at(&self, offset: u64) -> &[u8] {
        let head = self.head.len() as u64;
        if offset < head {
            rest(self.head, offset)
        } else if offset < self.body_end() {
            rest(self.block, (offset - head) % self.block.len() as u64)
        } else {
            rest(&self.tail, offset - self.body_end())
        }
    }

    /// The checksum of the whole, from those of its parts.
    pub fn checksum(&self, algorithm: CrcAlgorithm) -> u64 {
        let block = checksum(algorithm, self.block);
        let mut whole = checksum(algorithm, self.head);
        for _ in 0..self.times {
            whole = checksum_combine(algorithm, whole, block, self.block.len() as u64);
        }
        let tail = checksum(algorithm, &self.tail);
        checksum_combine(algorithm, whole, tail, self.tail.len() as u64)
    }

    /// CRC-64/NVME, which S3 knows objects by.
    pub fn crc64nvme(&self) -> u64 {
        self.checksum(Crc64Nvme)
    }

    /// What a gzip member with this content ends with.
    pub fn gzip_trailer(&self) -> [u8; GZIP_TRAILER] {
        // Both modulo 2^32, says RFC 1952.
        let crc = (self.checksum(Crc32IsoHdlc) as u32).to_le_bytes();
        let length = (self.len() as u32).to_le_bytes();
        let mut trailer = [0; GZIP_TRAILER];
        trailer[..4].copy_from_slice(&crc);
        trailer[4..].copy_from_slice(&length);
        trailer
    }

    fn body_end(&self) -> u64 {
        self.head.len() as u64 + self.block.len() as u64 * self.times
    }
}

fn rest(bytes: &[u8], offset: u64) -> &[u8] {
    usize::try_from(offset)
        .ok()
        .and_then(|offset| bytes.get(offset..))
        .unwrap_or_default()
}

/// What all documents are made of.
pub struct Material {
    text: Text,
    utf8: Text,
    /// A gzip member's beginning, with the text's header line.
    gzip_head: Vec<u8>,
    /// The block compressed by itself, so that it can follow anything.
    gzip_block: Vec<u8>,
}

impl Material {
    /// Takes a moment.
    pub fn new() -> Result<Self> {
        let text = Text::new();
        let mut gzip_head = GZIP_HEADER.to_vec();
        gzip_head.extend(deflated(&text.header)?);
        Ok(Self {
            gzip_head,
            gzip_block: deflated(&text.block)?,
            utf8: Text {
                header: utf8(&text.header),
                block: utf8(&text.block),
            },
            text,
        })
    }

    /// A document as the source sends it.
    pub fn document(&self, name: Name) -> Result<Composition<'_>> {
        let plain = self.plain(name.plain_bytes);
        match name.packing {
            Packing::Plain => Ok(plain),
            Packing::Gzip => self.gzip(&plain),
        }
    }

    /// A document's text in UTF-8.
    pub fn in_utf8(&self, name: Name) -> Composition<'_> {
        let plain = self.plain(name.plain_bytes);
        Composition {
            head: if plain.head.is_empty() {
                &[]
            } else {
                &self.utf8.header
            },
            block: &self.utf8.block,
            times: plain.times,
            tail: utf8(&plain.tail),
        }
    }

    fn plain(&self, bytes: u64) -> Composition<'_> {
        let (header, block) = (&self.text.header, &self.text.block);
        let Some(body) = bytes.checked_sub(header.len() as u64) else {
            return Composition {
                head: &[],
                block,
                times: 0,
                tail: header.iter().copied().take(bytes as usize).collect(),
            };
        };
        let tail = body % block.len() as u64;
        Composition {
            head: header,
            block,
            times: body / block.len() as u64,
            tail: block.iter().copied().take(tail as usize).collect(),
        }
    }

    fn gzip(&self, plain: &Composition<'_>) -> Result<Composition<'_>> {
        let mut last = DeflateEncoder::new(Vec::new(), Compression::default());
        last.write_all(&plain.tail)?;
        let mut tail = last.finish()?;
        tail.extend(plain.gzip_trailer());
        let head = if plain.head.is_empty() {
            GZIP_HEADER.as_slice()
        } else {
            &self.gzip_head
        };
        Ok(Composition {
            head,
            block: &self.gzip_block,
            times: plain.times,
            tail,
        })
    }
}

/// Deflate blocks that don't end the stream, refer to nothing before them and end with a whole byte.
fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.flush()?;
    Ok(std::mem::take(encoder.get_mut()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn whole(document: &Composition<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !document.at(bytes.len() as u64).is_empty() {
            let piece = document.at(bytes.len() as u64);
            bytes.extend_from_slice(piece);
        }
        bytes
    }

    #[test]
    fn gzip_documents_are_one_member_with_the_plain_text() -> Result<()> {
        let material = Material::new()?;
        for plain_bytes in [0, 1, 400, 70_000, 1 << 20, (5 << 20) + 77] {
            let name = |packing| Name { packing, plain_bytes };
            let plain = whole(&material.document(name(Packing::Plain))?);
            assert_eq!(plain.len() as u64, plain_bytes);
            let document = material.document(name(Packing::Gzip))?;
            let gzip = whole(&document);
            assert_eq!(gzip.len() as u64, document.len());
            let (mut inflated, mut decoder) = (Vec::new(), GzDecoder::new(gzip.as_slice()));
            decoder.read_to_end(&mut inflated)?;
            assert!(inflated == plain, "{plain_bytes}");
            assert!(decoder.into_inner().is_empty(), "one member and nothing after it");
        }
        Ok(())
    }

    #[test]
    fn checksums_are_those_of_the_whole() -> Result<()> {
        let material = Material::new()?;
        for packing in [Packing::Plain, Packing::Gzip] {
            let document = material.document(Name {
                packing,
                plain_bytes: (3 << 20) + 5,
            })?;
            assert_eq!(document.crc64nvme(), checksum(Crc64Nvme, &whole(&document)));
        }
        Ok(())
    }

    #[test]
    fn utf8_is_the_same_text() -> Result<()> {
        let material = Material::new()?;
        for plain_bytes in [3, 400, (2 << 20) + 1] {
            let name = Name {
                packing: Packing::Plain,
                plain_bytes,
            };
            let expected = utf8(&whole(&material.document(name)?));
            assert!(whole(&material.in_utf8(name)) == expected, "{plain_bytes}");
        }
        Ok(())
    }

    #[test]
    fn reports_compress_as_reports_do() -> Result<()> {
        let material = Material::new()?;
        let ratio = material.text.block.len() as f64 / material.gzip_block.len() as f64;
        assert!((4.0..6.0).contains(&ratio), "{ratio}");
        Ok(())
    }

    #[test]
    fn names_are_read_as_they_are_written() -> Result<()> {
        let name = Name {
            packing: Packing::Gzip,
            plain_bytes: 1 << 30,
        };
        assert_eq!(name.to_string().parse::<Name>()?, name);
        assert!("zip-1".parse::<Name>().is_err() && "gzip".parse::<Name>().is_err());
        Ok(())
    }
}
