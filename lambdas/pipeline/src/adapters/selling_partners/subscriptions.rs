//! Which subscriptions at Amazon are ours, so that they can be ended without the selling partner.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use sp_api::RegionCode;
use sp_api::ids::{NotificationType, SubscriptionId};

use super::{SellingPartners, if_there, region_in};
use crate::PipelineError;
use crate::domain::Account;

/// A subscription that was made here. Its destination never changes, so it stays ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptSubscription {
    /// Where the selling partner sells.
    pub region: RegionCode,
    /// To what.
    pub notification_type: NotificationType,
    /// Amazon's id for it.
    pub id: SubscriptionId,
}

impl KeptSubscription {
    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (region, notification_type, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            region: RegionCode::parse(region)?,
            notification_type: NotificationType::parse(notification_type).ok()?,
            id: SubscriptionId::parse(id).ok()?,
        })
    }
}

impl fmt::Display for KeptSubscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            region,
            notification_type,
            id,
        } = self;
        write!(formatter, "{region} {notification_type} {id}")
    }
}

/// What is kept of a selling partner's subscriptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where the selling partner has subscribed.
    pub regions: BTreeSet<RegionCode>,
    /// To what. Empty in rows that are older than this attribute.
    pub subscriptions: BTreeSet<KeptSubscription>,
}

impl SellingPartners {
    /// Keeps `subscription` of `seller`, besides others.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this selling partner (any more), or
    /// DynamoDB failed.
    pub async fn keep_subscription(
        &self,
        seller: &Account,
        subscription: &KeptSubscription,
    ) -> Result<(), PipelineError> {
        if self.change_subscriptions(seller, "ADD", subscription).await? {
            Ok(())
        } else {
            Err(PipelineError::SellerNotFound(seller.seller().clone()))
        }
    }

    /// Keeps `subscription` of `seller` no longer: it has ended.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn drop_subscription(
        &self,
        seller: &Account,
        subscription: &KeptSubscription,
    ) -> Result<(), PipelineError> {
        self.change_subscriptions(seller, "DELETE", subscription)
            .await
            .map(drop)
    }

    /// Whether there was a row to change.
    async fn change_subscriptions(
        &self,
        seller: &Account,
        how: &str,
        subscription: &KeptSubscription,
    ) -> Result<bool, PipelineError> {
        let result = self
            .update(seller)
            .update_expression(format!("{how} subscriptions :subscription"))
            // Who has been forgotten meanwhile stays so.
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(
                ":subscription",
                AttributeValue::Ss(vec![subscription.to_string()]),
            )
            .send()
            .await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception)
    }

    /// What is kept of the subscriptions of `seller`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this selling partner, or DynamoDB failed.
    pub async fn kept(&self, seller: &Account) -> Result<Kept, PipelineError> {
        let row = self.row(seller, "sellerId, regionCode, subscriptions").await?;
        let row = row.ok_or_else(|| PipelineError::SellerNotFound(seller.seller().clone()))?;
        let texts = row.get("subscriptions").and_then(|value| value.as_ss().ok());
        let subscriptions: BTreeSet<_> = texts
            .into_iter()
            .flatten()
            .filter_map(|text| KeptSubscription::parse(text))
            .collect();
        let regions = subscriptions
            .iter()
            .map(|kept| kept.region)
            .chain(region_in(&row));
        Ok(Kept {
            regions: regions.collect(),
            subscriptions,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::mock;

    use super::super::tests::{partners, seller};
    use super::*;

    fn subscription() -> KeptSubscription {
        KeptSubscription {
            region: RegionCode::Eu,
            notification_type: NotificationType::parse("REPORT_PROCESSING_FINISHED").expect("valid"),
            id: SubscriptionId::parse("s-1").expect("valid"),
        }
    }

    async fn kept(row: GetItemOutput) -> Result<Kept, PipelineError> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || row.clone());
        partners(&[&get], &[]).kept(&seller()).await
    }

    #[tokio::test]
    async fn what_is_kept_is_read_again() {
        let subscription = subscription();
        let texts = vec![subscription.to_string(), "garbage".to_owned()];
        let row = GetItemOutput::builder()
            .item("sellerId", AttributeValue::S("A3TH9S8BH6GOGM".into()))
            .item("regionCode", AttributeValue::S("NA".into()))
            .item("subscriptions", AttributeValue::Ss(texts));
        let kept = kept(row.build()).await.expect("there");
        assert_eq!(kept.regions, BTreeSet::from([RegionCode::Na, RegionCode::Eu]));
        assert_eq!(kept.subscriptions, BTreeSet::from([subscription]));
    }

    #[tokio::test]
    async fn who_never_subscribed_has_nothing_and_a_stranger_is_named() {
        let row = GetItemOutput::builder().item("sellerId", AttributeValue::S("A3TH9S8BH6GOGM".into()));
        assert_eq!(kept(row.build()).await.expect("there"), Kept::default());
        let error = kept(GetItemOutput::builder().build()).await.expect_err("unknown");
        assert!(matches!(error, PipelineError::SellerNotFound(unknown) if unknown == *seller().seller()));
    }

    #[tokio::test]
    async fn a_subscription_is_added_to_others_and_taken_from_them() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let value = &request.expression_attribute_values().expect("values")[":subscription"];
                assert_eq!(
                    *value,
                    AttributeValue::Ss(vec!["EU REPORT_PROCESSING_FINISHED s-1".into()])
                );
                let expression = request.update_expression().expect("an update").to_owned();
                sender.send(expression).is_ok()
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let partners = partners(&[&update], &[]);
        partners
            .keep_subscription(&seller(), &subscription())
            .await
            .expect("kept");
        partners
            .drop_subscription(&seller(), &subscription())
            .await
            .expect("dropped");
        let changes: Vec<String> = receiver.try_iter().collect();
        assert_eq!(
            changes,
            [
                "ADD subscriptions :subscription",
                "DELETE subscriptions :subscription"
            ]
        );
    }

    #[tokio::test]
    async fn a_forgotten_seller_keeps_no_subscription() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
        let partners = partners(&[&update], &[]);
        let error = partners.keep_subscription(&seller(), &subscription()).await;
        assert_eq!(error.expect_err("unknown").name(), "SellerNotFound");
        assert!(
            partners
                .drop_subscription(&seller(), &subscription())
                .await
                .is_ok()
        );
    }
}
