use std::time::SystemTime;

use jiff::Timestamp;
use pipeline::adapters::{Amazon, Ledger};
use pipeline::domain::obstacle::Obstacle;
use pipeline::redelivery::Task;
use pipeline::telling::Publisher;
use pipeline::workflows::Workflows;
use pipeline::{PipelineError, StageError};
use serde::{Deserialize, Serialize};

use crate::obstacles::Invocation;

/// What having things go on needs.
pub struct Worker {
    pub amazon: Amazon,
    pub publisher: Publisher,
    pub workflows: Workflows,
}

/// A piece of work.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    task: Task,
    started_at: Timestamp,
    /// The execution's name, which is the job's.
    name: String,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Progress {
    /// Whether there is nothing more to do for now.
    pub is_done: bool,
    /// When to go on, otherwise.
    pub wait_seconds: u32,
}

impl Progress {
    pub const DONE: Self = Self {
        is_done: true,
        wait_seconds: 0,
    };

    pub const fn wait(wait_seconds: u32) -> Self {
        Self {
            is_done: false,
            wait_seconds,
        }
    }
}

impl Worker {
    /// Does as much as can be done in an invocation that is called `name` and ends at `deadline`.
    pub async fn work(
        &self,
        request: Request,
        name: &str,
        deadline: SystemTime,
    ) -> Result<Progress, StageError> {
        Ok(match &request.task {
            Task::Obstacle(text) => {
                let obstacle = Obstacle::parse(text)
                    .ok_or_else(|| PipelineError::InvalidInput(format!("{text} is no obstacle")))?;
                let invocation = Invocation { name, deadline };
                self.see_to(&obstacle, request.started_at, invocation).await?
            }
            Task::Stopped(which) => self.begin_again(which, &request.name, deadline).await?,
        })
    }

    pub fn ledger(&self) -> &Ledger {
        &self.workflows.ledger
    }
}
