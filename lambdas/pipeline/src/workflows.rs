//! Deliveries and orders that go on anew, after they had waited or failed.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sp_api::ids::{ReportDocumentId, ReportId, ReportType};

use crate::PipelineError;
use crate::adapters::{Due, Going, Ledger, LedgerRow, OrderRow, StateMachine};
use crate::domain::order::RequestId;
use crate::domain::stopped::StoppedAs;
use crate::domain::{AnnouncedReport, FinalStatus};
use crate::logging::About;

/// The workflows that deliver and order reports, and the ledger that they work on.
#[derive(Clone, Debug)]
pub struct Workflows {
    /// What became of every report and order.
    pub ledger: Ledger,
    /// Delivers a report.
    pub deliveries: StateMachine,
    /// Carries out an order.
    pub orders: StateMachine,
    /// After how long the reconciler looks after a report.
    pub overdue: Duration,
}

/// Why a row is given up: Step Functions' `{Error, Cause}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp<'a> {
    /// The error's name.
    pub error: &'a str,
    /// What happened.
    pub cause: &'a str,
}

impl Workflows {
    /// Has a row go on that waits. `false` if it waits no more.
    ///
    /// # Errors
    /// DynamoDB or Step Functions failed. The row may go on already; then the reconciler starts what is
    /// missing.
    pub async fn go_on(&self, due: &Due, going: Going) -> Result<bool, PipelineError> {
        let row = self.ledger.release(due, going, self.overdue).await?;
        self.start(due, row.as_ref(), None).await
    }

    /// Has a delivery begin again that stopped, one way or the other. `false` if it has not, or no more.
    ///
    /// # Errors
    /// As of [`Self::go_on`].
    pub async fn begin_again(&self, due: &Due, stopped_as: StoppedAs) -> Result<bool, PipelineError> {
        if stopped_as == StoppedAs::Waiting {
            return self.go_on(due, Going::Ahead).await;
        }
        let row = self.ledger.begin_again(due, self.overdue).await?;
        self.start(due, row.as_ref(), None).await
    }

    /// Ends a row that has waited in vain: it fails, and its reader is told. `false` if it waits no more.
    ///
    /// # Errors
    /// As of [`Self::go_on`].
    pub async fn give_up(&self, due: &Due, why: &GivenUp<'_>) -> Result<bool, PipelineError> {
        let row = self.ledger.release(due, Going::Ahead, self.overdue).await?;
        self.start(due, row.as_ref(), Some(why)).await
    }

    /// Starts the execution that works on a row since it has gone on anew, if it has.
    async fn start(
        &self,
        due: &Due,
        row: Option<&LedgerRow>,
        given_up: Option<&GivenUp<'_>>,
    ) -> Result<bool, PipelineError> {
        let Some(row) = row else { return Ok(false) };
        if let Ok(request) = RequestId::parse(&due.id) {
            let order = OrderRow::read(&due.seller_id, &request, row)?;
            let input = with_failure(&order.to_place(Timestamp::now()), given_up);
            let name = order.execution_names().first();
            self.orders.start(&name, &input).await?;
            log_start(due, &name);
        } else {
            start_delivery(&self.deliveries, due, row, given_up).await?;
        }
        Ok(true)
    }
}

/// Starts the execution that delivers a report since it has gone on anew.
///
/// # Errors
/// Step Functions failed, or the row is no report's.
pub async fn start_delivery(
    deliveries: &StateMachine,
    due: &Due,
    row: &LedgerRow,
    given_up: Option<&GivenUp<'_>>,
) -> Result<(), PipelineError> {
    let report = announced(due, row)?;
    let name = report.execution_names(row.releases()).first();
    deliveries.start(&name, &with_failure(&report, given_up)).await?;
    log_start(due, &name);
    Ok(())
}

fn log_start(due: &Due, execution: &str) {
    let about = About::row(&due.seller_id, &due.id).in_execution(Some(execution));
    let _span = about.span().entered();
    tracing::info!("{about} goes on in the execution {execution}");
}

/// A workflow's input with what ends it.
#[must_use]
pub fn with_failure(input: &impl Serialize, given_up: Option<&GivenUp<'_>>) -> Value {
    let mut input = serde_json::to_value(input).expect("inputs are structs of texts");
    if let Some(GivenUp { error, cause }) = given_up {
        input["Failure"] = json!({"Error": error, "Cause": cause});
    }
    input
}

/// What was announced of a report, as its row has it.
///
/// # Errors
/// The row is no report's.
pub fn announced(due: &Due, row: &LedgerRow) -> Result<AnnouncedReport, PipelineError> {
    let no_id = |_| PipelineError::InvalidInput(format!("{} is no report id", due.id));
    Ok(AnnouncedReport {
        seller_id: due.seller_id.clone(),
        report_id: ReportId::parse(&due.id).map_err(no_id)?,
        report_type: report_type(row),
        processing_status: match row.text("processingStatus") {
            Some("DROPPED") => Some(FinalStatus::Dropped),
            status => status.and_then(FinalStatus::of_amazon),
        },
        report_document_id: row
            .text("reportDocumentId")
            .and_then(|id| ReportDocumentId::parse(id).ok()),
    })
}

/// What a row's report reports, if it knows.
#[must_use]
pub fn report_type(row: &LedgerRow) -> Option<ReportType> {
    row.text("reportType")
        .and_then(|name| ReportType::parse(name).ok())
}
