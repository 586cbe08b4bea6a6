//! *PresignedUrlGenerator*: makes the link that the seller clicks, an address of our own that leads to a
//! presigned URL, or such a URL itself.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::StageError;
use pipeline::adapters::{Ledger, aws_config, or_warn};
use pipeline::domain::stages::LinkRequest;
use pipeline::linking::ReportLinks;
use pipeline::logging::About;
use pipeline::settings;
use serde::Deserialize;

/// What is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(flatten)]
    link: LinkRequest,
    /// What the execution is called.
    #[serde(default)]
    execution: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let reports_table = settings::required("REPORTS_TABLE")?;
    let aws = aws_config();
    let links = &ReportLinks::from_env(&aws)?;
    let ledger = &Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Request>| {
        let Request {
            link: request,
            execution,
        } = event.payload;
        let about = About::report(&request.seller_id, &request.report_id).in_execution(execution.as_deref());
        about.is_all_of_the_invocation();
        let link = links.link(&request, Timestamp::now()).await?;
        or_warn(ledger.record_link(&request.seller_id, &request.report_id).await);
        tracing::info!("{about} has a link, which works until {:.0}", link.expires_at);
        Ok::<_, StageError>(link)
    }))
    .await
}
