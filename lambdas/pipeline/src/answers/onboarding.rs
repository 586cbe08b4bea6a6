use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// An invitation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewInvitation {
    /// The page to send the selling partner to. Whoever has it can use it, once.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// Until when it works.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
}
