use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::row::{LedgerRow, number, text, time};
use super::{DUE, Ledger, key, send};
use crate::PipelineError;
use crate::domain::Account;

/// A page of a seller's rows.
#[derive(Debug)]
pub struct Page {
    /// The rows.
    pub rows: Vec<LedgerRow>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<PageToken>,
}

/// Where a page begins: the id of the row before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// A row that the reconciler has to look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub seller_id: Account,
    /// A report id or a request id.
    pub id: String,
}

impl Ledger {
    /// The row of a report or an order, wherever its seller has it: in `region`, or in any.
    ///
    /// # Errors
    /// [`PipelineError::RegionNeeded`] if several regions have one of that id; DynamoDB failed.
    pub async fn find(
        &self,
        seller: &SellerId,
        region: Option<RegionCode>,
        id: &str,
    ) -> Result<Option<(Account, LedgerRow)>, PipelineError> {
        let mut found = Vec::new();
        for account in Account::candidates(seller, region) {
            let row = self.row(&account, id).await?;
            let row = row.filter(|row| row.may_be_in(region));
            found.extend(row.map(|row| (account, row)));
        }
        if found.len() > 1 && region.is_none() {
            return Err(PipelineError::RegionNeeded(id.to_owned()));
        }
        // The account that has the region in its name goes before one that does not say where it is.
        Ok(found.pop())
    }

    /// A seller's rows, `limit` at a time; those of one `status`, or all of them.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn list(
        &self,
        seller: &Account,
        status: Option<&str>,
        limit: u8,
        from: Option<&PageToken>,
    ) -> Result<Page, PipelineError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .limit(i32::from(limit))
            .expression_attribute_values(":seller", text(seller.as_str()));
        let mut start = from.map(|token| key(seller, &token.0));
        query = if let Some(status) = status {
            if let Some(start) = &mut start {
                start.insert("status".to_owned(), text(status));
            }
            query
                .index_name("byStatus")
                .key_condition_expression("sellerId = :seller AND #status = :status")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":status", text(status))
        } else {
            query.key_condition_expression("sellerId = :seller")
        };
        let answer = query
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        let next = answer
            .last_evaluated_key
            .and_then(|key| Some(PageToken(key.get("reportId")?.as_s().ok()?.clone())));
        Ok(Page {
            rows: answer
                .items
                .unwrap_or_default()
                .into_iter()
                .map(LedgerRow)
                .collect(),
            next,
        })
    }

    /// The rows that were due by `now`, the longest overdue first, `limit` at most.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn due(&self, now: Timestamp, limit: u16) -> Result<Vec<Due>, PipelineError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("byDueTime")
            .key_condition_expression("due = :open AND dueAt <= :now")
            .expression_attribute_values(":open", text(DUE))
            .expression_attribute_values(":now", time(now))
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(answer.items().iter().filter_map(due).collect())
    }

    /// Looks after a row again later.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn postpone(&self, row: &Due, until: Timestamp) -> Result<(), PipelineError> {
        let update = self
            .update(&row.seller_id, &row.id)
            .update_expression("SET dueAt = :until")
            // What has been settled meanwhile stays so, and what waits for something else.
            .condition_expression("due = :open")
            .expression_attribute_values(":open", text(DUE))
            .expression_attribute_values(":until", time(until));
        send(update).await.map(drop)
    }

    /// Has the reconciler look after a row no more: it is in a final state.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn settle(&self, row: &Due) -> Result<(), PipelineError> {
        let update = self
            .update(&row.seller_id, &row.id)
            .update_expression("REMOVE due, dueAt")
            // One that has expired may be in the index still; an update would make it anew, and empty.
            .condition_expression("due = :open")
            .expression_attribute_values(":open", text(DUE));
        send(update).await.map(drop)
    }

    /// Counts how often work on a row had to be started again because its execution is gone: the new
    /// count, or `None` if it was `most` times already.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn count_revival(&self, row: &Due, most: u8) -> Result<Option<u64>, PipelineError> {
        let update = self
            .update(&row.seller_id, &row.id)
            .update_expression("ADD revivals :one")
            .return_values(ReturnValue::UpdatedNew)
            .condition_expression("attribute_not_exists(revivals) OR revivals < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(most));
        Ok(send(update).await?.row().map(|counted| counted.revivals()))
    }
}

pub(super) fn due(item: &HashMap<String, AttributeValue>) -> Option<Due> {
    Some(Due {
        seller_id: Account::parse(item.get("sellerId")?.as_s().ok()?).ok()?,
        id: item.get("reportId")?.as_s().ok()?.clone(),
    })
}

/// `now` plus the time after which a row is overdue, as the row says it.
pub(super) fn due_at(from: Timestamp, overdue: Duration) -> AttributeValue {
    time(from + overdue)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn a_page_of_one_status_begins_after_the_row_of_its_token() {
        let query = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| {
                let start = request.exclusive_start_key().expect("a start");
                request.index_name() == Some("byStatus")
                    && request.limit() == Some(2)
                    && start["reportId"] == text("7")
                    && start["status"] == text("STORED")
            })
            .then_output(|| {
                let item = key(&Account::parse("A3").expect("valid"), "8");
                QueryOutput::builder()
                    .items(item.clone())
                    .set_last_evaluated_key(Some(item))
                    .build()
            });
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&query]);
        let seller = Account::parse("A3").expect("valid");
        let page = Ledger::new(client, "reports".into())
            .list(&seller, Some("STORED"), 2, Some(&PageToken("7".into())))
            .await
            .expect("listed");
        assert_eq!(page.rows.len(), 1);
        assert_eq!(page.next, Some(PageToken("8".into())));
    }

    #[tokio::test]
    async fn a_row_that_has_expired_is_settled_without_being_made_anew() {
        let gone = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                request.update_expression() == Some("REMOVE due, dueAt")
                    && request.condition_expression() == Some("due = :open")
            })
            .then_error(|| {
                let error = ConditionalCheckFailedException::builder().build();
                UpdateItemError::ConditionalCheckFailedException(error)
            });
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&gone]);
        let due = Due {
            seller_id: Account::parse("A3").expect("valid"),
            id: format!("order-{:032x}", 1),
        };
        let settled = Ledger::new(client, "reports".into()).settle(&due).await;
        settled.expect("nothing to do");
        assert_eq!(gone.num_calls(), 1);
    }
}
