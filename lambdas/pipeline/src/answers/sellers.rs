use schemars::JsonSchema;
use serde::Serialize;
use sp_api::ids::{DestinationId, SellerId, SubscriptionId};

/// A selling partner's token is kept, or the selling partner is forgotten.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SellerAnswer {
    /// Whose.
    pub seller_id: SellerId,
    /// As the Quick Start answered.
    pub status: Success,
    /// What is left to be said: what could not be ended at Amazon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// It is done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Success {
    /// As the Quick Start says it.
    Success,
}

/// A selling partner's notifications come to the queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscribed {
    /// Amazon's id for the queue.
    pub destination_id: DestinationId,
    /// Amazon's id for the subscription.
    pub subscription_id: SubscriptionId,
    /// What is special about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// They come no more.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unsubscribed {
    /// Which subscription there was.
    pub subscription_id: SubscriptionId,
}
