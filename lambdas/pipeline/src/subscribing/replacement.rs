//! Moving a subscription here: the old one is deleted first, because Amazon keeps no two.

use crate::PipelineError;
use crate::api::ApiError;
use crate::requests::SubscriptionKey;
use crate::subscriptions::Subscriptions;
use lambda_http::http::StatusCode;
use sp_api::ids::{DestinationId, SubscriptionId};
use sp_api::{NewSubscription, Subscription};

use super::Subscriber;
use super::creation::{Attempt, is_conflict, is_missing_destination};
use super::patience::{Request, is_passing};

/// A subscription whose deletion Amazon was asked for.
struct Deleted {
    subscription: Subscription,
    /// Whether Amazon has said yes. Otherwise it may stand still.
    is_certain: bool,
}

/// What became of a subscription that was to be made again.
enum Restored {
    /// It is there again, under this id.
    As(SubscriptionId),
    /// Amazon has made ours after all.
    Ours(Subscription),
}

impl Subscriber {
    /// Has our destination take the place of `others`. What can't be finished in time is undone; what
    /// can't be undone is said.
    pub(crate) async fn replace(
        &self,
        request: &Request,
        key: &SubscriptionKey,
        destination: &DestinationId,
        others: Vec<Subscription>,
    ) -> Result<Subscription, ApiError> {
        if !request.is_young() {
            let message = "Amazon has answered so slowly that there is no time left to replace the subscription \
                           safely; nothing has been changed, repeat the call";
            return Err(not_now("NotReplaced", message.to_owned()));
        }
        let mut deleted = Vec::new();
        let mut in_the_way = others;
        loop {
            for subscription in in_the_way {
                let deletion = || self.subscriptions.delete(key, &subscription.id);
                let result = request.persist(request.trial(), is_passing, deletion).await;
                let is_certain = result.is_ok();
                deleted.push(Deleted {
                    subscription,
                    is_certain,
                });
                if let Err(error) = result {
                    return self.undo(request, key, destination, &deleted, error).await;
                }
            }
            // A deletion that is not visible yet is a conflict.
            let passes = |error: &PipelineError| {
                is_missing_destination(error) || is_conflict(error) || is_passing(error)
            };
            let gone: Vec<_> = deleted.iter().map(|one| one.subscription.clone()).collect();
            let attempt = || self.attempt(key, destination, &gone);
            match request.persist(request.trial(), passes, attempt).await {
                Ok(Attempt::Standing(ours)) => return Ok(ours),
                Ok(Attempt::InTheWay(more)) => in_the_way = more,
                Err(error) => return self.undo(request, key, destination, &deleted, error).await,
            }
        }
    }

    /// Makes the `deleted` subscriptions again, and says what stands now.
    async fn undo(
        &self,
        request: &Request,
        key: &SubscriptionKey,
        destination: &DestinationId,
        deleted: &[Deleted],
        cause: PipelineError,
    ) -> Result<Subscription, ApiError> {
        tracing::warn!("a subscription could not be replaced, the old one is restored: {cause}");
        let (mut back, mut lost) = (Vec::new(), Vec::new());
        for one in deleted {
            match self.restore(request, key, destination, one).await {
                Ok(Restored::Ours(ours)) => return Ok(ours),
                Ok(Restored::As(id)) => back.push(Subscription {
                    id,
                    ..one.subscription.clone()
                }),
                Err(error) => lost.push((one.subscription.clone(), error)),
            }
        }
        let (seller, notification_type) = (&key.seller_id, &key.notification_type);
        let stands = if back.is_empty() {
            String::new()
        } else {
            format!("restored: {}. ", self.describe(request, key, &back).await)
        };
        if lost.is_empty() {
            let message = format!(
                "the subscription of selling partner {seller} to {notification_type} could not be moved here: \
                 {cause}. The old one is {stands}Repeat the call"
            );
            return Err(not_now("NotReplaced", message));
        }
        let (subscriptions, errors): (Vec<_>, Vec<_>) = lost.into_iter().unzip();
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let message = format!(
            "selling partner {seller} is subscribed to {notification_type} no more: deleted was {}; the new \
             subscription could not be made: {cause}; nor could the old one be restored: {}. {stands}Nothing is \
             announced until the call is repeated",
            self.describe(request, key, &subscriptions).await,
            errors.join("; ")
        );
        tracing::error!("{message}");
        Err(not_now("SubscriptionLost", message))
    }

    async fn restore(
        &self,
        request: &Request,
        key: &SubscriptionKey,
        ours: &DestinationId,
        deleted: &Deleted,
    ) -> Result<Restored, PipelineError> {
        let old = &deleted.subscription;
        let Some(destination) = &old.destination_id else {
            let problem = format!("Amazon did not say where subscription {} sends", old.id);
            return Err(PipelineError::InvalidInput(problem));
        };
        let version = old
            .payload_version
            .clone()
            .unwrap_or_else(Subscriptions::our_version);
        let wanted = NewSubscription {
            payload_version: &version,
            destination_id: destination,
            processing_directive: old.processing_directive.as_ref(),
        };
        let attempt = || async {
            let conflict = match self.subscriptions.create(key, wanted).await {
                Err(conflict) if is_conflict(&conflict) => conflict,
                result => return result.map(Restored::As),
            };
            let all = self.subscriptions.all(key).await?;
            // The shadow of what is deleted for certain is not the subscription itself.
            let is_real = |one: &&Subscription| one.id != old.id || !deleted.is_certain;
            let standing = |place| all.iter().filter(is_real).find(|one| one.sends_to(place));
            match (standing(ours), standing(destination)) {
                (Some(ours), _) => Ok(Restored::Ours(ours.clone())),
                (None, Some(old)) => Ok(Restored::As(old.id.clone())),
                (None, None) => Err(conflict),
            }
        };
        // Whatever it is, there is nothing better to do with the time.
        request.persist(request.end(), |_| true, attempt).await
    }
}

fn not_now(code: &str, message: String) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(30)
}
