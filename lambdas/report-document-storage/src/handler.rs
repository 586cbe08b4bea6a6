use pipeline::adapters::{DocumentStore, Ledger, or_warn};
use pipeline::domain::object_key;
use pipeline::domain::stages::{DocumentToStore, StoredDocument};
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
        let description = object_key(
            &input.seller_id,
            &input.report_id,
            &input.report_type,
            input.document.key_time,
            input.document.compression_algorithm,
            document.content_type(),
        );
        self.store.store(&description, document).await
    }
}
