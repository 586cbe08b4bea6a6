//! *ReportDocumentStorage*: streams a report's document from Amazon into S3.

mod handler;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{DocumentStore, aws_config};
use pipeline::settings;
use sp_api::{Endpoints, SpApiClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let bucket = settings::required("REPORTS_BUCKET")?;
    let store = &DocumentStore::new(aws_sdk_s3::Client::new(&aws_config().await), bucket);
    // Documents are fetched from the URLs that Amazon gave, whatever the endpoints.
    let client = &SpApiClient::new(Endpoints::production());
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        handler::store_document(client, store, event.payload).await
    }))
    .await
}
