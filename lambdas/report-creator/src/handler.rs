use lambda_http::http::StatusCode;
use pipeline::adapters::{Amazon, OrderedReport, ReportsTable};
use pipeline::api::ApiError;
use pipeline::requests::OrderReport;
use serde::Serialize;
use sp_api::ids::ReportId;

/// What ordering needs.
pub struct ReportCreator {
    pub amazon: Amazon,
    pub reports: ReportsTable,
}

/// `{reportId}`, as the Quick Start answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ordered {
    report_id: ReportId,
}

impl ReportCreator {
    /// Orders the report of `body` at Amazon and writes its row.
    pub async fn order(&self, body: &[u8]) -> Result<Ordered, ApiError> {
        let OrderReport {
            seller_id,
            region,
            order,
        } = &OrderReport::parse(body)?;
        let report_id = self
            .amazon
            .as_seller(seller_id, |client, token| async move {
                client.create_report(*region, &token, order).await
            })
            .await?;
        let row = OrderedReport {
            seller_id,
            report_id: &report_id,
            region: *region,
            report_type: &order.report_type,
            marketplace_ids: &order.marketplace_ids,
        };
        if let Err(error) = self.reports.record_order(&row).await {
            tracing::error!(%report_id, "the report is ordered, but its row could not be written: {error}");
            // Not a status that invites a repetition: that would order a second report.
            let message = format!(
                "Amazon took the order as report {report_id}, but it could not be recorded here: {error}; \
                 do not order it again"
            );
            return Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "OrderNotRecorded",
                message,
            ));
        }
        Ok(Ordered { report_id })
    }
}
