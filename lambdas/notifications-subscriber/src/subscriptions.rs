//! Subscriptions at Amazon.

use pipeline::PipelineError;
use pipeline::requests::SubscriptionKey;
use sp_api::ids::{DestinationId, SubscriptionId};
use sp_api::{GrantlessScope, SpApiError, Subscription};

use crate::handler::Subscriber;

impl Subscriber {
    pub(crate) async fn subscription(
        &self,
        key: &SubscriptionKey,
    ) -> Result<Option<Subscription>, PipelineError> {
        self.amazon
            .as_seller(&key.seller_id, move |client, token| async move {
                client
                    .get_subscription(key.region, &token, &key.notification_type)
                    .await
            })
            .await
    }

    pub(crate) async fn create(
        &self,
        key: &SubscriptionKey,
        destination: &DestinationId,
    ) -> Result<SubscriptionId, PipelineError> {
        self.amazon
            .as_seller(&key.seller_id, move |client, token| async move {
                let (region, notification_type) = (key.region, &key.notification_type);
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

    pub(crate) async fn delete(
        &self,
        key: &SubscriptionKey,
        subscription: &SubscriptionId,
    ) -> Result<(), PipelineError> {
        self.amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                match client
                    .delete_subscription(key.region, &token, &key.notification_type, subscription)
                    .await
                {
                    // Gone is what we want.
                    Err(SpApiError::NotFound { .. }) => Ok(()),
                    result => result,
                }
            })
            .await
    }
}
