//! Deliveries that begin because somebody asks for them: of reports that were skipped, or that stopped.

use std::time::Duration;

use sp_api::ids::ReportId;

use crate::PipelineError;
use crate::adapters::{Due, Going, Ledger, LedgerRow, StateMachine};
use crate::domain::Account;
use crate::domain::ledger::{SKIPPED, Stage};
use crate::domain::obstacle::WAITING_FOR_OWNER;
use crate::logging::About;
use crate::workflows::start_delivery;

/// Where a single delivery is asked for.
#[derive(Clone, Debug)]
pub struct Deliverer {
    /// What became of every report.
    pub ledger: Ledger,
    /// Delivers a report.
    pub deliveries: StateMachine,
    /// After how long the reconciler looks after a report.
    pub overdue: Duration,
}

/// What asking for a delivery came to, with the report's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It begins.
    Begun(String),
    /// It has begun before, or is over.
    Before(String),
    /// Amazon has not said yet that the report is finished.
    TooEarly(String),
}

impl Deliverer {
    /// One whose deliveries the state machine `delivery_arn` carries out, of what stands in `reports_table`,
    /// reached from a function with the configuration `aws`.
    #[must_use]
    pub fn connect(
        delivery_arn: String,
        reports_table: String,
        overdue: Duration,
        aws: &aws_config::SdkConfig,
    ) -> Self {
        Self {
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(aws), reports_table),
            deliveries: StateMachine::new(aws_sdk_sfn::Client::new(aws), delivery_arn),
            overdue,
        }
    }

    /// Has a report delivered that was skipped, failed, or waits for its owner, as its `row` says.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn deliver(
        &self,
        seller: &Account,
        report: &ReportId,
        row: &LedgerRow,
    ) -> Result<Asked, PipelineError> {
        let due = Due {
            seller_id: seller.clone(),
            id: report.to_string(),
        };
        let begun = match row.status() {
            SKIPPED => self.ledger.unskip(&due).await?,
            "FAILED" => self.ledger.begin_again(&due, self.overdue).await?,
            WAITING_FOR_OWNER => self.ledger.release(&due, Going::Ahead, self.overdue).await?,
            status if row.progress() < Stage::Notified.progress() => {
                return Ok(Asked::TooEarly(status.to_owned()));
            }
            status => return Ok(Asked::Before(status.to_owned())),
        };
        // Somebody else has been quicker.
        let Some(row) = begun else {
            let row = self.ledger.row(seller, report.as_str()).await?;
            let status = row.as_ref().map(LedgerRow::status).unwrap_or_default();
            return Ok(Asked::Before(status.to_owned()));
        };
        if let Err(error) = start_delivery(&self.deliveries, &due, &row, None).await {
            // The reconciler finds it due.
            let about = About::report(seller, report);
            let _span = about.span().entered();
            tracing::warn!("{about} is to be delivered, and its execution is not started yet: {error}");
        }
        Ok(Asked::Begun(row.status().to_owned()))
    }
}
