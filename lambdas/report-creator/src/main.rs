//! *ReportCreator*: `POST /reports` orders reports.

mod handler;
mod warnings;

use std::convert::Infallible;
use std::time::Duration;

use handler::ReportCreator;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{Ledger, MeteredAmazon, SellingPartners, StateMachine, aws_config};
use pipeline::answers::{OrderAnswer, Warned};
use pipeline::api::{ApiError, respond_with};
use pipeline::ordering::OrderDesk;
use pipeline::requests::idempotency_key;
use pipeline::settings::{self, AmazonSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let state_machine_arn = settings::required("ORDER_STATE_MACHINE_ARN")?;
    let delivery_arn = settings::required("STATE_MACHINE_ARN")?;
    let overdue = Duration::from_secs(settings::required("OVERDUE_SECONDS")?);
    let aws = aws_config();
    let sfn = aws_sdk_sfn::Client::new(&aws);
    let creator = &ReportCreator {
        desk: OrderDesk {
            amazon: MeteredAmazon::connect(&amazon_settings, quotas_table, &aws),
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
            deliveries: StateMachine::new(sfn.clone(), delivery_arn),
            overdue,
        },
        partners: SellingPartners::connect(&amazon_settings, &aws),
        workflow: StateMachine::new(sfn, state_machine_arn),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(respond_with(
            |it: &Warned<OrderAnswer>| it.answer.status(),
            order(creator, &request).await,
        ))
    }))
    .await
}

async fn order(creator: &ReportCreator, request: &Request) -> Result<Warned<OrderAnswer>, ApiError> {
    let key = request.headers().get("idempotency-key");
    let key = key.map(|value| idempotency_key(value.as_bytes())).transpose()?;
    creator.order(request.body(), key).await
}
