//! Messages for SNS, and who sent them. Whether somebody died between sending one and writing that down
//! is otherwise a guess.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

/// A Publish that went on to SNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Publish {
    /// What the sender calls itself: `app/…` in its user agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<String>,
    /// When all of it was here. From here on it takes its way, whatever becomes of its sender.
    at: Timestamp,
    message: String,
    /// Those that are texts.
    attributes: BTreeMap<String, String>,
}

impl Publish {
    /// Reads a Publish that is here now.
    pub(crate) fn read(headers: &HeaderMap, form: &[u8]) -> Self {
        let fields: BTreeMap<_, _> = form_urlencoded::parse(form).into_owned().collect();
        let attribute = |(name, value): (&String, &String)| {
            let entry = name.strip_prefix("MessageAttributes.")?.strip_suffix(".Name")?;
            let text = fields.get(&format!("MessageAttributes.{entry}.Value.StringValue"))?;
            Some((value.clone(), text.clone()))
        };
        Self {
            sender: sender(headers),
            at: Timestamp::now(),
            message: fields.get("Message").cloned().unwrap_or_default(),
            attributes: fields.iter().filter_map(attribute).collect(),
        }
    }
}

fn sender(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get("user-agent")?.to_str().ok()?;
    agent
        .split(' ')
        .find_map(|word| word.strip_prefix("app/"))
        .map(str::to_owned)
}
