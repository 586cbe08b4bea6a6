//! *ReportNotifier*: tells the seller how a report ended, and completes its row.

mod handler;

use handler::Notifier;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Ledger, Topic, aws_config};
use pipeline::settings;
use pipeline::telling::Publisher;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let topic_arn = settings::required("TOPIC_ARN")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let selling_partners_table = settings::required("SELLING_PARTNERS_TABLE")?;
    let retention_days = settings::required("REPORT_RETENTION_DAYS")?;
    let aws = aws_config();
    let notifier = &Notifier {
        publisher: Publisher::new(
            Topic::new(aws_sdk_sns::Client::new(&aws), topic_arn),
            Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
        ),
        selling_partners_table,
        retention_days,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        let context = event.context;
        notifier
            .notify(event.payload, &context.request_id, context.deadline())
            .await
    }))
    .await
}
