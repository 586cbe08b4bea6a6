use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Where a document can be downloaded now, and what it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// A presigned URL, fresh each time.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// Until when it works.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
    /// The document's key in the bucket.
    pub object_key: String,
    /// Its length as it is stored.
    pub bytes: u64,
    /// Its media type; of a text with its charset.
    pub content_type: String,
    /// `gzip`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// S3's own checksum of the whole object, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crc64nvme: Option<String>,
    /// What a browser calls the file that it saves.
    pub file_name: String,
}

/// A new link.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewLink {
    /// Whoever has it can read the document.
    #[schemars(extend("format" = "uri"))]
    pub link: String,
    /// Until when it works.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
}

/// How many links there were.
#[derive(Serialize, JsonSchema)]
pub struct RevokedLinks {
    /// That many work no more.
    pub revoked: u64,
}
