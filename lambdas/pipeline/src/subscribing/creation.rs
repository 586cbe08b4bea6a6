//! Making a subscription, and looking into why Amazon does not make it.

use crate::PipelineError;
use crate::api::ApiError;
use crate::requests::SubscriptionKey;
use crate::subscriptions::Subscriptions;
use lambda_http::http::StatusCode;
use sp_api::ids::DestinationId;
use sp_api::rates::Operation;
use sp_api::{NewSubscription, SpApiError, Subscription};

use super::Subscriber;
use super::patience::Request;

/// Ways to say that there is no such thing.
const NO_SUCH: [&str; 9] = [
    "no destination",
    "no such",
    "not found",
    "notfound",
    "not exist",
    "n't exist",
    "not find",
    "n't find",
    "unknown destination",
];

/// What came of an attempt to subscribe.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// There is a subscription to our queue.
    Standing(Subscription),
    /// Amazon makes none because of these, which send elsewhere.
    InTheWay(Vec<Subscription>),
}

impl Subscriber {
    /// Subscribes to our destination; waits for it where Amazon does not see it yet.
    pub(crate) async fn create(
        &self,
        request: &Request,
        key: &SubscriptionKey,
        destination: &DestinationId,
    ) -> Result<Attempt, ApiError> {
        // One that has just been deleted may be in the way without being shown.
        let passes =
            |error: &PipelineError| is_missing_destination(error) || is_conflict(error) && request.is_young();
        let attempt = || self.attempt(key, destination, &[]);
        let error = match request.persist(request.end(), passes, attempt).await {
            Ok(attempt) => return Ok(attempt),
            Err(error) => error,
        };
        Err(if is_missing_destination(&error) {
            let queue = self.subscriptions.queue_arn();
            let message = format!(
                "destination {destination} has been made for {queue}, but Amazon does not see it yet ({error}); \
                 nothing is subscribed, repeat the call in a minute"
            );
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "DestinationNotVisible", message).retry_after(60)
        } else if is_conflict(&error) {
            let message = format!(
                "{error}. Yet Amazon shows no subscription of selling partner {} to {}: one that was deleted a \
                 moment ago may count still, so repeat the call in some minutes; should that not help, delete the \
                 subscription with the application that made it",
                key.seller_id, key.notification_type
            );
            ApiError::new(StatusCode::CONFLICT, "SubscriptionConflict", message)
        } else {
            refusal(error)
        })
    }

    /// One attempt. `gone` have been deleted, though Amazon may show them still.
    pub(crate) async fn attempt(
        &self,
        key: &SubscriptionKey,
        destination: &DestinationId,
        gone: &[Subscription],
    ) -> Result<Attempt, PipelineError> {
        let version = Subscriptions::our_version();
        let wanted = NewSubscription {
            payload_version: &version,
            destination_id: destination,
            processing_directive: None,
        };
        match self.subscriptions.create(key, wanted).await {
            Ok(id) => Ok(Attempt::Standing(Subscription {
                id,
                destination_id: Some(destination.clone()),
                payload_version: Some(version),
                processing_directive: None,
            })),
            Err(conflict) if is_conflict(&conflict) => {
                let standing = self.standing(key, destination, gone).await?;
                standing.ok_or(conflict)
            }
            Err(error) => Err(error),
        }
    }

    /// What is subscribed to already, of whatever payload version, if anything.
    pub(crate) async fn standing(
        &self,
        key: &SubscriptionKey,
        destination: &DestinationId,
        gone: &[Subscription],
    ) -> Result<Option<Attempt>, PipelineError> {
        let mut all = self.subscriptions.all(key).await?;
        all.retain(|one| gone.iter().all(|deleted| deleted.id != one.id));
        let ours = all.iter().filter(|one| one.sends_to(destination));
        let ours = ours.max_by_key(|one| is_of_our_version(one));
        Ok(match ours {
            Some(ours) => Some(Attempt::Standing(ours.clone())),
            None if all.is_empty() => None,
            None => Some(Attempt::InTheWay(all)),
        })
    }
}

/// Whether it is of the payload version that we would subscribe to.
pub(crate) fn is_of_our_version(subscription: &Subscription) -> bool {
    let version = subscription.payload_version.as_ref();
    version.is_none_or(|version| *version == Subscriptions::our_version())
}

/// Whether Amazon says that there is a subscription already.
pub(crate) fn is_conflict(error: &PipelineError) -> bool {
    matches!(
        error,
        PipelineError::Amazon(SpApiError::Rejected {
            operation: Operation::CreateSubscription,
            status: 409,
            ..
        })
    )
}

/// Whether Amazon says that there is no such destination: one appears a moment after it was made.
pub(crate) fn is_missing_destination(error: &PipelineError) -> bool {
    match error {
        PipelineError::Amazon(SpApiError::NotFound { operation, .. }) => {
            *operation == Operation::CreateSubscription
        }
        PipelineError::Amazon(SpApiError::Rejected {
            operation: Operation::CreateSubscription,
            status: 400,
            code,
            message,
        }) => {
            let words = format!("{code} {message}").to_lowercase();
            words.contains("destination") && NO_SUCH.iter().any(|no_such| words.contains(no_such))
        }
        _ => false,
    }
}

/// A refusal to subscribe: besides the destination, which we made, the caller has named nothing but
/// the type.
pub(crate) fn refusal(error: PipelineError) -> ApiError {
    let is_about_the_type = matches!(
        &error,
        PipelineError::Amazon(SpApiError::Rejected {
            operation: Operation::CreateSubscription | Operation::GetSubscription,
            status: 400,
            ..
        })
    );
    let refusal = ApiError::from(error);
    if is_about_the_type {
        refusal.about("NotificationType")
    } else {
        refusal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(operation: Operation, status: u16, message: &str) -> PipelineError {
        PipelineError::Amazon(SpApiError::Rejected {
            operation,
            status,
            code: "InvalidInput".to_owned(),
            message: message.to_owned(),
        })
    }

    #[test]
    fn a_missing_destination_is_known_by_amazons_words_however_it_writes_them() {
        let says = |message| is_missing_destination(&rejected(Operation::CreateSubscription, 400, message));
        for message in [
            "No destination with id 'x' for applicationId 'y'",
            "The destination x does not exist.",
            "Destination x could not be found: DestinationNotFound",
        ] {
            assert!(says(message), "{message}");
        }
        assert!(!says("NOPE is not a notification type"));
        assert!(!says(
            "REPORT_PROCESSING_FINISHED is not supported for this destination"
        ));
        let elsewhere = rejected(Operation::CreateDestination, 400, "No destination with id 'x'");
        assert!(!is_missing_destination(&elsewhere));
        let not_found = PipelineError::Amazon(SpApiError::NotFound {
            operation: Operation::CreateSubscription,
            code: "NotFound".to_owned(),
            message: String::new(),
        });
        assert!(is_missing_destination(&not_found));
    }
}
