//! Telling news once. Several executions may come to the same news at the same time: whose turn it is, the
//! ledger says. Between SNS's yes and the ledger's there is an instant in which a teller can die; then the
//! news are told a second time, under the same id.

use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;

use crate::PipelineError;
use crate::adapters::{
    AnnouncementKind, EventBus, Ledger, LedgerRow, RowKey, StateMachine, Teller, Turn, or_warn,
};
use crate::domain::news::News;
use crate::domain::{Announcement, Failure, Reach};
use crate::mailing::{Mailer, Mailing};
use crate::settings::{NewsSettings, Switch};

/// How long the event, gathering and the message may take. A turn lasts longer than all of them, so that nobody
/// else publishes meanwhile; and the message has its time for itself: one that is given up may be sent all the
/// same.
const EVENT_WITHIN: Duration = Duration::from_secs(7);
const GATHERED_WITHIN: Duration = Duration::from_secs(7);
const MESSAGE_WITHIN: Duration = Duration::from_secs(14);

/// Where news are published, and where they are written down.
#[derive(Clone, Debug)]
pub struct Publisher {
    mailer: Mailer,
    events: EventBus,
    mailing: Mailing,
    ledger: Ledger,
}

/// The turn to tell some news of a row. It lasts until the news are written down, is given back, or ends by
/// itself.
#[derive(Debug)]
pub struct TakenTurn<'a> {
    publisher: &'a Publisher,
    key: RowKey<'a>,
    teller: Teller<'a>,
    /// The row as it is now.
    pub row: LedgerRow,
}

impl Publisher {
    /// Publishes by `mailer` and as `events`, sends no more than `mailing` allows, and asks `ledger` what has been
    /// told.
    #[must_use]
    pub fn new(mailer: Mailer, events: EventBus, mailing: Mailing, ledger: Ledger) -> Self {
        Self {
            mailer,
            events,
            mailing,
            ledger,
        }
    }

    /// As [`new`](Self::new), with clients of their own.
    #[must_use]
    pub fn connect(settings: NewsSettings, ledger: Ledger, aws: &SdkConfig) -> Self {
        let Switch(has_events) = settings.events;
        let events = match has_events {
            true => EventBus::new(aws_sdk_eventbridge::Client::new(aws)),
            false => EventBus::none(),
        };
        let workflow = StateMachine::new(aws_sdk_sfn::Client::new(aws), settings.mail_workflow_arn);
        let mailing = Mailing::new(workflow, ledger.clone(), settings.gather_mail);
        Self::new(Mailer::connect(settings.mail, aws), events, mailing, ledger)
    }

    async fn publish(
        &self,
        row: (&RowKey<'_>, &LedgerRow),
        news: &News,
        words: &Announcement,
    ) -> Result<(), PipelineError> {
        // First: should the message fail after it, the event comes a second time, and programs know it by its
        // id. People would get an e-mail a second time.
        within(EVENT_WITHIN, "EventBridge", self.events.put(news)).await?;
        let reach = within(GATHERED_WITHIN, "DynamoDB", self.mailing.reach(row, news, words)).await?;
        let refusal = within(MESSAGE_WITHIN, "SNS", self.mailer.send(news, words, reach)).await?;
        if let Some(failure) = refusal {
            self.record_refusal(row.0, news, words, &failure).await;
        }
        Ok(())
    }

    /// Tells programs that the e-mail with `news` was refused, and has the row say so. Its owner has been told.
    async fn record_refusal(&self, key: &RowKey<'_>, news: &News, words: &Announcement, failure: &Failure) {
        or_warn(
            self.ledger
                .record_mail_refusal(key.clone(), &failure.reason())
                .await,
        );
        let refused = news.of_refused_mail(failure, Timestamp::now());
        let words = Announcement::of_refused_mail(&words.subject, failure);
        let told = async {
            self.events.put(&refused).await?;
            self.mailer.send(&refused, &words, Reach::default()).await
        };
        // With what is left of the turn's time; the row knows, and the alarm.
        if let Err(error) = within(EVENT_WITHIN, "SNS", told).await {
            tracing::warn!("programs are not told that an e-mail was refused: {error}");
        }
    }

    /// What has been told, and of what.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes the turn to tell the news of a row; `None` if they have been told.
    ///
    /// # Errors
    /// DynamoDB failed, or it is somebody else's turn: it may come to nothing.
    pub async fn take_turn<'a>(
        &'a self,
        row: impl Into<RowKey<'a>>,
        kind: AnnouncementKind,
        teller: Teller<'a>,
    ) -> Result<Option<TakenTurn<'a>>, PipelineError> {
        let key = row.into();
        match self.ledger.take_turn(key.clone(), kind, teller).await? {
            Turn::Ours(row) => Ok(Some(TakenTurn {
                publisher: self,
                key,
                teller,
                row,
            })),
            Turn::Past => {
                tracing::info!("the news of {key} have been told before; nothing to do");
                Ok(None)
            }
            Turn::Others => Err(PipelineError::AwsTransient {
                service: "DynamoDB",
                message: format!("another execution is about to tell of {key}"),
            }),
        }
    }
}

impl TakenTurn<'_> {
    /// Publishes the news. If that fails, the next may try at once.
    ///
    /// # Errors
    /// EventBridge, DynamoDB, Step Functions, SNS or SES failed, or does not answer.
    pub async fn publish(&self, news: &News, words: &Announcement) -> Result<(), PipelineError> {
        let row = (&self.key, &self.row);
        let published = self.publisher.publish(row, news, words).await;
        if published.is_err() {
            self.give_back().await;
        }
        published
    }

    /// Ends a turn in which nothing could be told, so that the next may come at once.
    pub async fn give_back(&self) {
        or_warn(
            self.publisher
                .ledger
                .end_turn(self.key.clone(), self.teller)
                .await,
        );
    }
}

async fn within<Answer>(
    time: Duration,
    service: &'static str,
    call: impl Future<Output = Result<Answer, PipelineError>>,
) -> Result<Answer, PipelineError> {
    let answered = tokio::time::timeout(time, call).await;
    answered.unwrap_or_else(|_| {
        Err(PipelineError::AwsTransient {
            service,
            message: "no answer".to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
    use aws_sdk_eventbridge::types::PutEventsResultEntry;
    use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
    use aws_sdk_sns::types::error::InternalErrorException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::adapters::Topic;
    use crate::domain::news::tests::delivered;
    use crate::domain::{Account, Recipient};
    use crate::mailing::tests::woken;

    /// Takes the turn to tell how a report ended, and tells it.
    async fn tell(publish: &Rule, ledger: &[&Rule]) -> Result<bool, PipelineError> {
        tell_with(&event(), publish, ledger).await
    }

    async fn tell_with(event: &Rule, publish: &Rule, ledger: &[&Rule]) -> Result<bool, PipelineError> {
        let eventbridge = mock_client!(aws_sdk_eventbridge, RuleMode::MatchAny, &[event]);
        let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[publish]);
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, ledger);
        let sfn = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[&woken()]);
        let ledger = Ledger::new(dynamodb, "reports".into());
        let workflow = StateMachine::new(sfn, "arn:mail".into());
        let publisher = Publisher::new(
            Mailer::new(Topic::new(sns, "arn:topic".into()), None),
            EventBus::new(eventbridge),
            Mailing::new(workflow, ledger.clone(), Duration::from_secs(60)),
            ledger,
        );
        let seller = Account::parse("A3").expect("valid");
        let teller = Teller {
            name: "request-1",
            until: Timestamp::now(),
        };
        let turn = publisher.take_turn((&seller, "1"), AnnouncementKind::End, teller);
        let Some(turn) = turn.await? else {
            return Ok(false);
        };
        let words = Announcement {
            subject: "s".into(),
            text: "t".into(),
            download: None,
        };
        turn.publish(&delivered(), &words).await.map(|()| true)
    }

    fn event() -> Rule {
        mock!(aws_sdk_eventbridge::Client::put_events).then_output(|| PutEventsOutput::builder().build())
    }

    fn publish() -> Rule {
        mock!(aws_sdk_sns::Client::publish).then_output(|| PublishOutput::builder().build())
    }

    fn update(expression: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                request
                    .update_expression()
                    .is_some_and(|it| it.starts_with(expression))
            })
            .then_output(|| UpdateItemOutput::builder().build())
    }

    /// The recipient can bear another e-mail.
    fn slot() -> Rule {
        update("SET slot1")
    }

    /// It can't.
    fn no_slot() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    /// The workflow that sends what is gathered.
    /// No turn is to be had, as the row has this attribute.
    fn refused(attribute: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(move || {
            let time = AttributeValue::S("2026-11-22T05:00:00.000Z".to_owned());
            let error = ConditionalCheckFailedException::builder()
                .item(attribute, time)
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    #[tokio::test]
    async fn a_turn_is_kept_until_its_news_are_written_down() {
        let (publish, taken) = (publish(), update("SET announcingUntil"));
        assert!(tell(&publish, &[&taken, &slot(), &slot()]).await.expect("told"));
        assert_eq!((publish.num_calls(), taken.num_calls()), (1, 1));
    }

    /// A message that leads to e-mails to as many.
    fn publish_to(audience: &'static str, mailbox: &'static str) -> Rule {
        mock!(aws_sdk_sns::Client::publish)
            .match_requests(move |request| {
                let attributes = request.message_attributes().expect("attributes");
                let value = |name: &str| attributes[name].string_value().unwrap_or_default();
                [value("Audience"), value("Mailbox")] == [audience, mailbox]
            })
            .then_output(|| PublishOutput::builder().build())
    }

    #[tokio::test]
    async fn whoever_can_bear_no_more_is_told_later_and_programs_are_told_now() {
        let gathered = || {
            mock!(aws_sdk_dynamodb::Client::transact_write_items)
                .then_output(|| TransactWriteItemsOutput::builder().build())
        };
        let taken = || update("SET announcingUntil");
        let (seller_only, nobody) = (publish_to("seller", "later"), publish_to("none", "later"));
        let owners = gathered();
        let ledger = [&taken(), &slot(), &no_slot(), &owners];
        assert!(tell(&seller_only, &ledger).await.expect("told"));
        let (sellers, owners_too) = (gathered(), gathered());
        let ledger = [&taken(), &no_slot(), &sellers, &no_slot(), &owners_too];
        assert!(tell(&nobody, &ledger).await.expect("told"));
        assert_eq!((seller_only.num_calls(), nobody.num_calls()), (1, 1));
        assert!(
            [owners, sellers, owners_too]
                .iter()
                .all(|rule| rule.num_calls() == 1)
        );
    }

    #[tokio::test]
    async fn what_is_gathered_for_somebody_is_not_gathered_again_nor_told_alone() {
        let taken = mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| {
            let news = delivered();
            let marks = Recipient::all_of(&news)
                .iter()
                .map(|recipient| format!("{recipient} {}", news.id.as_str()))
                .collect();
            UpdateItemOutput::builder()
                .attributes("gathered", AttributeValue::Ss(marks))
                .build()
        });
        let publish = publish_to("none", "later");
        assert!(tell(&publish, &[&taken]).await.expect("told"));
        assert_eq!(publish.num_calls(), 1);
    }

    #[tokio::test]
    async fn what_is_told_is_not_told_again_and_others_are_waited_for() {
        let publish = publish();
        assert!(
            !tell(&publish, &[&refused("announcedAt")])
                .await
                .expect("nothing to do")
        );
        let waits = tell(&publish, &[&refused("announcingUntil")]).await;
        let error = waits.expect_err("not now");
        assert_eq!(error.name(), "Transient");
        assert!(error.to_string().ends_with("about to tell of A3/1"), "{error}");
        assert_eq!(publish.num_calls(), 0);
    }

    #[tokio::test]
    async fn a_turn_in_which_nothing_could_be_told_is_over() {
        let failing = mock!(aws_sdk_sns::Client::publish)
            .then_error(|| PublishError::InternalErrorException(InternalErrorException::builder().build()));
        let (taken, over) = (update("SET announcingUntil"), update("REMOVE announcingUntil"));
        assert!(tell(&failing, &[&taken, &slot(), &slot(), &over]).await.is_err());
        assert_eq!(over.num_calls(), 1);
    }

    #[tokio::test]
    async fn while_the_event_is_not_taken_nobody_gets_a_message_and_the_turn_is_over() {
        let refused = mock!(aws_sdk_eventbridge::Client::put_events).then_output(|| {
            let entry = PutEventsResultEntry::builder()
                .error_code("InternalFailure")
                .build();
            PutEventsOutput::builder()
                .failed_entry_count(1)
                .entries(entry)
                .build()
        });
        let (publish, taken) = (publish(), update("SET announcingUntil"));
        let over = update("REMOVE announcingUntil");
        let told = tell_with(&refused, &publish, &[&taken, &over]).await;
        assert_eq!(told.expect_err("not told").name(), "Transient");
        assert_eq!((publish.num_calls(), over.num_calls()), (0, 1));
    }

    #[tokio::test]
    async fn the_event_comes_before_a_message_that_fails() {
        let failing = mock!(aws_sdk_sns::Client::publish)
            .then_error(|| PublishError::InternalErrorException(InternalErrorException::builder().build()));
        let event = event();
        let (taken, over) = (update("SET announcingUntil"), update("REMOVE announcingUntil"));
        let ledger = [&taken, &slot(), &slot(), &over];
        assert!(tell_with(&event, &failing, &ledger).await.is_err());
        assert_eq!(event.num_calls(), 1);
    }
}
