use std::time::Duration;

use lambda_http::http::StatusCode;
use pipeline::adapters::{Cancellation, Ledger, LedgerRow, MeteredAmazon, OrderState, or_warn};
use pipeline::api::ApiError;
use pipeline::domain::ledger::Stage;
use pipeline::domain::order::RequestId;
use pipeline::requests::{InvalidRequest, NamedReport, Parameters, ReportName};
use serde::Serialize;
use sp_api::ids::{ReportId, SellerId};
use sp_api::rates::Operation;

/// A caller who waits for an answer does not wait longer for the quota.
const PATIENCE: Duration = Duration::from_secs(2);

/// What cancelling needs.
pub struct ReportCanceller {
    pub amazon: MeteredAmazon,
    pub ledger: Ledger,
    pub selling_partners_table: String,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    report_id: String,
    status: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Outcome {
    /// It was still in the queue here: Amazon never hears of it.
    Cancelled,
    /// Amazon has agreed; its notification ends the report.
    Cancelling,
}

impl ReportCanceller {
    /// Cancels the report or order that `parameters` name.
    pub async fn cancel(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<Answer, ApiError> {
        let NamedReport { seller_id, name } = NamedReport::parse(parameters?)?;
        let report = match name {
            ReportName::Report(report) => report,
            ReportName::Order(request) => match self.cancel_order(&seller_id, &request).await? {
                Some(report) => report,
                None => {
                    return Ok(Answer {
                        report_id: request.into(),
                        status: Outcome::Cancelled,
                    });
                }
            },
        };
        self.cancel_report(&seller_id, &report).await?;
        Ok(Answer {
            report_id: report.into(),
            status: Outcome::Cancelling,
        })
    }

    /// Takes an order out of the queue. If it has become a report already, gives that.
    async fn cancel_order(
        &self,
        seller: &SellerId,
        request: &RequestId,
    ) -> Result<Option<ReportId>, ApiError> {
        let Cancellation::TooLate(status) = self.ledger.cancel_order(seller, request).await? else {
            return Ok(None);
        };
        match self.ledger.order(seller, request).await?.map(|order| order.state) {
            Some(OrderState::Placed(report)) => Ok(Some(report)),
            Some(_) => Err(not_cancellable(request.as_str(), &status)),
            None => {
                let message = format!("no order {request} of selling partner {seller} is known here");
                Err(ApiError::new(StatusCode::NOT_FOUND, "ReportNotFound", message).about("reportId"))
            }
        }
    }

    /// Asks Amazon to cancel a report, be it one that was made elsewhere.
    async fn cancel_report(&self, seller: &SellerId, report: &ReportId) -> Result<(), ApiError> {
        let row = self.ledger.row(seller, report.as_str()).await?;
        if let Some(row) = &row {
            if row.progress() >= Stage::Notified.progress() || row.is_skipped() {
                return Err(not_cancellable(report.as_str(), row.status()));
            }
            if is_cancelling(row) {
                return Ok(());
            }
        }
        let region = self
            .ledger
            .region_of(row.as_ref(), seller, &self.selling_partners_table)
            .await?;
        self.amazon
            .if_free(
                seller,
                region,
                Operation::CancelReport,
                PATIENCE,
                |client, token| async move { client.cancel_report(region, &token, report).await },
            )
            .await?;
        // Noted or not, it is cancelled; asking Amazon once more would be refused.
        or_warn(self.ledger.record_cancel_request(seller, report).await);
        Ok(())
    }
}

/// Whether Amazon has agreed before, and only its notification is missing.
fn is_cancelling(row: &LedgerRow) -> bool {
    row.text("cancelRequestedAt").is_some()
}

fn not_cancellable(id: &str, status: &str) -> ApiError {
    let message = format!("{id} can't be cancelled any more: it is {status}");
    ApiError::new(StatusCode::CONFLICT, "NotCancellable", message)
}

#[cfg(test)]
mod tests;
