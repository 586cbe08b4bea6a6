//! *ReportDocumentStorage*: streams a report's document from Amazon into S3.

mod handler;

use handler::Storage;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{DocumentStore, Ledger, aws_config};
use pipeline::settings;
use pipeline::transfer::{BufferPool, Transfer};
use sp_api::{Endpoints, SpApiClient};

/// Of its memory, a function gives this share to the parts of a document. The rest is for the
/// connections' own buffers and for everything that does not grow.
const SHARE_FOR_PARTS: usize = 16;

// On several threads, because one connection decrypts while another encrypts.
#[tokio::main]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let bucket = settings::required("REPORTS_BUCKET")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let format = settings::required("DOCUMENT_FORMAT")?;
    let gzip_check = settings::required("GZIP_CHECK")?;
    let memory_mebibytes: usize = settings::required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?;
    let aws = aws_config();
    let storage = &Storage {
        transfer: Transfer {
            // Documents are fetched from the URLs that Amazon gave, whatever the endpoints.
            client: SpApiClient::new(Endpoints::production()),
            store: DocumentStore::new(aws_sdk_s3::Client::new(&aws), bucket),
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
            format,
            gzip_check,
            pool: BufferPool::new((memory_mebibytes << 20) / SHARE_FOR_PARTS),
        },
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        storage.store(event.payload, deadline).await
    }))
    .await
}
