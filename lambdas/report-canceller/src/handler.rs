use std::time::Duration;

use lambda_http::http::StatusCode;
use pipeline::PipelineError;
use pipeline::adapters::{
    Cancellation, Ledger, LedgerRow, MeteredAmazon, OrderState, SellingPartners, or_warn,
};
use pipeline::answers::{CancellationAnswer, CancellationStatus};
use pipeline::api::ApiError;
use pipeline::domain::Account;
use pipeline::domain::ledger::Stage;
use pipeline::domain::order::RequestId;
use pipeline::logging::About;
use pipeline::requests::{InvalidRequest, NamedReport, Parameters, ReportName};
use sp_api::RegionCode;
use sp_api::ids::ReportId;
use sp_api::rates::Operation;

/// A caller who waits for an answer does not wait longer for the quota.
const PATIENCE: Duration = Duration::from_secs(2);

/// What cancelling needs.
pub struct ReportCanceller {
    pub amazon: MeteredAmazon,
    pub ledger: Ledger,
    pub partners: SellingPartners,
}

impl ReportCanceller {
    /// Cancels the report or order that `parameters` name.
    pub async fn cancel(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<CancellationAnswer, ApiError> {
        let NamedReport {
            seller_id,
            region,
            name,
        } = NamedReport::parse(parameters?)?;
        let found = self.ledger.find(&seller_id, region, name.as_str()).await?;
        let account = match (found, region) {
            (Some((account, _)), _) => account,
            (None, Some(region)) => self.partners.account(&seller_id, region).await?.account,
            (None, None) => Account::first(seller_id),
        };
        About::row(&account, name.as_str())
            .in_region(region)
            .is_all_of_the_invocation();
        let report = match name {
            ReportName::Report(report) => report,
            ReportName::Order(request) => match self.cancel_order(&account, &request).await? {
                Some(report) => report,
                None => {
                    tracing::info!("{} is cancelled", About::order(&account, &request));
                    return Ok(CancellationAnswer {
                        report_id: request.into(),
                        status: CancellationStatus::Cancelled,
                    });
                }
            },
        };
        self.cancel_report(&account, region, &report).await?;
        tracing::info!("{} is being cancelled", About::report(&account, &report));
        Ok(CancellationAnswer {
            report_id: report.into(),
            status: CancellationStatus::Cancelling,
        })
    }

    /// Takes an order out of the queue. If it has become a report already, gives that.
    async fn cancel_order(
        &self,
        seller: &Account,
        request: &RequestId,
    ) -> Result<Option<ReportId>, ApiError> {
        let Cancellation::TooLate(status) = self.ledger.cancel_order(seller, request).await? else {
            return Ok(None);
        };
        match self.ledger.order(seller, request).await?.map(|order| order.state) {
            Some(OrderState::Placed(report)) => Ok(Some(report)),
            Some(_) => Err(not_cancellable(request.as_str(), &status)),
            None => {
                let message = format!(
                    "no order {request} of selling partner {} is known here",
                    seller.seller()
                );
                Err(ApiError::new(StatusCode::NOT_FOUND, "ReportNotFound", message).about("reportId"))
            }
        }
    }

    /// Asks Amazon to cancel a report, be it one that was made elsewhere.
    async fn cancel_report(
        &self,
        account: &Account,
        region: Option<RegionCode>,
        report: &ReportId,
    ) -> Result<(), ApiError> {
        let row = self.ledger.row(account, report.as_str()).await?;
        if let Some(row) = &row {
            if row.progress() >= Stage::Notified.progress() || row.is_skipped() {
                return Err(not_cancellable(report.as_str(), row.status()));
            }
            if is_cancelling(row) {
                return Ok(());
            }
        }
        let region = match row.as_ref().and_then(LedgerRow::region).or(region) {
            Some(region) => region,
            None => {
                let region = self.partners.region(account).await?;
                region.ok_or_else(|| PipelineError::RegionUnknown(account.seller().clone()))?
            }
        };
        self.amazon
            .if_free(
                account.seller(),
                region,
                Operation::CancelReport,
                PATIENCE,
                |client, token| async move { client.cancel_report(region, &token, report).await },
            )
            .await?;
        // Noted or not, it is cancelled; asking Amazon once more would be refused.
        or_warn(self.ledger.record_cancel_request(account, report).await);
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
