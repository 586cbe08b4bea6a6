//! Rows that wait for somebody to mend what is no fault of theirs.

use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, Select};
use jiff::Timestamp;

use super::queries::{Due, due, due_at};
use super::row::{LedgerRow, number, text, time};
use super::{DUE, Ledger, send};
use crate::PipelineError;
use crate::domain::ledger::Stage;
use crate::domain::obstacle::{Obstacle, WAITING_FOR_OWNER};
use crate::domain::order::RequestId;
use crate::domain::{Account, AnnouncedReport};

/// What a failure leaves in a row, and a new beginning takes away.
pub(super) const TRACES_OF_FAILURE: &str = "#error, errorCause, failedAt, failureAnnouncedAt";

/// Why a row goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// To see whether the obstacle is gone.
    Ahead,
    /// One that went ahead has found it gone.
    After,
}

impl Ledger {
    /// Has a report wait until `obstacle` is gone. `false` if its delivery is over.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn park_report(
        &self,
        report: &AnnouncedReport,
        obstacle: &Obstacle,
        error: &PipelineError,
    ) -> Result<bool, PipelineError> {
        // Somebody may have started the execution by hand, of a report that has no row.
        self.record_notification(report, None, Duration::ZERO).await?;
        let update = self
            .park(&report.seller_id, report.report_id.as_str(), obstacle, error)
            .update_expression(format!(
                "SET {}, waitingAs = :as, progress = :progress REMOVE {TRACES_OF_FAILURE}",
                waiting()
            ))
            .condition_expression("attribute_not_exists(announcedAt)")
            .expression_attribute_names("#error", "error")
            .expression_attribute_values(":as", text(Stage::Notified.status()))
            .expression_attribute_values(":progress", number(Stage::Notified.progress()));
        Ok(send(update).await?.row().is_some())
    }

    /// Has an order wait until `obstacle` is gone, as one that is queued or in doubt still. `false` if
    /// there is nothing to wait for: it has been cancelled, or placed.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn park_order(
        &self,
        seller: &Account,
        request: &RequestId,
        obstacle: &Obstacle,
        error: &PipelineError,
    ) -> Result<bool, PipelineError> {
        let park = || self.park(seller, request.as_str(), obstacle, error);
        let first = park()
            .update_expression(format!("SET waitingAs = #status, {}", waiting()))
            .condition_expression("#status IN (:queued, :placing)")
            .expression_attribute_values(":queued", text("QUEUED"))
            .expression_attribute_values(":placing", text("PLACING"));
        if send(first).await?.row().is_some() {
            return Ok(true);
        }
        // Our own first attempt, whose answer was lost; or the obstacle is another one now.
        let again = park()
            .update_expression(format!("SET {}", waiting()))
            .condition_expression("#status = :status");
        Ok(send(again).await?.row().is_some())
    }

    fn park(
        &self,
        seller: &Account,
        id: &str,
        obstacle: &Obstacle,
        error: &PipelineError,
    ) -> UpdateItemFluentBuilder {
        self.update(seller, id)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", text(WAITING_FOR_OWNER))
            .expression_attribute_values(":for", text(error.name()))
            .expression_attribute_values(":now", time(Timestamp::now()))
            .expression_attribute_values(":due", text(waits_for(obstacle)))
    }

    /// Has a row go on that waits. `None` if it waits no more.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn release(
        &self,
        row: &Due,
        going: Going,
        overdue: Duration,
    ) -> Result<Option<LedgerRow>, PipelineError> {
        let proven = match going {
            Going::Ahead => "",
            Going::After => ", provenReleases :one",
        };
        let update = self
            .update(&row.seller_id, &row.id)
            .update_expression(format!(
                "SET #status = waitingAs, due = :due, dueAt = :dueAt REMOVE waitingAs, waitingFor, revivals \
                 ADD releases :one{proven}"
            ))
            .condition_expression("#status = :waiting")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":waiting", text(WAITING_FOR_OWNER))
            .expression_attribute_values(":due", text(DUE))
            .expression_attribute_values(":dueAt", due_at(Timestamp::now(), overdue))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        Ok(send(update).await?.row())
    }

    /// The rows that wait for `obstacle` to go, those first that have waited longest; `limit` at most.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn waiting(&self, obstacle: &Obstacle, limit: u16) -> Result<Vec<Due>, PipelineError> {
        let answer = self
            .query_waiting(obstacle)
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(answer.items().iter().filter_map(due).collect())
    }

    /// How many rows wait for `obstacle` to go.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn count_waiting(&self, obstacle: &Obstacle) -> Result<u64, PipelineError> {
        let mut pages = self
            .query_waiting(obstacle)
            .select(Select::Count)
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            count += u64::try_from(page.count()).unwrap_or(0);
        }
        Ok(count)
    }

    fn query_waiting(&self, obstacle: &Obstacle) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name("byDueTime")
            .key_condition_expression("due = :due")
            .expression_attribute_values(":due", text(waits_for(obstacle)))
    }
}

/// The value of `due` in all rows that wait for the same.
fn waits_for(obstacle: &Obstacle) -> String {
    format!("WAITING {obstacle}")
}

/// Who has waited longest goes on first, also after it went ahead in vain.
fn waiting() -> &'static str {
    "#status = :status, waitingFor = :for, waitingSince = if_not_exists(waitingSince, :now), due = :due, \
     dueAt = if_not_exists(waitingSince, :now)"
}
