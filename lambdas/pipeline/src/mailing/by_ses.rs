//! E-mails that SES sends: to whose addresses, and what becomes of those that it refuses for good.

use aws_config::SdkConfig;

use crate::PipelineError;
use crate::adapters::{Mail, MailAddresses, SesMail};
use crate::domain::{Announcement, EmailAddress, Failure, Recipient};
use crate::metrics::Metric;
use crate::settings::SesSettings;

/// SES, and the addresses of those whom it sends to.
#[derive(Clone, Debug)]
pub struct BySes {
    mail: SesMail,
    addresses: MailAddresses,
    owner: Option<EmailAddress>,
}

impl BySes {
    /// Sends to the addresses of sellers, and to that of the owner, if there is one.
    #[must_use]
    pub fn new(mail: SesMail, addresses: MailAddresses, owner: Option<EmailAddress>) -> Self {
        Self {
            mail,
            addresses,
            owner,
        }
    }

    /// As [`new`](Self::new), with clients of its own.
    #[must_use]
    pub fn connect(settings: SesSettings, aws: &SdkConfig) -> Self {
        let ses = aws_sdk_sesv2::Client::new(aws);
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        Self::new(
            SesMail::new(ses, settings.from, settings.configuration_set),
            MailAddresses::new(dynamodb, settings.selling_partners_table),
            settings.owner,
        )
    }

    /// Sends an e-mail to all addresses of `recipients` at once. Gives why SES refused it, if it did so for
    /// good: it is not to be sent again then, and the owner has been told.
    ///
    /// # Errors
    /// SES or DynamoDB failed for the moment; nobody got it.
    pub(super) async fn send(
        &self,
        mail: Mail<'_>,
        recipients: &[Recipient],
    ) -> Result<Option<Failure>, PipelineError> {
        let addresses = self.addresses_of(recipients).await?;
        match self.mail.send(mail, &addresses).await {
            Ok(()) => Ok(None),
            Err(error @ PipelineError::AwsRefused { .. }) => {
                tracing::error!("an e-mail is given up: {error}");
                Metric::MailRefused.count();
                let failure = Failure {
                    error: error.name().to_owned(),
                    cause: error.to_string(),
                };
                self.tell_owner(mail, &addresses, &failure).await;
                Ok(Some(failure))
            }
            Err(error) => Err(error),
        }
    }

    async fn addresses_of(&self, recipients: &[Recipient]) -> Result<Vec<EmailAddress>, PipelineError> {
        let mut addresses = Vec::new();
        for recipient in recipients {
            let more = match recipient {
                Recipient::Owner => self.owner.iter().cloned().collect(),
                Recipient::Seller(seller, region) => self.addresses.of(seller, *region).await?,
            };
            for address in more {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        Ok(addresses)
    }

    /// Once, and without more ado: if it is the sender or the account that SES does not like, this is refused,
    /// too, and an alarm tells of both.
    async fn tell_owner(&self, mail: Mail<'_>, refused: &[EmailAddress], failure: &Failure) {
        // What was refused to the owner alone would be again.
        let Some(owner) = self.owner.as_ref().filter(|owner| refused != [(*owner).clone()]) else {
            return;
        };
        let words = Announcement::of_refused_mail(mail.subject, failure);
        let mail = Mail {
            subject: &words.subject,
            text: &words.text,
        };
        if let Err(error) = self.mail.send(mail, std::slice::from_ref(owner)).await {
            tracing::error!("nor could the owner be told: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_sesv2::operation::send_email::{SendEmailError, SendEmailOutput};
    use aws_sdk_sesv2::types::error::{MessageRejected, TooManyRequestsException};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).expect("valid")
    }

    /// Sends to a seller, whose address is that of every account, and to the owner.
    async fn send(ses: &[&Rule]) -> Result<Option<Failure>, PipelineError> {
        let row = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            let address = AttributeValue::S("ann@example.com".into());
            GetItemOutput::builder()
                .item("notificationEmail", address)
                .build()
        });
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&row]);
        let ses = mock_client!(aws_sdk_sesv2, RuleMode::Sequential, ses);
        let by_ses = BySes::new(
            SesMail::new(ses, address("reports@example.com"), "set".into()),
            MailAddresses::new(dynamodb, "partners".into()),
            Some(address("owner@example.com")),
        );
        let mail = Mail {
            subject: "Amazon report ready",
            text: "t",
        };
        let seller = Recipient::parse("A3").expect("valid");
        by_ses.send(mail, &[seller, Recipient::Owner]).await
    }

    /// Takes what is sent to this address first.
    fn taken(first: &'static str, others: &'static [&'static str]) -> Rule {
        mock!(aws_sdk_sesv2::Client::send_email)
            .match_requests(move |request| {
                let to = request.destination().expect("a destination");
                to.to_addresses() == [first] && to.bcc_addresses() == others
            })
            .then_output(|| SendEmailOutput::builder().build())
    }

    fn refused() -> Rule {
        mock!(aws_sdk_sesv2::Client::send_email)
            .then_error(|| SendEmailError::MessageRejected(MessageRejected::builder().build()))
    }

    #[tokio::test]
    async fn all_recipients_get_one_mail_and_no_address_gets_two() {
        let taken = taken("ann@example.com", &["owner@example.com"]);
        assert_eq!(send(&[&taken]).await.expect("sent"), None);
        assert_eq!(taken.num_calls(), 1);
    }

    #[tokio::test]
    async fn of_what_ses_refuses_for_good_the_owner_is_told_once() {
        let (refused, told) = (refused(), taken("owner@example.com", &[]));
        let failure = send(&[&refused, &told]).await.expect("no error");
        assert!(failure.is_some_and(|failure| failure.cause.contains("MessageRejected")));
        assert_eq!((refused.num_calls(), told.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn where_not_even_the_owner_can_be_told_that_is_the_end_of_it() {
        let rules = [&refused(), &refused()];
        assert!(send(&rules).await.expect("no error").is_some());
        assert_eq!(rules.map(Rule::num_calls), [1, 1]);
    }

    #[tokio::test]
    async fn what_passes_is_an_error_that_is_tried_again() {
        let busy = mock!(aws_sdk_sesv2::Client::send_email).then_error(|| {
            let error = TooManyRequestsException::builder().build();
            SendEmailError::TooManyRequestsException(error)
        });
        assert_eq!(send(&[&busy]).await.expect_err("an error").name(), "Transient");
    }
}
