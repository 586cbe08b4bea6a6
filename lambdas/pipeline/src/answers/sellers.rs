use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sp_api::RegionCode;
use sp_api::ids::{DestinationId, NotificationType, SellerId, SubscriptionId};

use crate::requests::LedgerStatus;

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

/// Sellers at a glance, each account for itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SellerList {
    /// Their accounts, in no order. There may be fewer than `limit` before the last page.
    pub sellers: Vec<Seller>,
    /// What leads on to the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A selling partner in one region.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Seller {
    /// Who.
    pub seller_id: SellerId,
    /// Where, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_code: Option<RegionCode>,
    /// Which notifications come here.
    pub subscribed: BTreeSet<NotificationType>,
    /// Since when the application is authorized; of what was stored before this was kept, when it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub authorized_at: Option<Timestamp>,
    /// Until when the seller is to authorize again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub reauthorization_due: Option<Timestamp>,
    /// The report that Amazon was done with last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_report: Option<LastReport>,
    /// What stands in the way, or will soon.
    pub trouble: Vec<Trouble>,
}

/// The report that Amazon was done with last.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastReport {
    /// Amazon's id for it.
    pub report_id: String,
    /// What it reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_type: Option<String>,
    /// When it was known here that Amazon was done.
    #[schemars(extend("format" = "date-time"))]
    pub notified_at: String,
    /// How far it is here.
    #[schemars(with = "LedgerStatus")]
    pub status: String,
}

/// Something that is to be mended.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// What, by the error's name, or by that of the news of it.
    pub code: String,
    /// The same in words.
    pub reason: String,
    /// Of which reports, if not of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_type: Option<String>,
    /// Since when, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
}
