//! Executions that should run.

use std::time::Duration;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Due, Fate, Ledger, LedgerRow, Started, StateMachine};
use pipeline::domain::ExecutionNames;
use pipeline::domain::ledger::{FINAL_PROGRESS, look_again};
use pipeline::domain::obstacle::WAITING_FOR_OWNER;
use pipeline::logging::About;
use pipeline::workflows::{GivenUp, with_failure};
use serde::Serialize;

/// How often work is started again whose execution was aborted, or vanished.
const MOST_REVIVALS: u8 = 3;

/// What looking after a row came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Care {
    /// There is nothing to look after any more.
    Settled,
    /// All is well; look again then.
    Later(Timestamp),
    /// It had to be started; look again then.
    Started(Timestamp),
}

/// An execution that should run, or have done its work.
pub struct Expected<'a, Input> {
    /// The row that it works on.
    pub due: &'a Due,
    /// Which workflow.
    pub workflow: &'a StateMachine,
    /// Its name, and those of the ones that take its place.
    pub names: &'a ExecutionNames,
    /// How many of those there have been.
    pub revivals: u64,
    /// What it is to do.
    pub input: &'a Input,
    /// Since when.
    pub since: Timestamp,
}

impl<Input: Serialize> Expected<'_, Input> {
    /// Starts it if it never ran. If it is gone and has left its work undone, another takes its place.
    pub async fn see_to(&self, ledger: &Ledger, overdue: Duration) -> Result<Care, PipelineError> {
        let later = look_again(self.since, Timestamp::now(), overdue);
        let name = self.names.first();
        if self.workflow.start(&name, self.input).await? == Started::New {
            return Ok(Care::Started(later));
        }
        let current = match self.revivals {
            0 => name,
            revivals => self.names.again(revivals),
        };
        if self.workflow.fate(&current).await? == Fate::Running {
            return Ok(Care::Later(later));
        }
        // It may have ended well since the row was read.
        let row = ledger.row(&self.due.seller_id, &self.due.id).await?;
        if row.is_none_or(|row| is_settled(&row)) {
            return Ok(Care::Settled);
        }
        let attempt = ledger.count_revival(self.due, MOST_REVIVALS).await?;
        let about = About::row(&self.due.seller_id, &self.due.id);
        tracing::warn!(
            attempt,
            "{about} has lost its execution {current}; another takes its place"
        );
        match attempt {
            Some(attempt) => {
                self.workflow
                    .start(&self.names.again(attempt), self.input)
                    .await?
            }
            // The last one only marks the row, tells the reader, and fails.
            None => {
                let name = self.names.again(u64::from(MOST_REVIVALS) + 1);
                let input = with_failure(self.input, Some(&LOST));
                self.workflow.start(&name, &input).await?
            }
        };
        Ok(Care::Started(later))
    }
}

/// What ends work whose executions are lost again and again.
const LOST: GivenUp<'static> = GivenUp {
    error: "ExecutionLost",
    cause: "its executions ended without saying how: aborted, or timed out",
};

/// Whether a row needs nothing more, or nothing that a reconciler could do.
pub fn is_settled(row: &LedgerRow) -> bool {
    row.progress() >= FINAL_PROGRESS
        || matches!(
            row.status(),
            "FAILED" | "PLACED" | "CANCELLED" | WAITING_FOR_OWNER
        )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
    use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
    use aws_sdk_sfn::operation::start_execution::{StartExecutionError, StartExecutionOutput};
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::ExecutionStatus;
    use aws_sdk_sfn::types::error::ExecutionAlreadyExists;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::domain::Account;
    use serde_json::json;

    use super::*;

    fn started(name: &'static str) -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(move |request| request.name() == Some(name))
            .then_output(|| {
                let output = StartExecutionOutput::builder()
                    .execution_arn("arn")
                    .start_date(DateTime::from_secs(0));
                output.build().expect("complete")
            })
    }

    fn exists() -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::ExecutionAlreadyExists(ExecutionAlreadyExists::builder().build())
        })
    }

    fn fares(status: &'static ExecutionStatus) -> Rule {
        mock!(aws_sdk_sfn::Client::describe_execution).then_output(|| described(status))
    }

    fn described(status: &ExecutionStatus) -> DescribeExecutionOutput {
        let output = DescribeExecutionOutput::builder()
            .execution_arn("arn")
            .state_machine_arn("arn")
            .start_date(DateTime::from_secs(0))
            .status(status.clone());
        output.build().expect("complete")
    }

    fn row(progress: u8) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
            let progress = AttributeValue::N(progress.to_string());
            let item = HashMap::from([("progress".to_owned(), progress)]);
            GetItemOutput::builder().set_item(Some(item)).build()
        })
    }

    fn counted(revivals: u8) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| request.return_values() == Some(&ReturnValue::UpdatedNew))
            .then_output(move || {
                let revivals = AttributeValue::N(revivals.to_string());
                UpdateItemOutput::builder()
                    .attributes("revivals", revivals)
                    .build()
            })
    }

    fn refused() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            UpdateItemError::ConditionalCheckFailedException(
                ConditionalCheckFailedException::builder().build(),
            )
        })
    }

    /// Sees to an execution in whose place there have been so many others.
    async fn care(revivals: u64, sfn: &[&Rule], dynamodb: &[&Rule]) -> Care {
        let sfn = mock_client!(aws_sdk_sfn, RuleMode::Sequential, sfn);
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, dynamodb);
        let due = Due {
            seller_id: Account::parse("A3").expect("valid"),
            id: "1".into(),
        };
        let expected = Expected {
            due: &due,
            workflow: &StateMachine::new(sfn, "arn:aws:states:r:1:stateMachine:m".into()),
            names: &ExecutionNames::new("A3_1".into(), 0),
            revivals,
            input: &json!({}),
            since: Timestamp::now(),
        };
        let ledger = Ledger::new(dynamodb, "reports".into());
        expected
            .see_to(&ledger, Duration::from_secs(60))
            .await
            .expect("cared for")
    }

    #[tokio::test]
    async fn what_never_ran_is_started() {
        assert!(matches!(
            care(0, &[&started("A3_1")], &[]).await,
            Care::Started(_)
        ));
    }

    #[tokio::test]
    async fn what_runs_is_left_alone() {
        let running = fares(&ExecutionStatus::Running);
        assert!(matches!(
            care(0, &[&exists(), &running], &[]).await,
            Care::Later(_)
        ));
    }

    #[tokio::test]
    async fn what_has_done_its_work_is_settled() {
        let succeeded = fares(&ExecutionStatus::Succeeded);
        assert_eq!(
            care(0, &[&exists(), &succeeded], &[&row(60)]).await,
            Care::Settled
        );
    }

    #[tokio::test]
    async fn another_takes_the_place_of_an_aborted_one() {
        let aborted = fares(&ExecutionStatus::Aborted);
        let again = started("A3_1_again1");
        assert!(matches!(
            care(0, &[&exists(), &aborted, &again], &[&row(20), &counted(1)]).await,
            Care::Started(_)
        ));
        assert_eq!(again.num_calls(), 1);
        // And if that one is gone, too, there is a third.
        let asked_about_the_second = mock!(aws_sdk_sfn::Client::describe_execution)
            .match_requests(|request| {
                request
                    .execution_arn()
                    .is_some_and(|it| it.ends_with(":A3_1_again1"))
            })
            .then_output(|| described(&ExecutionStatus::Aborted));
        let again = started("A3_1_again2");
        assert!(matches!(
            care(
                1,
                &[&exists(), &asked_about_the_second, &again],
                &[&row(20), &counted(2)]
            )
            .await,
            Care::Started(_)
        ));
        assert_eq!(again.num_calls(), 1);
    }

    #[tokio::test]
    async fn what_is_aborted_again_and_again_is_given_up_by_an_execution_that_says_so() {
        let aborted = fares(&ExecutionStatus::Aborted);
        let last = mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(|request| {
                request.name() == Some("A3_1_again4")
                    && request
                        .input()
                        .is_some_and(|input| input.contains(r#""Error":"ExecutionLost""#))
            })
            .then_output(|| {
                let output = StartExecutionOutput::builder()
                    .execution_arn("arn")
                    .start_date(DateTime::from_secs(0));
                output.build().expect("complete")
            });
        assert!(matches!(
            care(3, &[&exists(), &aborted, &last], &[&row(20), &refused()]).await,
            Care::Started(_)
        ));
        assert_eq!(last.num_calls(), 1);
    }
}
