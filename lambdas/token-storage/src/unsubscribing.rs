//! Ending a selling partner's subscriptions to our queue, be there an authorization or not.

use lambda_http::http::StatusCode;
use pipeline::PipelineError;
use pipeline::api::ApiError;
use pipeline::domain::Account;
use pipeline::requests::SubscriptionKey;
use sp_api::SpApiError;
use sp_api::ids::{NotificationType, SellerId};

use crate::handler::TokenStorage;

/// The notification type that everybody subscribes to.
const REPORT_PROCESSING_FINISHED: &str = "REPORT_PROCESSING_FINISHED";

/// After how many seconds a deletion that did not succeed is worth repeating.
const RETRY_AFTER: u64 = 30;

impl TokenStorage {
    /// Ends all subscriptions of `account` to our queue; those that send elsewhere are none of our
    /// business. What can never be ended from here is said in the answer.
    ///
    /// Subscriptions that were made here are kept with the token: Amazon deletes them in the
    /// application's name, for which the selling partner's authorization is not needed. Only whether
    /// there are others Amazon tells nobody but the selling partner.
    ///
    /// # Errors
    /// Nothing is forgotten then, because what failed may succeed the next time.
    pub(crate) async fn unsubscribe(&self, account: &Account) -> Result<Option<String>, ApiError> {
        let seller = account.seller();
        let kept = self.partners.kept(account).await?;
        let mut ours = kept.subscriptions;
        let mut remains = Vec::new();
        for region in kept.regions {
            let key = SubscriptionKey {
                seller_id: seller.clone(),
                region,
                notification_type: finished_reports(),
            };
            let is_one_kept = ours.iter().any(|kept| kept.region == region);
            match self.subscriptions.by_place(&key).await {
                Ok(found) => ours.extend(
                    found
                        .ours
                        .into_iter()
                        .map(|subscription| key.kept(subscription.id)),
                ),
                // Then the one that is kept is the one that there is.
                Err(error) if is_one_kept && (is_final(&error) || is_denied(&error)) => {
                    tracing::warn!("subscriptions in {region} could not be looked up: {error}");
                }
                Err(error) if is_final(&error) => remains.push(format!(
                    "whether there is a subscription in {region} could not be found out: {error}"
                )),
                Err(error) => return Err(later(seller, &error)),
            }
        }
        for subscription in ours {
            let key = SubscriptionKey {
                seller_id: seller.clone(),
                region: subscription.region,
                notification_type: subscription.notification_type.clone(),
            };
            match self.subscriptions.delete(&key, &subscription.id).await {
                Ok(()) => tracing::info!(%seller, "{seller} is unsubscribed: {subscription}"),
                Err(error) if is_final(&error) => {
                    remains.push(format!("subscription {subscription} stays at Amazon: {error}"));
                }
                Err(error) => return Err(later(seller, &error)),
            }
        }
        if remains.is_empty() {
            return Ok(None);
        }
        let note = format!(
            "{}. What Amazon still announces of this selling partner is ignored",
            remains.join("; ")
        );
        tracing::warn!(%seller, "of {seller}: {note}");
        Ok(Some(note))
    }
}

fn finished_reports() -> NotificationType {
    NotificationType::parse(REPORT_PROCESSING_FINISHED).expect("a notification type")
}

/// Whether the same call will fail again: the selling partner is out of reach for good, or Amazon
/// means what it says.
fn is_final(error: &PipelineError) -> bool {
    matches!(
        error,
        PipelineError::SellerNotFound(_)
            | PipelineError::Amazon(
                SpApiError::AuthorizationRevoked { .. }
                    | SpApiError::AuthorizationForeign { .. }
                    | SpApiError::NotFound { .. }
                    | SpApiError::Rejected { .. }
            )
    )
}

/// Whether Amazon denies access, which may pass and may not.
fn is_denied(error: &PipelineError) -> bool {
    matches!(error, PipelineError::Amazon(SpApiError::Unauthorized { .. }))
}

fn later(seller: &SellerId, error: &PipelineError) -> ApiError {
    let message = format!(
        "selling partner {seller} is not forgotten yet: the subscription could not be ended ({error}); the token is \
         still there, repeat the call"
    );
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "StillSubscribed", message).retry_after(RETRY_AFTER)
}
