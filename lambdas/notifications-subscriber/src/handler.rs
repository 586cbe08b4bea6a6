use lambda_http::http::StatusCode;
use pipeline::PipelineError;
use pipeline::adapters::{Amazon, SellingPartners};
use pipeline::api::ApiError;
use pipeline::requests::Subscribe;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sp_api::ids::{DestinationId, SubscriptionId};
use sp_api::{Destination, GrantlessScope, RegionCode, SpApiError, Subscription};

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

impl Subscriber {
    /// Makes the queue a destination and subscribes the selling partner to it, reusing what is there.
    ///
    /// Amazon keeps one subscription for a selling partner and notification type. One that sends
    /// elsewhere is replaced only if the caller says so: somebody may rely on it.
    pub async fn subscribe(&self, body: &[u8]) -> Result<Subscribed, ApiError> {
        let request = Subscribe::parse(body)?;
        // First, because it fails for an unknown seller before anything is made at Amazon.
        let existing = self.subscription(&request).await?;
        let destination_id = self.destination(request.region).await?;
        let subscription_id = match existing {
            Some(subscription) if subscription.destination_id == destination_id => subscription.id,
            Some(elsewhere) if request.replace_existing => {
                self.delete(&request, &elsewhere).await?;
                self.create(&request, &destination_id).await?
            }
            Some(elsewhere) => return Err(self.subscribed_elsewhere(&request, &elsewhere).await?),
            None => self.create(&request, &destination_id).await?,
        };
        self.partners
            .remember_region(&request.seller_id, request.region)
            .await?;
        Ok(Subscribed {
            destination_id,
            subscription_id,
        })
    }

    async fn subscription(&self, request: &Subscribe) -> Result<Option<Subscription>, PipelineError> {
        self.amazon
            .as_seller(&request.seller_id, move |client, token| async move {
                client
                    .get_subscription(request.region, &token, &request.notification_type)
                    .await
            })
            .await
    }

    async fn create(
        &self,
        request: &Subscribe,
        destination: &DestinationId,
    ) -> Result<SubscriptionId, PipelineError> {
        self.amazon
            .as_seller(&request.seller_id, move |client, token| async move {
                let (region, notification_type) = (request.region, &request.notification_type);
                match client
                    .create_subscription(region, &token, notification_type, destination)
                    .await
                {
                    // Made by a concurrent request since we looked.
                    Err(SpApiError::Rejected {
                        status: 409,
                        operation,
                        code,
                        message,
                    }) => match client.get_subscription(region, &token, notification_type).await? {
                        Some(made) if made.destination_id == *destination => Ok(made.id),
                        _ => Err(SpApiError::Rejected {
                            status: 409,
                            operation,
                            code,
                            message,
                        }),
                    },
                    result => result,
                }
            })
            .await
    }

    async fn delete(&self, request: &Subscribe, subscription: &Subscription) -> Result<(), PipelineError> {
        self.amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                let (region, notification_type) = (request.region, &request.notification_type);
                match client
                    .delete_subscription(region, &token, notification_type, &subscription.id)
                    .await
                {
                    // Gone is what we want.
                    Err(SpApiError::NotFound { .. }) => Ok(()),
                    result => result,
                }
            })
            .await
    }

    /// The id of the destination that is our queue, made if need be.
    async fn destination(&self, region: RegionCode) -> Result<DestinationId, PipelineError> {
        if let Some(destination) = self.find_destination(region).await? {
            return Ok(destination.id);
        }
        let name = &destination_name(&self.queue_arn);
        let created = self
            .amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                client
                    .create_destination(region, &token, name, &self.queue_arn)
                    .await
            })
            .await;
        match created {
            // Made by a concurrent request since we looked.
            Err(PipelineError::Amazon(conflict @ SpApiError::Rejected { status: 409, .. })) => {
                let made = self.find_destination(region).await?;
                made.map(|destination| destination.id).ok_or(conflict.into())
            }
            result => Ok(result?.id),
        }
    }

    async fn find_destination(&self, region: RegionCode) -> Result<Option<Destination>, PipelineError> {
        let destinations = self.destinations(region).await?;
        let ours = Some(self.queue_arn.as_str());
        Ok(destinations
            .into_iter()
            .find(|destination| destination.queue_arn.as_deref() == ours))
    }

    async fn destinations(&self, region: RegionCode) -> Result<Vec<Destination>, PipelineError> {
        self.amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                client.get_destinations(region, &token).await
            })
            .await
    }

    /// Says where the existing subscription sends, and how to move it.
    async fn subscribed_elsewhere(
        &self,
        request: &Subscribe,
        elsewhere: &Subscription,
    ) -> Result<ApiError, PipelineError> {
        let destinations = self.destinations(request.region).await?;
        let queue = destinations
            .into_iter()
            .find(|destination| destination.id == elsewhere.destination_id)
            .and_then(|destination| destination.queue_arn);
        let place = queue.unwrap_or_else(|| format!("destination {}", elsewhere.destination_id));
        let message = format!(
            "selling partner {} is subscribed to {} already, and the notifications go to {place}; \
             send \"ReplaceExisting\": true to move the subscription here",
            request.seller_id, request.notification_type
        );
        Ok(ApiError::new(
            StatusCode::CONFLICT,
            "SubscribedElsewhere",
            message,
        ))
    }
}

/// A name of its own for each queue: names are unique within an application, which may have several
/// deployments.
fn destination_name(queue_arn: &str) -> String {
    let digest: String = Sha256::digest(queue_arn)
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sp-reports-{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_deployments_have_two_destinations() {
        let names = ["arn:aws:sqs:eu-west-1:1:a", "arn:aws:sqs:eu-west-1:1:b"].map(destination_name);
        assert_ne!(names[0], names[1]);
        assert_eq!(names[0], destination_name("arn:aws:sqs:eu-west-1:1:a"));
    }
}
