//! Which address gets a seller's news.

use lambda_http::http::StatusCode;
use pipeline::adapters::NotSubscribed;
use pipeline::api::ApiError;
use pipeline::domain::{Account, EmailAddress};
use sp_api::RegionCode;

use crate::handler::TokenStorage;

impl TokenStorage {
    /// Has `address` get the news of `account`, instead of an earlier one.
    pub(crate) async fn mail_to(
        &self,
        address: &EmailAddress,
        account: &Account,
        region: Option<RegionCode>,
    ) -> Result<(), ApiError> {
        let earlier = self.partners.mail_subscription(account).await?;
        let subscribed = self.mail.subscribe(account.seller(), region, address).await;
        let arn = subscribed.map_err(refusal)?;
        self.partners
            .keep_mail_subscription(account, address, &arn)
            .await?;
        // Last: who had the news has them until somebody else does.
        if let Some(earlier) = earlier.filter(|earlier| *earlier != arn) {
            self.mail.unsubscribe(&earlier).await?;
        }
        Ok(())
    }

    /// Nobody gets the news of `account` any more because of it.
    pub(crate) async fn mail_no_more(&self, account: &Account) -> Result<(), ApiError> {
        if let Some(arn) = self.partners.mail_subscription(account).await? {
            self.mail.unsubscribe(&arn).await?;
        }
        Ok(())
    }
}

fn refusal(error: NotSubscribed) -> ApiError {
    let (code, way_on) = match error {
        NotSubscribed::Aws(error) => return error.into(),
        NotSubscribed::Full => (
            "MailSubscriptionsFull",
            "ask AWS for a higher quota of filter policies, or have a program of your own mail what is told as events",
        ),
        NotSubscribed::AddressTaken => (
            "AddressTaken",
            "name an address that nobody else's news go to, such as ann+seller@example.com",
        ),
    };
    let message = format!("the refresh token is stored, but nobody is mailed to: {error}; {way_on}");
    ApiError::new(StatusCode::CONFLICT, code, message).about("NotificationEmail")
}
