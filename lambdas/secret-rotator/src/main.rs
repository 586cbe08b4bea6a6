//! *SecretRotator*: has Amazon make a new client secret before the old one ends, tries what comes, and stores it.

mod messages;
mod rotator;

use aws_lambda_events::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::adapters::{LwaSecret, RejectedSecret, SecretRotations, aws_config};
use pipeline::settings;
use rotator::Rotator;
use serde_json::Value;
use sp_api::SpApiClient;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let endpoints = settings::required("SP_API_ENVIRONMENT")?;
    let secret_name = settings::required("LWA_SECRET_NAME")?;
    let rejected_name = settings::required("REJECTED_SECRET_NAME")?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let max_receive_count = settings::required("MAX_RECEIVE_COUNT")?;
    let aws = aws_config();
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    let rotator = &Rotator {
        client: SpApiClient::new(endpoints),
        secret: LwaSecret::new(secrets.clone(), secret_name),
        rejected: RejectedSecret::new(secrets, rejected_name),
        rotations: SecretRotations::new(aws_sdk_dynamodb::Client::new(&aws), quotas_table),
        max_receive_count,
    };
    // Either messages or the schedule, which has nothing to say.
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let now = Timestamp::now();
        if event.payload.get("Records").is_none() {
            rotator.see_to_end(now).await?;
            return Ok(Value::Null);
        }
        let batch: SqsEvent = serde_json::from_value(event.payload)?;
        Ok::<_, Error>(serde_json::to_value(rotator.process(batch, now).await)?)
    }))
    .await
}
