use jiff::Timestamp;
use pipeline::adapters::{InSlot, Ledger, MeteredAmazon, or_warn};
use pipeline::domain::FinishedReport;
use pipeline::domain::quota::Slot;
use pipeline::domain::stages::{Retrieval as Retrieved, RetrievalRequest, RetrievedDocument};
use pipeline::{PipelineError, StageError};
use sp_api::ids::ReportDocumentId;
use sp_api::rates::Operation;
use sp_api::{AccessToken, RegionCode, ReportDocument, SpApiClient, SpApiError, report_types};

/// What retrieving needs.
pub struct Retrieval {
    pub amazon: MeteredAmazon,
    pub ledger: Ledger,
    pub selling_partners_table: String,
}

impl Retrieval {
    /// Asks Amazon for the URL of the report's document, if it is time; says when, if it is not.
    pub async fn retrieve(&self, request: RetrievalRequest) -> Result<Retrieved, StageError> {
        let report = &request.report.report;
        let retrieved = self.ask(report, request.slot(), request.started_at).await;
        let (seller, id) = (&report.seller_id, report.report_id.as_str());
        Ok(self.ledger.noting(seller, id, retrieved).await?)
    }

    async fn ask(
        &self,
        report: &FinishedReport,
        held: Option<Slot>,
        started_at: Timestamp,
    ) -> Result<Retrieved, PipelineError> {
        let document_id = report.report_document_id.as_ref().ok_or_else(|| {
            let status = report.processing_status.as_str();
            PipelineError::InvalidInput(format!(
                "report {} is {status} without a ReportDocumentId",
                report.report_id
            ))
        })?;
        let row = self
            .ledger
            .row(&report.seller_id, report.report_id.as_str())
            .await?;
        let region = self
            .ledger
            .region_of(row.as_ref(), &report.seller_id, &self.selling_partners_table)
            .await?;
        let document = match self.document(report, document_id, region, held).await? {
            InSlot::Done(document) => document,
            InSlot::Wait(slot) => {
                return Ok(Retrieved {
                    document: None,
                    slot: Some(slot),
                });
            }
        };
        // The answer has cost a call of a small quota; a note is not worth asking again.
        or_warn(self.ledger.record_retrieval(report, region).await);
        // Without a notification, as when somebody started the execution by hand, its start will do.
        let notified_at = row.as_ref().and_then(|row| row.time("notifiedAt"));
        Ok(Retrieved {
            document: Some(RetrievedDocument {
                region_code: region,
                url: document.url,
                compression_algorithm: document.compression_algorithm,
                key_time: notified_at.unwrap_or(started_at),
                marketplace_ids: row.map(|row| row.marketplaces()).unwrap_or_default(),
            }),
            slot: None,
        })
    }

    async fn document(
        &self,
        report: &FinishedReport,
        document_id: &ReportDocumentId,
        region: RegionCode,
        held: Option<Slot>,
    ) -> Result<InSlot<ReportDocument>, PipelineError> {
        let restricted = report_types::find(&report.report_type).is_some_and(|info| info.restricted);
        let operations: &[Operation] = if restricted {
            &[Operation::CreateRestrictedDataToken, Operation::GetReportDocument]
        } else {
            &[Operation::GetReportDocument]
        };
        self.amazon
            .in_slot(
                &report.seller_id,
                region,
                operations,
                held,
                |client, token| async move {
                    if restricted {
                        restricted_document(&client, region, &token, document_id).await
                    } else {
                        client.get_report_document(region, &token, document_id).await
                    }
                },
            )
            .await
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
