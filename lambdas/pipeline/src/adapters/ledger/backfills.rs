//! Backfills: rows of their own beside the reports that belong to them. The rows of these name theirs, and
//! whatever moves both is one transaction.

use std::time::Duration;

use crate::domain::Account;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::ReportType;

use super::queries::due_at;
use super::reports::told;
use super::row::{LedgerRow, number, text, time};
use super::transactions::Transacted;
use super::{DUE, Ledger, RowKey, send};
use crate::PipelineError;
use crate::domain::backfill::{BackfillId, NewBackfill, Window};
use crate::domain::ledger::Stage;
use crate::domain::stages::StoredDocument;
use crate::domain::{AnnouncedReport, FinishedReport};

/// The value of `due` in the row of every backfill that is not over.
const BACKFILL: &str = "BACKFILL";

/// What a backfill's row is called by.
const KIND: &str = "backfill";

/// How long the row of one stays that is over.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A backfill that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Its name.
    pub id: BackfillId,
    /// Whose.
    pub seller_id: Account,
    /// Where.
    pub region: RegionCode,
    /// What is still to be searched.
    pub windows: Vec<Window>,
    /// Types that Amazon refuses to list.
    pub refused: Vec<ReportType>,
    /// How many reports belong to it.
    pub found: u64,
    /// How many of these have come to their end.
    pub done: u64,
    /// When it last came further.
    pub progress: Timestamp,
    /// Whether none joins it any more, or ends as a part of it.
    pub is_closed: bool,
    /// Whether its seller has been told.
    pub is_told: bool,
}

/// What the list of Amazon's reports tells of one, besides what is announced of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// When it was ordered.
    pub created: Timestamp,
    /// Start of the period.
    pub data_start: Option<Timestamp>,
    /// End of the period.
    pub data_end: Option<Timestamp>,
}

/// What finding a report means to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It belongs to the backfill now, and is to be delivered.
    New,
    /// It was ordered here, or is being delivered, or was.
    Known,
    /// The backfill is closed, and takes it no more.
    Closed,
}

impl From<&BackfillId> for RowKey<'_> {
    fn from(id: &BackfillId) -> Self {
        Self::of_kind(KIND, id)
    }
}

impl Ledger {
    /// Writes that a backfill of `seller` has begun, unless that is written.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn begin_backfill(&self, seller: &Account, new: &NewBackfill) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        let update = self
            .update_row((&new.id).into())
            .update_expression(
                "SET ofSeller = :seller, regionCode = :region, stillToSearch = :windows, foundReports = :zero, \
                 endedReports = :zero, startedAt = :now, progressAt = :now, due = :due, dueAt = :now",
            )
            .condition_expression("attribute_not_exists(startedAt)")
            .expression_attribute_values(":seller", text(seller.as_str()))
            .expression_attribute_values(":region", text(new.region.as_str()))
            .expression_attribute_values(":windows", windows(&new.windows))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":due", text(BACKFILL));
        send(update).await.map(drop)
    }

    /// The names of the backfills that are not over.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn backfills(&self) -> Result<Vec<BackfillId>, PipelineError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("byDueTime")
            .key_condition_expression("due = :due")
            .expression_attribute_values(":due", text(BACKFILL))
            .into_paginator()
            .items()
            .send();
        let mut names = Vec::new();
        while let Some(row) = pages.next().await {
            let row = row.map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            let partition = row.get("sellerId").and_then(|it| it.as_s().ok());
            let name = partition.and_then(|it| it.strip_prefix(KIND)?.strip_prefix('/'));
            names.extend(name.map(BackfillId::named));
        }
        Ok(names)
    }

    /// A backfill; `None` if there is none, or it is over.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>, PipelineError> {
        let row = self.get_row(id.into()).await?;
        Ok(row.and_then(|row| read(id, &row)))
    }

    /// Writes what of a backfill is still to be searched.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_search(&self, backfill: &Backfill) -> Result<(), PipelineError> {
        let refused = backfill.refused.iter().map(|name| text(name.as_str())).collect();
        let update = self
            .update_backfill(
                &backfill.id,
                "SET stillToSearch = :windows, refusedTypes = :refused, progressAt = :now",
            )
            .expression_attribute_values(":windows", windows(&backfill.windows))
            .expression_attribute_values(":refused", AttributeValue::L(refused))
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Writes that a report was found, which is to be delivered, and that it belongs to a backfill.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_found(
        &self,
        backfill: &Backfill,
        report: &AnnouncedReport,
        traits: Traits,
        overdue: Duration,
    ) -> Result<Found, PipelineError> {
        let now = Timestamp::now();
        let mut more = vec![
            ("due", text(DUE)),
            ("dueAt", due_at(now, overdue)),
            ("regionCode", text(backfill.region.as_str())),
            ("backfill", text(backfill.id.as_str())),
            ("createdTime", time(traits.created)),
        ];
        more.extend(traits.data_start.map(|at| ("dataStartTime", time(at))));
        more.extend(traits.data_end.map(|at| ("dataEndTime", time(at))));
        more.extend(told(report));
        let (seller, id) = (&report.seller_id, &report.report_id);
        let row = self
            // Who wants it now, wants it although it was skipped before.
            .stage_of(seller, id, Stage::Notified, now, &more, "REMOVE expiresAt", "<")
            .condition_expression(
                "(attribute_not_exists(progress) OR progress < :progress) AND attribute_not_exists(orderedAt)",
            );
        let counted = self.counting(&backfill.id, "foundReports", true);
        Ok(match self.transact(vec![row, counted]).await? {
            Transacted::Yes => Found::New,
            Transacted::No(0) => Found::Known,
            Transacted::No(_) => Found::Closed,
        })
    }

    /// Completes the `row` of a report as a part of its backfill, of which its seller is told at once.
    /// `false` if the backfill is closed: then the seller is to be told of this report by itself.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_backfilled(
        &self,
        row: &LedgerRow,
        backfill: &BackfillId,
        report: &FinishedReport,
        region: Option<RegionCode>,
        stored: Option<&StoredDocument>,
        kept: Duration,
    ) -> Result<bool, PipelineError> {
        let update = self
            .announced(report, region, stored, kept, &[("endedIn", text(backfill.as_str()))])
            .condition_expression(
                "(attribute_not_exists(progress) OR progress <= :progress) AND attribute_not_exists(announcedAt)",
            );
        self.end_in(row, backfill, update).await
    }

    /// As [`Self::record_backfilled`], of a report that can't be delivered.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_backfill_failure(
        &self,
        row: &LedgerRow,
        backfill: &BackfillId,
        report: &FinishedReport,
    ) -> Result<bool, PipelineError> {
        let update = self
            .update(&report.seller_id, report.report_id.as_str())
            .update_expression(
                "SET failureAnnouncedAt = :now, endedIn = :backfill REMOVE announcingUntil, announcingBy",
            )
            .condition_expression(
                "attribute_not_exists(announcedAt) AND attribute_not_exists(failureAnnouncedAt)",
            )
            .expression_attribute_values(":now", time(Timestamp::now()))
            .expression_attribute_values(":backfill", text(backfill.as_str()));
        self.end_in(row, backfill, update).await
    }

    async fn end_in(
        &self,
        row: &LedgerRow,
        backfill: &BackfillId,
        update: UpdateItemFluentBuilder,
    ) -> Result<bool, PipelineError> {
        // One that failed before and is delivered after all counts once.
        let is_first = row.text("endedIn").is_none();
        let counted = self.counting(backfill, "endedReports", is_first);
        Ok(match self.transact(vec![update, counted]).await? {
            // The row says so already: our own, whose answer was lost.
            Transacted::Yes | Transacted::No(0) => true,
            Transacted::No(_) => false,
        })
    }

    fn counting(&self, id: &BackfillId, counter: &'static str, counts: bool) -> UpdateItemFluentBuilder {
        let expression = "SET progressAt = :now ADD #counter :one";
        self.update_row(id.into())
            .update_expression(expression)
            .condition_expression("attribute_exists(startedAt) AND attribute_not_exists(closedAt)")
            .expression_attribute_names("#counter", counter)
            .expression_attribute_values(":now", time(Timestamp::now()))
            .expression_attribute_values(":one", number(i128::from(counts)))
    }

    /// Has no report join a backfill any more, or end as a part of it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn close_backfill(&self, id: &BackfillId) -> Result<(), PipelineError> {
        let update = self
            .update_backfill(id, "SET closedAt = if_not_exists(closedAt, :now)")
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Writes that the seller has been told of a backfill.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_backfill_told(&self, id: &BackfillId) -> Result<(), PipelineError> {
        let update = self
            .update_backfill(id, "SET announcedAt = :now REMOVE announcingUntil, announcingBy")
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Writes that a backfill is over.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn end_backfill(&self, id: &BackfillId) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        let update = self
            .update_backfill(
                id,
                "SET closedAt = if_not_exists(closedAt, :now), endedAt = :now, expiresAt = :expires \
                 REMOVE due, dueAt",
            )
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":expires", number((now + KEPT).as_second()));
        send(update).await.map(drop)
    }

    fn update_backfill(&self, id: &BackfillId, expression: &str) -> UpdateItemFluentBuilder {
        self.update_row(id.into())
            .update_expression(expression)
            .condition_expression("attribute_exists(startedAt)")
    }

    /// The rows of the reports that belong to a backfill, which is a look through all of its seller's.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn rows_of_backfill(&self, backfill: &Backfill) -> Result<Vec<LedgerRow>, PipelineError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("sellerId = :seller")
            .filter_expression("backfill = :backfill")
            .expression_attribute_values(":seller", text(backfill.seller_id.as_str()))
            .expression_attribute_values(":backfill", text(backfill.id.as_str()))
            .into_paginator()
            .items()
            .send();
        let mut rows = Vec::new();
        while let Some(row) = pages.next().await {
            let row = row.map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            rows.push(LedgerRow(row));
        }
        Ok(rows)
    }
}

impl LedgerRow {
    /// The backfill that the report belongs to, if it belongs to one.
    #[must_use]
    pub fn backfill(&self) -> Option<BackfillId> {
        self.text("backfill").map(BackfillId::named)
    }
}

fn windows(windows: &[Window]) -> AttributeValue {
    text(serde_json::to_string(windows).expect("a struct of texts"))
}

fn read(id: &BackfillId, row: &LedgerRow) -> Option<Backfill> {
    if row.time("endedAt").is_some() {
        return None;
    }
    let refused = row.0.get("refusedTypes").and_then(|it| it.as_l().ok());
    let refused = refused.into_iter().flatten().filter_map(|it| it.as_s().ok());
    Some(Backfill {
        id: id.clone(),
        seller_id: Account::parse(row.text("ofSeller")?).ok()?,
        region: row.region()?,
        windows: serde_json::from_str(row.text("stillToSearch")?).ok()?,
        refused: refused.filter_map(|name| ReportType::parse(name).ok()).collect(),
        found: row.number("foundReports")?,
        done: row.number("endedReports")?,
        progress: row.time("progressAt")?,
        is_closed: row.time("closedAt").is_some(),
        is_told: row.time("announcedAt").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::transact_write_items::{
        TransactWriteItemsError, TransactWriteItemsOutput,
    };
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_sdk_dynamodb::types::{CancellationReason, Update};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::json;

    use super::*;

    fn ledger(rule: &Rule) -> Ledger {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, &[rule]);
        Ledger::new(client, "reports".into())
    }

    fn finished() -> FinishedReport {
        let report = json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "ReportDocumentId": "d",
        });
        serde_json::from_value(report).expect("a report")
    }

    fn backfill() -> Backfill {
        Backfill {
            id: BackfillId::named("A3-1"),
            seller_id: Account::parse("A3").expect("valid"),
            region: RegionCode::Eu,
            windows: Vec::new(),
            refused: Vec::new(),
            found: 0,
            done: 0,
            progress: Timestamp::now(),
            is_closed: false,
            is_told: false,
        }
    }

    /// The transaction's updates satisfy `is_it`.
    fn written(is_it: fn(&Update, &Update) -> bool) -> Rule {
        mock!(aws_sdk_dynamodb::Client::transact_write_items)
            .match_requests(move |request| {
                let updates: Vec<_> = request
                    .transact_items()
                    .iter()
                    .filter_map(|it| it.update())
                    .collect();
                let [report, backfill] = updates[..] else {
                    return false;
                };
                let is_open = "attribute_exists(startedAt) AND attribute_not_exists(closedAt)";
                backfill.condition_expression() == Some(is_open)
                    && backfill.key()["sellerId"] == text("backfill/A3-1")
                    && report.key()["sellerId"] == text("A3")
                    && is_it(report, backfill)
            })
            .then_output(|| TransactWriteItemsOutput::builder().build())
    }

    /// The conditions of these updates are not met.
    fn unmet(codes: [&'static str; 2]) -> Rule {
        mock!(aws_sdk_dynamodb::Client::transact_write_items).then_error(move || {
            let reasons = codes.map(|code| CancellationReason::builder().code(code).build());
            let error = TransactionCanceledException::builder()
                .set_cancellation_reasons(Some(reasons.to_vec()))
                .build();
            TransactWriteItemsError::TransactionCanceledException(error)
        })
    }

    const MET: &str = "None";
    const UNMET: &str = "ConditionalCheckFailed";

    fn value<'a>(update: &'a Update, name: &str) -> Option<&'a AttributeValue> {
        update.expression_attribute_values()?.get(name)
    }

    async fn found(rule: &Rule) -> Result<Found, PipelineError> {
        let traits = Traits {
            created: "2026-11-01T05:00:00Z".parse().expect("a time"),
            data_start: None,
            data_end: None,
        };
        let overdue = Duration::from_secs(60);
        ledger(rule)
            .record_found(&backfill(), &finished().into(), traits, overdue)
            .await
    }

    async fn ended(row: &[(&str, &str)], rule: &Rule) -> Result<bool, PipelineError> {
        let row = row.iter().map(|(name, value)| ((*name).to_owned(), text(*value)));
        let (id, kept) = (BackfillId::named("A3-1"), Duration::from_secs(60));
        ledger(rule)
            .record_backfilled(&LedgerRow(row.collect()), &id, &finished(), None, None, kept)
            .await
    }

    #[tokio::test]
    async fn what_is_found_is_counted_with_its_row_and_nothing_that_is_known() {
        let new = written(|report, backfill| {
            value(report, ":backfill") == Some(&text("A3-1"))
                && value(report, ":createdTime") == Some(&text("2026-11-01T05:00:00.000Z"))
                && report
                    .condition_expression()
                    .is_some_and(|it| it.ends_with("attribute_not_exists(orderedAt)"))
                && backfill
                    .expression_attribute_names()
                    .is_some_and(|it| it["#counter"] == "foundReports")
        });
        assert_eq!(found(&new).await.expect("written"), Found::New);
        assert_eq!(found(&unmet([UNMET, MET])).await.expect("asked"), Found::Known);
        assert_eq!(found(&unmet([UNMET, UNMET])).await.expect("asked"), Found::Known);
        assert_eq!(found(&unmet([MET, UNMET])).await.expect("asked"), Found::Closed);
        let conflict = found(&unmet([MET, "TransactionConflict"])).await;
        assert_eq!(conflict.expect_err("passes").name(), "Transient");
    }

    #[tokio::test]
    async fn what_ends_is_counted_once_and_not_in_a_backfill_that_is_closed() {
        let first = written(|report, backfill| {
            value(report, ":endedIn") == Some(&text("A3-1"))
                && value(report, ":status") == Some(&text("ANNOUNCED"))
                && report
                    .condition_expression()
                    .is_some_and(|it| it.ends_with("attribute_not_exists(announcedAt)"))
                && value(backfill, ":one") == Some(&number(1))
        });
        assert!(ended(&[], &first).await.expect("written"));
        let after_failure = written(|_, backfill| value(backfill, ":one") == Some(&number(0)));
        assert!(
            ended(&[("endedIn", "A3-1")], &after_failure)
                .await
                .expect("written")
        );
        // The answer to the first attempt was lost.
        assert!(ended(&[], &unmet([UNMET, MET])).await.expect("asked"));
        assert!(!ended(&[], &unmet([MET, UNMET])).await.expect("asked"));
    }

    #[test]
    fn a_row_is_read_as_it_was_written_until_it_is_over() {
        let row = |more: &[(&str, AttributeValue)]| {
            let window =
                r#"[{"types": ["GET_X"], "since": "2026-08-24T05:00:00Z", "until": "2026-11-22T05:00:00Z"}]"#;
            let mut row = vec![
                ("ofSeller", text("A3")),
                ("regionCode", text("EU")),
                ("stillToSearch", text(window)),
                ("foundReports", number(60)),
                ("endedReports", number(7)),
                ("progressAt", text("2026-11-22T05:00:00.000Z")),
            ];
            row.extend_from_slice(more);
            let row = row.into_iter().map(|(name, value)| (name.to_owned(), value));
            read(&BackfillId::named("A3-1"), &LedgerRow(row.collect()))
        };
        let open = row(&[]).expect("readable");
        assert_eq!((open.found, open.done, open.windows.len()), (60, 7, 1));
        assert!(!open.is_closed && !open.is_told && open.refused.is_empty());
        let now = || text("2026-11-22T05:00:00.000Z");
        let refused = AttributeValue::L(vec![text("GET_Y")]);
        let told = row(&[
            ("closedAt", now()),
            ("announcedAt", now()),
            ("refusedTypes", refused),
        ]);
        let told = told.expect("readable");
        assert!(told.is_closed && told.is_told && told.refused.len() == 1);
        assert_eq!(row(&[("endedAt", now())]), None);
    }
}
