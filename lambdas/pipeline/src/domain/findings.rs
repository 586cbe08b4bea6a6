use encoding_rs::Encoding;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::charset::EvidenceSoFar;

/// What is known of a document only when all of it has been read, and must be known before: it is read
/// once more with this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// The length that the source announced: of another document, nothing is known.
    pub length: Option<u64>,
    /// A text's charset.
    #[serde(serialize_with = "name", deserialize_with = "named")]
    pub charset: Option<&'static Encoding>,
    /// Where it ends, if other bytes come behind that.
    pub end: Option<u64>,
}

/// How far a text's bytes have been counted when an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// In so many parts.
    pub parts: u32,
    /// What they say about its charset.
    pub evidence: EvidenceSoFar,
}

fn name<S: Serializer>(charset: &Option<&'static Encoding>, serializer: S) -> Result<S::Ok, S::Error> {
    charset.map(Encoding::name).serialize(serializer)
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'static Encoding>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    Ok(name.and_then(|name| Encoding::for_label(name.as_bytes())))
}
