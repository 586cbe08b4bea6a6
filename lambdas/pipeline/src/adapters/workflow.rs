use crate::PipelineError;
use crate::domain::FinishedReport;

/// The state machine that delivers a finished report.
#[derive(Clone, Debug)]
pub struct Workflow {
    client: aws_sdk_sfn::Client,
    state_machine_arn: String,
}

/// What starting an execution came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A new execution runs.
    New,
    /// This report had its execution already: a repeated notification.
    Before,
}

impl Workflow {
    /// The state machine with that ARN.
    #[must_use]
    pub fn new(client: aws_sdk_sfn::Client, state_machine_arn: String) -> Self {
        Self {
            client,
            state_machine_arn,
        }
    }

    /// Starts the one execution of `report`.
    ///
    /// # Errors
    /// Step Functions failed.
    pub async fn start(&self, report: &FinishedReport) -> Result<Started, PipelineError> {
        let input = serde_json::to_string(report).expect("a report is a struct of texts");
        let result = self
            .client
            .start_execution()
            .state_machine_arn(&self.state_machine_arn)
            .name(report.execution_name())
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
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::operation::start_execution::{StartExecutionError, StartExecutionOutput};
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::error::{ExecutionAlreadyExists, StateMachineDoesNotExist};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    async fn start(rule: &Rule) -> Result<Started, PipelineError> {
        let report = serde_json::from_value(serde_json::json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
        }))
        .expect("a report");
        let client = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[rule]);
        Workflow::new(client, "arn:machine".into()).start(&report).await
    }

    #[tokio::test]
    async fn a_report_is_started_under_its_own_name() {
        let rule = mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(|request| request.name() == Some("A3_1"))
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
