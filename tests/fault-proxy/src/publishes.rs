//! Messages for SNS: who sent them, and when. Whether somebody died between sending one and writing
//! that down is otherwise a guess.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use test_servers::Connection;

/// A Publish that went on to SNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Publish {
    /// The sender's end of the connection that it came over.
    port: u16,
    /// When that connection was made. Ports are used again, so only both name it.
    connected_at: Timestamp,
    /// When all of it was here. On from here it takes its way, whatever becomes of its sender.
    at: Timestamp,
    message: String,
    /// Those that are texts.
    attributes: BTreeMap<String, String>,
}

impl Publish {
    /// Reads the form of a Publish that came over `connection` just now.
    pub(crate) fn read(form: &[u8], connection: &Connection) -> Self {
        let fields: BTreeMap<_, _> = form_urlencoded::parse(form).into_owned().collect();
        let attribute = |(name, value): (&String, &String)| {
            let entry = name.strip_prefix("MessageAttributes.")?.strip_suffix(".Name")?;
            let text = fields.get(&format!("MessageAttributes.{entry}.Value.StringValue"))?;
            Some((value.clone(), text.clone()))
        };
        Self {
            port: connection.caller().port(),
            connected_at: Timestamp::try_from(connection.since()).unwrap_or_default(),
            at: Timestamp::now(),
            message: fields.get("Message").cloned().unwrap_or_default(),
            attributes: fields.iter().filter_map(attribute).collect(),
        }
    }
}
