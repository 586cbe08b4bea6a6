//! Back from Amazon: the code becomes a refresh token, which is kept, and the seller's reports are announced here.

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Amazon, Attempt, Onboardings, SellingPartners};
use pipeline::domain::{Account, LinkToken};
use pipeline::redelivery::Redeliveries;
use pipeline::requests::{Subscribe, SubscriptionKey};
use pipeline::sellers_mail::SellersMail;
use pipeline::subscribing::{Patience, Subscriber, is_passing};
use secrecy::SecretString;
use sp_api::ids::{NotificationType, SellerId};
use sp_api::{AuthorizationCode, SpApiError};

use crate::answer::{Outcome, Refusal};
use crate::cookie::Cookie;
use crate::query::Query;

/// What everybody subscribes to.
const REPORT_PROCESSING_FINISHED: &str = "REPORT_PROCESSING_FINISHED";

/// Where Amazon's pages and Login with Amazon say why they send somebody back without a code.
const ERRORS: [&str; 4] = ["error", "error_code", "errorCode", "error_description"];

/// What finishing takes.
pub struct Finishing {
    pub onboardings: Onboardings,
    pub amazon: Amazon,
    pub partners: SellingPartners,
    pub mail: SellersMail,
    pub redeliveries: Redeliveries,
    pub subscriber: Subscriber,
    /// How long the exchange of the code may take.
    pub patience: Patience,
}

impl Finishing {
    /// Finishes what the browser with that cookie began, once.
    pub async fn finish(
        &self,
        query: &Query,
        cookie: Option<Cookie>,
        now: Timestamp,
    ) -> Result<Outcome, PipelineError> {
        let refusal = Refusal::of(ERRORS.into_iter().filter_map(|name| query.one(name)));
        let Some(attempt) = self.begun(query, cookie, now).await? else {
            tracing::warn!("a browser came from Amazon that was not sent there, or comes again");
            // Amazon's own words are worth showing, whoever comes with them; nothing is done for them.
            return Ok(refusal.map_or(Outcome::NotBegunHere, Outcome::RefusedByAmazon));
        };
        if let Some(refusal) = refusal {
            tracing::warn!("Amazon has sent a browser back without an authorization: {refusal}");
            return Ok(Outcome::RefusedByAmazon(refusal));
        }
        let seller = query
            .one("selling_partner_id")
            .and_then(|id| SellerId::parse(id).ok());
        let code = query
            .one("spapi_oauth_code")
            .and_then(|code| AuthorizationCode::parse(code).ok());
        let (Some(seller), Some(code)) = (seller, code) else {
            tracing::warn!("Amazon has sent a browser back without a code or a selling partner's id");
            return Ok(Outcome::RefusedByAmazon(Refusal::Unknown));
        };
        if attempt
            .seller
            .as_ref()
            .is_some_and(|expected| *expected != seller)
        {
            tracing::warn!(
                seller_id = seller.as_str(),
                "another selling partner was expected than {seller}"
            );
            return Ok(Outcome::OtherSeller);
        }
        if !is_named_by_us(&attempt) && self.partners.is_known(&seller).await? {
            tracing::warn!(
                seller_id = seller.as_str(),
                "{seller} is here already and was not invited by name: a browser can claim to be any seller. If that is \
                 right, invite it with its SellerId"
            );
            return Ok(Outcome::KnownSeller);
        }
        let token = match self.exchange(&code).await {
            Ok(token) => token,
            Err(PipelineError::Amazon(
                error @ (SpApiError::AuthorizationRevoked { .. } | SpApiError::AuthorizationForeign { .. }),
            )) => {
                tracing::warn!(
                    seller_id = seller.as_str(),
                    "the code of {seller} is not taken: {error}"
                );
                return Ok(Outcome::CodeNotTaken);
            }
            Err(error) => return Err(error),
        };
        let Some(account) = self.keep(&attempt, &seller, &token, now).await? else {
            return Ok(Outcome::NoInvitation);
        };
        tracing::info!(
            seller_id = seller.as_str(),
            "{seller} has authorized the application in a browser"
        );
        self.redeliveries.see_to_seller(&seller).await;
        // What fails from here on can be repeated without the seller.
        let is_mailed = self.mail_to(&attempt, &account).await;
        let is_subscribed = self.subscribe(&attempt, &seller).await;
        Ok(Outcome::Done {
            is_complete: is_mailed && is_subscribed,
        })
    }

    /// The attempt that the browser began; it is used up then.
    async fn begun(
        &self,
        query: &Query,
        cookie: Option<Cookie>,
        now: Timestamp,
    ) -> Result<Option<Attempt>, PipelineError> {
        let state = query.one("state").and_then(LinkToken::parse);
        let (Some(state), Some(Cookie(cookie))) = (state, cookie) else {
            return Ok(None);
        };
        self.onboardings.take(&state.hash(), &cookie.hash(), now).await
    }

    async fn exchange(&self, code: &AuthorizationCode) -> Result<SecretString, PipelineError> {
        let request = self.patience.begin();
        request
            .persist(request.end(), is_passing, || self.amazon.exchange_code(code))
            .await
    }

    /// Uses the invitation up and keeps the token; `None` if somebody else has used it meanwhile, and then nothing
    /// is kept.
    async fn keep(
        &self,
        attempt: &Attempt,
        seller: &SellerId,
        token: &SecretString,
        now: Timestamp,
    ) -> Result<Option<Account>, PipelineError> {
        if let Some(invitation) = &attempt.invitation
            && !self.onboardings.claim(invitation, seller, now).await?
        {
            tracing::warn!(
                seller_id = seller.as_str(),
                "the invitation of {seller} has been used meanwhile"
            );
            return Ok(None);
        }
        let kept = self
            .partners
            .store_refresh_token_in(seller, attempt.region, token, now)
            .await;
        if let (Err(_), Some(invitation)) = (&kept, &attempt.invitation)
            && let Err(error) = self.onboardings.release(invitation, seller).await
        {
            tracing::error!(
                seller_id = seller.as_str(),
                "the invitation of {seller} is lost: {error}"
            );
        }
        kept.map(Some)
    }

    /// Whether the address that the invitation named, if it did, gets the seller's news.
    async fn mail_to(&self, attempt: &Attempt, account: &Account) -> bool {
        let Some(address) = &attempt.mail else { return true };
        let mailed = self
            .mail
            .mail_to(&self.partners, address, account, Some(attempt.region));
        let seller = account.seller();
        let problem = mailed.await.err();
        if let Some(problem) = &problem {
            tracing::error!(
                seller_id = seller.as_str(),
                "{seller} has joined, but nobody is mailed to: {problem}; store the address with POST /tokens"
            );
        }
        problem.is_none()
    }

    /// Whether Amazon announces the seller's reports here.
    async fn subscribe(&self, attempt: &Attempt, seller: &SellerId) -> bool {
        let wanted = Subscribe {
            key: SubscriptionKey {
                seller_id: seller.clone(),
                region: attempt.region,
                notification_type: NotificationType::parse(REPORT_PROCESSING_FINISHED)
                    .expect("a notification type"),
            },
            // Somebody may rely on one that is there.
            replace_existing: false,
            discover: None,
            discover_since: None,
            deliver: None,
        };
        let problem = self.subscriber.subscribe(&wanted).await.err();
        if let Some(problem) = &problem {
            tracing::error!(
                seller_id = seller.as_str(),
                "{seller} has joined, but is not subscribed: {problem}; repeat that with POST /notifications"
            );
        }
        problem.is_none()
    }
}

/// Whether who invited has said which seller it is for. The callback's `selling_partner_id` stands in the browser's
/// address, and no answer of Amazon's says whose a code is: whoever authorizes could put another seller's id there,
/// and take the place of that seller's token. So a token that is kept is replaced for a named seller only.
fn is_named_by_us(attempt: &Attempt) -> bool {
    attempt.invitation.is_some() && attempt.seller.is_some()
}

#[cfg(test)]
mod tests;
