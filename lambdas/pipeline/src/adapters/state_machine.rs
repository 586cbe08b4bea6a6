use aws_sdk_sfn::types::ExecutionStatus;
use serde::Serialize;

use crate::PipelineError;

/// One of the two workflows.
#[derive(Clone, Debug)]
pub struct StateMachine {
    client: aws_sdk_sfn::Client,
    arn: String,
}

/// What starting an execution came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A new execution runs.
    New,
    /// There was one of that name already: a repetition.
    Before,
}

/// How an execution fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It runs, or waits.
    Running,
    /// It came to its end, well or badly.
    Ended,
    /// Step Functions knows none of that name (any more).
    Unknown,
}

impl StateMachine {
    /// The state machine with that ARN.
    #[must_use]
    pub fn new(client: aws_sdk_sfn::Client, arn: String) -> Self {
        Self { client, arn }
    }

    /// Starts the one execution of that name.
    ///
    /// # Errors
    /// Step Functions failed.
    pub async fn start(&self, name: &str, input: &impl Serialize) -> Result<Started, PipelineError> {
        let input = serde_json::to_string(input).expect("inputs are structs of texts");
        let result = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(name)
            .input(input)
            .send()
            .await;
        match result {
            Ok(_) => Ok(Started::New),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|it| it.is_execution_already_exists()) =>
            {
                Ok(Started::Before)
            }
            Err(error) => Err(PipelineError::aws("Step Functions", &error)),
        }
    }

    /// How the execution of that name fares.
    ///
    /// # Errors
    /// Step Functions failed.
    pub async fn fate(&self, name: &str) -> Result<Fate, PipelineError> {
        let arn = format!("{}:{name}", self.arn.replace(":stateMachine:", ":execution:"));
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(execution) if *execution.status() == ExecutionStatus::Running => Ok(Fate::Running),
            Ok(_) => Ok(Fate::Ended),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|it| it.is_execution_does_not_exist()) =>
            {
                Ok(Fate::Unknown)
            }
            Err(error) => Err(PipelineError::aws("Step Functions", &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::operation::start_execution::{StartExecutionError, StartExecutionOutput};
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::error::{ExecutionAlreadyExists, StateMachineDoesNotExist};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    async fn start(rule: &Rule) -> Result<Started, PipelineError> {
        let client = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[rule]);
        let machine = StateMachine::new(client, "arn:machine".into());
        machine.start("A3_1", &serde_json::json!({"ReportId": "1"})).await
    }

    #[tokio::test]
    async fn an_execution_is_started_under_its_name() {
        let rule = mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(|request| {
                request.name() == Some("A3_1") && request.input() == Some(r#"{"ReportId":"1"}"#)
            })
            .then_output(|| {
                let output = StartExecutionOutput::builder()
                    .execution_arn("arn")
                    .start_date(DateTime::from_secs(0));
                output.build().expect("complete")
            });
        assert_eq!(start(&rule).await.expect("started"), Started::New);
    }

    #[tokio::test]
    async fn a_name_in_use_is_success_and_nothing_else_is() {
        let exists = mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::ExecutionAlreadyExists(ExecutionAlreadyExists::builder().build())
        });
        assert_eq!(start(&exists).await.expect("success"), Started::Before);
        let gone = mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::StateMachineDoesNotExist(StateMachineDoesNotExist::builder().build())
        });
        assert!(start(&gone).await.is_err());
    }
}
