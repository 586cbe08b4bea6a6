use pipeline::StageError;
use pipeline::adapters::DocumentStore;
use pipeline::domain::object_key;
use pipeline::domain::stages::{DocumentToStore, StoredDocument};
use sp_api::SpApiClient;

/// Streams the document into the bucket: whole or not at all.
pub async fn store_document(
    client: &SpApiClient,
    store: &DocumentStore,
    input: DocumentToStore,
) -> Result<StoredDocument, StageError> {
    let document = client.open_document(&input.document.url).await?;
    let description = object_key(
        &input.seller_id,
        &input.report_id,
        &input.report_type,
        input.started_at,
        input.document.compression_algorithm,
        document.content_type(),
    );
    Ok(store.store(&description, document).await?)
}
