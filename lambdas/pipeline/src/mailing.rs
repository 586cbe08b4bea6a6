//! E-mails at a pace that an address can bear: what exceeds it is gathered, and told in one e-mail after a while.
//! The workflow `statemachine/mail.asl.json` wakes who sends that.

mod by_ses;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::json;

use crate::PipelineError;
use crate::adapters::{Ledger, LedgerRow, Mail, RowKey, Started, StateMachine, Topic};
use crate::domain::news::{Audience, News};
use crate::domain::{Announcement, Failure, Reach, Recipient};
use crate::metrics::{Line, Metric};
use crate::settings::MailSettings;
pub use by_ses::BySes;

/// Whoever still gathers news for an e-mail has done so by then: the functions' clocks and the workflow's differ
/// by less.
const CLOCKS: Duration = Duration::from_secs(2);

/// Sends e-mails, and the documents for programs with them.
#[derive(Clone, Debug)]
pub struct Mailer {
    topic: Topic,
    contact: Option<String>,
    /// What sends e-mails, if it is not the topic.
    by_ses: Option<BySes>,
}

impl Mailer {
    /// One that publishes on `topic` and tells sellers to ask `contact`, if that is said.
    #[must_use]
    pub fn new(topic: Topic, contact: Option<String>) -> Self {
        Self {
            topic,
            contact,
            by_ses: None,
        }
    }

    /// The same, with e-mails that SES sends.
    #[must_use]
    pub fn with_ses(self, by_ses: BySes) -> Self {
        Self {
            by_ses: Some(by_ses),
            ..self
        }
    }

    /// As [`new`](Self::new), with a client of its own.
    #[must_use]
    pub fn connect(settings: MailSettings, aws: &SdkConfig) -> Self {
        let topic = Topic::new(aws_sdk_sns::Client::new(aws), settings.topic_arn);
        Self {
            by_ses: settings.ses.map(|ses| BySes::connect(ses, aws)),
            ..Self::new(topic, settings.contact)
        }
    }

    /// Publishes news, with e-mails to as many as `reach` says. Gives why SES refused them, if it did so for
    /// good; they are not to be sent again then.
    ///
    /// # Errors
    /// SNS, SES or DynamoDB failed.
    pub async fn send(
        &self,
        news: &News,
        words: &Announcement,
        reach: Reach,
    ) -> Result<Option<Failure>, PipelineError> {
        let contact = self.contact.as_deref();
        let text = words.mail(contact.filter(|_| news.audience() == Audience::Seller));
        let mail = Mail {
            subject: &words.subject,
            text: &text,
        };
        let Some(by_ses) = &self.by_ses else {
            let mails = Recipient::all_of(news)
                .iter()
                .filter(|it| reach.extends_to(it))
                .count();
            self.topic.publish(news, mail, reach).await?;
            count_mails(mails);
            return Ok(None);
        };
        // First: should the e-mail fail after it, programs know by its id what comes a second time.
        self.topic.publish(news, mail, Reach::default()).await?;
        let mut recipients = Recipient::all_of(news);
        recipients.retain(|recipient| reach.extends_to(recipient));
        let refusal = by_ses.send(mail, &recipients).await?;
        if refusal.is_none() {
            count_mails(recipients.len());
        }
        Ok(refusal)
    }
}

fn count_mails(mails: usize) {
    if let Some(mails) = u64::try_from(mails).ok().filter(|mails| *mails > 0) {
        Line::default().with(Metric::Mails, mails).emit();
    }
}

/// Who gets e-mails at once, and who with the next one that is gathered.
#[derive(Clone, Debug)]
pub struct Mailing {
    workflow: StateMachine,
    ledger: Ledger,
    /// How often a recipient gets what is gathered.
    every: Duration,
    /// The last turn whose execution was started here for a recipient.
    woken: Arc<Mutex<HashMap<Recipient, i64>>>,
}

impl Mailing {
    /// One that has `workflow` send what is gathered in `ledger`.
    #[must_use]
    pub fn new(workflow: StateMachine, ledger: Ledger, every: Duration) -> Self {
        Self {
            workflow,
            ledger,
            every,
            woken: Arc::default(),
        }
    }

    /// Who gets an e-mail of `news` now. For all others they have been gathered, which `key`'s `row` knows.
    pub(crate) async fn reach(
        &self,
        (key, row): (&RowKey<'_>, &LedgerRow),
        news: &News,
        words: &Announcement,
    ) -> Result<Reach, PipelineError> {
        let mut reach = Reach::default();
        for recipient in Recipient::all_of(news) {
            let now = Timestamp::now();
            // An earlier attempt may have died before it woke anybody.
            if !row.is_gathered(&recipient, &news.id) {
                if self.ledger.take_mail_slot(&recipient, now).await? {
                    reach.extend_to(&recipient);
                    continue;
                }
                self.ledger
                    .gather(key.clone(), &recipient, &news.id, words, now)
                    .await?;
                Metric::NewsGathered.count();
                tracing::info!("the news come to {recipient} with an e-mail of many");
            }
            self.wake(&recipient).await?;
        }
        Ok(reach)
    }

    /// Has somebody send what is gathered for the recipient, when its time has come.
    ///
    /// What is gathered is so by now: whatever execution ends later than this moment finds it.
    async fn wake(&self, recipient: &Recipient) -> Result<(), PipelineError> {
        let time = Turn::at(Timestamp::now(), self.every);
        if self
            .woken()
            .get(recipient)
            .is_some_and(|turn| *turn >= time.number)
        {
            return Ok(());
        }
        // If the execution is over that one would wait for, this clock is behind: then the next.
        for turn in [time, time.next()] {
            let name = format!("mail_{recipient}_{}", turn.number);
            let input = json!({"Recipient": recipient.to_string(), "At": turn.end() + CLOCKS});
            if self.workflow.start(&name, &input).await? == Started::New {
                let mut woken = self.woken();
                woken.retain(|_, turn| *turn >= time.number);
                woken.insert(recipient.clone(), turn.number);
                break;
            }
        }
        Ok(())
    }

    fn woken(&self) -> MutexGuard<'_, HashMap<Recipient, i64>> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stretch of time at whose end an e-mail is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turn {
    number: i64,
    seconds: i64,
}

impl Turn {
    fn at(now: Timestamp, every: Duration) -> Self {
        let seconds = i64::try_from(every.as_secs()).unwrap_or(i64::MAX).max(1);
        Self {
            number: now.as_second() / seconds,
            seconds,
        }
    }

    fn next(self) -> Self {
        Self {
            number: self.number + 1,
            ..self
        }
    }

    fn end(self) -> Timestamp {
        let end = self.number.saturating_add(1).saturating_mul(self.seconds);
        Timestamp::from_second(end).unwrap_or(Timestamp::MAX - CLOCKS)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_sdk_sfn::operation::start_execution::StartExecutionOutput;
    use aws_sdk_sfn::primitives::DateTime;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    /// The execution that one asks for is started.
    pub(crate) fn woken() -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution).then_output(|| {
            let output = StartExecutionOutput::builder().execution_arn("arn");
            output
                .start_date(DateTime::from_secs(0))
                .build()
                .expect("complete")
        })
    }

    #[tokio::test]
    async fn whom_this_process_has_woken_it_wakes_no_more_in_that_turn() {
        let started = woken();
        let workflow = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[&started]);
        let ledger = Ledger::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[]),
            "reports".into(),
        );
        let workflow = StateMachine::new(workflow, "arn:mail".into());
        // One turn for all times.
        let mailing = Mailing::new(workflow, ledger, Duration::from_secs(1 << 40));
        let seller = Recipient::parse("A3TH9S8BH6GOGM").expect("valid");
        for recipient in [&Recipient::Owner, &Recipient::Owner, &seller, &Recipient::Owner] {
            mailing.wake(recipient).await.expect("woken");
        }
        assert_eq!(started.num_calls(), 2);
    }

    #[test]
    fn a_minute_s_news_are_told_at_its_end() {
        let at = |text: &str| Turn::at(text.parse().expect("a time"), Duration::from_secs(60));
        let turn = at("2026-11-22T05:00:00Z");
        assert_eq!(turn, at("2026-11-22T05:00:59.9Z"));
        assert_eq!(turn.next(), at("2026-11-22T05:01:00Z"));
        assert_eq!(turn.end().to_string(), "2026-11-22T05:01:00Z");
    }
}
