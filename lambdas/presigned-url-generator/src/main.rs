//! *PresignedUrlGenerator*: makes the link that the seller clicks.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::StageError;
use pipeline::adapters::{Links, aws_config};
use pipeline::domain::stages::LinkRequest;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let bucket = settings::required("REPORTS_BUCKET")?;
    let lifetime = Duration::from_secs(settings::required("LINK_LIFETIME_SECONDS")?);
    let links = &Links::new(aws_sdk_s3::Client::new(&aws_config().await), bucket, lifetime);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<LinkRequest>| {
        Ok::<_, StageError>(links.to(&event.payload.object_key).await?)
    }))
    .await
}
