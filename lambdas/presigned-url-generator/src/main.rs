//! *PresignedUrlGenerator*: makes the link that the seller clicks, an address of our own that leads to a
//! presigned URL, or such a URL itself.

mod stage;

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::StageError;
use pipeline::adapters::{DocumentStore, Ledger, aws_config, or_warn};
use pipeline::domain::stages::LinkRequest;
use pipeline::linking::LinkMaker;
use pipeline::settings;
use stage::LinkStage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let reports_table = settings::required("REPORTS_TABLE")?;
    let aws = aws_config();
    // Only presigned URLs are given a lifetime in seconds.
    let stage = &match settings::optional("LINK_LIFETIME_SECONDS")? {
        Some(seconds) => LinkStage::Presigned {
            documents: DocumentStore::new(
                aws_sdk_s3::Client::new(&aws),
                settings::required("REPORTS_BUCKET")?,
            ),
            lifetime: Duration::from_secs(seconds),
        },
        None => LinkStage::Own(LinkMaker::from_env(&aws)?),
    };
    let ledger = &Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<LinkRequest>| {
        let request = event.payload;
        let link = stage.link(&request, Timestamp::now()).await?;
        or_warn(ledger.record_link(&request.seller_id, &request.report_id).await);
        Ok::<_, StageError>(link)
    }))
    .await
}
