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

    /// Sends an e-mail to all addresses of `recipients` at once, or to each alone if SES refuses that for good:
    /// one bad address must not keep the mail from the others. Gives why SES refused it to an address; it is not
    /// to be sent there again then, and the owner has been told.
    ///
    /// # Errors
    /// SES or DynamoDB failed for the moment. Nobody got it, unless an address was refused before.
    pub(super) async fn send(
        &self,
        mail: Mail<'_>,
        recipients: &[Recipient],
    ) -> Result<Option<Failure>, PipelineError> {
        let addresses = self.addresses_of(recipients).await?;
        let Some(failure) = self.send_to(mail, &addresses).await? else {
            return Ok(None);
        };
        let mut refused = Vec::new();
        if let [address] = addresses.as_slice() {
            refused.push((address.clone(), failure));
        } else {
            for address in addresses {
                if let Some(failure) = self.send_to(mail, std::slice::from_ref(&address)).await? {
                    refused.push((address, failure));
                }
            }
        }
        self.tell_of(mail, &refused).await;
        Ok(refused.pop().map(|(_, failure)| failure))
    }

    /// Gives why SES refused it for good.
    async fn send_to(
        &self,
        mail: Mail<'_>,
        addresses: &[EmailAddress],
    ) -> Result<Option<Failure>, PipelineError> {
        match self.mail.send(mail, addresses).await {
            Ok(()) => Ok(None),
            Err(error @ PipelineError::AwsRefused { .. }) => Ok(Some(Failure {
                error: error.name().to_owned(),
                cause: error.to_string(),
            })),
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

    /// Counts a refusal and tells the owner of it, once and without more ado: if it is the sender or the account
    /// that SES does not like, this is refused, too, and an alarm tells of both.
    async fn tell_of(&self, mail: Mail<'_>, refused: &[(EmailAddress, Failure)]) {
        let Some((_, failure)) = refused.last() else {
            return;
        };
        tracing::error!("an e-mail is given up: {}", failure.cause);
        Metric::MailRefused.count();
        // What was refused to the owner would be again.
        let is_refused = |owner: &&EmailAddress| refused.iter().any(|(address, _)| address == *owner);
        let Some(owner) = self.owner.as_ref().filter(|owner| !is_refused(owner)) else {
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
    use aws_sdk_sesv2::operation::send_email::SendEmailOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::adapters::ses_mail::tests::refusal;

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
        mock!(aws_sdk_sesv2::Client::send_email).then_error(|| refusal("MessageRejected"))
    }

    #[tokio::test]
    async fn all_recipients_get_one_mail_and_no_address_gets_two() {
        let taken = taken("ann@example.com", &["owner@example.com"]);
        assert_eq!(send(&[&taken]).await.expect("sent"), None);
        assert_eq!(taken.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_bad_address_does_not_keep_the_mail_from_the_others() {
        let rules = [
            refused(),
            refused(),
            taken("owner@example.com", &[]),
            taken("owner@example.com", &[]),
        ];
        // To both, to the seller, to the owner; and the owner is told.
        let failure = send(&[&rules[0], &rules[1], &rules[2], &rules[3]])
            .await
            .expect("no error");
        assert!(failure.is_some_and(|failure| failure.cause.contains("MessageRejected")));
        assert_eq!(rules.map(|rule| rule.num_calls()), [1; 4]);
    }

    #[tokio::test]
    async fn where_the_owner_is_refused_that_is_the_end_of_it() {
        let rules = [refused(), taken("ann@example.com", &[]), refused()];
        assert!(
            send(&[&rules[0], &rules[1], &rules[2]])
                .await
                .expect("no error")
                .is_some()
        );
        assert_eq!(rules.map(|rule| rule.num_calls()), [1; 3]);
    }

    #[tokio::test]
    async fn what_is_refused_to_many_and_to_none_alone_is_sent() {
        let rules = [
            refused(),
            taken("ann@example.com", &[]),
            taken("owner@example.com", &[]),
        ];
        let failure = send(&[&rules[0], &rules[1], &rules[2]]).await.expect("no error");
        assert_eq!(failure, None);
    }

    #[tokio::test]
    async fn what_passes_is_an_error_that_is_tried_again() {
        let busy =
            mock!(aws_sdk_sesv2::Client::send_email).then_error(|| refusal("TooManyRequestsException"));
        assert_eq!(send(&[&busy]).await.expect_err("an error").name(), "Transient");
    }
}
