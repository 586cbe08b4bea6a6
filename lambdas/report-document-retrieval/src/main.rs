//! *ReportDocumentRetrieval*: asks Amazon where a report's document is, and what it did not announce of
//! the report.

mod handler;
mod look_up;
mod whereabouts;

use handler::Retrieval;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Ledger, MeteredAmazon, SellingPartners, aws_config};
use pipeline::settings::{self, AmazonSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let aws = aws_config();
    let retrieval = &Retrieval {
        amazon: MeteredAmazon::connect(&amazon_settings, quotas_table, &aws),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
        partners: SellingPartners::connect(&amazon_settings, &aws),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        retrieval.answer(event.payload).await
    }))
    .await
}
