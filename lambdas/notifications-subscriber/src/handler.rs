use jiff::Timestamp;
use pipeline::answers::{Subscribed, Unsubscribed};
use pipeline::api::ApiError;
use pipeline::requests::{InvalidRequest, Parameters, Subscribe, Unsubscribe};
use pipeline::subscribing::Subscriber;

/// Reads what callers ask for, and has it done.
pub struct Handler(pub Subscriber);

impl Handler {
    /// Subscribes the selling partner that `body` names.
    pub async fn subscribe(&self, body: &[u8]) -> Result<Subscribed, ApiError> {
        self.0.subscribe(&Subscribe::parse(body, Timestamp::now())?).await
    }

    /// Ends the subscription that `parameters` name.
    pub async fn unsubscribe(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<Unsubscribed, ApiError> {
        self.0.unsubscribe(&Unsubscribe::parse(parameters?)?).await
    }
}

#[cfg(test)]
mod tests;
