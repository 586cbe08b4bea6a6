//! *RedeliveryWorker*: has deliveries and orders go on that had stopped.

mod obstacles;
mod stopped;
mod telling;
mod worker;

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Amazon, Ledger, StateMachine, aws_config};
use pipeline::settings::{self, AmazonSettings, NewsSettings};
use pipeline::telling::Publisher;
use pipeline::workflows::Workflows;
use worker::Worker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let delivery_arn = settings::required("STATE_MACHINE_ARN")?;
    let orders_arn = settings::required("ORDER_STATE_MACHINE_ARN")?;
    let news_settings = NewsSettings::from_env()?;
    let overdue = Duration::from_secs(settings::required("OVERDUE_SECONDS")?);
    let aws = aws_config();
    let sfn = aws_sdk_sfn::Client::new(&aws);
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    let worker = &Worker {
        amazon: Amazon::connect(&amazon_settings, &aws),
        publisher: Publisher::connect(news_settings, ledger.clone(), &aws),
        workflows: Workflows {
            ledger,
            deliveries: StateMachine::new(sfn.clone(), delivery_arn),
            orders: StateMachine::new(sfn, orders_arn),
            overdue,
        },
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        let context = event.context;
        worker
            .work(event.payload, &context.request_id, context.deadline())
            .await
    }))
    .await
}
