//! Which address gets a seller's news.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use sp_api::RegionCode;

use super::{SellingPartners, if_there};
use crate::PipelineError;
use crate::domain::{Account, EmailAddress};

/// What is kept of an address that is switched off; one that is stored is not.
const SWITCHED_OFF: &str = "mailOffSince, mailOffReason";

impl SellingPartners {
    /// SNS's name for the subscription of the address that gets an account's news, if one does.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn mail_subscription(&self, account: &Account) -> Result<Option<String>, PipelineError> {
        let arn = self.attribute(account, "mailSubscription").await?;
        Ok(arn.and_then(|arn| arn.as_s().ok().cloned()))
    }

    /// Keeps which address gets an account's news, instead of an earlier one.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this account (any more), or DynamoDB failed.
    pub async fn keep_mail_subscription(
        &self,
        account: &Account,
        address: &EmailAddress,
        arn: &str,
    ) -> Result<(), PipelineError> {
        let result = self
            .update(account)
            .update_expression(format!(
                "SET notificationEmail = :address, mailSubscription = :arn REMOVE {SWITCHED_OFF}"
            ))
            // Who has been forgotten meanwhile stays so.
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":address", AttributeValue::S(address.to_string()))
            .expression_attribute_values(":arn", AttributeValue::S(arn.to_owned()))
            .send()
            .await;
        match if_there(result, UpdateItemError::is_conditional_check_failed_exception)? {
            true => Ok(()),
            false => Err(PipelineError::SellerNotFound(account.seller().clone())),
        }
    }

    /// Keeps the address that gets an account's news of one region, or those of all the seller's, instead of
    /// an earlier one, and switches it on.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this account (any more), or DynamoDB failed.
    pub async fn keep_address(
        &self,
        account: &Account,
        region: Option<RegionCode>,
        address: &EmailAddress,
    ) -> Result<(), PipelineError> {
        let mut update = self
            .update(account)
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":address", AttributeValue::S(address.to_string()));
        update = match region {
            None => update.update_expression(format!(
                "SET notificationEmail = :address REMOVE mailRegion, {SWITCHED_OFF}"
            )),
            Some(region) => update
                .update_expression(format!(
                    "SET notificationEmail = :address, mailRegion = :region REMOVE {SWITCHED_OFF}"
                ))
                .expression_attribute_values(":region", AttributeValue::S(region.to_string())),
        };
        match if_there(
            update.send().await,
            UpdateItemError::is_conditional_check_failed_exception,
        )? {
            true => Ok(()),
            false => Err(PipelineError::SellerNotFound(account.seller().clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_smithy_mocks::mock;

    use super::super::tests::{partners, seller};
    use super::*;

    #[tokio::test]
    async fn which_address_gets_the_news_is_kept_and_read_again() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":address"] == AttributeValue::S("ann@example.com".into())
                    && values[":arn"] == AttributeValue::S("arn:1".into())
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            let arn = AttributeValue::S("arn:1".into());
            GetItemOutput::builder().item("mailSubscription", arn).build()
        });
        let partners = partners(&[&update, &get], &[]);
        let address = EmailAddress::parse("ann@example.com").expect("valid");
        partners
            .keep_mail_subscription(&seller(), &address, "arn:1")
            .await
            .expect("kept");
        let kept = partners.mail_subscription(&seller()).await.expect("read");
        assert_eq!(kept.as_deref(), Some("arn:1"));
    }

    #[tokio::test]
    async fn an_address_that_is_stored_is_switched_on() {
        let address = EmailAddress::parse("ann@example.com").expect("valid");
        for (region, expression) in [
            (
                None,
                "SET notificationEmail = :address REMOVE mailRegion, mailOffSince, mailOffReason",
            ),
            (
                Some(RegionCode::Eu),
                "SET notificationEmail = :address, mailRegion = :region REMOVE mailOffSince, mailOffReason",
            ),
        ] {
            let update = mock!(aws_sdk_dynamodb::Client::update_item)
                .match_requests(move |request| request.update_expression() == Some(expression))
                .then_output(|| UpdateItemOutput::builder().build());
            let kept = partners(&[&update], &[])
                .keep_address(&seller(), region, &address)
                .await;
            kept.expect("kept");
        }
    }
}
