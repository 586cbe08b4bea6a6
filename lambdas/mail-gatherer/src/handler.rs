use std::time::SystemTime;

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, GatheredNews, Ledger, Teller, Turn, or_warn};
use pipeline::domain::news::News;
use pipeline::domain::{Announcement, Download, Reach, Recipient};
use pipeline::linking::ReportLinks;
use pipeline::logging::About;
use pipeline::mailing::Mailer;
use pipeline::{PipelineError, StageError, persistently};
use serde::{Deserialize, Serialize};

/// Of so many news it is seen how many fit into an e-mail: each takes a few writes, and all must be done long before
/// the function's time is up.
const PAGE: u16 = 100;

/// So long may an e-mail be in bytes: SNS takes 256 KiB, in which quotation marks and line breaks count twice.
const LONGEST_MAIL: usize = 160 * 1024;

/// What one more piece of news costs besides its text: its heading and its link.
const HEADING: usize = 600;

/// What sending needs.
pub struct Gatherer {
    pub ledger: Ledger,
    pub mailer: Mailer,
    pub links: ReportLinks,
}

/// Whose e-mail is to be sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    recipient: String,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Progress {
    /// Whether nothing waits any more.
    pub is_done: bool,
}

impl Gatherer {
    /// Sends an e-mail of what has been gathered. This function's invocation is called `request_id` and ends
    /// until `deadline`.
    ///
    /// Between SNS's yes and the ledger's there is an instant in which this function can die; then the e-mail is
    /// sent a second time.
    pub async fn send(
        &self,
        request: Request,
        request_id: &str,
        deadline: SystemTime,
    ) -> Result<Progress, StageError> {
        let recipient = Recipient::parse(&request.recipient)
            .ok_or_else(|| PipelineError::InvalidInput(format!("{} is no recipient", request.recipient)))?;
        let teller = Teller::of_invocation(request_id, deadline)?;
        let kind = AnnouncementKind::End;
        let Turn::Ours(row) = self.ledger.take_turn(&recipient, kind, teller).await? else {
            // Another execution is about to send; then it is seen whether anything came after.
            return Ok(Progress { is_done: false });
        };
        let sent = self.send_next(&recipient, &row.mailed()).await;
        or_warn(self.ledger.end_turn(&recipient, teller).await);
        Ok(Progress { is_done: sent? })
    }

    /// Whether there was nothing more to send; `mailed` is what the last e-mail told of.
    async fn send_next(&self, recipient: &Recipient, mailed: &[String]) -> Result<bool, PipelineError> {
        let ledger = &self.ledger;
        if !mailed.is_empty() {
            ledger.forget_mailed(recipient, mailed).await?;
        }
        let waiting = ledger.gathered(recipient, PAGE).await?;
        let is_all = waiting.len() < usize::from(PAGE);
        let fitting = how_many_fit(&waiting);
        let is_all = is_all && fitting == waiting.len();
        let told = &waiting[..fitting];
        if told.is_empty() {
            return Ok(true);
        }
        let now = Timestamp::now();
        let mut words = Vec::with_capacity(told.len());
        for news in told {
            words.push(self.in_words(news, now).await?);
        }
        let ids = told.iter().map(|news| news.news_id().to_owned()).collect();
        let mut reach = Reach::default();
        reach.extend_to(recipient);
        let news = News::of_many(ids, recipient, now);
        let words = Announcement::of_many(&words, recipient, now);
        // What SES refuses for good is told of like what it takes: it would refuse it again.
        if let Some(failure) = self.mailer.send(&news, &words, reach).await? {
            for row in told.iter().filter_map(GatheredNews::about) {
                or_warn(ledger.record_mail_refusal(row, &failure.reason()).await);
            }
        }
        let keys: Vec<String> = told.iter().map(|news| news.key.clone()).collect();
        persistently(|| ledger.record_mailed(recipient, &keys)).await?;
        for document in told.iter().filter_map(|news| news.document.as_ref()) {
            let about = About::report(&document.seller_id, &document.report_id);
            about
                .span()
                .in_scope(|| tracing::info!("{about} is in an e-mail of gathered news to {recipient}"));
        }
        tracing::info!("{recipient} has been told of {} news in one e-mail", keys.len());
        ledger.forget_mailed(recipient, &keys).await?;
        Ok(is_all)
    }

    /// As it would have been told alone, with a link of its own: the first one was never told to anybody.
    async fn in_words(&self, news: &GatheredNews, now: Timestamp) -> Result<Announcement, PipelineError> {
        let download = match &news.document {
            None => None,
            Some(document) => Some(Download {
                link: self.links.link(document, now).await?,
                document: document.clone(),
            }),
        };
        Ok(Announcement {
            subject: news.subject.clone(),
            text: news.text.clone(),
            download,
        })
    }
}

/// One at least, however long it is.
fn how_many_fit(waiting: &[GatheredNews]) -> usize {
    let mut length = 0;
    let fitting = waiting.iter().take_while(|news| {
        length += news.text.len() + HEADING;
        length <= LONGEST_MAIL
    });
    fitting.count().max(1).min(waiting.len())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_sesv2::error::ErrorMetadata;
    use aws_sdk_sesv2::operation::send_email::SendEmailError;
    use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
    use aws_sdk_sns::types::error::InternalErrorException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use lambda_runtime::Diagnostic;
    use pipeline::adapters::{Links, MailAddresses, SesMail, Topic};
    use pipeline::domain::{EmailAddress, Lifetimes};
    use pipeline::linking::LinkMaker;
    use pipeline::mailing::BySes;
    use serde_json::{Value, json};

    use super::*;

    fn text(value: impl Into<String>) -> AttributeValue {
        AttributeValue::S(value.into())
    }

    /// Row `number` of those that wait, of a report with a document.
    fn row(number: usize) -> HashMap<String, AttributeValue> {
        let document = json!({
            "SellerId": "A3", "ReportId": number.to_string(), "ProcessingStatus": "DONE", "ObjectKey": "k",
        });
        HashMap::from([
            (
                "reportId".to_owned(),
                text(format!("2026-11-22T05:00:00.000Z_{number:032x}")),
            ),
            (
                "subject".to_owned(),
                text(format!("Amazon report ready: {number}")),
            ),
            ("text".to_owned(), text(format!("Report id:   {number}\n"))),
            ("document".to_owned(), text(document.to_string())),
            ("aboutPartition".to_owned(), text("A3_EU")),
            ("aboutId".to_owned(), text(number.to_string())),
        ])
    }

    /// A ledger in which the turn's row has `mailed`, and so many news wait.
    struct World {
        turn: Rule,
        rest: [Rule; 4],
        /// What else is asked of the tables, and first.
        more: Vec<Rule>,
    }

    impl World {
        fn new(waiting: usize, mailed: &'static [&'static str]) -> Self {
            let turn = mock!(aws_sdk_dynamodb::Client::update_item)
                .match_requests(|request| {
                    request
                        .update_expression()
                        .is_some_and(|it| it.starts_with("SET announcingUntil"))
                })
                .then_output(move || {
                    let keys = mailed.iter().map(|key| text(*key)).collect();
                    UpdateItemOutput::builder()
                        .attributes("mailed", AttributeValue::L(keys))
                        .build()
                });
            let written = mock!(aws_sdk_dynamodb::Client::update_item)
                .then_output(|| UpdateItemOutput::builder().build());
            let query = mock!(aws_sdk_dynamodb::Client::query).then_output(move || {
                let rows = (0..waiting).map(row).collect();
                QueryOutput::builder().set_items(Some(rows)).build()
            });
            let put =
                mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| PutItemOutput::builder().build());
            let deleted = mock!(aws_sdk_dynamodb::Client::delete_item)
                .then_output(|| DeleteItemOutput::builder().build());
            Self {
                turn,
                rest: [written, query, put, deleted],
                more: Vec::new(),
            }
        }

        async fn send(&self, publish: &Rule) -> Result<Progress, StageError> {
            self.send_by(publish, |mailer, _| mailer).await
        }

        /// With a mailer that is `changed`; it may use the tables' client.
        async fn send_by(
            &self,
            publish: &Rule,
            changed: impl FnOnce(Mailer, aws_sdk_dynamodb::Client) -> Mailer,
        ) -> Result<Progress, StageError> {
            let [written, query, put, deleted] = &self.rest;
            let rules: Vec<_> = self
                .more
                .iter()
                .chain([&self.turn, written, query, put, deleted])
                .collect();
            let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
            let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[publish]);
            let lifetimes = Lifetimes {
                link_days: 7,
                document_days: 540,
            };
            let links = Links::new(dynamodb.clone(), "links".into());
            let mailer = Mailer::new(Topic::new(sns, "arn:topic".into()), None);
            let gatherer = Gatherer {
                mailer: changed(mailer, dynamodb.clone()),
                ledger: Ledger::new(dynamodb, "reports".into()),
                links: ReportLinks::Own(LinkMaker::new(links, "https://api.example".into(), lifetimes)),
            };
            let request = Request {
                recipient: "A3_EU".into(),
            };
            let deadline = SystemTime::now() + Duration::from_secs(30);
            gatherer.send(request, "request-1", deadline).await
        }

        fn links_made(&self) -> usize {
            self.rest[2].num_calls()
        }

        fn forgotten(&self) -> usize {
            self.rest[3].num_calls()
        }
    }

    /// SNS takes a message whose e-mail is to tell of so many news.
    fn publish(count: usize) -> Rule {
        mock!(aws_sdk_sns::Client::publish)
            .match_requests(move |request| {
                let forms: Value = serde_json::from_str(request.message().expect("a message")).expect("JSON");
                let news: Value =
                    serde_json::from_str(forms["default"].as_str().expect("a text")).expect("JSON");
                let mail = forms["email"].as_str().expect("a text");
                let attributes = request.message_attributes().expect("attributes");
                let value = |name: &str| attributes[name].string_value().unwrap_or_default();
                mail.matches("https://api.example/links/").count() == count
                    && mail.matches("\nReport id: ").count() == count
                    && news["gathered"].as_array().map(Vec::len) == Some(count)
                    && [value("Audience"), value("Mailbox")] == ["seller", "later"]
                    && [value("SellerId"), value("RegionCode")] == ["A3", "EU"]
            })
            .then_output(|| PublishOutput::builder().build())
    }

    #[tokio::test]
    async fn all_that_waits_is_told_in_one_mail_with_a_link_each() {
        let (world, publish) = (World::new(20, &[]), publish(20));
        assert!(world.send(&publish).await.expect("sent").is_done);
        assert_eq!(
            (publish.num_calls(), world.links_made(), world.forgotten()),
            (1, 20, 20)
        );
    }

    #[tokio::test]
    async fn what_does_not_fit_comes_with_the_next_mail() {
        let (world, publish) = (World::new(usize::from(PAGE), &[]), publish(usize::from(PAGE)));
        assert!(!world.send(&publish).await.expect("sent").is_done);
        let waiting = |length: usize| {
            let news = GatheredNews::new("k".into(), "s".into(), "x".repeat(length), None);
            vec![news; 3]
        };
        assert_eq!(how_many_fit(&waiting(10)), 3);
        assert_eq!(how_many_fit(&waiting(LONGEST_MAIL / 2)), 1);
        assert_eq!(how_many_fit(&waiting(LONGEST_MAIL * 2)), 1);
        assert_eq!(how_many_fit(&[]), 0);
    }

    #[tokio::test]
    async fn what_was_told_by_one_who_died_is_not_told_again() {
        let (world, publish) = (World::new(0, &["one", "two"]), publish(0));
        assert!(world.send(&publish).await.expect("done").is_done);
        assert_eq!((publish.num_calls(), world.forgotten()), (0, 2));
    }

    #[tokio::test]
    async fn what_ses_refuses_is_told_and_the_row_of_each_piece_of_news_says_so() {
        let refused = mock!(aws_sdk_sesv2::Client::send_email)
            .then_error(|| SendEmailError::generic(ErrorMetadata::builder().code("MessageRejected").build()));
        let address = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            GetItemOutput::builder()
                .item("notificationEmail", text("ann@example.com"))
                .build()
        });
        let marked = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let key = request.key().expect("a key");
                let is_about =
                    key["sellerId"] == text("A3_EU") && [text("0"), text("1")].contains(&key["reportId"]);
                is_about && request.update_expression() == Some("SET mailError = :refusal")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let mut world = World::new(2, &[]);
        world.more = vec![marked, address];
        let taken = mock!(aws_sdk_sns::Client::publish).then_output(|| PublishOutput::builder().build());
        let sent = world.send_by(&taken, |mailer, dynamodb| {
            let ses = mock_client!(aws_sdk_sesv2, RuleMode::MatchAny, &[&refused]);
            let from = EmailAddress::parse("reports@example.com").expect("valid");
            mailer.with_ses(BySes::new(
                SesMail::new(ses, from, "set".into()),
                MailAddresses::new(dynamodb, "partners".into()),
                None,
            ))
        });
        assert!(sent.await.expect("done").is_done);
        assert_eq!(
            (refused.num_calls(), world.more[0].num_calls(), world.forgotten()),
            (1, 2, 2)
        );
    }

    #[tokio::test]
    async fn what_sns_does_not_take_waits_on() {
        let world = World::new(3, &[]);
        let failing = mock!(aws_sdk_sns::Client::publish)
            .then_error(|| PublishError::InternalErrorException(InternalErrorException::builder().build()));
        assert_eq!(
            Diagnostic::from(world.send(&failing).await.expect_err("not sent")).error_type,
            "Transient"
        );
        assert_eq!(world.forgotten(), 0);
    }
}
