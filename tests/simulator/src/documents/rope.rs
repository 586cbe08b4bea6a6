//! Bytes of any length that can be read from anywhere without being held in memory.

use bytes::{Bytes, BytesMut};

use crate::random::Numbers;

/// Every marker is written with as many bytes: twelve digits, a hyphen, sixteen digits.
pub(crate) const MARKER: usize = 29;

/// The text that tells the unit with that index from all others: a document whose parts were
/// swapped, repeated or lost has another checksum.
pub(crate) fn marker(seed: u64, index: u64) -> String {
    format!("{index:012}-{:016x}", Numbers::seeded(seed ^ index).next())
}

/// A piece of a rope.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Bytes as they are.
    Bytes(Bytes),
    /// `count` units, each of them `before`, a marker and `after`.
    Units {
        count: u64,
        seed: u64,
        before: Bytes,
        after: Bytes,
    },
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Units { count, .. } => count * self.unit_len(),
        }
    }

    fn unit_len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Units { before, after, .. } => (before.len() + MARKER + after.len()) as u64,
        }
    }

    /// The bytes from `offset` to the end of the unit that holds it.
    fn unit_from(&self, offset: u64) -> Bytes {
        let within = usize::try_from(offset % self.unit_len()).expect("a unit fits into memory");
        match self {
            Self::Bytes(bytes) => bytes.slice(within..),
            Self::Units {
                seed, before, after, ..
            } => {
                if within >= before.len() + MARKER {
                    return after.slice(within - before.len() - MARKER..);
                }
                let index = offset / self.unit_len();
                let mut unit = BytesMut::with_capacity(before.len() + MARKER);
                unit.extend_from_slice(before);
                unit.extend_from_slice(marker(*seed, index).as_bytes());
                unit.freeze().slice(within..)
            }
        }
    }
}

/// Pieces in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rope(pub(crate) Vec<Piece>);

impl From<Vec<u8>> for Rope {
    fn from(bytes: Vec<u8>) -> Self {
        Self(vec![Piece::Bytes(bytes.into())])
    }
}

impl Rope {
    /// The number of bytes.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(Piece::len).sum()
    }

    /// Some bytes from `offset` on, at most `longest`; `None` at the end.
    pub(crate) fn read(&self, offset: u64, longest: u64) -> Option<Bytes> {
        let mut start = 0;
        for piece in &self.0 {
            let end = start + piece.len();
            if offset < end {
                let bytes = piece.unit_from(offset - start);
                let length = usize::try_from(longest).unwrap_or(usize::MAX).min(bytes.len());
                return Some(bytes.slice(..length));
            }
            start = end;
        }
        None
    }

    /// All bytes, piece by piece.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Bytes> + '_ {
        let mut offset = 0;
        std::iter::from_fn(move || {
            let chunk = self.read(offset, u64::MAX)?;
            offset += chunk.len() as u64;
            Some(chunk)
        })
    }

    /// The first bytes, at most `longest`.
    pub(crate) fn beginning(&self, longest: usize) -> Vec<u8> {
        let mut beginning = Vec::new();
        for chunk in self.chunks() {
            let wanted = longest - beginning.len();
            beginning.extend_from_slice(&chunk[..wanted.min(chunk.len())]);
            if beginning.len() == longest {
                break;
            }
        }
        beginning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope() -> Rope {
        let units = Piece::Units {
            count: 3,
            seed: 5,
            before: Bytes::from("<"),
            after: Bytes::from(">\n"),
        };
        Rope(vec![
            Piece::Bytes(Bytes::from("head ")),
            units,
            Piece::Bytes(Bytes::new()),
            Piece::Bytes("tail".into()),
        ])
    }

    #[test]
    fn reading_from_anywhere_gives_the_same_bytes() {
        let rope = rope();
        let whole = rope.chunks().flatten().collect::<Vec<u8>>();
        assert_eq!(whole.len() as u64, rope.len());
        assert_eq!(rope.beginning(8), &whole[..8]);
        for offset in 0..rope.len() {
            let bytes = rope.read(offset, 7).expect("not at the end");
            let start = usize::try_from(offset).expect("small");
            assert!((1..=7).contains(&bytes.len()));
            assert_eq!(bytes, &whole[start..start + bytes.len()]);
        }
        assert_eq!(rope.read(rope.len(), 7), None);
    }

    #[test]
    fn no_two_units_are_alike() {
        assert_ne!(marker(5, 0), marker(5, 1));
        assert_eq!(marker(5, u64::from(u32::MAX)).len(), MARKER);
    }
}
