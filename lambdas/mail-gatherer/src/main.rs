//! *MailGatherer*: tells a recipient in one e-mail what was too much to be told at once.

mod handler;

use handler::Gatherer;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Ledger, aws_config};
use pipeline::linking::ReportLinks;
use pipeline::mailing::Mailer;
use pipeline::settings::{self, MailSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let reports_table = settings::required("REPORTS_TABLE")?;
    let mail_settings = MailSettings::from_env()?;
    let aws = aws_config();
    let gatherer = &Gatherer {
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
        mailer: Mailer::connect(mail_settings, &aws),
        links: ReportLinks::from_env(&aws)?,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        let context = event.context;
        gatherer
            .send(event.payload, &context.request_id, context.deadline())
            .await
    }))
    .await
}
