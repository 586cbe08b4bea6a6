//! Which address gets a seller's news.

use lambda_http::http::StatusCode;
use sp_api::RegionCode;

use crate::adapters::{MailSubscriptions, NotSubscribed, SellingPartners, SuppressionList};
use crate::api::ApiError;
use crate::domain::{Account, EmailAddress};
use crate::settings::{self, InvalidSetting, MailService};

/// How sellers' news get to their addresses.
pub enum SellersMail {
    /// Each address has a subscription of its own, and SNS sends.
    Sns(MailSubscriptions),
    /// SES sends to the address that is kept, any number of sellers' to the same.
    Ses(SuppressionList),
}

impl SellersMail {
    /// As the environment describes it: `MAIL`, and `TOPIC_ARN` where SNS sends.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env(aws: &aws_config::SdkConfig) -> Result<Self, InvalidSetting> {
        Ok(match settings::required("MAIL")? {
            MailService::Sns => {
                let topic_arn = settings::required("TOPIC_ARN")?;
                Self::Sns(MailSubscriptions::new(aws_sdk_sns::Client::new(aws), topic_arn))
            }
            MailService::Ses => Self::Ses(SuppressionList::connect(aws)),
        })
    }

    /// Has `address` get the news of `account`, one of `partners`, instead of an earlier one.
    ///
    /// # Errors
    /// SNS takes no further address, or AWS failed. Who had the news before has them still.
    pub async fn mail_to(
        &self,
        partners: &SellingPartners,
        address: &EmailAddress,
        account: &Account,
        region: Option<RegionCode>,
    ) -> Result<(), ApiError> {
        let subscriptions = match self {
            Self::Sns(subscriptions) => subscriptions,
            Self::Ses(suppressed) => {
                // First: what SES sends nothing to would be switched off again at once.
                suppressed.release(address).await?;
                return Ok(partners.keep_address(account, region, address).await?);
            }
        };
        let earlier = partners.mail_subscription(account).await?;
        let subscribed = subscriptions.subscribe(account.seller(), region, address).await;
        let arn = subscribed.map_err(refusal)?;
        partners.keep_mail_subscription(account, address, &arn).await?;
        // Last: who had the news has them until somebody else does.
        if let Some(earlier) = earlier.filter(|earlier| *earlier != arn) {
            subscriptions.unsubscribe(&earlier).await?;
        }
        Ok(())
    }

    /// Nobody gets the news of `account`, one of `partners`, any more because of it.
    ///
    /// # Errors
    /// AWS failed.
    pub async fn mail_no_more(&self, partners: &SellingPartners, account: &Account) -> Result<(), ApiError> {
        // Where SES sends, the address goes with the row.
        if let Self::Sns(subscriptions) = self
            && let Some(arn) = partners.mail_subscription(account).await?
        {
            subscriptions.unsubscribe(&arn).await?;
        }
        Ok(())
    }
}

fn refusal(error: NotSubscribed) -> ApiError {
    let (code, way_on) = match error {
        NotSubscribed::Aws(error) => return error.into(),
        NotSubscribed::Full => (
            "MailSubscriptionsFull",
            "ask AWS for a higher quota of filter policies, or deploy with -c mail=ses, which has no such limit",
        ),
        NotSubscribed::AddressTaken => (
            "AddressTaken",
            "name an address that nobody else's news go to, such as ann+seller@example.com, or deploy with -c mail=ses",
        ),
    };
    let message = format!("the refresh token is stored, but nobody is mailed to: {error}; {way_on}");
    ApiError::new(StatusCode::CONFLICT, code, message).about("NotificationEmail")
}
