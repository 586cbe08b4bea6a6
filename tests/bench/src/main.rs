#![doc = include_str!("../README.md")]

mod cost;
mod documents;
mod findings;
mod function;
mod numbers;
mod process;
mod runtime_api;
mod start_up;
mod surroundings;
mod table;
mod tls;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use crate::findings::Findings;
use crate::surroundings::Surroundings;

/// Measures the functions, each figure beside others of the same run.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Which benches; all if left out
    #[arg(value_enum)]
    names: Vec<Name>,
    /// Print the findings as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    documents: documents::Options,
    #[command(flatten)]
    surroundings: Option<Surroundings>,
    #[command(subcommand)]
    part: Option<documents::Part>,
}

/// A bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// How documents are moved from Amazon to S3
    Documents,
    /// From a function's start to its first answer
    StartUp,
    /// What a million reports cost
    Cost,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    if let Some(part) = arguments.part {
        return part.play();
    }
    let surroundings = arguments
        .surroundings
        .context("start it with `cargo local bench`, which prepares what it needs")?;
    let names = if arguments.names.is_empty() {
        Name::value_variants()
    } else {
        &arguments.names
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("no async runtime")?;
    let found = runtime.block_on(all(names, &arguments.documents, &surroundings))?;
    if arguments.json {
        let all: serde_json::Map<_, _> = found
            .iter()
            .map(|findings| (findings.name.to_owned(), findings.to_json()))
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        for findings in &found {
            println!("{findings}");
        }
    }
    Ok(())
}

async fn all(
    names: &[Name],
    documents: &documents::Options,
    surroundings: &Surroundings,
) -> Result<Vec<Findings>> {
    let mut found = Vec::new();
    // In their own order, whatever the command line's.
    for name in Name::value_variants().iter().filter(|name| names.contains(name)) {
        found.push(match name {
            Name::Documents => documents::run(documents, surroundings).await?,
            Name::StartUp => start_up::run(surroundings).await?,
            Name::Cost => cost::run(surroundings).await?,
        });
    }
    Ok(found)
}
