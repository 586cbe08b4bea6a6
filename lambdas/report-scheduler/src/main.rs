//! *ReportScheduler*: `/schedules` has Amazon make reports regularly.

mod handler;

use std::convert::Infallible;

use handler::ReportScheduler;
use lambda_http::http::Method;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{MeteredAmazon, SellingPartners, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::settings::{self, AmazonSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let aws = aws_config();
    let scheduler = &ReportScheduler {
        amazon: MeteredAmazon::connect(&amazon_settings, quotas_table, &aws),
        partners: SellingPartners::connect(&amazon_settings, &aws),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(match *request.method() {
            Method::GET => respond(scheduler.list(parameters(&request)).await),
            Method::DELETE => respond(scheduler.cancel(parameters(&request)).await),
            _ => respond(scheduler.create(request.body()).await),
        })
    }))
    .await
}
