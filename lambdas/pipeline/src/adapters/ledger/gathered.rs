//! News that wait for a recipient's next e-mail, and the pace of e-mails.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::row::{LedgerRow, number, text};
use super::transactions::Transacted;
use super::{Ledger, RowKey, Written, send};
use crate::PipelineError;
use crate::domain::news::NewsId;
use crate::domain::stages::LinkRequest;
use crate::domain::{Announcement, Recipient};

/// Within this time a recipient's addresses get three e-mails, as there are three slots: no address is to get
/// more than five a second, and clocks and networks crowd them together.
const PACE: Duration = Duration::from_secs(1);

/// A recipient's pace is forgotten after a day without e-mails.
const PACE_KEPT_SECONDS: i64 = 86_400;

/// The row of a recipient's next e-mail.
const KIND: &str = "mail";

/// A piece of news that waits for a recipient's next e-mail.
#[derive(Clone, Debug)]
pub struct GatheredNews {
    /// What its row is called by within the recipient's; the earliest sort first.
    pub key: String,
    /// Its subject, if it came alone.
    pub subject: String,
    /// The text without the link.
    pub text: String,
    /// What a link is to be made to.
    pub document: Option<LinkRequest>,
    /// Partition and id of the row that they are about; what was gathered by an earlier version does not say.
    about: Option<(String, String)>,
}

impl GatheredNews {
    /// The id of the news.
    #[must_use]
    pub fn news_id(&self) -> &str {
        self.key.rsplit_once('_').map_or(&self.key, |(_, id)| id)
    }

    /// News of which nothing is known but what they say.
    #[must_use]
    pub fn new(key: String, subject: String, text: String, document: Option<LinkRequest>) -> Self {
        Self {
            key,
            subject,
            text,
            document,
            about: None,
        }
    }

    /// The row that they are about, if that is known.
    #[must_use]
    pub fn about(&self) -> Option<RowKey<'_>> {
        let (partition, id) = self.about.as_ref()?;
        Some(RowKey {
            partition: partition.into(),
            id,
        })
    }

    fn read(row: &LedgerRow) -> Option<Self> {
        Some(Self {
            key: row.text("reportId")?.to_owned(),
            subject: row.text("subject")?.to_owned(),
            text: row.text("text")?.to_owned(),
            document: row
                .text("document")
                .and_then(|document| serde_json::from_str(document).ok()),
            about: row
                .text("aboutPartition")
                .zip(row.text("aboutId"))
                .map(|(partition, id)| (partition.to_owned(), id.to_owned())),
        })
    }
}

impl From<&Recipient> for RowKey<'_> {
    /// The row of the recipient's next e-mail.
    fn from(recipient: &Recipient) -> Self {
        Self::of_kind(KIND, recipient)
    }
}

/// Where a recipient's news wait, apart from all other rows.
fn partition(recipient: &Recipient) -> String {
    format!("gathered/{recipient}")
}

/// What says in a row that its news were gathered for a recipient.
fn mark(recipient: &Recipient, id: &NewsId) -> String {
    format!("{recipient} {}", id.as_str())
}

impl LedgerRow {
    /// Whether the news with that id have been gathered for a recipient.
    #[must_use]
    pub fn is_gathered(&self, recipient: &Recipient, id: &NewsId) -> bool {
        let marks = self.0.get("gathered").and_then(|marks| marks.as_ss().ok());
        marks.is_some_and(|marks| marks.contains(&mark(recipient, id)))
    }

    /// Of a recipient's row: which news the last e-mail told of that wait still, as its sender died.
    #[must_use]
    pub fn mailed(&self) -> Vec<String> {
        let keys = self.0.get("mailed").and_then(|keys| keys.as_l().ok());
        let keys = keys.into_iter().flatten();
        keys.filter_map(|key| key.as_s().ok().cloned()).collect()
    }
}

impl Ledger {
    /// Takes a slot for an e-mail to a recipient; false if there is none at `now`.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn take_mail_slot(&self, recipient: &Recipient, now: Timestamp) -> Result<bool, PipelineError> {
        // Regions have news of their own and may share an address.
        let whose = match recipient {
            Recipient::Owner => recipient.to_string(),
            Recipient::Seller(seller, _) => seller.to_string(),
        };
        // When the last three were taken, the earliest first.
        let update = self
            .update_row(RowKey::of_kind("mail-pace", whose))
            .update_expression(
                "SET slot1 = if_not_exists(slot2, :never), slot2 = if_not_exists(slot3, :never), slot3 = :now, \
                 expiresAt = :expires",
            )
            .condition_expression("attribute_not_exists(slot1) OR slot1 <= :before")
            .expression_attribute_values(":never", number(0))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":before", number((now - PACE).as_millisecond()))
            .expression_attribute_values(":expires", number(now.as_second() + PACE_KEPT_SECONDS));
        Ok(matches!(send(update).await?, Written::Yes(_)))
    }

    /// Has the news of `row` wait for the recipient's next e-mail, once, and says so in the row.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn gather(
        &self,
        row: RowKey<'_>,
        recipient: &Recipient,
        id: &NewsId,
        words: &Announcement,
        now: Timestamp,
    ) -> Result<(), PipelineError> {
        let mark = mark(recipient, id);
        let (partition_of_row, id_of_row) = (text(row.partition.clone()), text(row.id));
        let marked = self
            .update_row(row)
            .update_expression("ADD gathered :marks")
            .condition_expression("NOT contains(gathered, :mark)")
            .expression_attribute_values(":marks", AttributeValue::Ss(vec![mark.clone()]))
            .expression_attribute_values(":mark", text(mark));
        let key = format!("{now:.3}_{}", id.as_str());
        let mut waiting = self
            .update_row(RowKey {
                partition: partition(recipient).into(),
                id: &key,
            })
            .expression_attribute_names("#text", "text")
            .expression_attribute_values(":subject", text(words.subject.clone()))
            .expression_attribute_values(":text", text(words.text.clone()))
            .expression_attribute_values(":aboutPartition", partition_of_row)
            .expression_attribute_values(":aboutId", id_of_row);
        let mut expression =
            "SET subject = :subject, #text = :text, aboutPartition = :aboutPartition, aboutId = :aboutId"
                .to_owned();
        if let Some(download) = &words.download {
            let document = serde_json::to_string(&download.document).expect("texts");
            waiting = waiting.expression_attribute_values(":document", text(document));
            expression.push_str(", document = :document");
        }
        match self
            .transact(vec![marked, waiting.update_expression(expression)])
            .await?
        {
            Transacted::Yes => {}
            // The answer to an earlier attempt was lost.
            Transacted::No(_) => tracing::info!("the news are gathered for {recipient} already"),
        }
        Ok(())
    }

    /// The news that have waited longest for a recipient's next e-mail.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn gathered(
        &self,
        recipient: &Recipient,
        most: u16,
    ) -> Result<Vec<GatheredNews>, PipelineError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("sellerId = :partition")
            .expression_attribute_values(":partition", text(partition(recipient)))
            .consistent_read(true)
            .limit(i32::from(most))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        let rows = answer.items.unwrap_or_default().into_iter().map(LedgerRow);
        Ok(rows.filter_map(|row| GatheredNews::read(&row)).collect())
    }

    /// Writes that a recipient's e-mail has told of the news with those keys.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_mailed(&self, recipient: &Recipient, keys: &[String]) -> Result<(), PipelineError> {
        let keys = keys.iter().map(text).collect();
        let update = self
            .update_row(recipient.into())
            .update_expression("SET mailed = :keys")
            .expression_attribute_values(":keys", AttributeValue::L(keys));
        send(update).await.map(drop)
    }

    /// Has the news with those keys wait no more.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn forget_mailed(&self, recipient: &Recipient, keys: &[String]) -> Result<(), PipelineError> {
        let partition = partition(recipient);
        for key in keys {
            let row = RowKey {
                partition: partition.as_str().into(),
                id: key,
            };
            self.client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(row.attributes()))
                .send()
                .await
                .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        }
        let update = self
            .update_row(recipient.into())
            .update_expression("REMOVE mailed");
        send(update).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use std::collections::HashMap;

    use super::*;
    use crate::domain::Account;

    fn ledger(rule: &Rule) -> Ledger {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[rule]);
        Ledger::new(client, "reports".into())
    }

    fn seller() -> Recipient {
        Recipient::parse("A3_EU").expect("valid")
    }

    #[tokio::test]
    async fn the_third_last_slot_must_be_a_second_old_whatever_the_region() {
        let now: Timestamp = "2026-11-22T05:00:00.000Z".parse().expect("a time");
        let free = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let values = request.expression_attribute_values().expect("values");
                request.key().expect("a key")["sellerId"] == text("mail-pace/A3")
                    && values[":before"] == number(now.as_millisecond() - 1000)
            })
            .then_output(|| UpdateItemOutput::builder().build());
        assert!(ledger(&free).take_mail_slot(&seller(), now).await.expect("asked"));
        let taken = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
        assert!(
            !ledger(&taken)
                .take_mail_slot(&seller(), now)
                .await
                .expect("asked")
        );
    }

    #[tokio::test]
    async fn news_wait_and_their_row_says_so_in_one_act() {
        let both = mock!(aws_sdk_dynamodb::Client::transact_write_items)
            .match_requests(|request| {
                let [marked, waiting] = request.transact_items() else {
                    return false;
                };
                let (marked, waiting) = (marked.update().expect("one"), waiting.update().expect("one"));
                let marks = AttributeValue::Ss(vec![format!("A3_EU {}", NewsId::new(&["news"]).as_str())]);
                marked.key()["sellerId"] == text("A3")
                    && marked.expression_attribute_values().expect("values")[":marks"] == marks
                    && waiting.key()["sellerId"] == text("gathered/A3_EU")
                    && waiting.key()["reportId"]
                        == text(format!(
                            "2026-11-22T05:00:00.000Z_{}",
                            NewsId::new(&["news"]).as_str()
                        ))
                    && waiting
                        .update_expression()
                        .starts_with("SET subject = :subject, #text = :text, about")
                    && waiting.expression_attribute_values().expect("values")[":aboutPartition"] == text("A3")
            })
            .then_output(|| TransactWriteItemsOutput::builder().build());
        let id = NewsId::new(&["news"]);
        let words = Announcement {
            subject: "s".into(),
            text: "t".into(),
            download: None,
        };
        let account = Account::parse("A3").expect("valid");
        let now = "2026-11-22T05:00:00Z".parse().expect("a time");
        let gathered = ledger(&both)
            .gather((&account, "1").into(), &seller(), &id, &words, now)
            .await;
        gathered.expect("gathered");
        assert_eq!(both.num_calls(), 1);
        let marks = AttributeValue::Ss(vec![format!("A3_EU {}", NewsId::new(&["news"]).as_str())]);
        let row = LedgerRow(HashMap::from([("gathered".into(), marks)]));
        assert!(row.is_gathered(&seller(), &id) && !row.is_gathered(&Recipient::Owner, &id));
    }

    #[tokio::test]
    async fn what_waits_is_read_as_it_was_written() {
        let document = r#"{"SellerId":"A3","ReportId":"7","ProcessingStatus":"DONE","ObjectKey":"k"}"#;
        let query = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| request.consistent_read() == Some(true) && request.limit() == Some(9))
            .then_output(move || {
                let row = HashMap::from([
                    ("reportId".to_owned(), text("2026-11-22T05:00:00.000Z_0f")),
                    ("subject".to_owned(), text("s")),
                    ("text".to_owned(), text("t")),
                    ("document".to_owned(), text(document)),
                    ("aboutPartition".to_owned(), text("A3_EU")),
                    ("aboutId".to_owned(), text("7")),
                ]);
                QueryOutput::builder().items(row).build()
            });
        let waiting = ledger(&query).gathered(&seller(), 9).await.expect("asked");
        assert_eq!(waiting.len(), 1);
        assert_eq!((waiting[0].news_id(), waiting[0].subject.as_str()), ("0f", "s"));
        assert_eq!(waiting[0].document.as_ref().expect("one").object_key, "k");
        let account = Account::parse("A3_EU").expect("valid");
        assert_eq!(waiting[0].about(), Some((&account, "7").into()));
    }
}
