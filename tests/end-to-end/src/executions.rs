use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};
use serde_json::Value;

/// A workflow's executions.
#[derive(Clone, Debug)]
pub struct Executions {
    client: aws_sdk_sfn::Client,
    state_machine_arn: String,
}

/// An execution that has ended.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// How it ended.
    pub status: ExecutionStatus,
    /// The error's name, if it failed.
    pub error: Option<String>,
}

/// One state that an execution went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state's name.
    pub name: String,
    /// From entering to leaving it.
    pub took: Duration,
}

impl Executions {
    pub(crate) fn new(client: aws_sdk_sfn::Client, state_machine_arn: String) -> Self {
        Self {
            client,
            state_machine_arn,
        }
    }

    /// Starts an execution.
    ///
    /// # Errors
    /// Step Functions refuses.
    pub async fn start(&self, name: &str, input: &Value) -> Result<()> {
        self.client
            .start_execution()
            .state_machine_arn(&self.state_machine_arn)
            .name(name)
            .input(input.to_string())
            .send()
            .await?;
        Ok(())
    }

    /// Waits until the execution of a report has ended.
    ///
    /// # Errors
    /// It has not within `patience`.
    pub async fn wait_for(&self, seller: &str, report: &str, patience: Duration) -> Result<Execution> {
        self.end_of(&format!("{seller}_{report}"), patience).await
    }

    /// Waits until the execution of that name has ended.
    ///
    /// # Errors
    /// It has not within `patience`.
    pub async fn end_of(&self, name: &str, patience: Duration) -> Result<Execution> {
        let arn = format!(
            "{}:{name}",
            self.state_machine_arn.replace(":stateMachine:", ":execution:")
        );
        let deadline = Instant::now() + patience;
        loop {
            let described = self.client.describe_execution().execution_arn(&arn).send().await;
            match described {
                Ok(execution) if *execution.status() != ExecutionStatus::Running => {
                    let error = execution.error().map(str::to_owned);
                    return Ok(Execution {
                        arn,
                        status: execution.status().clone(),
                        error,
                    });
                }
                Ok(_) => {}
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|it| it.is_execution_does_not_exist()) => {}
                Err(error) => return Err(error).context("Step Functions could not be asked"),
            }
            if Instant::now() > deadline {
                bail!(
                    "the execution {name} has not ended within {} s",
                    patience.as_secs()
                );
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Aborts the execution of a report, as an operator might.
    ///
    /// # Errors
    /// Step Functions refuses.
    pub async fn abort(&self, seller: &str, report: &str) -> Result<()> {
        let machine = self.state_machine_arn.replace(":stateMachine:", ":execution:");
        let stopped = self
            .client
            .stop_execution()
            .execution_arn(format!("{machine}:{seller}_{report}"));
        stopped
            .send()
            .await
            .context("the execution could not be aborted")?;
        Ok(())
    }

    /// The names of every execution there has been whose name begins with `prefix`.
    ///
    /// # Errors
    /// Step Functions fails.
    pub async fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut pages = self
            .client
            .list_executions()
            .state_machine_arn(&self.state_machine_arn)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page?;
            names.extend(
                page.executions()
                    .iter()
                    .map(|execution| execution.name().to_owned()),
            );
        }
        names.retain(|name| name.starts_with(prefix));
        Ok(names)
    }

    /// The names of those that are in that state now, the newest first.
    ///
    /// # Errors
    /// Step Functions fails.
    pub async fn in_state(&self, status: ExecutionStatus) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut pages = self
            .client
            .list_executions()
            .state_machine_arn(&self.state_machine_arn)
            .status_filter(status)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page?;
            let page = page.executions().iter();
            names.extend(page.map(|execution| execution.name().to_owned()));
        }
        Ok(names)
    }

    /// The states that the execution went through, in order of entering.
    ///
    /// # Errors
    /// Step Functions fails.
    pub async fn steps(&self, execution_arn: &str) -> Result<Vec<Step>> {
        let mut steps: Vec<(Step, f64)> = Vec::new();
        let mut open: HashMap<String, usize> = HashMap::new();
        let mut token = None;
        loop {
            let page = self
                .client
                .get_execution_history()
                .execution_arn(execution_arn)
                .include_execution_data(false)
                .set_next_token(token)
                .send()
                .await?;
            for event in page.events() {
                if let Some(entered) = event.state_entered_event_details() {
                    open.insert(entered.name().to_owned(), steps.len());
                    let step = Step {
                        name: entered.name().to_owned(),
                        took: Duration::ZERO,
                    };
                    steps.push((step, seconds(event)));
                } else if let Some(exited) = event.state_exited_event_details()
                    && let Some(index) = open.remove(exited.name())
                {
                    let (step, since) = &mut steps[index];
                    step.took = Duration::from_secs_f64((seconds(event) - *since).max(0.0));
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(steps.into_iter().map(|(step, _)| step).collect());
            }
        }
    }
}

fn seconds(event: &HistoryEvent) -> f64 {
    event.timestamp().as_secs_f64()
}
