//! Our queue as a destination at Amazon, and selling partners' subscriptions to it.

use sha2::{Digest, Sha256};
use sp_api::ids::{DestinationId, PayloadVersion, SubscriptionId};
use sp_api::{
    Destination, DestinationResource, GrantlessScope, NewSubscription, RegionCode, SpApiError, Subscription,
};

use crate::PipelineError;
use crate::adapters::Amazon;
use crate::domain::hexadecimal;
use crate::requests::SubscriptionKey;

/// The payload versions that Amazon has had for finished reports, the one we subscribe to first.
const PAYLOAD_VERSIONS: [&str; 2] = ["1.0", "2020-09-04"];

/// Subscriptions by where they send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByPlace {
    /// To our queue.
    pub ours: Vec<Subscription>,
    /// To some other place, or Amazon does not say where.
    pub elsewhere: Vec<Subscription>,
}

/// Subscriptions at Amazon, seen from one queue.
#[derive(Debug)]
pub struct Subscriptions {
    amazon: Amazon,
    queue_arn: String,
}

impl Subscriptions {
    /// Subscriptions to the queue `queue_arn`.
    #[must_use]
    pub fn new(amazon: Amazon, queue_arn: String) -> Self {
        Self { amazon, queue_arn }
    }

    /// The payload version that we subscribe to.
    ///
    /// # Panics
    /// Never: it is a valid one.
    #[must_use]
    pub fn our_version() -> PayloadVersion {
        PayloadVersion::parse(PAYLOAD_VERSIONS[0]).expect("a payload version")
    }

    /// The queue that is meant by "ours".
    #[must_use]
    pub fn queue_arn(&self) -> &str {
        &self.queue_arn
    }

    /// The id of the destination that is our queue, made if need be.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence.
    pub async fn our_destination(&self, region: RegionCode) -> Result<DestinationId, PipelineError> {
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
            result => result,
        }
    }

    /// The destination that is our queue.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence.
    pub async fn find_destination(&self, region: RegionCode) -> Result<Option<Destination>, PipelineError> {
        let destinations = self.destinations(region).await?;
        let is_ours = |destination: &Destination| match &destination.resource {
            DestinationResource::Queue(arn) => *arn == self.queue_arn,
            DestinationResource::EventBridge(_) | DestinationResource::Unknown => false,
        };
        Ok(destinations.into_iter().find(is_ours))
    }

    /// Every destination of the application.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence.
    pub async fn destinations(&self, region: RegionCode) -> Result<Vec<Destination>, PipelineError> {
        self.amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                client.get_destinations(region, &token).await
            })
            .await
    }

    /// The selling partner's subscription of the payload version that we subscribe to.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence; the seller is unknown here.
    pub async fn current(&self, key: &SubscriptionKey) -> Result<Option<Subscription>, PipelineError> {
        self.of_version(key, &Self::our_version()).await
    }

    async fn of_version(
        &self,
        key: &SubscriptionKey,
        version: &PayloadVersion,
    ) -> Result<Option<Subscription>, PipelineError> {
        self.amazon
            .as_seller(&key.seller_id, key.region, move |client, token| async move {
                client
                    .get_subscription(key.region, &token, &key.notification_type, version)
                    .await
            })
            .await
    }

    /// All subscriptions of the selling partner, of whatever payload version.
    ///
    /// Where Amazon does not have the list yet, those of the versions that are known.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence; the seller is unknown here.
    pub async fn all(&self, key: &SubscriptionKey) -> Result<Vec<Subscription>, PipelineError> {
        let listed = self
            .amazon
            .as_seller(&key.seller_id, key.region, move |client, token| async move {
                client
                    .get_subscriptions(key.region, &token, &key.notification_type)
                    .await
            })
            .await;
        match listed {
            Err(PipelineError::Amazon(
                SpApiError::NotFound { .. }
                | SpApiError::Unauthorized { .. }
                | SpApiError::Rejected { .. }
                | SpApiError::UnexpectedAnswer { .. },
            )) => {}
            result => return result,
        }
        let mut found: Vec<Subscription> = Vec::new();
        for version in PAYLOAD_VERSIONS {
            let version = PayloadVersion::parse(version).expect("a payload version");
            match self.of_version(key, &version).await {
                Ok(subscription) => {
                    let is_new = |one: &Subscription| found.iter().all(|known| known.id != one.id);
                    found.extend(subscription.filter(is_new));
                }
                // The type has no such version.
                Err(PipelineError::Amazon(SpApiError::Rejected { status: 400, .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The selling partner's subscriptions, by whether they are to our queue.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence; the seller is unknown here.
    pub async fn by_place(&self, key: &SubscriptionKey) -> Result<ByPlace, PipelineError> {
        let current = self.current(key).await?;
        let mut found = self.all(key).await?;
        if let Some(current) = current
            && found.iter().all(|known| known.id != current.id)
        {
            found.insert(0, current);
        }
        let mut by_place = ByPlace::default();
        if found.is_empty() {
            return Ok(by_place);
        }
        let ours = self.find_destination(key.region).await?;
        let is_ours = |one: &Subscription| {
            ours.as_ref()
                .is_some_and(|destination| one.sends_to(&destination.id))
        };
        (by_place.ours, by_place.elsewhere) = found.into_iter().partition(is_ours);
        Ok(by_place)
    }

    /// Subscribes the selling partner.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence; the seller is unknown here.
    pub async fn create(
        &self,
        key: &SubscriptionKey,
        wanted: NewSubscription<'_>,
    ) -> Result<SubscriptionId, PipelineError> {
        let wanted = &wanted;
        self.amazon
            .as_seller(&key.seller_id, key.region, move |client, token| async move {
                client
                    .create_subscription(key.region, &token, &key.notification_type, wanted)
                    .await
            })
            .await
    }

    /// Deletes a subscription; that it is gone already is no error. In the application's name, or
    /// should Amazon refuse that, in the selling partner's.
    ///
    /// # Errors
    /// Amazon's refusal, or its silence.
    pub async fn delete(
        &self,
        key: &SubscriptionKey,
        subscription: &SubscriptionId,
    ) -> Result<(), PipelineError> {
        let deletion = move |client: sp_api::SpApiClient, token| async move {
            let deleted = client
                .delete_subscription(key.region, &token, &key.notification_type, subscription)
                .await;
            match deleted {
                Err(SpApiError::NotFound { .. }) => Ok(()),
                result => result,
            }
        };
        let scope = GrantlessScope::Notifications;
        match self.amazon.grantless(scope, deletion).await {
            Err(PipelineError::Amazon(
                refusal @ (SpApiError::Unauthorized { .. } | SpApiError::Rejected { .. }),
            )) => match self.amazon.as_seller(&key.seller_id, key.region, deletion).await {
                Ok(()) => Ok(()),
                Err(PipelineError::Amazon(
                    passing @ (SpApiError::Transient { .. } | SpApiError::Throttled { .. }),
                )) => Err(passing.into()),
                Err(_) => Err(refusal.into()),
            },
            result => result,
        }
    }
}

/// A name of its own for each queue: names are unique within an application, which may have several
/// deployments.
fn destination_name(queue_arn: &str) -> String {
    let digest = Sha256::digest(queue_arn);
    format!("sp-reports-{}", hexadecimal(&digest[..6]))
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

    #[test]
    fn every_payload_version_is_one() {
        assert!(
            PAYLOAD_VERSIONS
                .iter()
                .all(|version| PayloadVersion::parse(version).is_ok())
        );
        assert_eq!(Subscriptions::our_version().as_str(), "1.0");
    }
}
