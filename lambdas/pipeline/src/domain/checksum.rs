use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest, checksum, checksum_combine};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ALGORITHM: CrcAlgorithm = CrcAlgorithm::Crc64Nvme;

/// CRC-64/NVME: the checksum that S3 keeps of a whole object, also of one that came in parts. Its text
/// is S3's, base64 of eight bytes, most significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc64Nvme(u64);

impl Crc64Nvme {
    /// Of no bytes.
    pub const EMPTY: Self = Self(0);

    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(checksum(ALGORITHM, bytes))
    }

    /// Of bytes with this checksum and `length` more, whose checksum is `next`.
    #[must_use]
    pub fn followed_by(self, next: Self, length: u64) -> Self {
        Self(checksum_combine(ALGORITHM, self.0, next.0, length))
    }
}

/// The checksum of bytes that come one after the other.
#[derive(Debug)]
pub struct RunningCrc64Nvme(Digest);

impl RunningCrc64Nvme {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of all bytes so far.
    #[must_use]
    pub fn checksum(&self) -> Crc64Nvme {
        Crc64Nvme(self.0.finalize())
    }
}

impl Default for RunningCrc64Nvme {
    fn default() -> Self {
        Self(Digest::new(ALGORITHM))
    }
}

/// Bytes with their checksum.
#[derive(Clone, Debug)]
pub struct Checksummed {
    /// The bytes.
    pub bytes: Bytes,
    /// Theirs.
    pub checksum: Crc64Nvme,
}

/// No bytes.
impl Default for Checksummed {
    fn default() -> Self {
        Self {
            bytes: Bytes::new(),
            checksum: Crc64Nvme::EMPTY,
        }
    }
}

impl fmt::Display for Crc64Nvme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0.to_be_bytes()))
    }
}

/// A text that is no CRC-64 in base64.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the base64 of eight bytes")]
pub struct InvalidChecksum;

impl FromStr for Crc64Nvme {
    type Err = InvalidChecksum;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = STANDARD.decode(text).map_err(|_| InvalidChecksum)?;
        let bytes = bytes.try_into().map_err(|_| InvalidChecksum)?;
        Ok(Self(u64::from_be_bytes(bytes)))
    }
}

impl Serialize for Crc64Nvme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Crc64Nvme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_checksum_that_s3_computes() {
        // The check value of CRC-64/NVME in the catalogue of parametrised CRC algorithms.
        assert_eq!(Crc64Nvme::of(b"123456789"), Crc64Nvme(0xae8b_1486_0a79_9888));
        assert_eq!(Crc64Nvme::of(b"123456789").to_string(), "rosUhgp5mIg=");
        assert_eq!("rosUhgp5mIg=".parse(), Ok(Crc64Nvme::of(b"123456789")));
        assert_eq!("rosUhg==".parse::<Crc64Nvme>(), Err(InvalidChecksum));
    }

    #[test]
    fn checksums_of_parts_make_the_checksum_of_the_whole() {
        let whole: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let parts = whole
            .chunks(7_777)
            .map(|part| (Crc64Nvme::of(part), part.len() as u64));
        let combined = parts.fold(Crc64Nvme::EMPTY, |before, (next, length)| {
            before.followed_by(next, length)
        });
        assert_eq!(combined, Crc64Nvme::of(&whole));
        let mut running = RunningCrc64Nvme::default();
        assert_eq!(running.checksum(), Crc64Nvme::EMPTY);
        whole.chunks(7_777).for_each(|part| running.update(part));
        assert_eq!(running.checksum(), combined);
    }
}
