//! Two kinds of chance: secrets nobody can guess, and numbers that come out the same every time.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String can't fail");
            text
        })
}

/// The SHA-256 of a text, in hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Makes tokens, ids and signatures that can't be guessed from earlier ones.
#[derive(Debug)]
pub(crate) struct Secrets {
    key: String,
    made: AtomicU64,
}

impl Secrets {
    /// The key comes from the operating system, by way of the standard library's hash maps.
    pub(crate) fn new() -> Self {
        let words = [0_u8; 4].map(|_| RandomState::new().hash_one(std::process::id()));
        Self {
            key: format!("{words:x?}"),
            made: AtomicU64::new(0),
        }
    }

    /// 64 hexadecimal digits.
    pub(crate) fn next(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        digest(&format!("{} {number}", self.key))
    }

    /// An identifier in the form of a UUID.
    pub(crate) fn uuid(&self) -> String {
        let digits = self.next();
        let part = |range: std::ops::Range<usize>| &digits[range];
        format!(
            "{}-{}-4{}-a{}-{}",
            part(0..8),
            part(8..12),
            part(13..16),
            part(17..20),
            part(20..32)
        )
    }
}

/// `SplitMix64`: the same seed gives the same numbers, on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Numbers that depend on a text only.
    pub(crate) fn from_text(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self(
            digest
                .iter()
                .take(8)
                .fold(0, |seed, byte| seed << 8 | u64::from(*byte)),
        )
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A fraction in `0.0..1.0`.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).expect("32 bits are left")) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_seeds_repeat() {
        let secrets = Secrets::new();
        assert_ne!(secrets.next(), secrets.next());
        assert_ne!(Secrets::new().next(), Secrets::new().next());
        assert_eq!(secrets.uuid().len(), 36);
        assert_eq!(Numbers::from_text("a").next(), Numbers::from_text("a").next());
        assert_ne!(Numbers::from_text("a").next(), Numbers::from_text("b").next());
        assert!((0..1000).all(|seed| (0.0..1.0).contains(&Numbers::seeded(seed).fraction())));
    }
}
