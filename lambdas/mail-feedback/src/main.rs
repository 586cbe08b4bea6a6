//! *MailFeedback*: sends nothing more to addresses that bounce or complain, and tells the owner.

mod handler;

use aws_lambda_events::sqs::SqsEvent;
use handler::Feedback;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Ledger, MailAddresses, aws_config};
use pipeline::settings::{self, NewsSettings};
use pipeline::telling::Publisher;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let news_settings = NewsSettings::from_env()?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let partners_table = settings::required("SELLING_PARTNERS_TABLE")?;
    let owner = news_settings.mail.ses.as_ref().and_then(|ses| ses.owner.clone());
    let aws = aws_config();
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
    let ledger = Ledger::new(dynamodb.clone(), reports_table);
    let feedback = &Feedback {
        publisher: Publisher::connect(news_settings, ledger, &aws),
        addresses: MailAddresses::new(dynamodb, partners_table),
        owner,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let context = event.context;
        let processed = feedback.process(event.payload, &context.request_id, context.deadline());
        Ok::<_, Error>(processed.await)
    }))
    .await
}
