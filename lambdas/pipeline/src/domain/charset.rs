//! Which charset a text is in: what its bytes are, whatever anybody says.
//!
//! 1. A byte order mark says it.
//! 2. A text that is valid UTF-8 to its end is UTF-8, and so is ASCII.
//! 3. One that has at least [`MOSTLY`] times as many letters of UTF-8 as broken sequences is UTF-8,
//!    too: a broken sequence among millions costs itself, and not all the others.
//! 4. Otherwise it is the first of these that the bytes can be: what its source or its XML declaration
//!    says, the charset of the report's marketplaces, the region's. Where one of the last two names
//!    several, a text is Shift_JIS only if it looks like Japanese.
//! 5. If they can be none of them, it is `windows-1252`, in which any bytes are a text.
//!
//! All of that is counted over the whole text, so that the outcome does not depend on how it arrives.

mod counting;
mod evidence;
mod japanese;
#[cfg(test)]
mod tests;

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};
use sp_api::ids::MarketplaceId;
use sp_api::{RegionCode, marketplaces};

pub use evidence::{Evidence, EvidenceSoFar};

/// So many letters that are read as they should outweigh one sequence that can't be.
const MOSTLY: u64 = 3;

/// What a charset was found out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CharsetFrom {
    /// The bytes leave no choice.
    Bytes,
    /// The source's `Content-Type`, or the XML declaration, which the bytes can be.
    Declaration,
    /// The report's marketplaces.
    Marketplace,
    /// The region, or nothing at all.
    Region,
}

impl CharsetFrom {
    /// Its name in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Declaration => "declaration",
            Self::Marketplace => "marketplace",
            Self::Region => "region",
        }
    }
}

/// A text's charset, and what it was found out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset {
    /// The charset.
    pub encoding: &'static Encoding,
    /// What it was found out from.
    pub from: CharsetFrom,
    /// Whether the text is the same in nearly all of them.
    pub is_ascii: bool,
}

/// What others say of a text's charset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates {
    declared: Option<&'static Encoding>,
    marketplaces: Vec<&'static Encoding>,
    region: Vec<&'static Encoding>,
}

impl Candidates {
    /// Collects what the source's `Content-Type` calls the charset of a text that begins with `head`,
    /// its XML declaration, the report's marketplaces, and the region.
    #[must_use]
    pub fn collect(
        head: &[u8],
        declared: Option<&str>,
        marketplace_ids: &[MarketplaceId],
        region: RegionCode,
    ) -> Self {
        let of_marketplaces = marketplace_ids.iter().filter_map(marketplaces::find);
        Self {
            // UTF-8 is no candidate: the bytes tell.
            declared: [declared.and_then(labelled), declared_in_xml(head)]
                .into_iter()
                .flatten()
                .find(|encoding| *encoding != UTF_8),
            marketplaces: encodings(of_marketplaces.map(|marketplace| marketplace.charset)),
            region: encodings(marketplaces::charsets(region).into_iter()),
        }
    }

    /// Those whose ASCII is ASCII, each once.
    fn all(&self) -> Vec<&'static Encoding> {
        let said = self.declared.iter().chain(&self.marketplaces).chain(&self.region);
        let mut all = Vec::new();
        for encoding in said
            .copied()
            .filter(|encoding| *encoding != UTF_8 && encoding.is_ascii_compatible())
        {
            if !all.contains(&encoding) {
                all.push(encoding);
            }
        }
        all
    }
}

/// Each once, the one that says most about a text first: in `windows-1252` any bytes are a text.
fn encodings<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<&'static Encoding> {
    let mut encodings = Vec::new();
    for encoding in labels.filter_map(labelled) {
        if !encodings.contains(&encoding) {
            encodings.push(encoding);
        }
    }
    encodings.sort_by_key(|encoding| encoding.is_single_byte());
    encodings
}

/// How far into a document its XML declaration may reach.
const DECLARATION: usize = 256;

/// The encoding that a label means, in WHATWG's spelling or in Java's, which is Amazon's: `Cp1252`,
/// `ISO8859_1`, `MS932`, `Cp932`. As in browsers, ISO-8859-1 is windows-1252, and every Shift_JIS is
/// Microsoft's.
pub fn labelled(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().to_ascii_lowercase();
    let hyphenated = label.replace('_', "-");
    let code_page = match label.as_str() {
        "cp932" | "cp943" | "cp943c" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp949" | "ms949" => "euc-kr",
        "cp950" | "ms950" => "big5",
        other => other,
    };
    [label.as_str(), &hyphenated, code_page]
        .iter()
        .find_map(|label| Encoding::for_label_no_replacement(label.as_bytes()))
}

/// The encoding that an XML declaration names: `<?xml version="1.0" encoding="ISO-8859-1"?>`.
fn declared_in_xml(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(DECLARATION)];
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?.strip_prefix("<?xml")?;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let label = value[1..].split(quote).next()?;
    // Whoever can read this line as ASCII does not read UTF-16.
    labelled(label).map(|encoding| {
        if [UTF_16LE, UTF_16BE].contains(&encoding) {
            UTF_8
        } else {
            encoding
        }
    })
}
