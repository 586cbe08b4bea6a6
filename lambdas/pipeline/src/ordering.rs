//! Placing an order at Amazon: exactly one report for each order, whatever fails in between.
//!
//! createReport knows no idempotency key. When its answer is lost, or the function dies before it has
//! written the answer down, the order is *in doubt*. Then Amazon is asked which reports there are, and
//! one that may be this order and belongs to no other is this order's, the likest first; only if there is
//! none, it is ordered again.

use std::time::Duration;

use jiff::Timestamp;
use sp_api::ids::ReportId;
use sp_api::rates::Operation;
use sp_api::{ListedSince, ReportsFilter, ReportsQuery, SpApiError};

use crate::PipelineError;
use crate::adapters::{Claim, Due, InSlot, Ledger, LedgerRow, MeteredAmazon, OrderedReport, StateMachine};
use crate::domain::Particulars;
use crate::domain::likeness::{earliest, likeness};
use crate::domain::order::Order;
use crate::domain::quota::Slot;
use crate::logging::About;
use crate::workflows::start_delivery;

/// So long a report that is rather of another order, like this one, is left to that: its answer may be on
/// its way, or in doubt like ours.
const OWNERS_TIME: Duration = Duration::from_secs(90);

/// Where orders are placed.
pub struct OrderDesk {
    /// Amazon.
    pub amazon: MeteredAmazon,
    /// What became of every order.
    pub ledger: Ledger,
    /// Delivers a report that was announced before anything was known of its order.
    pub deliveries: StateMachine,
    /// After how long the reconciler looks after a report.
    pub overdue: Duration,
}

/// What placing an order came to.
#[derive(Debug)]
pub enum Placing {
    /// Amazon makes this report, and it is the order's own.
    Placed(ReportId),
    /// Amazon certainly has not taken it; its time is then.
    Wait(Slot),
    /// Amazon may have taken it. What went wrong.
    InDoubt(PipelineError),
}

/// What became of an order that was in doubt.
#[derive(Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Amazon had taken it, as this report.
    Placed(ReportId),
    /// Amazon had not taken it.
    NotPlaced,
    /// Not known yet: the question's time is then.
    Wait(Slot),
}

impl OrderDesk {
    /// Orders the report at Amazon, in the slot `held`, and writes its row.
    ///
    /// # Errors
    /// Amazon refuses the order for good.
    pub async fn place(&self, order: &Order, held: Option<Slot>) -> Result<Placing, PipelineError> {
        let (region, report) = (order.region, &order.report);
        let created = self
            .amazon
            .in_slot(
                order.seller_id.seller(),
                region,
                &[Operation::CreateReport],
                held,
                |client, token| async move { client.create_report(region, &token, report).await },
            )
            .await;
        let report_id = match created {
            Ok(InSlot::Done(report_id)) => report_id,
            Ok(InSlot::Wait(slot)) => return Ok(Placing::Wait(slot)),
            Err(error) if passes(&error) => return Ok(Placing::InDoubt(error)),
            Err(error) => return Err(error),
        };
        match self.claim(order, &report_id).await {
            Ok(true) => Ok(Placing::Placed(report_id)),
            // Another order in doubt took it for its own; there is another report for this one then.
            Ok(false) => Ok(Placing::InDoubt(PipelineError::AwsTransient {
                service: "DynamoDB",
                message: format!("report {report_id} belongs to another order"),
            })),
            Err(error) => {
                let about = About::order(&order.seller_id, &order.request_id).placed_as(&report_id);
                let _span = about.span().entered();
                tracing::warn!("{about} is ordered, and not written down yet: {error}");
                Ok(Placing::InDoubt(error))
            }
        }
    }

    /// Finds out whether Amazon took an order that was sent at `since`.
    ///
    /// # Errors
    /// Amazon or DynamoDB failed.
    pub async fn resolve(
        &self,
        order: &Order,
        since: Timestamp,
        held: Option<Slot>,
    ) -> Result<Resolved, PipelineError> {
        let listed_since = ListedSince::within_reach(earliest(since), Timestamp::now());
        if let Some(gap) = listed_since.gap() {
            let about = About::order(&order.seller_id, &order.request_id);
            let _span = about.span().entered();
            tracing::warn!(
                from = %gap.from,
                until = %gap.until,
                "{about} is older than what Amazon lists"
            );
        }
        let filter = ReportsFilter::new(vec![order.report.report_type.clone()])
            .and_then(|filter| filter.page_size(100))
            .map_err(|error| PipelineError::InvalidInput(error.to_string()))?;
        let mut query = ReportsQuery::Filter(filter.created_since(listed_since));
        let mut held = held;
        let mut candidates = Vec::new();
        loop {
            let (region, asked) = (order.region, &query);
            let listed = self
                .amazon
                .in_slot(
                    order.seller_id.seller(),
                    region,
                    &[Operation::GetReports],
                    held.take(),
                    |client, token| async move { client.get_reports(region, &token, asked).await },
                )
                .await?;
            let page = match listed {
                InSlot::Done(page) => page,
                InSlot::Wait(slot) => return Ok(Resolved::Wait(slot)),
            };
            for unreadable in &page.unreadable {
                tracing::warn!(
                    "a report in Amazon's list could not be read in full: {}",
                    unreadable.problem
                );
            }
            let next = page.next_token.clone();
            let alike = page.into_traits().filter_map(|found| {
                let likeness = likeness(&order.report, since, &found)?;
                Some((likeness, found.report_id, found.created_time.unwrap_or(since)))
            });
            candidates.extend(alike);
            match next {
                Some(token) => query = ReportsQuery::Next(token),
                None => break,
            }
        }
        candidates.sort();
        let mut is_left = None;
        let settled = Timestamp::now() - OWNERS_TIME;
        for (likeness, report_id, created) in candidates {
            if likeness.is_rather_of_another() && created > settled {
                if !self.is_others(order, &report_id).await? {
                    is_left = Some(report_id);
                }
            } else if self.claim(order, &report_id).await? {
                return Ok(Resolved::Placed(report_id));
            }
        }
        match is_left {
            None => Ok(Resolved::NotPlaced),
            Some(report_id) => Err(SpApiError::Transient {
                call: Operation::GetReports.to_string(),
                message: format!(
                    "report {report_id} may be the order's, and is left to an order that it is more like for now"
                ),
            }
            .into()),
        }
    }

    /// Whether a report belongs to another order already.
    async fn is_others(&self, order: &Order, report_id: &ReportId) -> Result<bool, PipelineError> {
        let row = self.ledger.row(&order.seller_id, report_id.as_str()).await?;
        let owner = row.as_ref().and_then(|row| row.text("requestId"));
        Ok(owner.is_some_and(|owner| owner != order.request_id.as_str()))
    }

    /// Makes a report the order's own. `false` if it belongs to another.
    async fn claim(&self, order: &Order, report_id: &ReportId) -> Result<bool, PipelineError> {
        let row = OrderedReport {
            seller_id: &order.seller_id,
            report_id,
            request_id: &order.request_id,
            region: order.region,
            report_type: &order.report.report_type,
            particulars: &Particulars::of_order(&order.report, order.reference.as_ref()),
        };
        Ok(match self.ledger.record_order(&row, self.overdue).await? {
            Claim::Ours => true,
            Claim::OursAnnounced(row) => {
                self.deliver(order, report_id, &row).await;
                true
            }
            Claim::Taken => false,
        })
    }

    /// Begins the delivery that was skipped. Should that fail, the reconciler finds it due.
    async fn deliver(&self, order: &Order, report_id: &ReportId, row: &LedgerRow) {
        let due = Due {
            seller_id: order.seller_id.clone(),
            id: report_id.to_string(),
        };
        if let Err(error) = start_delivery(&self.deliveries, &due, row, None).await {
            let about = About::order(&order.seller_id, &order.request_id).placed_as(report_id);
            let _span = about.span().entered();
            tracing::warn!("{about} was announced before it was ordered, and is not started yet: {error}");
        }
    }
}

/// Whether an error may be gone next time, or has left an order in doubt.
fn passes(error: &PipelineError) -> bool {
    matches!(
        error,
        PipelineError::Amazon(SpApiError::Transient { .. }) | PipelineError::AwsTransient { .. }
    ) || matches!(error, PipelineError::Amazon(amazon) if amazon.is_in_doubt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_in_doubt_when_its_answer_is_lost_and_not_when_it_is_no() {
        let transient = SpApiError::Transient {
            call: "createReport".into(),
            message: "connection reset".into(),
        };
        assert!(passes(&transient.into()));
        let rejected = SpApiError::Rejected {
            operation: Operation::CreateReport,
            status: 400,
            code: "InvalidInput".into(),
            message: String::new(),
        };
        assert!(!passes(&rejected.into()));
    }
}
