//! *ReportCreator*: `POST /reports` orders a report.

mod handler;

use std::convert::Infallible;

use handler::ReportCreator;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{Amazon, ReportsTable, aws_config};
use pipeline::api::respond;
use pipeline::settings::{self, AmazonSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let amazon_settings = AmazonSettings::from_env()?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let aws = aws_config().await;
    let creator = &ReportCreator {
        amazon: Amazon::connect(&amazon_settings, &aws),
        reports: ReportsTable::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(respond(creator.order(request.body()).await))
    }))
    .await
}
