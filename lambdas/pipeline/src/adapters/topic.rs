use aws_sdk_sns::types::MessageAttributeValue;
use serde::Serialize;

use crate::PipelineError;
use crate::domain::Reach;
use crate::domain::news::News;

/// SNS's limit for a text message.
const LONGEST_SMS: usize = 1600;

/// An e-mail.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// At most 100 ASCII characters, in one line.
    pub subject: &'a str,
    /// Holds links, so it is not to be logged.
    pub text: &'a str,
}

/// The topic whose subscribers are told of every report.
#[derive(Clone, Debug)]
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

/// One message in two forms: SNS gives each protocol its own.
#[derive(Serialize)]
struct Message<'a> {
    /// For programs.
    default: String,
    /// For people.
    email: &'a str,
    sms: &'a str,
}

impl<'a> Message<'a> {
    fn new(news: &News, mail: Mail<'a>) -> Self {
        Self {
            default: news.to_json(),
            email: mail.text,
            sms: match mail.text.len() <= LONGEST_SMS {
                true => mail.text,
                false => mail.subject,
            },
        }
    }
}

impl Topic {
    /// The topic with that ARN.
    #[must_use]
    pub fn new(client: aws_sdk_sns::Client, arn: String) -> Self {
        Self { client, arn }
    }

    /// Publishes news: to people as an e-mail, as far as `reach` goes, to programs as a document. Subscriptions'
    /// filter policies can choose by their attributes.
    ///
    /// # Errors
    /// SNS failed.
    pub async fn publish(&self, news: &News, mail: Mail<'_>, reach: Reach) -> Result<(), PipelineError> {
        let forms = serde_json::to_string(&Message::new(news, mail)).expect("three texts");
        let mut message = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .message_structure("json")
            .subject(mail.subject)
            .message(forms);
        for (name, value) in news.attributes().into_iter().chain(reach.attributes()) {
            message = message.message_attributes(name, attribute(value));
        }
        message
            .send()
            .await
            .map_err(|error| PipelineError::aws("SNS", &error))?;
        Ok(())
    }
}

fn attribute(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .expect("a data type is all it needs")
}

#[cfg(test)]
mod tests {
    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use serde_json::Value;

    use super::*;
    use crate::domain::Announcement;
    use crate::domain::backfill_news::{BackfillNews, BackfilledReport, Fate};
    use crate::domain::news::tests::delivered;

    fn mail(text: &str) -> Mail<'_> {
        Mail { subject: "s", text }
    }

    #[tokio::test]
    async fn people_get_words_programs_a_document_and_both_can_choose() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                let attributes = request.message_attributes().expect("attributes");
                let forms: Value = serde_json::from_str(request.message().expect("a message")).expect("JSON");
                request.subject() == Some("s")
                    && request.message_structure() == Some("json")
                    && forms["email"] == "two\nlines"
                    && forms["sms"] == "two\nlines"
                    && forms["default"] == delivered().to_json()
                    && attributes["Outcome"].string_value() == Some("ReportDelivered")
                    && attributes["Audience"].string_value() == Some("seller")
                    && attributes["Mailbox"].string_value() == Some("later")
                    && attributes.len() == delivered().attributes().len() + 2
            })
            .then_output(|| PublishOutput::builder().build());
        let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&publish]);
        let topic = Topic::new(client, "arn:topic".into());
        let reach = Reach {
            seller: true,
            owner: false,
        };
        let published = topic.publish(&delivered(), mail("two\nlines"), reach).await;
        published.expect("published");
        assert_eq!(publish.num_calls(), 1);
    }

    #[test]
    fn what_is_too_long_for_a_text_message_comes_as_its_subject() {
        let long = "x".repeat(LONGEST_SMS + 1);
        assert_eq!(Message::new(&delivered(), mail(&long)).sms, "s");
    }

    #[test]
    fn however_much_there_is_to_tell_sns_takes_it() {
        let report = |number: usize| BackfilledReport {
            report_id: number.to_string(),
            report_type: sp_api::ids::ReportType::parse("GET_X").ok(),
            created: None,
            period: None,
            fate: match number % 3 {
                0 => Fate::Delivered("\"ä\\".repeat(60)),
                1 => Fate::NotDelivered("\"ä\\\n".repeat(60)),
                _ => Fate::ToCome(Some("\"ä\\".repeat(60))),
            },
        };
        let seller = crate::domain::Account::parse("A3").expect("valid");
        let told = BackfillNews {
            seller_id: &seller,
            region: sp_api::RegionCode::Eu,
            reports: (0..9000).map(report).collect(),
            is_searching: true,
            refused: &[],
        };
        let news = News::of_backfill(&told, "bucket", "A3-1", jiff::Timestamp::UNIX_EPOCH);
        let words = Announcement::of_backfill(&told);
        let forms = serde_json::to_string(&Message::new(&news, mail(&words.mail(None)))).expect("texts");
        assert!(forms.len() < 250 * 1024, "{}", forms.len());
        let backfill = news.backfill.expect("a backfill");
        assert_eq!(backfill.reports.len() + backfill.omitted, 9000);
        assert!(backfill.reports.len() > 100, "{}", backfill.reports.len());
    }
}
