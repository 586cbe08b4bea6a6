use jiff::{SignedDuration, Timestamp};
use pipeline::adapters::Onboardings;
use pipeline::answers::NewInvitation;
use pipeline::api::ApiError;
use pipeline::domain::LinkToken;
use pipeline::requests::InviteSeller;

/// What inviting takes.
pub struct Inviter {
    pub onboardings: Onboardings,
    /// Where the page is.
    pub api_url: String,
}

impl Inviter {
    /// Makes an invitation as `body` asks for.
    pub async fn invite(&self, body: &[u8], now: Timestamp) -> Result<NewInvitation, ApiError> {
        let InviteSeller { invitation, days } = InviteSeller::parse(body)?;
        let secret = LinkToken::random();
        let expires_at = now + SignedDuration::from_hours(24 * i64::from(days));
        self.onboardings
            .invite(&secret.hash(), &invitation, expires_at)
            .await?;
        Ok(NewInvitation {
            url: format!("{}/onboarding/{}", self.api_url, secret.expose()),
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn inviter(put: &Rule) -> Inviter {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[put]);
        Inviter {
            onboardings: Onboardings::new(dynamodb, "onboardings".into()),
            api_url: "https://api.example.com/prod".into(),
        }
    }

    #[tokio::test]
    async fn an_invitation_works_for_the_days_that_were_asked_for() {
        let put = mock!(aws_sdk_dynamodb::Client::put_item)
            .match_requests(|request| {
                let item = request.item().expect("an item");
                item["expiresAt"] == AttributeValue::N((1000 + 2 * 86_400).to_string())
            })
            .then_output(|| PutItemOutput::builder().build());
        let now = Timestamp::from_second(1000).expect("a time");
        let invited = inviter(&put)
            .invite(br#"{"RegionCode": "EU", "Days": 2}"#, now)
            .await;
        let invited = invited.expect("invited");
        let secret = invited
            .url
            .strip_prefix("https://api.example.com/prod/onboarding/");
        assert!(
            LinkToken::parse(secret.expect("its place")).is_some(),
            "{}",
            invited.url
        );
        assert_eq!(invited.expires_at.as_second(), 1000 + 2 * 86_400);
        assert_eq!(put.num_calls(), 1);
    }

    #[tokio::test]
    async fn what_is_refused_leaves_nothing() {
        let put = mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| PutItemOutput::builder().build());
        let refused = inviter(&put)
            .invite(br#"{"RegionCode": "EU", "Days": 31}"#, Timestamp::UNIX_EPOCH)
            .await;
        assert!(refused.is_err());
        assert_eq!(put.num_calls(), 0);
    }
}
