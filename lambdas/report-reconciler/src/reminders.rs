//! Authorizations that end: sellers and their owner are reminded in time, of each end once at each of its turns.

use std::time::SystemTime;

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, Given, RowKey, SellingPartners};
use pipeline::domain::news::{Audience, News};
use pipeline::domain::{Announcement, AuthorizationTerm, EndingAuthorization};
use pipeline::telling::Publisher;
use pipeline::{PipelineError, persistently};

use crate::slow::{teller, teller_name};

/// Who reminds of authorizations that end.
pub struct Reminders<'a> {
    pub publisher: &'a Publisher,
    pub partners: &'a SellingPartners,
    /// How long they last.
    pub term: AuthorizationTerm,
}

impl Reminders<'_> {
    /// Sends all reminders that are due of what sellers have given. Gives how many those were.
    pub async fn send(&self, given: &[Given], until: SystemTime) -> usize {
        let now = Timestamp::now();
        let mut sent = 0;
        for ending in given.iter().filter_map(|given| given.ending(self.term, now)) {
            if SystemTime::now() > until {
                tracing::warn!("not all sellers were reminded; the next run goes on");
                break;
            }
            match self.remind(&ending).await {
                Ok(()) => sent += 1,
                // The next run tries again; one's trouble is not the others'.
                Err(error) => tracing::warn!(seller_id = %ending.account, "not reminded: {error}"),
            }
        }
        sent
    }

    /// Tells the owner, then the seller, each once: who dies in between is followed by the next run.
    async fn remind(&self, ending: &EndingAuthorization) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        self.tell(
            RowKey::of_reminder(ending, Audience::Owner),
            &News::of_ending_authorization(ending, now),
            &Announcement::of_ending_authorization(ending),
        )
        .await?;
        self.tell(
            RowKey::of_reminder(ending, Audience::Seller),
            &News::of_authorizing_again(ending, now),
            &Announcement::of_authorizing_again(ending),
        )
        .await?;
        // From now on its turn need not be asked for.
        self.partners.record_reminder(ending).await
    }

    async fn tell(&self, row: RowKey<'_>, news: &News, words: &Announcement) -> Result<(), PipelineError> {
        let (kind, name) = (AnnouncementKind::Failure, teller_name());
        let turn = self.publisher.take_turn(row.clone(), kind, teller(&name));
        let Some(turn) = turn.await? else {
            return Ok(());
        };
        turn.publish(news, words).await?;
        persistently(|| self.publisher.ledger().record_told(row.clone())).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
    use aws_sdk_sns::types::error::InvalidParameterException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::adapters::Ledger;
    use pipeline::domain::Account;
    use sp_api::RegionCode;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    /// Reminds a seller who authorized so many days ago; how many reminders were sent.
    async fn remind(
        days: u32,
        reminder: Option<u16>,
        sns: &[&Rule],
        ledger: &[&Rule],
        noted: &Rule,
    ) -> usize {
        let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, sns);
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, ledger);
        let given = Given {
            account: Account::parse("A3_EU").expect("valid"),
            region: Some(RegionCode::Eu),
            at: Timestamp::now() - DAY * days,
            reminder,
        };
        let reminders = Reminders {
            publisher: &test_doubles::publisher_by(sns, Ledger::new(dynamodb, "reports".into())),
            partners: &test_doubles::selling_partners(noted),
            term: "365".parse().expect("valid"),
        };
        let until = SystemTime::now() + Duration::from_secs(60);
        reminders.send(&[given], until).await
    }

    /// A message of that type, to those addresses.
    fn message(outcome: &'static str, audience: &'static str, mailbox: &'static str) -> Rule {
        mock!(aws_sdk_sns::Client::publish)
            .match_requests(move |request| {
                let attributes = request.message_attributes().expect("attributes");
                let value = |name: &str| attributes[name].string_value().unwrap_or_default();
                [value("Outcome"), value("Audience"), value("Mailbox")] == [outcome, audience, mailbox]
                    && value("SellerId") == "A3"
                    && value("RegionCode") == "EU"
            })
            .then_output(|| PublishOutput::builder().build())
    }

    fn owners() -> Rule {
        message("AuthorizationEnds", "owner", "now")
    }

    fn sellers() -> Rule {
        message("AuthorizeAgain", "seller", "later")
    }

    fn update(partition: &'static str, expression: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let key = request.key().expect("a key")["sellerId"].as_s().expect("a text");
                key.starts_with(partition)
                    && request
                        .update_expression()
                        .is_some_and(|it| it.starts_with(expression))
            })
            .then_output(|| UpdateItemOutput::builder().build())
    }

    /// A turn in the row of such a reminder, and that it is told.
    fn turn() -> (Rule, Rule, Rule) {
        let row = "authorization-ends/A3_EU/";
        (
            update(row, "SET announcingUntil"),
            update("mail-pace/", "SET slot1"),
            update(row, "SET failureAnnouncedAt"),
        )
    }

    /// These news have been told.
    fn past() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let at = AttributeValue::S("2026-11-22T05:00:00.000Z".to_owned());
            test_doubles::unmet(Some([("failureAnnouncedAt".to_owned(), at)].into()))
        })
    }

    #[tokio::test]
    async fn owner_and_seller_get_a_mail_each_and_the_sellers_row_says_so() {
        let (owners, sellers, noted) = (owners(), sellers(), test_doubles::written());
        let ((a, b, c), (d, e, f)) = (turn(), turn());
        let ledger = [&a, &b, &c, &d, &e, &f];
        assert_eq!(remind(340, None, &[&owners, &sellers], &ledger, &noted).await, 1);
        assert_eq!((owners.num_calls(), sellers.num_calls()), (1, 1));
        assert_eq!(noted.num_calls(), 1);
    }

    #[tokio::test]
    async fn nobody_is_reminded_too_soon_or_twice_or_when_it_is_over() {
        let (owners, sellers, noted) = (owners(), sellers(), test_doubles::written());
        for (days, reminder) in [(330, None), (340, Some(30)), (364, Some(1)), (366, None)] {
            let sent = remind(days, reminder, &[&owners, &sellers], &[], &noted).await;
            assert_eq!(sent, 0, "{days} {reminder:?}");
        }
        assert_eq!((owners.num_calls(), sellers.num_calls()), (0, 0));
    }

    #[tokio::test]
    async fn where_a_run_died_the_next_goes_on() {
        let (owners, sellers, noted) = (owners(), sellers(), test_doubles::written());
        let (past, (turn, slot, told)) = (past(), turn());
        let ledger = [&past, &turn, &slot, &told];
        assert_eq!(
            remind(360, Some(30), &[&owners, &sellers], &ledger, &noted).await,
            1
        );
        assert_eq!((owners.num_calls(), sellers.num_calls()), (0, 1));
        assert_eq!(noted.num_calls(), 1);
    }

    #[tokio::test]
    async fn what_could_not_be_told_is_not_noted() {
        let refused = mock!(aws_sdk_sns::Client::publish).then_error(|| {
            PublishError::InvalidParameterException(InvalidParameterException::builder().build())
        });
        let (noted, (turn, slot, _)) = (test_doubles::written(), turn());
        let end = update("authorization-ends/", "REMOVE announcingUntil");
        assert_eq!(
            remind(340, None, &[&refused], &[&turn, &slot, &end], &noted).await,
            0
        );
        assert_eq!((end.num_calls(), noted.num_calls()), (1, 0));
    }
}
