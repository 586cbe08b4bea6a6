//! From the invitation, or the Appstore, to Amazon.

use jiff::{SignedDuration, Timestamp};
use pipeline::PipelineError;
use pipeline::adapters::{Attempt, Invitation, Onboardings};
use pipeline::domain::{LinkToken, TokenHash};
use sp_api::ids::SellerId;

use crate::answer::Outcome;
use crate::application::Application;
use crate::cookie::{Cookie, LIFETIME};
use crate::query::Query;

/// Longer than what the Appstore remembers a visit by.
const LONGEST_AMAZON_STATE: usize = 2048;

/// What beginning takes.
pub struct Beginning {
    pub onboardings: Onboardings,
    pub application: Application,
}

impl Beginning {
    /// The page that says who asks for what. Mail filters look at it, too: it changes nothing.
    pub async fn invitation(&self, secret: &str, now: Timestamp) -> Result<Outcome, PipelineError> {
        Ok(match self.find(secret, now).await? {
            Some((_, invitation)) => Outcome::Invited {
                // As seen from this very page.
                way_on: format!("{secret}/consent"),
                account_type: invitation.account_type,
            },
            None => Outcome::NoInvitation,
        })
    }

    /// On to Amazon's consent page.
    pub async fn consent(&self, secret: &str, now: Timestamp) -> Result<Outcome, PipelineError> {
        let Some((hash, invitation)) = self.find(secret, now).await? else {
            return Ok(Outcome::NoInvitation);
        };
        let attempt = Attempt {
            invitation: Some(hash),
            seller: invitation.seller.clone(),
            region: invitation.region,
            mail: invitation.mail.clone(),
        };
        self.begin(&attempt, now, |state| {
            self.application.consent_url(&invitation, state)
        })
        .await
    }

    /// Back to the Appstore, where a seller has chosen the application.
    pub async fn login(&self, query: &Query, now: Timestamp) -> Result<Outcome, PipelineError> {
        if !self.application.is_in_appstore {
            return Ok(Outcome::NotFromAppstore);
        }
        let pages = &self.application.pages;
        let callback = query
            .one("amazon_callback_uri")
            .and_then(|uri| pages.callback(uri));
        let seller = query
            .one("selling_partner_id")
            .and_then(|id| SellerId::parse(id).ok());
        let amazon_state = query
            .one("amazon_state")
            .filter(|state| state.len() <= LONGEST_AMAZON_STATE);
        let (Some(callback), Some(seller), Some(amazon_state)) = (callback, seller, amazon_state) else {
            return Ok(Outcome::NotFromAppstore);
        };
        let attempt = Attempt {
            invitation: None,
            seller: Some(seller),
            region: callback.region,
            mail: None,
        };
        let url = |state: &str| self.application.confirm_url(&callback, amazon_state, state);
        self.begin(&attempt, now, url).await
    }

    /// Sends a browser away with two secrets, of which Amazon learns one.
    async fn begin(
        &self,
        attempt: &Attempt,
        now: Timestamp,
        url: impl Fn(&str) -> String,
    ) -> Result<Outcome, PipelineError> {
        let (state, cookie) = (LinkToken::random(), LinkToken::random());
        let until = now + SignedDuration::from_secs(LIFETIME);
        self.onboardings
            .begin(&state.hash(), &cookie.hash(), attempt, until)
            .await?;
        Ok(Outcome::ToAmazon {
            url: url(&state.expose()),
            cookie: Cookie(cookie),
        })
    }

    async fn find(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<(TokenHash, Invitation)>, PipelineError> {
        let Some(token) = LinkToken::parse(secret) else {
            return Ok(None);
        };
        let hash = token.hash();
        let found = self.onboardings.invitation(&hash, now).await?;
        Ok(found.map(|invitation| (hash, invitation)))
    }
}

#[cfg(test)]
mod tests;
