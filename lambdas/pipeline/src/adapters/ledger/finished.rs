//! Reports that Amazon is done with, by the time when it said so.

use jiff::Timestamp;
use sp_api::ids::ReportType;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::row::{Attributes, LedgerRow, text, time};
use super::{Ledger, key};
use crate::PipelineError;
use crate::domain::Account;
use crate::domain::newest::{FinishedKey, Position, Stretch};

const BY_NOTIFIED_TIME: &str = "byNotifiedTime";

/// How many entries of the index are read for those of one type among them.
const READ_FOR_A_TYPE: i32 = 1000;

/// How often rows are asked for that DynamoDB has not come to.
const MOST_ATTEMPTS: usize = 10;

/// Which reports are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Among {
    /// Those of this type.
    pub report_type: Option<ReportType>,
    /// Those that Amazon finished then or later.
    pub since: Option<Timestamp>,
    /// Those that Amazon finished then or earlier.
    pub until: Option<Timestamp>,
}

impl Ledger {
    /// What follows `position` among an account's reports that Amazon is done with, the newest first,
    /// about `limit` of them.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn finished(
        &self,
        account: &Account,
        among: &Among,
        position: &Position,
        limit: u8,
    ) -> Result<Stretch, PipelineError> {
        let mut from = match position {
            Position::Start => None,
            Position::After(last) => {
                let mut start = key(account, &last.id);
                start.insert("notifiedAt".to_owned(), text(&last.notified_at));
                Some(start)
            }
            Position::End => {
                return Ok(Stretch {
                    keys: [].into(),
                    is_last: true,
                });
            }
        };
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(BY_NOTIFIED_TIME)
                .scan_index_forward(false)
                .key_condition_expression("sellerId = :seller AND notifiedAt BETWEEN :since AND :until")
                .expression_attribute_values(":seller", text(account.as_str()))
                // Times begin with their year.
                .expression_attribute_values(":since", among.since.map_or_else(|| text("0"), time))
                .expression_attribute_values(":until", among.until.map_or_else(|| text("9"), time))
                .limit(i32::from(limit));
            if let Some(report_type) = &among.report_type {
                query = query
                    .filter_expression("reportType = :type")
                    .expression_attribute_values(":type", text(report_type.as_str()))
                    .limit(READ_FOR_A_TYPE);
            }
            let page = query
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            let stretch = Stretch {
                keys: page.items().iter().filter_map(finished_key).collect(),
                is_last: page.last_evaluated_key.is_none(),
            };
            if stretch.is_last || !stretch.keys.is_empty() {
                return Ok(stretch);
            }
            from = page.last_evaluated_key;
        }
    }

    /// The rows of those accounts and ids, at most a hundred, in that order; those that there are.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn rows(&self, wanted: &[(Account, String)]) -> Result<Vec<LedgerRow>, PipelineError> {
        let mut keys: Vec<Attributes> = wanted.iter().map(|(account, id)| key(account, id)).collect();
        let mut found = Vec::new();
        for _ in 0..MOST_ATTEMPTS {
            if keys.is_empty() {
                break;
            }
            let asked = KeysAndAttributes::builder().set_keys(Some(keys)).build();
            let asked = asked.map_err(|error| PipelineError::InvalidInput(error.to_string()))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, asked)
                .send()
                .await
                .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            let rows = answer.responses.unwrap_or_default().into_values().flatten();
            found.extend(rows.map(LedgerRow));
            let left = answer.unprocessed_keys.unwrap_or_default().into_values();
            keys = left.flat_map(|left| left.keys).collect();
        }
        if !keys.is_empty() {
            return Err(PipelineError::AwsTransient {
                service: "DynamoDB",
                message: "rows were left unread".into(),
            });
        }
        let place = |row: &LedgerRow| {
            let is_it = |(account, id): &(Account, String)| {
                row.text("sellerId") == Some(account.as_str()) && row.text("reportId") == Some(id)
            };
            wanted.iter().position(is_it)
        };
        found.sort_by_key(place);
        Ok(found)
    }
}

fn finished_key(item: &Attributes) -> Option<FinishedKey> {
    Some(FinishedKey {
        id: item.get("reportId")?.as_s().ok()?.clone(),
        notified_at: item.get("notifiedAt")?.as_s().ok()?.clone(),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn ledger(rule: &Rule) -> Ledger {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[rule]);
        Ledger::new(client, "reports".into())
    }

    fn account() -> Account {
        Account::parse("A3").expect("valid")
    }

    fn entry(id: &str) -> Attributes {
        let mut entry = key(&account(), id);
        entry.insert("notifiedAt".to_owned(), text("2026-11-22T05:00:00.000Z"));
        entry
    }

    #[tokio::test]
    async fn an_empty_page_is_not_the_end() {
        let pages = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.index_name() == Some(BY_NOTIFIED_TIME)
                    && request.scan_index_forward() == Some(false)
                    && request.filter_expression() == Some("reportType = :type")
                    && values[":since"] == text("2026-11-01T00:00:00.000Z")
                    && values[":until"] == text("9")
            })
            .sequence()
            .output(|| {
                QueryOutput::builder()
                    .set_last_evaluated_key(Some(entry("9")))
                    .build()
            })
            .output(|| QueryOutput::builder().items(entry("7")).build())
            .build();
        let among = Among {
            report_type: Some(ReportType::parse("GET_X").expect("valid")),
            since: Some("2026-11-01T00:00:00Z".parse().expect("a time")),
            until: None,
        };
        let stretch = ledger(&pages)
            .finished(&account(), &among, &Position::Start, 2)
            .await;
        let stretch = stretch.expect("read");
        assert_eq!((stretch.keys.len(), stretch.is_last), (1, true));
        assert_eq!(pages.num_calls(), 2);
    }

    #[tokio::test]
    async fn reading_goes_on_after_a_position() {
        let page = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| request.exclusive_start_key() == Some(&entry("7")))
            .then_output(|| QueryOutput::builder().build());
        let position = Position::After(finished_key(&entry("7")).expect("a key"));
        let ledger = ledger(&page);
        let rest = ledger.finished(&account(), &Among::default(), &position, 2).await;
        assert!(rest.expect("read").is_last);
        let end = ledger
            .finished(&account(), &Among::default(), &Position::End, 2)
            .await;
        assert!(end.expect("nothing to read").is_last);
        assert_eq!(page.num_calls(), 1);
    }

    #[tokio::test]
    async fn rows_come_in_the_order_in_which_they_are_asked_for() {
        let left = || {
            let keys = KeysAndAttributes::builder().keys(key(&account(), "2"));
            keys.build().expect("keys")
        };
        let batches = mock!(aws_sdk_dynamodb::Client::batch_get_item)
            .sequence()
            .output(move || {
                BatchGetItemOutput::builder()
                    .responses("reports", vec![key(&account(), "1")])
                    .unprocessed_keys("reports", left())
                    .build()
            })
            .output(|| {
                BatchGetItemOutput::builder()
                    .responses("reports", vec![key(&account(), "2")])
                    .build()
            })
            .build();
        let wanted = ["2", "3", "1"].map(|id| (account(), id.to_owned()));
        let rows = ledger(&batches).rows(&wanted).await.expect("read");
        let ids: Vec<_> = rows.iter().filter_map(|row| row.text("reportId")).collect();
        assert_eq!(ids, ["2", "1"]);
    }
}
