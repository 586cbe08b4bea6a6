use std::time::SystemTime;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, MailAddresses, RowKey, Teller};
use pipeline::domain::news::News;
use pipeline::domain::{Announcement, EmailAddress, MailEvent, MailFeedback, StoppedMail, UnreadableEvent};
use pipeline::metrics::Metric;
use pipeline::telling::Publisher;
use pipeline::{PipelineError, persistently};

/// What acting upon feedback needs.
pub struct Feedback {
    pub publisher: Publisher,
    pub addresses: MailAddresses,
    /// The owner's own address, if there is one.
    pub owner: Option<EmailAddress>,
}

/// Why an event is not acted upon.
#[derive(Debug, thiserror::Error)]
enum Unprocessed {
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    #[error(transparent)]
    Failed(#[from] PipelineError),
}

impl Feedback {
    /// Acts upon every event in the batch. What fails is named, so that the queue delivers only that again,
    /// and puts it aside in the end. This function's invocation is called `request_id` and ends until `deadline`.
    pub async fn process(&self, batch: SqsEvent, request_id: &str, deadline: SystemTime) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for message in batch.records {
            let body = message.body.as_deref().unwrap_or_default();
            if let Err(error) = self.act_upon(body, request_id, deadline).await {
                let message_id = message.message_id.unwrap_or_default();
                tracing::error!(message_id, "{error}");
                response.add_failure(message_id);
            }
        }
        response
    }

    async fn act_upon(&self, event: &str, request_id: &str, deadline: SystemTime) -> Result<(), Unprocessed> {
        match MailEvent::parse(event)? {
            MailEvent::Passing => {}
            MailEvent::Rejected(reason) => {
                tracing::error!("SES did not send an e-mail that it had taken: {reason}");
                Metric::MailRefused.count();
            }
            MailEvent::Feedback(feedback) => {
                let teller = Teller::of_invocation(request_id, deadline)?;
                for address in &feedback.addresses {
                    if !self.is_owners(address, &feedback) {
                        self.stop(address, &feedback, teller).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether it is the owner's address that failed. A mail about that would fail, too, and be told of, and
    /// so on; so an alarm tells of it, and SES itself sends nothing more there.
    fn is_owners(&self, address: &EmailAddress, feedback: &MailFeedback) -> bool {
        let owner = self.owner.as_ref().map(EmailAddress::as_str);
        let is_owners = owner.is_some_and(|owner| owner.eq_ignore_ascii_case(address.as_str()));
        if is_owners {
            let words = feedback.words.as_deref().unwrap_or_default();
            tracing::error!("the owner's address: {}: {words}", feedback.why.name());
            Metric::OwnersMailUndeliverable.count();
        }
        is_owners
    }

    /// Sends nothing more to an address, and tells the owner of each seller whose it was, once.
    async fn stop(
        &self,
        address: &EmailAddress,
        feedback: &MailFeedback,
        teller: Teller<'_>,
    ) -> Result<(), PipelineError> {
        let switched_off = self.addresses.switch_off(address, feedback.why, Timestamp::now());
        for off in switched_off.await? {
            let row = RowKey::of_stopped_mail(&off.account, off.since);
            let kind = AnnouncementKind::Failure;
            let Some(turn) = self.publisher.take_turn(row.clone(), kind, teller).await? else {
                continue;
            };
            let stopped = StoppedMail {
                account: &off.account,
                address,
                why: feedback.why,
                words: feedback.words.as_deref(),
                since: off.since,
            };
            let news = News::of_stopped_mail(&stopped, Timestamp::now());
            turn.publish(&news, &Announcement::of_stopped_mail(&stopped))
                .await?;
            let ledger = self.publisher.ledger();
            persistently(|| ledger.record_told(row.clone())).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_lambda_events::sqs::SqsMessage;
    use aws_sdk_dynamodb::operation::scan::ScanOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
    use aws_sdk_sns::types::error::InternalErrorException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::adapters::Ledger;
    use serde_json::json;

    use super::*;

    /// A seller with that address.
    fn seller() -> Rule {
        mock!(aws_sdk_dynamodb::Client::scan).then_output(|| {
            let text = |name: &str, value: &str| (name.to_owned(), AttributeValue::S(value.to_owned()));
            let row = [
                text("sellerId", "A3"),
                text("notificationEmail", "ann@example.com"),
            ];
            ScanOutput::builder().items(row.into()).build()
        })
    }

    fn update() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
    }

    fn publish() -> Rule {
        mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                let attributes = request.message_attributes().expect("attributes");
                attributes["Outcome"].string_value() == Some("MailStopped")
            })
            .then_output(|| PublishOutput::builder().build())
    }

    fn bounce(address: &str) -> String {
        let bounce = json!({"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": address}]});
        json!({"source": "aws.ses", "detail": {"eventType": "Bounce", "bounce": bounce}}).to_string()
    }

    /// How many of these messages are to come again.
    async fn failures(bodies: &[&str], dynamodb: &[&Rule], publish: &Rule) -> usize {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, dynamodb);
        let ledger = Ledger::new(dynamodb.clone(), "reports".into());
        let feedback = Feedback {
            publisher: test_doubles::publisher(publish, ledger),
            addresses: MailAddresses::new(dynamodb, "partners".into()),
            owner: EmailAddress::parse("owner@example.com").ok(),
        };
        let mut batch = SqsEvent::default();
        for body in bodies {
            let mut message = SqsMessage::default();
            message.message_id = Some("1".into());
            message.body = Some((*body).to_owned());
            batch.records.push(message);
        }
        let deadline = SystemTime::now() + Duration::from_secs(30);
        let response = feedback.process(batch, "request-1", deadline).await;
        response.batch_item_failures.len()
    }

    #[tokio::test]
    async fn a_bounce_switches_the_address_off_and_tells_the_owner() {
        let (update, publish) = (update(), publish());
        let failed = failures(&[&bounce("Ann@example.com")], &[&seller(), &update], &publish).await;
        assert_eq!(failed, 0);
        // Off, a turn, a slot of the owner's pace, and told.
        assert_eq!((update.num_calls(), publish.num_calls()), (4, 1));
    }

    #[tokio::test]
    async fn what_could_not_be_told_comes_again_and_what_can_not_be_read_too() {
        let failing = mock!(aws_sdk_sns::Client::publish)
            .then_error(|| PublishError::InternalErrorException(InternalErrorException::builder().build()));
        let update = update();
        let failed = failures(
            &[&bounce("ann@example.com"), "?"],
            &[&seller(), &update],
            &failing,
        )
        .await;
        assert_eq!(failed, 2);
        // The turn is given back.
        assert_eq!(update.num_calls(), 4);
    }

    #[tokio::test]
    async fn of_the_owners_own_address_no_mail_tells() {
        let (update, publish) = (update(), publish());
        let failed = failures(&[&bounce("owner@example.com")], &[&seller(), &update], &publish).await;
        assert_eq!((failed, update.num_calls(), publish.num_calls()), (0, 0, 0));
    }
}
