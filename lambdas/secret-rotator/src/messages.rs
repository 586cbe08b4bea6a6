//! What Amazon sends about the client secret.

#[cfg(test)]
pub(crate) mod tests;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::StoredCredentials;
use pipeline::domain::{EndingSecret, NewSecret, SecretNotice};
use pipeline::metrics::Metric;
use secrecy::ExposeSecret;
use sp_api::LwaCredentials;

use crate::rotator::{Rotator, told};

/// Why a new secret is not stored.
#[derive(Debug)]
enum NotStored {
    /// It is another application's.
    Foreign,
    /// It does not work, or could not be tried, or could not be stored. That may pass.
    Failed(PipelineError),
}

impl<E: Into<PipelineError>> From<E> for NotStored {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Rotator {
    /// Acts upon every message in the batch. What fails is named, so that the queue delivers it again. The queue
    /// has no dead-letter queue, into which it would put a secret: what can't be used is kept aside here.
    pub async fn process(&self, batch: SqsEvent, now: Timestamp) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for message in batch.records {
            if let Err(error) = self.process_message(&message, now).await {
                let message_id = message.message_id.unwrap_or_default();
                tracing::error!(
                    message_id,
                    "a message about the client secret is tried again: {error}"
                );
                response.add_failure(message_id);
            }
        }
        response
    }

    async fn process_message(&self, message: &SqsMessage, now: Timestamp) -> Result<(), PipelineError> {
        let body = message.body.as_deref().unwrap_or_default();
        match SecretNotice::parse(body) {
            Ok(SecretNotice::New(new)) => self.take(&new, self.is_last(message), now).await,
            Ok(SecretNotice::Ending(ending)) => {
                let acted = self.on_ending(&ending, sent_at(message), now).await;
                match acted {
                    // The schedule goes on by what was noted.
                    Err(error) if self.is_last(message) => {
                        tracing::error!("no new client secret could be asked for: {error}");
                        Ok(())
                    }
                    acted => acted,
                }
            }
            Ok(SecretNotice::OfAnotherType(name)) => {
                tracing::info!("a notification of the type {name} is not about the client secret");
                Ok(())
            }
            Err(unreadable) => {
                let reason = unreadable.to_string();
                self.rejected.keep_unreadable(body, &reason, now).await?;
                rejected(&reason);
                Ok(())
            }
        }
    }

    /// Tries a new secret and stores it. What does not work is tried again for a while, as LWA may not know it
    /// yet, and then kept aside.
    async fn take(&self, new: &NewSecret, is_last: bool, now: Timestamp) -> Result<(), PipelineError> {
        let reason = match self.store(new).await {
            Ok(()) => return Ok(()),
            Err(NotStored::Foreign) => "it is the secret of another application".to_owned(),
            Err(NotStored::Failed(error)) if is_last => error.to_string(),
            Err(NotStored::Failed(error)) => return Err(error),
        };
        self.rejected.keep(new, &reason, now).await?;
        rejected(&reason);
        Ok(())
    }

    async fn store(&self, new: &NewSecret) -> Result<(), NotStored> {
        let stored = self.secret.stored().await?;
        if new.client_id != stored.credentials.client_id {
            return Err(NotStored::Foreign);
        }
        if is_known(new, &stored) {
            tracing::info!("the new client secret is stored already, or a newer one is");
            return Ok(());
        }
        let credentials = LwaCredentials {
            client_id: new.client_id.clone(),
            client_secret: new.client_secret.clone(),
        };
        self.token(&credentials).await?;
        self.secret.replace(new).await?;
        tracing::info!(
            "the client secret has been rotated; the new one ends at {}",
            told(new.ends_at)
        );
        Ok(())
    }

    async fn on_ending(
        &self,
        ending: &EndingSecret,
        sent_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), PipelineError> {
        let stored = self.secret.stored().await?;
        if ending.client_id != stored.credentials.client_id {
            tracing::warn!(
                "the client secret of another application ends: this queue is registered for it, too"
            );
            return Ok(());
        }
        // A message that comes late, or again, is about the secret before.
        if sent_at.is_some_and(|sent| stored.stored_at.is_some_and(|since| sent <= since)) {
            tracing::info!("the client secret that ends has been replaced since");
            return Ok(());
        }
        tracing::info!(
            "Amazon says that the client secret ends at {}",
            told(ending.ends_at)
        );
        if let Some(ends_at) = ending.ends_at {
            self.rotations.note_end(&stored.version, ends_at).await?;
        }
        self.ask_for_rotation(&stored.credentials, now).await
    }

    fn is_last(&self, message: &SqsMessage) -> bool {
        let count = message.attributes.get("ApproximateReceiveCount");
        count.and_then(|count| count.parse().ok()).unwrap_or(1) >= self.max_receive_count
    }
}

/// Whether a new secret is the one that is stored, or was made before it.
fn is_known(new: &NewSecret, stored: &StoredCredentials) -> bool {
    let is_same = new.client_secret.expose_secret() == stored.credentials.client_secret.expose_secret();
    is_same
        || new
            .ends_at
            .is_some_and(|end| stored.ends_at.is_some_and(|known| end < known))
}

/// Says, without any of it, that something was kept aside.
fn rejected(reason: &str) {
    Metric::ClientSecretRejected.count();
    tracing::error!("what came as a new client secret is kept aside, and the present one stays: {reason}");
}

/// When Amazon handed a message to the queue.
fn sent_at(message: &SqsMessage) -> Option<Timestamp> {
    let milliseconds = message.attributes.get("SentTimestamp")?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
