use aws_sdk_sesv2::operation::delete_suppressed_destination::DeleteSuppressedDestinationError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};

use crate::PipelineError;
use crate::adapters::Mail;
use crate::domain::{EmailAddress, html};

/// SES, which sends e-mails from one address.
#[derive(Clone, Debug)]
pub struct SesMail {
    client: aws_sdk_sesv2::Client,
    from: EmailAddress,
    configuration_set: String,
}

impl SesMail {
    /// Sends from `from`, with what the configuration set of that name says of it.
    #[must_use]
    pub fn new(client: aws_sdk_sesv2::Client, from: EmailAddress, configuration_set: String) -> Self {
        Self {
            client,
            from,
            configuration_set,
        }
    }

    /// Sends an e-mail in words and as HTML, to all of these addresses at once or to none. Nobody sees any
    /// other than the first.
    ///
    /// # Errors
    /// [`PipelineError::AwsRefused`] if SES will not take it later either; SES failed.
    pub async fn send(&self, mail: Mail<'_>, to: &[EmailAddress]) -> Result<(), PipelineError> {
        let Some((first, others)) = to.split_first() else {
            return Ok(());
        };
        let others = others.iter().map(ToString::to_string).collect();
        let destination = Destination::builder()
            .to_addresses(first.as_str())
            .set_bcc_addresses(Some(others))
            .build();
        self.client
            .send_email()
            .from_email_address(self.from.as_str())
            .configuration_set_name(&self.configuration_set)
            .destination(destination)
            .content(EmailContent::builder().simple(message(mail)).build())
            .send()
            .await
            .map_err(|error| PipelineError::aws("SES", &error))?;
        Ok(())
    }
}

fn message(Mail { subject, text }: Mail<'_>) -> Message {
    let body = Body::builder()
        .text(content(text))
        .html(content(&html(subject, text)));
    // So that nobody's absence is answered.
    let automatic = MessageHeader::builder()
        .name("Auto-Submitted")
        .value("auto-generated");
    Message::builder()
        .subject(content(subject))
        .body(body.build())
        .headers(automatic.build().expect("a name and a value"))
        .build()
}

fn content(text: &str) -> Content {
    let content = Content::builder().data(text).charset("UTF-8");
    content.build().expect("data is all it needs")
}

/// SES's list of addresses that bounced or complained, to which it sends nothing more by itself.
#[derive(Clone, Debug)]
pub struct SuppressionList {
    client: aws_sdk_sesv2::Client,
}

impl SuppressionList {
    /// The list of the client's account.
    #[must_use]
    pub fn new(client: aws_sdk_sesv2::Client) -> Self {
        Self { client }
    }

    /// As [`new`](Self::new), with a client of its own.
    #[must_use]
    pub fn connect(aws: &aws_config::SdkConfig) -> Self {
        Self::new(aws_sdk_sesv2::Client::new(aws))
    }

    /// Takes an address from the list, if it is there.
    ///
    /// # Errors
    /// SES failed.
    pub async fn release(&self, address: &EmailAddress) -> Result<(), PipelineError> {
        let released = self
            .client
            .delete_suppressed_destination()
            .email_address(address.as_str())
            .send()
            .await;
        match released {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(DeleteSuppressedDestinationError::NotFoundException(_)) => Ok(()),
                _ => Err(PipelineError::aws("SES", &error)),
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_sdk_sesv2::error::ErrorMetadata;
    use aws_sdk_sesv2::operation::delete_suppressed_destination::DeleteSuppressedDestinationOutput;
    use aws_sdk_sesv2::operation::send_email::{SendEmailError, SendEmailOutput};
    use aws_sdk_sesv2::types::error::NotFoundException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).expect("valid")
    }

    /// What SES answers under this error code.
    pub(crate) fn refusal(code: &'static str) -> SendEmailError {
        SendEmailError::generic(ErrorMetadata::builder().code(code).build())
    }

    async fn send(rule: &Rule, to: &[&str]) -> Result<(), PipelineError> {
        let client = mock_client!(aws_sdk_sesv2, RuleMode::MatchAny, &[rule]);
        let mail = SesMail::new(client, address("reports@example.com"), "set".into());
        let written = Mail {
            subject: "s",
            text: "a <b>\n",
        };
        let to: Vec<_> = to.iter().map(|text| address(text)).collect();
        mail.send(written, &to).await
    }

    #[tokio::test]
    async fn a_mail_has_words_and_html_and_its_readers_do_not_see_each_other() {
        let rule = mock!(aws_sdk_sesv2::Client::send_email)
            .match_requests(|request| {
                let destination = request.destination().expect("a destination");
                let message = request
                    .content()
                    .and_then(EmailContent::simple)
                    .expect("a message");
                let body = message.body().expect("a body");
                request.from_email_address() == Some("reports@example.com")
                    && request.configuration_set_name() == Some("set")
                    && destination.to_addresses() == ["ann@example.com"]
                    && destination.bcc_addresses() == ["owner@example.com"]
                    && body.text().map(Content::data) == Some("a <b>\n")
                    && body
                        .html()
                        .is_some_and(|html| html.data().contains("<p>a &lt;b&gt;</p>"))
            })
            .then_output(|| SendEmailOutput::builder().build());
        send(&rule, &["ann@example.com", "owner@example.com"])
            .await
            .expect("sent");
        assert_eq!(rule.num_calls(), 1);
        send(&rule, &[]).await.expect("nothing to send");
        assert_eq!(rule.num_calls(), 1);
    }

    #[tokio::test]
    async fn what_ses_refuses_for_good_is_told_from_what_passes() {
        let error = async |code: &'static str| {
            let refused = mock!(aws_sdk_sesv2::Client::send_email).then_error(move || refusal(code));
            send(&refused, &["ann@example.com"])
                .await
                .expect_err("refused")
                .name()
        };
        for lasting in [
            "MessageRejected",
            "MailFromDomainNotVerifiedException",
            "AccountSuspendedException",
            "SendingPausedException",
        ] {
            assert_eq!(error(lasting).await, "AwsRefused");
        }
        assert_eq!(error("TooManyRequestsException").await, "Transient");
    }

    #[tokio::test]
    async fn an_address_that_is_on_no_list_need_not_be_released() {
        let released = mock!(aws_sdk_sesv2::Client::delete_suppressed_destination)
            .match_requests(|request| request.email_address() == Some("ann@example.com"))
            .sequence()
            .output(|| DeleteSuppressedDestinationOutput::builder().build())
            .error(|| {
                let error = NotFoundException::builder().build();
                DeleteSuppressedDestinationError::NotFoundException(error)
            })
            .build();
        let client = mock_client!(aws_sdk_sesv2, RuleMode::MatchAny, &[&released]);
        let list = SuppressionList::new(client);
        for _ in 0..2 {
            list.release(&address("ann@example.com")).await.expect("released");
        }
    }
}
