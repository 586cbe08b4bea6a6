use pipeline::adapters::{DocumentStore, Ledger, or_warn};
use pipeline::domain::stages::{DocumentToStore, StoredDocument};
use pipeline::domain::{DocumentFacts, DocumentFormat, describe};
use pipeline::{PipelineError, StageError};
use sp_api::SpApiClient;

/// What storing needs.
pub struct Storage {
    pub client: SpApiClient,
    pub store: DocumentStore,
    pub ledger: Ledger,
}

impl Storage {
    /// Streams the document into the bucket, whole or not at all, and notes it in the ledger.
    pub async fn store(&self, input: DocumentToStore) -> Result<StoredDocument, StageError> {
        let (seller, report) = (&input.seller_id, &input.report_id);
        let stored = self.transfer(&input).await;
        let stored = self.ledger.noting(seller, report.as_str(), stored).await?;
        // The announcement writes all of this, too; a note is not worth another transfer.
        or_warn(self.ledger.record_storage(seller, report, &stored).await);
        Ok(stored)
    }

    async fn transfer(&self, input: &DocumentToStore) -> Result<StoredDocument, PipelineError> {
        let document = self.client.open_document(&input.document.url).await?;
        let description = describe(&DocumentFacts {
            seller: &input.seller_id,
            report: &input.report_id,
            report_type: &input.report_type,
            announced_at: input.document.key_time,
            region: input.document.region_code,
            compression: input.document.compression_algorithm,
            sent_as: document.content_type(),
            head: &[],
            format: DocumentFormat::AsIs,
        });
        self.store.store(&description, document).await
    }
}
