//! *ReportDocumentStorage*: streams a report's document from Amazon into S3.

mod handler;

use handler::Storage;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{DocumentStore, Ledger, aws_config};
use pipeline::settings;
use sp_api::{Endpoints, SpApiClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let bucket = settings::required("REPORTS_BUCKET")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let aws = aws_config();
    let storage = &Storage {
        // Documents are fetched from the URLs that Amazon gave, whatever the endpoints.
        client: SpApiClient::new(Endpoints::production()),
        store: DocumentStore::new(aws_sdk_s3::Client::new(&aws), bucket),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        storage.store(event.payload).await
    }))
    .await
}
