//! Processes that work when they are told to, and stay until they have been measured.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

use super::measurement::Run;
use crate::process::Process;

/// Longer than any start takes.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A server of the bench. Dropped, it is killed.
pub struct Server {
    pub address: SocketAddr,
    _process: Process,
}

impl Server {
    /// Starts it and waits for its address.
    pub async fn start(mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped());
        let mut process = Process::start(command)?;
        let output = process.child().stdout.take().context("no pipe")?;
        let mut lines = BufReader::new(output).lines();
        let line = tokio::time::timeout(START_LIMIT, lines.next_line()).await??;
        let address = line.context("a server did not start")?.parse()?;
        Ok(Self {
            address,
            _process: process,
        })
    }
}

/// A process that can do its work once.
pub struct Worker {
    process: Process,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
}

impl Worker {
    /// Starts it and waits until it is ready.
    pub async fn start(mut command: Command) -> Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Process::start(command)?;
        let child = process.child();
        let mut worker = Self {
            input: child.stdin.take().context("no pipe")?,
            output: BufReader::new(child.stdout.take().context("no pipe")?).lines(),
            errors: child.stderr.take().context("no pipe")?,
            process,
        };
        worker.hear("ready", START_LIMIT).await?;
        Ok(worker)
    }

    /// Lets it work.
    pub async fn work(mut self, limit: Duration) -> Result<Run> {
        let before = self.process.usage()?.cpu;
        let started = Instant::now();
        self.input.write_all(b"go\n").await?;
        self.hear("done", limit).await?;
        let took = started.elapsed();
        let usage = self.process.usage()?;
        self.process.kill().await?;
        Ok(Run::new(took, usage, before))
    }

    async fn hear(&mut self, expected: &str, limit: Duration) -> Result<()> {
        let line = tokio::time::timeout(limit, self.output.next_line())
            .await
            .with_context(|| format!("not {expected} after {limit:?}"))??;
        match line {
            Some(line) if line == expected => Ok(()),
            Some(line) => bail!("it says {line}"),
            None => bail!("{}", self.last_words().await),
        }
    }

    /// The error that ended it.
    async fn last_words(&mut self) -> String {
        let mut errors = String::new();
        let reading = self.errors.read_to_string(&mut errors);
        let _ = tokio::time::timeout(Duration::from_secs(5), reading).await;
        last_error(&errors).unwrap_or("it ended silently").to_owned()
    }
}

/// What looks most like the error in what a process has said: in Python and JavaScript a line such as
/// `RangeError: Invalid string length`, before or after others.
fn last_error(said: &str) -> Option<&str> {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_error = |line: &&str| {
        let name = line.split([':', ' ']).next();
        name.is_some_and(|name| name.ends_with("Error")) && line.contains(": ")
    };
    lines().rfind(is_error).or(lines().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_found_among_what_was_said() {
        let node = "(node:1) Warning: old\n    throw new CustomError({\n  ^\nCustomError: too long\n    at x (y.js:1:2) {\n  type: 'error'\n}\n\nNode.js v20\n";
        assert_eq!(last_error(node), Some("CustomError: too long"));
        let python =
            "Traceback (most recent call last):\n  File \"x\"\nbotocore.exceptions.ClientError: no\n";
        assert_eq!(last_error(python), Some("botocore.exceptions.ClientError: no"));
        assert_eq!(last_error("bench: no port\n"), Some("bench: no port"));
        assert_eq!(last_error(" \n"), None);
    }
}
