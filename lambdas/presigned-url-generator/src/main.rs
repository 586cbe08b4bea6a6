//! *PresignedUrlGenerator*: makes the link that the seller clicks, an address of our own that leads to a
//! presigned URL, or such a URL itself.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::StageError;
use pipeline::adapters::{Ledger, aws_config, or_warn};
use pipeline::domain::stages::LinkRequest;
use pipeline::linking::ReportLinks;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let reports_table = settings::required("REPORTS_TABLE")?;
    let aws = aws_config();
    let links = &ReportLinks::from_env(&aws)?;
    let ledger = &Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<LinkRequest>| {
        let request = event.payload;
        let link = links.link(&request, Timestamp::now()).await?;
        or_warn(ledger.record_link(&request.seller_id, &request.report_id).await);
        Ok::<_, StageError>(link)
    }))
    .await
}
