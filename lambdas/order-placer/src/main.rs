//! *OrderPlacer*: carries out an order that had to wait for Amazon's quota, or that is in doubt.

mod handler;

use std::time::Duration;

use handler::OrderPlacer;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Ledger, MeteredAmazon, StateMachine, aws_config};
use pipeline::ordering::OrderDesk;
use pipeline::settings::{self, AmazonSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let delivery_arn = settings::required("STATE_MACHINE_ARN")?;
    let overdue = Duration::from_secs(settings::required("OVERDUE_SECONDS")?);
    let aws = aws_config();
    let placer = &OrderPlacer {
        desk: OrderDesk {
            amazon: MeteredAmazon::connect(&amazon_settings, quotas_table, &aws),
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
            deliveries: StateMachine::new(aws_sdk_sfn::Client::new(&aws), delivery_arn),
            overdue,
        },
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        placer.place(event.payload).await
    }))
    .await
}
