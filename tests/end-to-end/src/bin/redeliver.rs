//! `cargo local redeliver`: has deliveries begin again that stopped, as `POST /deliveries` does, and shows
//! how far that is.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use end_to_end::{Answer, Stack};
use serde_json::{Map, Value};

/// How often it is looked how far the job is.
const PAUSE: Duration = Duration::from_secs(1);

/// Has deliveries begin again that stopped: those that all of it is true of.
#[derive(Debug, Parser)]
#[command(name = "cargo local redeliver", version)]
struct Options {
    /// Whose
    #[arg(long, value_name = "ID")]
    seller: Option<String>,
    /// Where they stopped: FAILED, or WAITING_FOR_OWNER [default: FAILED]
    #[arg(long)]
    status: Option<String>,
    /// The error's name, as GET /reports shows it
    #[arg(long, value_name = "NAME")]
    error: Option<String>,
    /// Those that have stopped since then, such as 2026-11-27T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// This report; can be given up to 100 times
    #[arg(long, value_name = "ID")]
    report: Vec<String>,
    /// Print the job as JSON when it is done, and nothing else
    #[arg(long)]
    json: bool,
}

impl Options {
    fn body(&self) -> Value {
        let texts = [
            ("SellerId", &self.seller),
            ("Status", &self.status),
            ("Error", &self.error),
            ("Since", &self.since),
        ];
        let given = texts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
        let mut body: Map<_, _> = given.collect();
        if !self.report.is_empty() {
            body.insert("ReportIds".into(), self.report.clone().into());
        }
        Value::Object(body)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let stack = Stack::from_env().await?;
    let (api, role) = (stack.reports_api()?, stack.invoke_role().await?);
    let begun = ok(api.post(&role, "/deliveries", &options.body()).await?)?;
    let job = begun["jobId"].as_str().context("the job has no name")?;
    if !options.json {
        println!("Job {job}");
    }
    loop {
        let job = ok(api.get(&role, &format!("/deliveries/{job}")).await?)?;
        let is_done = job["status"] == "DONE";
        if !options.json {
            println!("  {} found, {} started again", job["matched"], job["started"]);
        } else if is_done {
            println!("{job}");
        }
        if is_done {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn ok(answer: Answer) -> Result<Value> {
    if !(200..300).contains(&answer.status) {
        bail!("the API answered {}: {}", answer.status, answer.body);
    }
    Ok(answer.body)
}
