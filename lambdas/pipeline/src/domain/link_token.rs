use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::hexadecimal;

/// As many random bytes as nobody guesses.
const LENGTH: usize = 32;

/// A secret that somebody is given: in a link, who has it may read the report, in an invitation, authorize. Only its
/// [hash](Self::hash) is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken([u8; LENGTH]);

impl LinkToken {
    /// A new one.
    ///
    /// # Panics
    /// If the operating system has no random bytes.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).expect("the operating system has random bytes");
        Self(bytes)
    }

    /// The token as it stands in an address: exactly as [`expose`](Self::expose) writes it. Anything else is
    /// none, and need not be looked for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Refuses padding, other alphabets, and last bits that mean nothing.
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The token for its address, 43 characters.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of the token, and found by it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(hexadecimal(&Sha256::digest(self.0)))
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinkToken([REDACTED])")
    }
}

/// The SHA-256 of a [`LinkToken`]: leads nobody back to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// One that was kept.
    pub(crate) fn kept(hash: &str) -> Self {
        Self(hash.to_owned())
    }

    /// The hash in hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_each_is_another() {
        let token = LinkToken::random();
        let text = token.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(LinkToken::parse(&text), Some(token.clone()));
        assert_ne!(LinkToken::random(), token);
        assert_eq!(format!("{token:?}"), "LinkToken([REDACTED])");
    }

    #[test]
    fn nothing_else_is_a_token() {
        let zeros = "A".repeat(43);
        assert!(LinkToken::parse(&zeros).is_some());
        for text in [
            String::new(),
            "A".repeat(42),
            "A".repeat(44),
            format!("{zeros}="),
            format!("{zeros}."),
            format!("{zeros}/"),
            // The last character stands for two bits of the last byte, and four that must be zero.
            format!("{}B", "A".repeat(42)),
            format!("{}+", "A".repeat(42)),
            format!(" {}", "A".repeat(42)),
            "Ä".repeat(43),
            "A".repeat(100_000),
        ] {
            assert!(LinkToken::parse(&text).is_none(), "{text:.50}");
        }
    }

    #[test]
    fn the_hash_is_that_of_the_bytes() {
        let token = LinkToken([0; LENGTH]);
        assert_eq!(
            token.hash().as_str(),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }
}
