//! Reports and orders that are overdue.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Due, Ledger, LedgerRow, MeteredAmazon, OrderState, SellingPartners, StateMachine};
use pipeline::domain::ledger::{Stage, look_again};
use pipeline::domain::order::{OrderToPlace, Placement, RequestId};
use pipeline::domain::quota::Slot;
use pipeline::domain::{AnnouncedReport, FinalStatus, FinishedReport};
use sp_api::ids::{ReportDocumentId, ReportId, ReportType};
use sp_api::rates::Operation;
use sp_api::{RegionCode, SpApiError};

use crate::execution::{Care, Expected, is_settled};

/// Rows of one query.
const PAGE: u16 = 100;

/// getReport gives two calls a second; a run may wait for a few of them.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A request that is older than this has been answered, or its function is dead.
const LONGEST_REQUEST: Duration = Duration::from_secs(35);

/// What reconciling needs.
pub struct Reconciler {
    pub amazon: MeteredAmazon,
    pub ledger: Ledger,
    pub partners: SellingPartners,
    pub deliveries: StateMachine,
    pub orders: StateMachine,
    pub overdue: Duration,
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
}

impl Reconciler {
    /// Looks after every row that is overdue, the longest first.
    pub async fn look_after_overdue(&self, until: SystemTime) -> Result<Seen, PipelineError> {
        let mut seen = Seen::default();
        let mut done = HashSet::new();
        let now = Timestamp::now();
        loop {
            let mut due = self.ledger.due(now, PAGE).await?;
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
                self.look_after(&row, &mut seen).await;
            }
        }
    }

    async fn look_after(&self, due: &Due, seen: &mut Seen) {
        let written = match self.care(due).await {
            Ok(Care::Settled) => self.ledger.settle(due).await,
            Ok(Care::Later(at)) => self.ledger.postpone(due, at).await,
            Ok(Care::Started(at)) => {
                seen.started += 1;
                self.ledger.postpone(due, at).await
            }
            Err(error) => {
                seen.failed += 1;
                tracing::warn!(seller_id = %due.seller_id, id = due.id, "not looked after: {error}");
                let pause = match &error {
                    PipelineError::Amazon(SpApiError::Throttled { retry_after, .. }) => *retry_after,
                    _ => self.overdue,
                };
                self.ledger.postpone(due, Timestamp::now() + pause).await
            }
        };
        // Then the row is due again in the next run, which does no harm.
        pipeline::adapters::or_warn(written);
    }

    async fn care(&self, due: &Due) -> Result<Care, PipelineError> {
        if let Ok(request) = RequestId::parse(&due.id) {
            return self.care_for_order(due, &request).await;
        }
        let Some(row) = self.ledger.row(&due.seller_id, &due.id).await? else {
            return Ok(Care::Settled);
        };
        if is_settled(&row) {
            return Ok(Care::Settled);
        }
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
            .ok_or_else(|| PipelineError::RegionUnknown(due.seller_id.clone()))?;
        let asked = self
            .amazon
            .if_free(
                &due.seller_id,
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
                tracing::warn!(seller_id = %due.seller_id, report_id = due.id, "Amazon has dropped the report");
                let dropped = FinishedReport {
                    seller_id: due.seller_id.clone(),
                    report_id: id.clone(),
                    report_type: report_type(row)?,
                    processing_status: FinalStatus::Dropped,
                    report_document_id: None,
                };
                return self.deliver(dropped, region).await;
            }
            Err(error) => {
                self.ledger.note_error(&due.seller_id, &due.id, &error).await;
                if matches!(error, PipelineError::Amazon(SpApiError::Throttled { .. })) {
                    return Err(error);
                }
                tracing::warn!(seller_id = %due.seller_id, id = due.id, "{error}");
                return Ok(Care::Later(look_again(since, now, self.overdue)));
            }
        };
        match FinishedReport::of(due.seller_id.clone(), report) {
            Some(finished) => {
                tracing::info!(
                    seller_id = %due.seller_id,
                    report_id = due.id,
                    "finished, but not announced"
                );
                self.deliver(finished, region).await
            }
            None => Ok(Care::Later(look_again(since, now, self.overdue))),
        }
    }

    /// Does what the notification would have done.
    pub(super) async fn deliver(
        &self,
        report: FinishedReport,
        region: RegionCode,
    ) -> Result<Care, PipelineError> {
        let report = AnnouncedReport::from(report);
        self.ledger
            .record_notification(&report, Some(region), self.overdue)
            .await?;
        self.deliveries.start(&report.execution_name(), &report).await?;
        Ok(Care::Started(Timestamp::now() + self.overdue))
    }

    /// A report that was announced, and is not delivered yet.
    async fn care_for_delivery(&self, due: &Due, row: &LedgerRow) -> Result<Care, PipelineError> {
        let report = announced(due, row)?;
        let expected = Expected {
            due,
            workflow: &self.deliveries,
            name: &report.execution_name(),
            again: &|attempt| report.execution_name_again(attempt),
            revivals: row.revivals(),
            input: &report,
            since: row.time("notifiedAt").unwrap_or_else(Timestamp::now),
        };
        expected.see_to(&self.ledger, self.overdue).await
    }

    /// An order that is not placed yet.
    async fn care_for_order(&self, due: &Due, request: &RequestId) -> Result<Care, PipelineError> {
        let Some(row) = self.ledger.order(&due.seller_id, request).await? else {
            return Ok(Care::Settled);
        };
        let now = Timestamp::now();
        let since = match row.state {
            OrderState::Queued => row.not_before.unwrap_or(now),
            OrderState::Placing { since } if since + LONGEST_REQUEST > now => {
                return Ok(Care::Later(since + LONGEST_REQUEST));
            }
            OrderState::Placing { since } => since,
            OrderState::Placed(_) | OrderState::Cancelled | OrderState::Failed => return Ok(Care::Settled),
        };
        let input = OrderToPlace {
            seller_id: due.seller_id.clone(),
            request_id: request.clone(),
            region_code: row.order.region,
            report_type: row.order.report.report_type,
            placement: Placement::waiting(Slot::at_once(now)),
        };
        let expected = Expected {
            due,
            workflow: &self.orders,
            name: request.as_str(),
            again: &|attempt| format!("{request}_again{attempt}"),
            revivals: row.revivals,
            input: &input,
            since,
        };
        expected.see_to(&self.ledger, self.overdue).await
    }
}

/// What was announced of a report, as its row has it.
fn announced(due: &Due, row: &LedgerRow) -> Result<AnnouncedReport, PipelineError> {
    let no_id = |_| PipelineError::InvalidInput(format!("{} is no report id", due.id));
    Ok(AnnouncedReport {
        seller_id: due.seller_id.clone(),
        report_id: ReportId::parse(&due.id).map_err(no_id)?,
        report_type: report_type(row).ok(),
        processing_status: match row.text("processingStatus") {
            Some("DROPPED") => Some(FinalStatus::Dropped),
            status => status.and_then(FinalStatus::of_amazon),
        },
        report_document_id: row
            .text("reportDocumentId")
            .and_then(|id| ReportDocumentId::parse(id).ok()),
    })
}

fn report_type(row: &LedgerRow) -> Result<ReportType, PipelineError> {
    row.text("reportType")
        .and_then(|name| ReportType::parse(name).ok())
        .ok_or_else(|| PipelineError::InvalidInput("the row has no reportType".to_owned()))
}
