//! *NotificationsProcessor*: starts the workflow for every report that Amazon announces on the queue.

mod handler;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{Workflow, aws_config};
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let state_machine_arn = settings::required("STATE_MACHINE_ARN")?;
    let workflow = &Workflow::new(aws_sdk_sfn::Client::new(&aws_config().await), state_machine_arn);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(handler::process(workflow, event.payload).await)
    }))
    .await
}
