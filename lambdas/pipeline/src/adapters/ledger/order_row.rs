use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sp_api::ids::ReportId;
use sp_api::{CreateReport, RegionCode};

use super::row::LedgerRow;
use crate::PipelineError;
use crate::domain::obstacle::WAITING_FOR_OWNER;
use crate::domain::order::{Order, OrderToPlace, Placement, RequestId};
use crate::domain::quota::Slot;
use crate::domain::{Account, ExecutionNames, Reference};

/// What is remembered of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The order itself.
    pub order: Order,
    /// How far it is.
    pub state: OrderState,
    /// What it is told from others by.
    pub fingerprint: String,
    /// Whether its first answer was that it is queued.
    pub was_queued: bool,
    /// When its slot is, if it had to wait.
    pub not_before: Option<Timestamp>,
    /// How often another execution had to take the place of one that was gone.
    pub revivals: u64,
    /// How often it has gone on anew, after it had waited.
    pub releases: u64,
}

/// How far an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// It waits for its quota.
    Queued,
    /// Amazon is being asked, or was when a function died: the order is in doubt.
    Placing {
        /// Since when.
        since: Timestamp,
    },
    /// It waits for somebody to mend what is no fault of its own.
    Waiting,
    /// Amazon makes it.
    Placed(ReportId),
    /// The caller wants it no more.
    Cancelled,
    /// It could not be placed.
    Failed,
}

/// The part of an order that is kept as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) region: RegionCode,
    pub(super) report: CreateReport,
}

impl OrderRow {
    /// The order that a row holds.
    ///
    /// # Errors
    /// It holds none.
    pub fn read(seller: &Account, request: &RequestId, row: &LedgerRow) -> Result<Self, PipelineError> {
        let unreadable = || PipelineError::InvalidInput(format!("the row of {request} is no order's"));
        let kept: Kept = row
            .text("order")
            .and_then(|json| serde_json::from_str(json).ok())
            .ok_or_else(unreadable)?;
        let state = match row.status() {
            "QUEUED" => OrderState::Queued,
            "PLACING" => OrderState::Placing {
                since: row.time("placingAt").ok_or_else(unreadable)?,
            },
            WAITING_FOR_OWNER => OrderState::Waiting,
            "PLACED" => {
                let report = row.text("placedAs").and_then(|id| ReportId::parse(id).ok());
                OrderState::Placed(report.ok_or_else(unreadable)?)
            }
            "CANCELLED" => OrderState::Cancelled,
            "FAILED" => OrderState::Failed,
            _ => return Err(unreadable()),
        };
        Ok(Self {
            order: Order {
                request_id: request.clone(),
                seller_id: seller.clone(),
                region: kept.region,
                report: kept.report,
                reference: row.text("reference").and_then(|it| Reference::parse(it).ok()),
            },
            state,
            fingerprint: row.text("fingerprint").unwrap_or_default().to_owned(),
            was_queued: row.time("queuedAt").is_some(),
            not_before: row.time("notBefore"),
            revivals: row.revivals(),
            releases: row.releases(),
        })
    }

    /// What its workflow is given, when it is to go on at `now`.
    #[must_use]
    pub fn to_place(&self, now: Timestamp) -> OrderToPlace {
        OrderToPlace {
            seller_id: self.order.seller_id.clone(),
            request_id: self.order.request_id.clone(),
            region_code: self.order.region,
            report_type: self.order.report.report_type.clone(),
            placement: Placement::waiting(Slot::at_once(now)),
        }
    }

    /// The names of its executions.
    #[must_use]
    pub fn execution_names(&self) -> ExecutionNames {
        ExecutionNames::new(self.order.request_id.to_string(), self.releases)
    }
}
