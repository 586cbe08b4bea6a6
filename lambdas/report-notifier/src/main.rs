//! *ReportNotifier*: tells the seller how a report ended, and completes its row.

mod handler;

use handler::Notifier;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Ledger, aws_config};
use pipeline::settings::{self, NewsSettings};
use pipeline::telling::Publisher;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let news_settings = NewsSettings::from_env()?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let reports_bucket = settings::required("REPORTS_BUCKET")?;
    let selling_partners_table = settings::required("SELLING_PARTNERS_TABLE")?;
    let retention_days = settings::required("REPORT_RETENTION_DAYS")?;
    let aws = aws_config();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    let notifier = &Notifier {
        publisher: Publisher::connect(news_settings, ledger, &aws),
        reports_bucket,
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
