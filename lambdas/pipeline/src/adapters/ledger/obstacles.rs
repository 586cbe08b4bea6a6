//! Obstacles: rows of their own beside the reports that they stop.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::queries::{Due, due, due_at};
use super::row::{Attributes, LedgerRow, number, text, time};
use super::{Ledger, RowKey, send};
use crate::PipelineError;
use crate::domain::obstacle::Obstacle;

/// The value of `due` in every obstacle's row.
const OBSTACLE: &str = "OBSTACLE";

/// What an obstacle's row is called by.
const KIND: &str = "obstacle";

/// An obstacle that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// What it is.
    pub obstacle: Obstacle,
    /// Since when it stands.
    pub since: Timestamp,
    /// When it was last met.
    pub met: Timestamp,
    /// The error's name.
    pub error: String,
    /// The error in words.
    pub cause: String,
    /// Whether its owner has been told.
    pub is_told: bool,
    /// The row that went ahead.
    pub ahead: Option<Due>,
    /// Since when it is known to be gone; everything goes on then.
    pub gone: Option<Timestamp>,
    /// How often somebody has gone ahead.
    pub attempts: u64,
}

impl From<&Obstacle> for RowKey<'_> {
    fn from(obstacle: &Obstacle) -> Self {
        Self::of_kind(KIND, obstacle)
    }
}

impl Ledger {
    /// Notes that an obstacle has been met; whether it is gone is to be seen after `pause` at first.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn meet(
        &self,
        obstacle: &Obstacle,
        error: &PipelineError,
        pause: Duration,
    ) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        let update = self
            .update_row(obstacle.into())
            .update_expression(
                "SET #error = :error, errorCause = :cause, metAt = :now, \
                 since = if_not_exists(since, :now), due = :due, dueAt = if_not_exists(dueAt, :dueAt)",
            )
            .expression_attribute_names("#error", "error")
            .expression_attribute_values(":error", text(error.name()))
            .expression_attribute_values(":cause", text(error.to_string()))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":due", text(OBSTACLE))
            .expression_attribute_values(":dueAt", due_at(now, pause));
        send(update).await.map(drop)
    }

    /// An obstacle; `None` if it is gone.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn obstacle(&self, obstacle: &Obstacle) -> Result<Option<Standing>, PipelineError> {
        let row = self.get_row(obstacle.into()).await?;
        Ok(row.and_then(|row| read(obstacle, &row)))
    }

    /// The obstacles that stand and are to be looked at by `until`; all of them without it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn obstacles(&self, until: Option<Timestamp>) -> Result<Vec<Obstacle>, PipelineError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("byDueTime")
            .expression_attribute_values(":due", text(OBSTACLE));
        query = match until {
            None => query.key_condition_expression("due = :due"),
            Some(until) => query
                .key_condition_expression("due = :due AND dueAt <= :until")
                .expression_attribute_values(":until", time(until)),
        };
        let mut pages = query.into_paginator().send();
        let mut obstacles = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            obstacles.extend(page.items().iter().filter_map(named));
        }
        Ok(obstacles)
    }

    /// Has an obstacle looked at again at `at`; nobody has gone ahead then.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn look_at_obstacle(&self, obstacle: &Obstacle, at: Timestamp) -> Result<(), PipelineError> {
        let update = self
            .update_obstacle(obstacle, "SET dueAt = :at REMOVE ahead, goneAt")
            .expression_attribute_values(":at", time(at));
        send(update).await.map(drop)
    }

    /// Notes which row goes ahead to see whether an obstacle is gone, before it does.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn send_ahead(&self, obstacle: &Obstacle, row: &Due) -> Result<(), PipelineError> {
        let ahead = Attributes::from([
            ("sellerId".to_owned(), text(row.seller_id.as_str())),
            ("reportId".to_owned(), text(&row.id)),
        ]);
        let update = self
            .update_obstacle(obstacle, "SET ahead = :ahead ADD attempts :one")
            .expression_attribute_values(":ahead", AttributeValue::M(ahead))
            .expression_attribute_values(":one", number(1));
        send(update).await.map(drop)
    }

    /// Notes that an obstacle is gone, so that everything goes on. `since`: the same at every attempt.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn overcome(&self, obstacle: &Obstacle, since: Timestamp) -> Result<(), PipelineError> {
        let update = self
            .update_obstacle(obstacle, "SET goneAt = :at REMOVE ahead")
            .expression_attribute_values(":at", time(since));
        send(update).await.map(drop)
    }

    /// Removes an obstacle unless it was met after `gone`. Whether it is removed.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn remove_obstacle(&self, obstacle: &Obstacle, gone: Timestamp) -> Result<bool, PipelineError> {
        let removed = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(RowKey::from(obstacle).attributes()))
            .condition_expression("attribute_not_exists(metAt) OR metAt <= :gone")
            .expression_attribute_values(":gone", time(gone))
            .send()
            .await;
        match removed {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|it| it.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(PipelineError::aws("DynamoDB", &error)),
        }
    }

    /// Makes a new obstacle of one that was met again in the moment in which it was gone.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn renew_obstacle(&self, obstacle: &Obstacle) -> Result<(), PipelineError> {
        let update = self.update_obstacle(
            obstacle,
            "SET since = metAt REMOVE ahead, goneAt, attempts, failureAnnouncedAt, announcingUntil, announcingBy",
        );
        send(update).await.map(drop)
    }

    /// Leaves an obstacle to whoever sees to it now, until `at`.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn leave_obstacle(&self, obstacle: &Obstacle, at: Timestamp) -> Result<(), PipelineError> {
        let update = self
            .update_obstacle(obstacle, "SET dueAt = :at")
            .expression_attribute_values(":at", time(at));
        send(update).await.map(drop)
    }

    fn update_obstacle(&self, obstacle: &Obstacle, expression: &str) -> UpdateItemFluentBuilder {
        self.update_row(obstacle.into())
            .update_expression(expression)
            // One that is gone does not come back by being looked at.
            .condition_expression("attribute_exists(sellerId)")
    }
}

fn named(row: &Attributes) -> Option<Obstacle> {
    let partition = row.get("sellerId")?.as_s().ok()?;
    Obstacle::parse(partition.strip_prefix(KIND)?.strip_prefix('/')?)
}

fn read(obstacle: &Obstacle, row: &LedgerRow) -> Option<Standing> {
    let ahead = row.0.get("ahead").and_then(|ahead| ahead.as_m().ok());
    Some(Standing {
        obstacle: obstacle.clone(),
        since: row.time("since")?,
        met: row.time("metAt")?,
        error: row.text("error")?.to_owned(),
        cause: row.text("errorCause").unwrap_or_default().to_owned(),
        is_told: row.time("failureAnnouncedAt").is_some(),
        ahead: ahead.and_then(due),
        gone: row.time("goneAt"),
        attempts: row.number("attempts").unwrap_or(0),
    })
}
