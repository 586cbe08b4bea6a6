//! Subscribing a selling partner to our queue, and ending that, while somebody waits for the answer.

mod creation;
mod patience;
mod replacement;

use lambda_http::http::StatusCode;
use sp_api::Subscription;

use crate::adapters::SellingPartners;
use crate::answers::{Subscribed, Unsubscribed};
use crate::api::ApiError;
use crate::domain::Account;
use crate::redelivery::Redeliveries;
use crate::requests::{Subscribe, SubscriptionKey, Unsubscribe};
use crate::subscriptions::{ByPlace, Subscriptions};

use creation::{Attempt, is_of_our_version, refusal};
pub use patience::{Patience, Request, is_passing};

/// What subscribing needs.
pub struct Subscriber {
    /// Those at Amazon.
    pub subscriptions: Subscriptions,
    /// Where those are kept that were made.
    pub partners: SellingPartners,
    /// How long an answer may take.
    pub patience: Patience,
    /// What has go on that waited for the seller.
    pub redeliveries: Redeliveries,
}

impl Subscriber {
    /// Makes the queue a destination and subscribes the selling partner to it, reusing what is there.
    ///
    /// Amazon keeps one subscription for a selling partner, notification type and payload version. One
    /// that sends elsewhere is replaced only if the caller says so: somebody may rely on it.
    ///
    /// # Errors
    /// What stands in the way, and what can be done about it.
    pub async fn subscribe(&self, wanted: &Subscribe) -> Result<Subscribed, ApiError> {
        let Subscribe {
            key,
            replace_existing,
            discover,
            discover_since,
            deliver,
        } = wanted;
        let request = &self.patience.begin();
        // First, because it fails for an unknown seller before anything is made at Amazon.
        let current = request
            .once(self.subscriptions.current(key))
            .await
            .map_err(refusal)?;
        let destination_id = &request
            .once(self.subscriptions.our_destination(key.region))
            .await?;
        let attempt = match current {
            Some(ours) if ours.sends_to(destination_id) => Attempt::Standing(ours),
            Some(elsewhere) => {
                match request.once(self.standing(key, destination_id, &[])).await? {
                    // Of another payload version.
                    Some(ours @ Attempt::Standing(_)) => ours,
                    _ => Attempt::InTheWay(vec![elsewhere]),
                }
            }
            None => self.create(request, key, destination_id).await?,
        };
        let subscription = match attempt {
            Attempt::Standing(ours) => ours,
            Attempt::InTheWay(others) if *replace_existing => {
                self.replace(request, key, destination_id, others).await?
            }
            Attempt::InTheWay(others) => {
                let remedy = "send \"ReplaceExisting\": true to move the subscription here, or delete it where it \
                              was made";
                return Err(self.subscribed_elsewhere(request, key, &others, remedy).await);
            }
        };
        let kept = key.kept(subscription.id.clone());
        let account = &self.partners.account(&key.seller_id, key.region).await?.account;
        self.partners.keep_subscription(account, &kept).await?;
        self.partners
            .remember_subscription(account, key.region, discover.as_ref(), *discover_since)
            .await?;
        if let Some(types) = deliver {
            self.partners
                .remember_wanted_types(account, key.region, types)
                .await?;
        }
        // What waited for a region to be known.
        self.redeliveries.see_to_seller(&key.seller_id).await;
        Ok(Subscribed {
            destination_id: destination_id.clone(),
            note: note(&subscription),
            subscription_id: subscription.id,
        })
    }

    /// Deletes the selling partner's subscription, if it is to our queue: one that sends elsewhere is
    /// somebody else's. The destination stays, because other selling partners need it.
    ///
    /// # Errors
    /// There is none, or it sends elsewhere, or Amazon does not end it.
    pub async fn unsubscribe(&self, Unsubscribe { key }: &Unsubscribe) -> Result<Unsubscribed, ApiError> {
        let request = &self.patience.begin();
        let ByPlace { ours, elsewhere } = request
            .once(self.subscriptions.by_place(key))
            .await
            .map_err(refusal)?;
        for subscription in &ours {
            request
                .once(self.subscriptions.delete(key, &subscription.id))
                .await?;
            let kept = key.kept(subscription.id.clone());
            for account in Account::candidates(&key.seller_id, Some(key.region)) {
                self.partners.drop_subscription(&account, &kept).await?;
            }
        }
        if let Some(subscription) = ours.into_iter().next() {
            return Ok(Unsubscribed {
                subscription_id: subscription.id,
            });
        }
        if elsewhere.is_empty() {
            let message = format!(
                "selling partner {} is not subscribed to {}",
                key.seller_id, key.notification_type
            );
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "SubscriptionNotFound",
                message,
            ));
        }
        let remedy = "unsubscribe where they are received";
        Err(self.subscribed_elsewhere(request, key, &elsewhere, remedy).await)
    }

    /// Says where the existing subscriptions send, and what can be done about it.
    async fn subscribed_elsewhere(
        &self,
        request: &Request,
        key: &SubscriptionKey,
        elsewhere: &[Subscription],
        remedy: &str,
    ) -> ApiError {
        let message = format!(
            "selling partner {} is subscribed to {}, and the notifications go elsewhere: {}; {remedy}",
            key.seller_id,
            key.notification_type,
            self.describe(request, key, elsewhere).await
        );
        ApiError::new(StatusCode::CONFLICT, "SubscribedElsewhere", message)
    }

    /// What the subscriptions are and where they send. What Amazon does not say now is left out.
    pub(crate) async fn describe(
        &self,
        request: &Request,
        key: &SubscriptionKey,
        subscriptions: &[Subscription],
    ) -> String {
        let destinations = request
            .once(self.subscriptions.destinations(key.region))
            .await
            .inspect_err(|error| tracing::warn!("destinations could not be looked up: {error}"))
            .unwrap_or_default();
        let describe = |subscription: &Subscription| {
            let place = subscription.destination_id.as_ref().map(|id| {
                let known = destinations.iter().find(|destination| destination.id == *id);
                match known {
                    Some(destination) => format!("sends to {} (destination {id})", destination.resource),
                    None => format!("sends to destination {id}"),
                }
            });
            let version = subscription.payload_version.as_ref();
            let version = version.map(|version| format!(", payload version {version},"));
            format!(
                "subscription {}{} {}",
                subscription.id,
                version.unwrap_or_default(),
                place.unwrap_or_else(|| "sends to a place that Amazon does not name".to_owned())
            )
        };
        subscriptions.iter().map(describe).collect::<Vec<_>>().join("; ")
    }
}

/// What is worth saying of a subscription that is not the one that we would have made.
fn note(subscription: &Subscription) -> Option<String> {
    let version = subscription.payload_version.as_ref()?;
    (!is_of_our_version(subscription)).then(|| {
        format!("a subscription of payload version {version} sends here already; its notifications are read as well")
    })
}
