use pipeline::adapters::SellingPartners;
use pipeline::api::ApiError;
use pipeline::redelivery::Redeliveries;
use pipeline::requests::{ForgetSeller, InvalidRequest, Parameters, StoreToken};
use pipeline::subscriptions::Subscriptions;
use serde::Serialize;
use sp_api::ids::SellerId;

/// `{sellerId, status: "SUCCESS"}`, as the Quick Start answered, and perhaps what is left to be said.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    seller_id: SellerId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Done {
    fn with(seller_id: SellerId, note: Option<String>) -> Self {
        Self {
            seller_id,
            status: "SUCCESS",
            note,
        }
    }
}

/// What keeping and forgetting selling partners takes.
pub struct TokenStorage {
    pub partners: SellingPartners,
    pub subscriptions: Subscriptions,
    pub redeliveries: Redeliveries,
}

impl TokenStorage {
    /// Keeps the refresh token of `body`, instead of an earlier one of the same selling partner, and has
    /// what waited for it go on.
    pub async fn store_token(&self, body: &[u8]) -> Result<Done, ApiError> {
        let StoreToken {
            seller_id,
            refresh_token,
        } = StoreToken::parse(body)?;
        self.partners
            .store_refresh_token(&seller_id, &refresh_token)
            .await?;
        self.redeliveries.see_to_seller(&seller_id).await;
        Ok(Done::with(seller_id, None))
    }

    /// Forgets the selling partner that `parameters` name: first its subscriptions to our queue, then
    /// token, region, and what is looked for.
    pub async fn forget(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<Done, ApiError> {
        let ForgetSeller { seller_id } = ForgetSeller::parse(parameters?)?;
        let note = self.unsubscribe(&seller_id).await?;
        self.partners.forget(&seller_id).await?;
        Ok(Done::with(seller_id, note))
    }
}

#[cfg(test)]
mod tests;
