//! *NotificationsProcessor*: starts the workflow for every report that Amazon announces on the queue.

mod handler;

use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use handler::Processor;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{DeadLetters, KnownSellers, Ledger, StateMachine, aws_config};
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let state_machine_arn = settings::required("STATE_MACHINE_ARN")?;
    let express_lane_arn = settings::optional("EXPRESS_LANE_ARN")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let partners_table = settings::required("SELLING_PARTNERS_TABLE")?;
    let dead_letter_queue_url = settings::required("DEAD_LETTER_QUEUE_URL")?;
    let deliver = settings::required("DELIVER")?;
    let max_receive_count = settings::required("MAX_RECEIVE_COUNT")?;
    let overdue = Duration::from_secs(settings::required("OVERDUE_SECONDS")?);
    let aws = aws_config();
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
    let sfn = aws_sdk_sfn::Client::new(&aws);
    let processor = &Processor {
        workflow: StateMachine::new(sfn.clone(), state_machine_arn),
        express_lane: express_lane_arn.map(|arn| StateMachine::new(sfn, arn)),
        ledger: Ledger::new(dynamodb.clone(), reports_table),
        sellers: KnownSellers::new(dynamodb, partners_table, deliver),
        dead_letters: DeadLetters::new(aws_sdk_sqs::Client::new(&aws), dead_letter_queue_url),
        max_receive_count,
        overdue,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(processor.process(event.payload).await)
    }))
    .await
}
