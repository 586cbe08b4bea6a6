//! A function as Lambda runs it: one process, with Lambda's environment, under a Runtime API.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::process::Process;
use crate::runtime_api::{Answer, RuntimeApi};

/// Longer than any start takes.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running function. Dropped, it is killed.
pub struct Function {
    api: RuntimeApi,
    process: Process,
    start: Duration,
}

impl Function {
    /// Starts it with that much memory announced, in MiB, and waits until it asks for an event.
    ///
    /// The command brings the function's own variables; Lambda's are added.
    pub async fn start(name: &str, memory: u32, mut command: Command) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        command.envs(environment(name, memory));
        command.env("AWS_LAMBDA_RUNTIME_API", api.address());
        let mut process = Process::start(command)?;
        let ready = tokio::select! {
            first = api.first_next() => first.with_context(|| format!("{name} did not start"))?,
            status = process.wait() => bail!("{name} ended before it was ready: {}", status?),
            () = tokio::time::sleep(START_LIMIT) => bail!("{name} did not get ready within {START_LIMIT:?}"),
        };
        let start = ready.duration_since(process.started());
        Ok(Self { api, process, start })
    }

    /// From the process's start to the first `/next`.
    pub fn start_took(&self) -> Duration {
        self.start
    }

    /// The process, to measure it.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Lets it work on an event. A function's own error is a [`FunctionError`] in the chain.
    ///
    /// [`FunctionError`]: crate::runtime_api::FunctionError
    pub async fn invoke(&mut self, event: &Value, deadline: Duration) -> Result<Answer> {
        tokio::select! {
            answer = self.api.invoke(event, deadline) => Ok(answer?),
            status = self.process.wait() => bail!("the function ended in the middle: {}", status?),
        }
    }

    /// Ends it.
    pub async fn kill(self) -> Result<()> {
        self.process.kill().await
    }
}

/// Who and where an AWS SDK thinks it is. Nobody checks.
pub const IDENTITY: [(&str, &str); 4] = [
    ("AWS_REGION", "us-east-1"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "AKIABENCH"),
    ("AWS_SECRET_ACCESS_KEY", "bench"),
];

/// What Lambda sets, with credentials that nobody checks.
fn environment(name: &str, memory: u32) -> Vec<(&'static str, String)> {
    let mut variables = IDENTITY.map(|(name, value)| (name, value.to_owned())).to_vec();
    variables.extend([
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        ("AWS_SESSION_TOKEN", "bench".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ]);
    variables
}
