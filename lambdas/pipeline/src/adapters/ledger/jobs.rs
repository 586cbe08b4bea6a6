//! Deliveries that begin again, many at once; how far that is stands in a row of its own.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::queries::{Due, due, due_at};
use super::row::{Attributes, LedgerRow, number, text, time};
use super::waiting::TRACES_OF_FAILURE;
use super::{DUE, Ledger, RowKey, send};
use crate::PipelineError;
use crate::domain::Account;
use crate::domain::ledger::Stage;
use crate::domain::stopped::Stopped;

/// What a job's row is called by.
const KIND: &str = "job";

/// How long a job's row stays.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// What a job's row shows, in this order.
const SHOWN: [&str; 6] = ["status", "matched", "started", "startedAt", "endedAt", "criteria"];

/// Rows of one page.
const PAGE: i32 = 100;

/// Where the next page begins.
pub type PageStart = HashMap<String, String>;

impl Ledger {
    /// Writes that the job called `id` has begun, unless that is written.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn begin_job(&self, id: &str, which: &Stopped) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        let criteria = serde_json::to_string(which).expect("criteria are a struct of texts");
        let update = self
            .update_row(RowKey::of_kind(KIND, id))
            .update_expression(
                "SET #status = :running, criteria = :criteria, matched = :zero, started = :zero, startedAt = :now, \
                 expiresAt = :expires",
            )
            .condition_expression("attribute_not_exists(startedAt)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":running", text("RUNNING"))
            .expression_attribute_values(":criteria", text(criteria))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":expires", number(now.as_second() + KEPT_SECONDS));
        send(update).await.map(drop)
    }

    /// Writes what a page came to, and where the next one begins; without a next one the job is done.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_page(
        &self,
        id: &str,
        matched: u64,
        started: u64,
        next: Option<&PageStart>,
    ) -> Result<(), PipelineError> {
        let update = self
            .update_row(RowKey::of_kind(KIND, id))
            .expression_attribute_values(":matched", number(matched))
            .expression_attribute_values(":started", number(started));
        let update = match next {
            Some(next) => {
                let next = serde_json::to_string(next).expect("a map of texts");
                update
                    .update_expression("SET nextPage = :next ADD matched :matched, started :started")
                    .expression_attribute_values(":next", text(next))
            }
            None => update
                .update_expression(
                    "SET #status = :done, endedAt = :now REMOVE nextPage ADD matched :matched, started :started",
                )
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":done", text("DONE"))
                .expression_attribute_values(":now", time(Timestamp::now())),
        };
        send(update).await.map(drop)
    }

    /// The job called `id`.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn job(&self, id: &str) -> Result<Option<LedgerRow>, PipelineError> {
        self.get_row(RowKey::of_kind(KIND, id)).await
    }

    /// A page of the deliveries that stopped so, and where the next one begins. Of one seller's an index
    /// tells; of all sellers' the table is read through.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn stopped(
        &self,
        which: &Stopped,
        from: Option<&PageStart>,
    ) -> Result<(Vec<Due>, Option<PageStart>), PipelineError> {
        let mut filter = Filter::of(which);
        let key = from.map(|from| {
            from.iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect()
        });
        let (items, next) = if let Some(seller) = &which.seller_id {
            let begun = from.and_then(|from| from.get("sellerId"));
            let is_before = |account: &Account| begun.is_some_and(|begun| account.as_str() != begun.as_str());
            let mut accounts = Account::all_of(seller).skip_while(is_before);
            let Some(account) = accounts.next() else {
                return Ok((Vec::new(), None));
            };
            filter.values.insert(":seller".into(), text(account.as_str()));
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("byStatus")
                .key_condition_expression("sellerId = :seller AND #status = :status")
                .filter_expression(filter.expression)
                .set_expression_attribute_names(Some(filter.names))
                .set_expression_attribute_values(Some(filter.values))
                // Without a row's id it is the beginning of the account's rows.
                .set_exclusive_start_key(key.filter(|key: &Attributes| key.contains_key("reportId")))
                .limit(PAGE)
                .send()
                .await
                .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            let next_account = accounts.next().map(|account| {
                let name = text(account.as_str());
                Attributes::from([("sellerId".to_owned(), name)])
            });
            (answer.items, answer.last_evaluated_key.or(next_account))
        } else {
            let answer = self
                .client
                .scan()
                .table_name(&self.table)
                .filter_expression(format!("#status = :status AND {}", filter.expression))
                .set_expression_attribute_names(Some(filter.names))
                .set_expression_attribute_values(Some(filter.values))
                .set_exclusive_start_key(key)
                .send()
                .await
                .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            (answer.items, answer.last_evaluated_key)
        };
        let rows = items.unwrap_or_default().iter().filter_map(due).collect();
        Ok((rows, next.as_ref().map(page_start)))
    }

    /// Has a delivery begin again that failed: its row is as if its announcement had just come. `None` if
    /// it has not failed, or no more.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn begin_again(
        &self,
        row: &Due,
        overdue: Duration,
    ) -> Result<Option<LedgerRow>, PipelineError> {
        let now = Timestamp::now();
        let update = self
            .update(&row.seller_id, &row.id)
            .update_expression(format!(
                "SET #status = :notified, progress = :progress, notifiedAt = if_not_exists(notifiedAt, :now), \
                 due = :due, dueAt = :dueAt REMOVE {TRACES_OF_FAILURE}, revivals, provenReleases ADD releases :one"
            ))
            .condition_expression("#status = :failed AND attribute_not_exists(announcedAt)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#error", "error")
            .expression_attribute_values(":failed", text("FAILED"))
            .expression_attribute_values(":notified", text(Stage::Notified.status()))
            .expression_attribute_values(":progress", number(Stage::Notified.progress()))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":due", text(DUE))
            .expression_attribute_values(":dueAt", due_at(now, overdue))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        Ok(send(update).await?.row())
    }
}

impl LedgerRow {
    /// A job's row as callers see it.
    #[must_use]
    pub fn job_to_json(&self) -> Map<String, Value> {
        let mut shown = self.shown(&SHOWN);
        if let Some(Value::String(criteria)) = shown.get("criteria")
            && let Ok(criteria) = serde_json::from_str(criteria)
        {
            shown.insert("criteria".to_owned(), criteria);
        }
        shown
    }

    /// Where a job's next page begins.
    #[must_use]
    pub fn next_page(&self) -> Option<PageStart> {
        serde_json::from_str(self.text("nextPage")?).ok()
    }
}

struct Filter {
    expression: String,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Filter {
    fn of(which: &Stopped) -> Self {
        let [why, when] = which.status.why_and_when();
        let mut filter = Self {
            // Obstacles and jobs have no such status, orders are ordered again and not delivered.
            expression: "NOT begins_with(reportId, :order)".into(),
            names: HashMap::from([("#status".into(), "status".into())]),
            values: Attributes::from([
                (":status".into(), text(which.status.status())),
                (":order".into(), text("order-")),
            ]),
        };
        if let Some(error) = &which.error {
            filter.expression.push_str(" AND #why = :why");
            filter.names.insert("#why".into(), why.into());
            filter.values.insert(":why".into(), text(error));
        }
        if let Some(since) = which.since {
            filter.expression.push_str(" AND #when >= :when");
            filter.names.insert("#when".into(), when.into());
            filter.values.insert(":when".into(), time(since));
        }
        if !which.report_ids.is_empty() {
            let places: Vec<_> = (0..which.report_ids.len())
                .map(|place| format!(":id{place}"))
                .collect();
            filter
                .expression
                .push_str(&format!(" AND reportId IN ({})", places.join(", ")));
            let ids = which.report_ids.iter().map(|id| text(id.as_str()));
            filter.values.extend(places.into_iter().zip(ids));
        }
        filter
    }
}

fn page_start(key: &Attributes) -> PageStart {
    let texts = key
        .iter()
        .filter_map(|(name, value): (_, &AttributeValue)| Some((name.clone(), value.as_s().ok()?.clone())));
    texts.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::answers::{Job, property_names};

    #[test]
    fn all_that_is_asked_for_must_be_true() {
        let which: Stopped = serde_json::from_value(json!({
            "Error": "AccessDenied", "Since": "2026-11-22T05:00:00Z", "ReportIds": ["1", "2"],
        }))
        .expect("criteria");
        let filter = Filter::of(&which);
        assert_eq!(
            filter.expression,
            "NOT begins_with(reportId, :order) AND #why = :why AND #when >= :when AND reportId IN (:id0, :id1)"
        );
        assert_eq!(
            (&*filter.names["#why"], &*filter.names["#when"]),
            ("error", "failedAt")
        );
        assert_eq!(filter.values[":when"], text("2026-11-22T05:00:00.000Z"));
        assert_eq!(filter.values[":id1"], text("2"));
    }

    #[test]
    fn what_waits_is_told_by_other_attributes() {
        let which = json!({"Status": "WAITING_FOR_OWNER", "Error": "AuthorizationRevoked"});
        let filter = Filter::of(&serde_json::from_value(which).expect("criteria"));
        assert_eq!(filter.names["#why"], "waitingFor");
        assert_eq!(filter.values[":status"], text("WAITING_FOR_OWNER"));
    }

    #[test]
    fn the_schema_of_a_job_has_what_is_shown_of_its_row() {
        // Its id is its row's name.
        let mut shown = [&SHOWN[..], &["jobId"]].concat();
        shown.sort_unstable();
        assert_eq!(property_names::<Job>(), shown);
    }

    #[test]
    fn a_job_is_shown_with_what_it_was_asked() {
        let row = LedgerRow(Attributes::from([
            ("status".into(), text("RUNNING")),
            ("matched".into(), number(3)),
            ("criteria".into(), text(r#"{"SellerId":"A3"}"#)),
            ("nextPage".into(), text(r#"{"sellerId":"A3"}"#)),
        ]));
        let shown = json!({"status": "RUNNING", "matched": 3, "criteria": {"SellerId": "A3"}});
        assert_eq!(Value::Object(row.job_to_json()), shown);
        assert_eq!(row.next_page().expect("a page")["sellerId"], "A3");
    }
}
