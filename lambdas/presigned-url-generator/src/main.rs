//! *PresignedUrlGenerator*: makes the link that the seller clicks.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::StageError;
use pipeline::adapters::{Ledger, Links, aws_config, or_warn};
use pipeline::domain::stages::LinkRequest;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let bucket = settings::required("REPORTS_BUCKET")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let lifetime = Duration::from_secs(settings::required("LINK_LIFETIME_SECONDS")?);
    let aws = aws_config();
    let links = &Links::new(aws_sdk_s3::Client::new(&aws), bucket, lifetime);
    let ledger = &Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<LinkRequest>| {
        let request = event.payload;
        let link = links.to(&request.object_key).await?;
        or_warn(ledger.record_link(&request.seller_id, &request.report_id).await);
        Ok::<_, StageError>(link)
    }))
    .await
}
