use aws_sdk_sns::operation::subscribe::SubscribeError;
use aws_sdk_sns::operation::unsubscribe::UnsubscribeError;
use serde_json::json;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use crate::PipelineError;
use crate::domain::EmailAddress;
use crate::domain::news::Audience;

/// Addresses that get the news of one seller each: subscriptions to the topic, with a filter policy.
#[derive(Clone, Debug)]
pub struct MailSubscriptions {
    client: aws_sdk_sns::Client,
    topic_arn: String,
}

/// Why an address gets no news.
#[derive(Debug, thiserror::Error)]
pub enum NotSubscribed {
    /// The topic has as many subscriptions with a filter as SNS allows.
    #[error(
        "SNS allows no further subscription with a filter on this topic (200, unless AWS has raised that quota)"
    )]
    Full,
    /// SNS keeps one subscription of an address, and there is another.
    #[error(
        "this address is subscribed to the topic in another way already; SNS keeps one subscription of each"
    )]
    AddressTaken,
    /// SNS failed.
    #[error(transparent)]
    Aws(#[from] PipelineError),
}

impl MailSubscriptions {
    /// Subscriptions to the topic with that ARN.
    #[must_use]
    pub fn new(client: aws_sdk_sns::Client, topic_arn: String) -> Self {
        Self { client, topic_arn }
    }

    /// Has an address get what is a seller's to know, of one region or of all. Gives SNS's name for that.
    /// Its owner is asked by SNS to confirm; done again, it asks who has not confirmed again.
    ///
    /// # Errors
    /// [`NotSubscribed`].
    pub async fn subscribe(
        &self,
        seller: &SellerId,
        region: Option<RegionCode>,
        address: &EmailAddress,
    ) -> Result<String, NotSubscribed> {
        let mut filter = json!({"SellerId": [seller], "Audience": [Audience::Seller.as_str()]});
        if let Some(region) = region {
            filter["RegionCode"] = json!([region]);
        }
        let subscribed = self
            .client
            .subscribe()
            .topic_arn(&self.topic_arn)
            .protocol("email")
            .endpoint(address.as_str())
            .attributes("FilterPolicy", filter.to_string())
            .return_subscription_arn(true)
            .send()
            .await;
        match subscribed {
            Ok(subscribed) => Ok(subscribed.subscription_arn.unwrap_or_default()),
            Err(error) => Err(match error.as_service_error() {
                Some(
                    SubscribeError::FilterPolicyLimitExceededException(_)
                    | SubscribeError::SubscriptionLimitExceededException(_),
                ) => NotSubscribed::Full,
                Some(SubscribeError::InvalidParameterException(refusal))
                    if refusal.message().is_some_and(|it| it.contains("already exists")) =>
                {
                    NotSubscribed::AddressTaken
                }
                _ => PipelineError::aws("SNS", &error).into(),
            }),
        }
    }

    /// Ends what [`subscribe`](Self::subscribe) called `arn`. One that was never confirmed SNS may keep for
    /// two days more; nothing is sent to it.
    ///
    /// # Errors
    /// SNS failed.
    pub async fn unsubscribe(&self, arn: &str) -> Result<(), PipelineError> {
        match self.client.unsubscribe().subscription_arn(arn).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UnsubscribeError::NotFoundException(_)) => Ok(()),
                Some(UnsubscribeError::InvalidParameterException(refusal)) => {
                    tracing::warn!("{arn} is not ended: {refusal}");
                    Ok(())
                }
                _ => Err(PipelineError::aws("SNS", &error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sns::operation::subscribe::SubscribeOutput;
    use aws_sdk_sns::types::error::{
        FilterPolicyLimitExceededException, InvalidParameterException, NotFoundException,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn subscriptions(rule: &Rule) -> MailSubscriptions {
        let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[rule]);
        MailSubscriptions::new(client, "arn:topic".into())
    }

    async fn subscribe(rule: &Rule) -> Result<String, NotSubscribed> {
        let seller = SellerId::parse("A3").expect("valid");
        let address = EmailAddress::parse("ann@example.com").expect("valid");
        subscriptions(rule)
            .subscribe(&seller, Some(RegionCode::Eu), &address)
            .await
    }

    #[tokio::test]
    async fn an_address_gets_its_sellers_news_and_no_others() {
        let rule = mock!(aws_sdk_sns::Client::subscribe)
            .match_requests(|request| {
                let filter = &request.attributes().expect("attributes")["FilterPolicy"];
                let filter: serde_json::Value = serde_json::from_str(filter).expect("JSON");
                request.endpoint() == Some("ann@example.com")
                    && filter == json!({"SellerId": ["A3"], "Audience": ["seller"], "RegionCode": ["EU"]})
            })
            .then_output(|| SubscribeOutput::builder().subscription_arn("arn:1").build());
        assert_eq!(subscribe(&rule).await.expect("subscribed"), "arn:1");
    }

    #[tokio::test]
    async fn what_sns_has_no_room_for_is_told_from_what_is_there_already() {
        let full = mock!(aws_sdk_sns::Client::subscribe).then_error(|| {
            let error = FilterPolicyLimitExceededException::builder().build();
            SubscribeError::FilterPolicyLimitExceededException(error)
        });
        assert!(matches!(subscribe(&full).await, Err(NotSubscribed::Full)));
        let taken = mock!(aws_sdk_sns::Client::subscribe).then_error(|| {
            let error = InvalidParameterException::builder().message(
                "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
            );
            SubscribeError::InvalidParameterException(error.build())
        });
        assert!(matches!(
            subscribe(&taken).await,
            Err(NotSubscribed::AddressTaken)
        ));
    }

    #[tokio::test]
    async fn what_is_gone_need_not_be_ended() {
        let gone = mock!(aws_sdk_sns::Client::unsubscribe)
            .then_error(|| UnsubscribeError::NotFoundException(NotFoundException::builder().build()));
        subscriptions(&gone).unsubscribe("arn:1").await.expect("ended");
    }
}
