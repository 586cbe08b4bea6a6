use pipeline::adapters::{Amazon, ReportsTable};
use pipeline::domain::FinishedReport;
use pipeline::domain::stages::RetrievedDocument;
use pipeline::{PipelineError, StageError};
use sp_api::ids::ReportDocumentId;
use sp_api::{AccessToken, RegionCode, ReportDocument, SpApiClient, SpApiError, report_types};

/// What retrieving needs.
pub struct Retrieval {
    pub amazon: Amazon,
    pub reports: ReportsTable,
    pub selling_partners_table: String,
}

impl Retrieval {
    /// Asks Amazon for the URL of the report's document.
    pub async fn retrieve(&self, report: FinishedReport) -> Result<RetrievedDocument, StageError> {
        let document_id = report.report_document_id.as_ref().ok_or_else(|| {
            let status = report.processing_status.as_str();
            PipelineError::InvalidInput(format!(
                "report {} is {status} without a ReportDocumentId",
                report.report_id
            ))
        })?;
        let region = self
            .reports
            .region_of(&report.seller_id, &report.report_id, &self.selling_partners_table)
            .await?;
        let restricted = report_types::find(&report.report_type).is_some_and(|info| info.restricted);
        let document = self
            .amazon
            .as_seller(&report.seller_id, |client, token| async move {
                if restricted {
                    restricted_document(&client, region, &token, document_id).await
                } else {
                    client.get_report_document(region, &token, document_id).await
                }
            })
            .await?;
        Ok(RetrievedDocument {
            region_code: region,
            url: document.url,
            compression_algorithm: document.compression_algorithm,
        })
    }
}

/// A document with personal data takes a restricted data token. Where Amazon does not grant one, the
/// seller's own token is tried: some applications need none.
async fn restricted_document(
    client: &SpApiClient,
    region: RegionCode,
    token: &AccessToken,
    document_id: &ReportDocumentId,
) -> Result<ReportDocument, SpApiError> {
    match client
        .create_restricted_data_token(region, token, document_id)
        .await
    {
        Ok(restricted) => client.get_report_document(region, &restricted, document_id).await,
        Err(SpApiError::Unauthorized { message, .. }) => {
            tracing::warn!("no restricted data token: {message}");
            client.get_report_document(region, token, document_id).await
        }
        Err(error) => Err(error),
    }
}
