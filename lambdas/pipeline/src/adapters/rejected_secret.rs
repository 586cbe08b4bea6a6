use jiff::Timestamp;
use serde_json::json;

use super::lwa_secret::content_of;
use crate::PipelineError;
use crate::domain::NewSecret;

/// Secrets Manager takes 64 KiB; a message of Amazon's has one or two.
const LONGEST_MESSAGE: usize = 32 * 1024;

/// The secret in which is kept what Amazon sent for a client secret and can't be used. Nobody but an operator
/// reads it.
#[derive(Clone, Debug)]
pub struct RejectedSecret {
    client: aws_sdk_secretsmanager::Client,
    name: String,
}

impl RejectedSecret {
    /// The secret with that name.
    #[must_use]
    pub fn new(client: aws_sdk_secretsmanager::Client, name: String) -> Self {
        Self { client, name }
    }

    /// Keeps a new secret, in a form that could be stored as the application's credentials.
    ///
    /// # Errors
    /// Secrets Manager failed.
    pub async fn keep(&self, new: &NewSecret, reason: &str, now: Timestamp) -> Result<(), PipelineError> {
        self.put(content_of(new), reason, now).await
    }

    /// Keeps a message that can't be read, as far as there is room for it.
    ///
    /// # Errors
    /// Secrets Manager failed.
    pub async fn keep_unreadable(
        &self,
        message: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), PipelineError> {
        let end = message.floor_char_boundary(LONGEST_MESSAGE);
        self.put(json!({"Message": message[..end]}), reason, now).await
    }

    async fn put(
        &self,
        mut content: serde_json::Value,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), PipelineError> {
        content["Reason"] = reason.into();
        content["ReceivedAt"] = now.to_string().into();
        self.client
            .put_secret_value()
            .secret_id(&self.name)
            .secret_string(content.to_string())
            .send()
            .await
            .map_err(|error| PipelineError::aws("Secrets Manager", &error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use serde_json::Value;

    use super::*;

    fn expecting(is_it: impl Fn(&Value) -> bool + Send + Sync + 'static) -> RejectedSecret {
        let put = mock!(aws_sdk_secretsmanager::Client::put_secret_value)
            .match_requests(move |request| {
                let text = request.secret_string().expect("a text");
                let content = serde_json::from_str(text).expect("JSON");
                request.secret_id() == Some("rejected") && text.len() < 65_536 && is_it(&content)
            })
            .then_output(|| PutSecretValueOutput::builder().build());
        let client = mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &[&put]);
        RejectedSecret::new(client, "rejected".into())
    }

    #[tokio::test]
    async fn a_secret_is_kept_as_it_would_be_stored_with_the_reason() {
        let now: Timestamp = "2026-11-28T08:00:00Z".parse().expect("a time");
        let new = NewSecret {
            client_id: "id".into(),
            client_secret: "new".to_owned().into(),
            ends_at: None,
        };
        let rejected = expecting(|kept| {
            *kept
                == json!({"ClientId": "id", "ClientSecret": "new", "SecretExpiresAt": null,
                    "Reason": "refused", "ReceivedAt": "2026-11-28T08:00:00Z"})
        });
        rejected.keep(&new, "refused", now).await.expect("kept");
    }

    #[tokio::test]
    async fn of_a_message_is_kept_what_there_is_room_for() {
        let rejected = expecting(|kept| {
            let message = kept["Message"].as_str().expect("a text");
            message.starts_with('a') && message.len() == LONGEST_MESSAGE - 1
        });
        // A letter does not end where the room does.
        let message = format!("a{}", "€".repeat(20_000));
        let now = Timestamp::now();
        rejected.keep_unreadable(&message, "?", now).await.expect("kept");
    }
}
