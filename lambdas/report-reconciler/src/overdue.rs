//! Reports and orders that are overdue.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Due, LedgerRow, MeteredAmazon, OrderState, SellingPartners};
use pipeline::domain::ledger::Stage;
use pipeline::domain::order::RequestId;
use pipeline::domain::{AnnouncedReport, FinalStatus, FinishedReport, SlowReport};
use pipeline::logging::About;
use pipeline::redelivery::Redeliveries;
use pipeline::workflows::{Workflows, announced, report_type};
use sp_api::ids::ReportId;
use sp_api::rates::Operation;
use sp_api::{RegionCode, SpApiError};
use tracing::Instrument;

use crate::execution::{Care, Expected, is_settled};
use crate::slow::SlowReports;

/// Rows of one query.
const PAGE: u16 = 100;

/// getReport gives two calls a second; a run may wait for a few of them.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A request that is older than this has been answered, or its function is dead.
const LONGEST_REQUEST: Duration = Duration::from_secs(35);

/// What reconciling needs.
pub struct Reconciler {
    pub amazon: MeteredAmazon,
    pub partners: SellingPartners,
    pub workflows: Workflows,
    /// The bucket that the documents are in.
    pub reports_bucket: String,
    pub redeliveries: Redeliveries,
    pub slow: SlowReports,
}

/// What a run saw.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Rows that were overdue.
    pub overdue: usize,
    /// Deliveries and orders that had to be started.
    pub started: usize,
    /// Rows that could not be looked after this time.
    pub failed: usize,
    /// The age of the oldest report that Amazon has announced and that is not delivered.
    pub oldest_undelivered: Option<Duration>,
    /// The age of the oldest order that Amazon works on.
    pub oldest_unfinished: Option<Duration>,
}

impl Seen {
    /// Notes how old a report is that is not done yet.
    fn note_age(&mut self, row: &LedgerRow, now: Timestamp) {
        let (oldest, since) = match row.time("notifiedAt") {
            Some(since) => (&mut self.oldest_undelivered, Some(since)),
            None => (&mut self.oldest_unfinished, row.time("orderedAt")),
        };
        let age = since.and_then(|since| Duration::try_from(now - since).ok());
        *oldest = age.max(*oldest);
    }
}

impl Reconciler {
    /// Looks after every row that is overdue, the longest first.
    pub async fn look_after_overdue(&self, until: SystemTime) -> Result<Seen, PipelineError> {
        let mut seen = Seen::default();
        let mut done = HashSet::new();
        let now = Timestamp::now();
        loop {
            let mut due = self.workflows.ledger.due(now, PAGE).await?;
            // The index follows the table after a moment.
            due.retain(|row| done.insert((row.seller_id.clone(), row.id.clone())));
            if due.is_empty() {
                return Ok(seen);
            }
            for row in due {
                if SystemTime::now() > until {
                    tracing::warn!("not all overdue rows were looked after; the next run goes on");
                    return Ok(seen);
                }
                seen.overdue += 1;
                let about = About::row(&row.seller_id, &row.id);
                self.look_after(&row, &mut seen).instrument(about.span()).await;
            }
        }
    }

    /// Has everything seen to that may be out of the way by now. Gives how many obstacles that were.
    pub async fn see_to_obstacles(&self) -> Result<usize, PipelineError> {
        let (ledger, now) = (&self.workflows.ledger, Timestamp::now());
        let obstacles = ledger.obstacles(Some(now)).await?;
        for obstacle in &obstacles {
            // Should its execution get lost, another looks then.
            ledger
                .leave_obstacle(obstacle, now + self.workflows.overdue)
                .await?;
            self.redeliveries.see_to(obstacle).await?;
        }
        Ok(obstacles.len())
    }

    async fn look_after(&self, due: &Due, seen: &mut Seen) {
        let written = match self.care(due, seen).await {
            Ok(Care::Settled) => self.workflows.ledger.settle(due).await,
            Ok(Care::Later(at)) => self.workflows.ledger.postpone(due, at).await,
            Ok(Care::Started(at)) => {
                seen.started += 1;
                self.workflows.ledger.postpone(due, at).await
            }
            Err(error) => {
                seen.failed += 1;
                let about = About::row(&due.seller_id, &due.id);
                tracing::warn!("{about} is overdue, and not looked after: {error}");
                let pause = match &error {
                    PipelineError::Amazon(SpApiError::Throttled { retry_after, .. }) => *retry_after,
                    _ => self.workflows.overdue,
                };
                self.workflows
                    .ledger
                    .postpone(due, Timestamp::now() + pause)
                    .await
            }
        };
        // Then the row is due again in the next run, which does no harm.
        pipeline::adapters::or_warn(written);
    }

    async fn care(&self, due: &Due, seen: &mut Seen) -> Result<Care, PipelineError> {
        if let Ok(request) = RequestId::parse(&due.id) {
            return self.care_for_order(due, &request).await;
        }
        let Some(row) = self.workflows.ledger.row(&due.seller_id, &due.id).await? else {
            return Ok(Care::Settled);
        };
        if is_settled(&row) {
            return Ok(Care::Settled);
        }
        seen.note_age(&row, Timestamp::now());
        if row.progress() >= Stage::Notified.progress() {
            return self.care_for_delivery(due, &row).await;
        }
        self.care_for_report(due, &row).await
    }

    /// A report that Amazon should have announced by now.
    async fn care_for_report(&self, due: &Due, row: &LedgerRow) -> Result<Care, PipelineError> {
        let id = ReportId::parse(&due.id).map_err(|error| PipelineError::InvalidInput(error.to_string()))?;
        let region = row
            .region()
            .ok_or_else(|| PipelineError::RegionUnknown(due.seller_id.seller().clone()))?;
        let asked = self
            .amazon
            .if_free(
                due.seller_id.seller(),
                region,
                Operation::GetReport,
                PATIENCE,
                |client, token| {
                    let id = &id;
                    async move { client.get_report(region, &token, id).await }
                },
            )
            .await;
        let now = Timestamp::now();
        let since = row.time("orderedAt").unwrap_or(now);
        let report = match asked {
            Ok(report) => report,
            Err(PipelineError::Amazon(SpApiError::NotFound { .. })) => {
                tracing::warn!("{} is dropped by Amazon", About::report(&due.seller_id, &id));
                let dropped = FinishedReport {
                    seller_id: due.seller_id.clone(),
                    report_id: id.clone(),
                    report_type: report_type(row)
                        .ok_or_else(|| PipelineError::InvalidInput("the row has no reportType".to_owned()))?,
                    processing_status: FinalStatus::Dropped,
                    report_document_id: None,
                };
                return self.deliver(dropped, region).await;
            }
            Err(error) => {
                self.workflows
                    .ledger
                    .note_error(&due.seller_id, &due.id, &error)
                    .await;
                if matches!(error, PipelineError::Amazon(SpApiError::Throttled { .. })) {
                    return Err(error);
                }
                let about = About::report(&due.seller_id, &id);
                tracing::warn!("{about} is overdue, and Amazon does not say how it is: {error}");
                let is_told = row.time("slowSince").is_some();
                let later = self.slow.look_again(since, now, is_told, self.workflows.overdue);
                return Ok(Care::Later(later));
            }
        };
        match FinishedReport::of(due.seller_id.clone(), report.clone()) {
            Some(finished) => {
                tracing::info!(
                    "{} is finished, and was not announced",
                    About::report(&due.seller_id, &id)
                );
                self.deliver(finished, region).await
            }
            None => {
                let particulars = row.particulars().completed_by(&report);
                let unfinished = SlowReport {
                    seller_id: due.seller_id.clone(),
                    report_id: id,
                    report_type: report.report_type,
                    region,
                    processing_status: report.processing_status,
                    ordered_at: since,
                    particulars,
                };
                let is_told = row.time("slowSince").is_some();
                let overdue = self.workflows.overdue;
                Ok(Care::Later(
                    self.slow.wait_for(&unfinished, is_told, overdue).await,
                ))
            }
        }
    }

    /// Does what the notification would have done.
    pub(super) async fn deliver(
        &self,
        report: FinishedReport,
        region: RegionCode,
    ) -> Result<Care, PipelineError> {
        let report = AnnouncedReport::from(report);
        self.workflows
            .ledger
            .record_notification(&report, Some(region), self.workflows.overdue)
            .await?;
        self.workflows
            .deliveries
            .start(&report.execution_name(), &report)
            .await?;
        Ok(Care::Started(Timestamp::now() + self.workflows.overdue))
    }

    /// A report that was announced, and is not delivered yet.
    async fn care_for_delivery(&self, due: &Due, row: &LedgerRow) -> Result<Care, PipelineError> {
        let report = announced(due, row)?;
        let expected = Expected {
            due,
            workflow: &self.workflows.deliveries,
            names: &report.execution_names(row.releases()),
            revivals: row.revivals(),
            input: &report,
            since: row.time("notifiedAt").unwrap_or_else(Timestamp::now),
        };
        expected
            .see_to(&self.workflows.ledger, self.workflows.overdue)
            .await
    }

    /// An order that is not placed yet.
    async fn care_for_order(&self, due: &Due, request: &RequestId) -> Result<Care, PipelineError> {
        let Some(row) = self.workflows.ledger.order(&due.seller_id, request).await? else {
            return Ok(Care::Settled);
        };
        let now = Timestamp::now();
        let since = match row.state {
            OrderState::Queued => row.not_before.unwrap_or(now),
            OrderState::Placing { since } if since + LONGEST_REQUEST > now => {
                return Ok(Care::Later(since + LONGEST_REQUEST));
            }
            OrderState::Placing { since } => since,
            OrderState::Placed(_) | OrderState::Cancelled | OrderState::Failed | OrderState::Waiting => {
                return Ok(Care::Settled);
            }
        };
        let expected = Expected {
            due,
            workflow: &self.workflows.orders,
            names: &row.execution_names(),
            revivals: row.revivals,
            input: &row.to_place(now),
            since,
        };
        expected
            .see_to(&self.workflows.ledger, self.workflows.overdue)
            .await
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use pipeline::adapters::Ledger;
    use pipeline::domain::Account;

    use super::*;

    async fn row(since: &'static str, at: &'static str) -> LedgerRow {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
            let at = AttributeValue::S(at.to_owned());
            GetItemOutput::builder().item(since, at).build()
        });
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]);
        let ledger = Ledger::new(dynamodb, "reports".into());
        let account = Account::parse("A3").expect("valid");
        let row = ledger.row(&account, "1").await;
        row.expect("read").expect("there")
    }

    #[tokio::test]
    async fn of_what_is_not_done_the_oldest_is_noted() {
        let now = "2026-11-22T08:00:00Z".parse().expect("a time");
        let mut seen = Seen::default();
        for (since, at) in [
            ("notifiedAt", "2026-11-22T07:59:00.000Z"),
            ("notifiedAt", "2026-11-22T07:00:00.000Z"),
            ("notifiedAt", "2026-11-22T07:30:00.000Z"),
            ("orderedAt", "2026-11-22T06:00:00.000Z"),
            // Known of in another way: it has no age.
            ("queuedAt", "2026-11-22T01:00:00.000Z"),
        ] {
            seen.note_age(&row(since, at).await, now);
        }
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        assert_eq!(
            (seen.oldest_undelivered, seen.oldest_unfinished),
            (hours(1), hours(2))
        );
    }
}
