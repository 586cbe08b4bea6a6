//! Which address gets a seller's news.

use lambda_http::http::StatusCode;
use pipeline::adapters::{MailSubscriptions, NotSubscribed, SuppressionList};
use pipeline::api::ApiError;
use pipeline::domain::{Account, EmailAddress};
use sp_api::RegionCode;

use crate::handler::TokenStorage;

/// How sellers' news get to their addresses.
pub enum SellersMail {
    /// Each address has a subscription of its own, and SNS sends.
    Sns(MailSubscriptions),
    /// SES sends to the address that is kept, any number of sellers' to the same.
    Ses(SuppressionList),
}

impl TokenStorage {
    /// Has `address` get the news of `account`, instead of an earlier one.
    pub(crate) async fn mail_to(
        &self,
        address: &EmailAddress,
        account: &Account,
        region: Option<RegionCode>,
    ) -> Result<(), ApiError> {
        let subscriptions = match &self.mail {
            SellersMail::Sns(subscriptions) => subscriptions,
            SellersMail::Ses(suppressed) => {
                // First: what SES sends nothing to would be switched off again at once.
                suppressed.release(address).await?;
                return Ok(self.partners.keep_address(account, region, address).await?);
            }
        };
        let earlier = self.partners.mail_subscription(account).await?;
        let subscribed = subscriptions.subscribe(account.seller(), region, address).await;
        let arn = subscribed.map_err(refusal)?;
        self.partners
            .keep_mail_subscription(account, address, &arn)
            .await?;
        // Last: who had the news has them until somebody else does.
        if let Some(earlier) = earlier.filter(|earlier| *earlier != arn) {
            subscriptions.unsubscribe(&earlier).await?;
        }
        Ok(())
    }

    /// Nobody gets the news of `account` any more because of it.
    pub(crate) async fn mail_no_more(&self, account: &Account) -> Result<(), ApiError> {
        // Where SES sends, the address goes with the row.
        if let SellersMail::Sns(subscriptions) = &self.mail
            && let Some(arn) = self.partners.mail_subscription(account).await?
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
