//! The table of links: what each token leads to. Of the tokens themselves it has hashes only.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::ids::ReportId;
use tokio::task::JoinSet;

use crate::PipelineError;
use crate::domain::{Account, TokenHash};

/// The index in which a report's links are together, and all reports of an account.
const BY_REPORT: &str = "byReport";

/// How many links are deleted at the same time.
const TOGETHER: i32 = 50;

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTarget {
    /// Whose report.
    pub account: Account,
    /// The report.
    pub report: ReportId,
    /// Its document's key in the bucket.
    pub object_key: String,
}

/// The links that there are.
#[derive(Clone, Debug)]
pub struct Links {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl Links {
    /// The table of that name.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { client, table }
    }

    /// Keeps where a new token leads, `until` then. DynamoDB deletes what has ended some time later.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn keep(
        &self,
        token: &TokenHash,
        target: &LinkTarget,
        until: Timestamp,
    ) -> Result<(), PipelineError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(key(token)))
            .item("sellerId", text(target.account.as_str()))
            .item("reportId", text(target.report.as_str()))
            .item("objectKey", text(&target.object_key))
            .item("expiresAt", AttributeValue::N(until.as_second().to_string()))
            .item("opened", AttributeValue::N("0".into()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    /// The key of the document that a token leads to `now`; `None` for one that is unknown, revoked or at
    /// its end, all of which is found out alike.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn find(&self, token: &TokenHash, now: Timestamp) -> Result<Option<String>, PipelineError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(token)))
            // What was revoked a moment ago is.
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(answer.item.and_then(|row| {
            let ends: i64 = row.get("expiresAt")?.as_n().ok()?.parse().ok()?;
            let object_key = row.get("objectKey")?.as_s().ok()?;
            (ends > now.as_second()).then(|| object_key.clone())
        }))
    }

    /// Counts that a link was opened.
    ///
    /// # Errors
    /// DynamoDB failed, or the link has been revoked meanwhile.
    pub async fn count_opening(&self, token: &TokenHash, now: Timestamp) -> Result<(), PipelineError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(token)))
            .update_expression("SET lastOpenedAt = :now ADD opened :one")
            // An update would make the row anew.
            .condition_expression("attribute_exists(objectKey)")
            .expression_attribute_values(":now", text(format!("{now:.3}")))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    /// Deletes the links to a report, or to all reports of `account`; how many there were. One that was
    /// made within the last second may not be found yet.
    ///
    /// # Errors
    /// DynamoDB failed. What was deleted before stays deleted, and the same call goes on.
    pub async fn revoke(&self, account: &Account, report: Option<&ReportId>) -> Result<u64, PipelineError> {
        let mut revoked = 0;
        let mut from = None;
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(BY_REPORT)
                .limit(TOGETHER)
                .key_condition_expression(match report {
                    Some(_) => "sellerId = :seller AND reportId = :report",
                    None => "sellerId = :seller",
                })
                .expression_attribute_values(":seller", text(account.as_str()));
            if let Some(report) = report {
                query = query.expression_attribute_values(":report", text(report.as_str()));
            }
            let page = query
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            let mut deletions = JoinSet::new();
            for row in page.items() {
                if let Some(hash) = row.get("tokenHash") {
                    deletions.spawn(self.clone().delete(hash.clone()));
                }
            }
            for deleted in deletions.join_all().await {
                deleted?;
                revoked += 1;
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(revoked);
            }
        }
    }

    async fn delete(self, hash: AttributeValue) -> Result<(), PipelineError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("tokenHash", hash)
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }
}

fn key(token: &TokenHash) -> HashMap<String, AttributeValue> {
    HashMap::from([("tokenHash".to_owned(), text(token.as_str()))])
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::domain::LinkToken;

    fn links(rules: &[&Rule]) -> Links {
        Links::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, rules),
            "links".into(),
        )
    }

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    #[tokio::test]
    async fn a_token_is_kept_as_its_hash_alone() {
        let token = LinkToken::random();
        let (secret, hash) = (token.expose(), token.hash());
        let expected = text(hash.as_str());
        let put = mock!(aws_sdk_dynamodb::Client::put_item)
            .match_requests(move |request| {
                let item = request.item().expect("an item");
                item["tokenHash"] == expected
                    && item["expiresAt"] == AttributeValue::N("1764547200".into())
                    && item.values().all(|value| value.as_s() != Ok(&secret))
            })
            .then_output(|| PutItemOutput::builder().build());
        let target = LinkTarget {
            account: Account::parse("A3").expect("valid"),
            report: ReportId::parse("7").expect("valid"),
            object_key: "k".into(),
        };
        let kept = links(&[&put])
            .keep(&hash, &target, at("2025-12-01T00:00:00Z"))
            .await;
        kept.expect("kept");
        assert_eq!(put.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_link_leads_on_until_it_ends() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(|request| request.consistent_read() == Some(true))
            .then_output(|| {
                GetItemOutput::builder()
                    .item("objectKey", text("k"))
                    .item("expiresAt", AttributeValue::N("1764547200".into()))
                    .build()
            });
        let found = async |now| {
            let found = links(&[&get]).find(&LinkToken::random().hash(), at(now)).await;
            found.expect("read")
        };
        assert_eq!(found("2025-11-30T23:59:59Z").await.as_deref(), Some("k"));
        assert_eq!(found("2025-12-01T00:00:00Z").await, None);
        let nothing =
            mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
        let unknown = links(&[&nothing])
            .find(&LinkToken::random().hash(), Timestamp::now())
            .await;
        assert_eq!(unknown.expect("read"), None);
    }

    /// Two pages of a report's links.
    fn pages() -> Rule {
        let row = |hash: &str| HashMap::from([("tokenHash".to_owned(), text(hash))]);
        mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.index_name() == Some(BY_REPORT)
                    && values[":seller"] == text("A3")
                    && values.get(":report") == Some(&text("7"))
            })
            .sequence()
            .output(move || {
                QueryOutput::builder()
                    .items(row("a"))
                    .items(row("b"))
                    .set_last_evaluated_key(Some(row("b")))
                    .build()
            })
            .output(move || QueryOutput::builder().items(row("c")).build())
            .build()
    }

    #[tokio::test]
    async fn all_links_to_a_report_are_revoked() {
        let delete =
            mock!(aws_sdk_dynamodb::Client::delete_item).then_output(|| DeleteItemOutput::builder().build());
        let account = Account::parse("A3").expect("valid");
        let report = ReportId::parse("7").expect("valid");
        let revoked = links(&[&pages(), &delete]).revoke(&account, Some(&report)).await;
        assert_eq!(revoked.expect("revoked"), 3);
        assert_eq!(delete.num_calls(), 3);
    }
}
