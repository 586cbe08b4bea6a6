//! *ReportCanceller*: `DELETE /reports/{reportId}` cancels a report or an order.

mod handler;

use std::convert::Infallible;

use handler::ReportCanceller;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{Ledger, MeteredAmazon, SellingPartners, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::settings::{self, AmazonSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let aws = aws_config();
    let canceller = &ReportCanceller {
        amazon: MeteredAmazon::connect(&amazon_settings, quotas_table, &aws),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
        partners: SellingPartners::connect(&amazon_settings, &aws),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(respond(canceller.cancel(parameters(&request)).await))
    }))
    .await
}
