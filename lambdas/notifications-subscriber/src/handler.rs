use lambda_http::http::StatusCode;
use pipeline::PipelineError;
use pipeline::adapters::{Amazon, SellingPartners};
use pipeline::api::ApiError;
use pipeline::requests::{InvalidRequest, Parameters, Subscribe, SubscriptionKey, Unsubscribe};
use serde::Serialize;
use sp_api::Subscription;
use sp_api::ids::{DestinationId, SubscriptionId};

/// What subscribing needs.
pub struct Subscriber {
    pub amazon: Amazon,
    pub partners: SellingPartners,
    /// Where notifications are to arrive.
    pub queue_arn: String,
}

/// `{destinationId, subscriptionId}`, as the Quick Start answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscribed {
    destination_id: DestinationId,
    subscription_id: SubscriptionId,
}

/// `{subscriptionId}`: which one there was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unsubscribed {
    subscription_id: SubscriptionId,
}

impl Subscriber {
    /// Makes the queue a destination and subscribes the selling partner to it, reusing what is there.
    ///
    /// Amazon keeps one subscription for a selling partner and notification type. One that sends
    /// elsewhere is replaced only if the caller says so: somebody may rely on it.
    pub async fn subscribe(&self, body: &[u8]) -> Result<Subscribed, ApiError> {
        let Subscribe {
            key,
            replace_existing,
            discover,
        } = &Subscribe::parse(body)?;
        // First, because it fails for an unknown seller before anything is made at Amazon.
        let existing = self.subscription(key).await?;
        let destination_id = self.destination(key.region).await?;
        let subscription_id = match existing {
            Some(subscription) if subscription.destination_id == destination_id => subscription.id,
            Some(elsewhere) if *replace_existing => {
                self.delete(key, &elsewhere.id).await?;
                self.create(key, &destination_id).await?
            }
            Some(elsewhere) => {
                let remedy = "send \"ReplaceExisting\": true to move the subscription here";
                return Err(self.subscribed_elsewhere(key, &elsewhere, remedy).await?);
            }
            None => self.create(key, &destination_id).await?,
        };
        self.partners
            .remember_subscription(&key.seller_id, key.region, discover.as_ref())
            .await?;
        Ok(Subscribed {
            destination_id,
            subscription_id,
        })
    }

    /// Deletes the selling partner's subscription, if it is to our queue: one that sends elsewhere is
    /// somebody else's. The destination stays, because other selling partners need it.
    pub async fn unsubscribe(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<Unsubscribed, ApiError> {
        let Unsubscribe { key } = &Unsubscribe::parse(parameters?)?;
        let Some(subscription) = self.subscription(key).await? else {
            let message = format!(
                "selling partner {} is not subscribed to {}",
                key.seller_id, key.notification_type
            );
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "SubscriptionNotFound",
                message,
            ));
        };
        let ours = self.find_destination(key.region).await?;
        if ours.is_none_or(|destination| destination.id != subscription.destination_id) {
            let remedy = "unsubscribe where they are received";
            return Err(self.subscribed_elsewhere(key, &subscription, remedy).await?);
        }
        self.delete(key, &subscription.id).await?;
        Ok(Unsubscribed {
            subscription_id: subscription.id,
        })
    }

    /// Says where the existing subscription sends, and what can be done about it.
    async fn subscribed_elsewhere(
        &self,
        key: &SubscriptionKey,
        elsewhere: &Subscription,
        remedy: &str,
    ) -> Result<ApiError, PipelineError> {
        let destinations = self.destinations(key.region).await?;
        let queue = destinations
            .into_iter()
            .find(|destination| destination.id == elsewhere.destination_id)
            .and_then(|destination| destination.queue_arn);
        let place = queue.unwrap_or_else(|| format!("destination {}", elsewhere.destination_id));
        let message = format!(
            "selling partner {} is subscribed to {}, and the notifications go to {place}; {remedy}",
            key.seller_id, key.notification_type
        );
        Ok(ApiError::new(
            StatusCode::CONFLICT,
            "SubscribedElsewhere",
            message,
        ))
    }
}

#[cfg(test)]
mod tests;
