//! What lies in the dead-letter queue.

use anyhow::{Context, Result};
use aws_sdk_sqs::types::MessageSystemAttributeName::SentTimestamp;

use crate::scene::Scene;

/// For so long nobody else sees what was read. It stays in the queue, for whoever wants to look.
const HIDDEN_SECONDS: i32 = 120;

/// A message that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// What it says.
    pub body: String,
    /// Why it is there.
    pub error_type: Option<String>,
}

/// The messages that have come since the scene was found.
pub async fn read(scene: &Scene) -> Result<Vec<DeadLetter>> {
    let queue_url = scene.stack.output("DEAD_LETTER_QUEUE_URL")?;
    let mut letters = Vec::new();
    loop {
        let received = scene
            .stack
            .sqs()
            .receive_message()
            .queue_url(&queue_url)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .visibility_timeout(HIDDEN_SECONDS)
            .message_attribute_names("All")
            .message_system_attribute_names(SentTimestamp)
            .send()
            .await
            .context("the dead-letter queue can't be read")?;
        if received.messages().is_empty() {
            return Ok(letters);
        }
        for message in received.messages() {
            let sent = message.attributes().and_then(|all| all.get(&SentTimestamp));
            let sent: i64 = sent.and_then(|sent| sent.parse().ok()).unwrap_or(i64::MAX);
            let attributes = message.message_attributes();
            let error_type = attributes
                .and_then(|all| all.get("ErrorType"))
                .and_then(|attribute| attribute.string_value())
                .map(str::to_owned);
            if sent >= scene.started.as_millisecond() {
                letters.push(DeadLetter {
                    body: message.body().unwrap_or_default().to_owned(),
                    error_type,
                });
            }
        }
    }
}
