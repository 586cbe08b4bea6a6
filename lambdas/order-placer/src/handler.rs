use std::time::Duration;

use jiff::Timestamp;
use pipeline::adapters::OrderState;
use pipeline::domain::order::{Order, OrderToPlace, Placement};
use pipeline::domain::quota::Slot;
use pipeline::logging::About;
use pipeline::ordering::{OrderDesk, Placing, Resolved};
use pipeline::{PipelineError, StageError};
use serde::Deserialize;
use sp_api::SpApiError;
use sp_api::rates::Operation;

/// A slot so near is waited for in the function; Step Functions waits by the second.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// What carrying out an order needs.
pub struct OrderPlacer {
    pub desk: OrderDesk,
}

/// What this stage is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    order: OrderToPlace,
    retry_count: u32,
    /// What the execution is called.
    #[serde(default)]
    execution: Option<String>,
}

impl Request {
    /// The slot for `operation` that this attempt may use. Not after a failure: the attempt that
    /// failed may have spent it.
    fn slot(&self, operation: Operation) -> Option<Slot> {
        self.order
            .placement
            .slot
            .filter(|slot| self.retry_count == 0 && slot.operation == Some(operation))
    }
}

impl OrderPlacer {
    /// Carries the order out, unless that has been done or nobody wants it any more.
    pub async fn place(&self, request: Request) -> Result<Placement, StageError> {
        let (seller, id) = (&request.order.seller_id, &request.order.request_id);
        let about = About::order(seller, id)
            .in_region(request.order.region_code)
            .in_execution(request.execution.as_deref());
        about.is_all_of_the_invocation();
        let (ledger, placed) = (&self.desk.ledger, self.attempt(&request).await);
        if let Ok(placement) = &placed {
            log(about, placement);
        }
        match ledger.noting(seller, id.as_str(), placed).await {
            Err(error) => match ledger
                .park_order_after(&request.order, error, request.retry_count)
                .await?
            {
                Some(error) => Err(error.into()),
                None => Ok(Placement::parked()),
            },
            placed => Ok(placed?),
        }
    }

    async fn attempt(&self, request: &Request) -> Result<Placement, PipelineError> {
        let (seller, id) = (&request.order.seller_id, &request.order.request_id);
        let row = self.desk.ledger.order(seller, id).await?;
        let row = row.ok_or_else(|| PipelineError::InvalidInput(format!("there is no order {id}")))?;
        match row.state {
            OrderState::Placed(report_id) => Ok(Placement::placed(report_id)),
            OrderState::Cancelled | OrderState::Failed => Ok(Placement::cancelled()),
            OrderState::Waiting => Ok(Placement::parked()),
            OrderState::Queued => self.order(&row.order, request, None).await,
            OrderState::Placing { since } => {
                let held = request.slot(Operation::GetReports);
                let resolved = self.desk.resolve(&row.order, since, held).await;
                match resolved.map_err(|obstacle| PipelineError::OrderInDoubt(obstacle.into()))? {
                    Resolved::Placed(report_id) => {
                        self.desk.ledger.record_placement(seller, id, &report_id).await?;
                        Ok(Placement::placed(report_id))
                    }
                    Resolved::Wait(slot) => Ok(Placement::waiting(slot)),
                    Resolved::NotPlaced => self.order(&row.order, request, Some(since)).await,
                }
            }
        }
    }

    /// Orders at Amazon. `in_doubt`: when an earlier attempt was made that has come to nothing.
    async fn order(
        &self,
        order: &Order,
        request: &Request,
        in_doubt: Option<Timestamp>,
    ) -> Result<Placement, PipelineError> {
        let (seller, id, ledger) = (&order.seller_id, &order.request_id, &self.desk.ledger);
        let slot = match request.slot(Operation::CreateReport) {
            Some(slot) => slot,
            None => {
                let operations = [Operation::CreateReport];
                self.desk
                    .amazon
                    .reserve(seller.seller(), order.region, &operations)
                    .await?
            }
        };
        if slot.wait(Timestamp::now()) > SHORT_WAIT {
            if in_doubt.is_some() {
                ledger.requeue(seller, id, slot, self.desk.overdue).await?;
            }
            return Ok(Placement::waiting(slot));
        }
        let is_ours = match in_doubt {
            None => {
                ledger
                    .begin_placing(seller, id, request.execution.as_deref())
                    .await?
            }
            Some(since) => ledger.place_again(seller, id, since).await?,
        };
        if !is_ours {
            // Cancelled in this very moment, or another execution is quicker: the row knows.
            return Err(PipelineError::AwsTransient {
                service: "DynamoDB",
                message: format!("order {id} has changed meanwhile"),
            });
        }
        match self.desk.place(order, Some(slot)).await? {
            Placing::Placed(report_id) => {
                ledger.record_placement(seller, id, &report_id).await?;
                Ok(Placement::placed(report_id))
            }
            Placing::Wait(slot) => {
                ledger.requeue(seller, id, slot, self.desk.overdue).await?;
                Ok(Placement::waiting(slot))
            }
            // Whatever it was, the next attempt begins with asking Amazon.
            Placing::InDoubt(error) => Err(SpApiError::Transient {
                call: Operation::CreateReport.to_string(),
                message: format!("the order is in doubt: {error}"),
            }
            .into()),
        }
    }
}

fn log(about: About<'_>, placement: &Placement) {
    match (&placement.report_id, &placement.slot) {
        (Some(report), _) => {
            about.placed_as(report).is_all_of_the_invocation();
            tracing::info!("{about} has become the report {report}");
        }
        (None, Some(slot)) => {
            let until = slot.not_before;
            tracing::info!(%until, "{about} waits until {until:.0}");
        }
        (None, None) => tracing::info!("{about} is not wanted any more, or waits for its owner"),
    }
}

#[cfg(test)]
mod tests;
