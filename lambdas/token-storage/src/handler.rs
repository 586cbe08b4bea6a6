use jiff::Timestamp;
use lambda_http::http::StatusCode;
use pipeline::PipelineError;
use pipeline::adapters::{KnownAccount, Links, SellingPartners};
use pipeline::answers::{SellerAnswer, Success};
use pipeline::api::ApiError;
use pipeline::domain::Account;
use pipeline::redelivery::Redeliveries;
use pipeline::requests::{ForgetSeller, InvalidRequest, Parameters, StoreToken};
use pipeline::sellers_mail::SellersMail;
use pipeline::subscriptions::Subscriptions;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

/// What keeping and forgetting selling partners takes.
pub struct TokenStorage {
    pub partners: SellingPartners,
    pub links: Links,
    pub subscriptions: Subscriptions,
    pub redeliveries: Redeliveries,
    pub mail: SellersMail,
}

impl TokenStorage {
    /// Keeps the refresh token of `body`, instead of an earlier one of the same selling partner, and has
    /// what waited for it go on.
    pub async fn store_token(&self, body: &[u8]) -> Result<SellerAnswer, ApiError> {
        let now = Timestamp::now();
        let StoreToken {
            seller_id,
            region,
            refresh_token,
            notification_email,
            authorized_at,
        } = StoreToken::parse(body, now)?;
        let authorized_at = authorized_at.unwrap_or(now);
        let account = match region {
            Some(region) => {
                let (seller, token) = (&seller_id, &refresh_token);
                self.partners
                    .store_refresh_token_in(seller, region, token, authorized_at)
                    .await?
            }
            None => {
                let account = self.only_account(&seller_id).await?;
                self.partners
                    .store_refresh_token(&account, &refresh_token, authorized_at)
                    .await?;
                account
            }
        };
        self.redeliveries.see_to_seller(&seller_id).await;
        if let Some(address) = &notification_email {
            self.mail
                .mail_to(&self.partners, address, &account, region)
                .await?;
        }
        Ok(done(seller_id, None))
    }

    /// The account that a token is for which comes without a region: the seller's only one, or its first.
    async fn only_account(&self, seller: &SellerId) -> Result<Account, ApiError> {
        let mut known = self.partners.accounts(seller).await?;
        if known.len() > 1 {
            let regions: Vec<_> = known.iter().filter_map(|known| known.region).collect();
            let regions: Vec<_> = regions.into_iter().map(RegionCode::as_str).collect();
            let message = format!(
                "RegionCode is needed: selling partner {seller} has refresh tokens for {}",
                regions.join(" and ")
            );
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "RegionNeeded", message).about("RegionCode"));
        }
        let only = known.pop().map(|known| known.account);
        Ok(only.unwrap_or_else(|| Account::first(seller.clone())))
    }

    /// Forgets the selling partner that `parameters` name: first its subscriptions to our queue, then the
    /// links to its reports, then token, region, and what is looked for.
    pub async fn forget(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<SellerAnswer, ApiError> {
        let ForgetSeller { seller_id, region } = ForgetSeller::parse(parameters?)?;
        let mut known = self.partners.accounts(&seller_id).await?;
        known.retain(|known| region.is_none() || known.region == region);
        if known.is_empty() {
            return Err(PipelineError::SellerNotFound(seller_id).into());
        }
        let mut notes = Vec::new();
        for KnownAccount { account, .. } in known {
            notes.extend(self.unsubscribe(&account).await?);
            self.links.revoke(&account, None).await?;
            self.mail.mail_no_more(&self.partners, &account).await?;
            self.partners.forget(&account).await?;
        }
        let note = (!notes.is_empty()).then(|| notes.join(". "));
        Ok(done(seller_id, note))
    }
}

fn done(seller_id: SellerId, note: Option<String>) -> SellerAnswer {
    SellerAnswer {
        seller_id,
        status: Success::Success,
        note,
    }
}

#[cfg(test)]
mod tests;
