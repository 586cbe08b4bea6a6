use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::hexadecimal;

/// A piece of news: always the same for the same, however often they are told. 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NewsId(String);

impl NewsId {
    /// The one and only id of news that these words tell from others. None holds a line break.
    #[must_use]
    pub fn new(words: &[&str]) -> Self {
        Self(hexadecimal(&Sha256::digest(words.join("\n"))[..16]))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
