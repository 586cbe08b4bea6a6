//! `cargo local chaos`: a storm of faults over the local stack. Afterwards it compares what Amazon made
//! with what arrived: nothing may be lost, and nothing may come twice.

mod drain;
mod evidence;
mod mail;
mod options;
mod ordering;
mod output;
mod plan;
mod processes;
mod result;
mod scene;
mod settling;
mod storm;
mod verdict;
mod warm_up;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::options::Options;
use crate::output::Printer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
async fn run(options: &Options) -> Result<bool> {
    let printer = Printer {
        to_stderr: options.json,
    };
    let (is_good, table, json) = match options.drain {
        Some(reports) => {
            let result = drain::run(reports, options, printer).await?;
            (result.is_good(), result.table(), result.json()?)
        }
        None => {
            let result = storm::run(options, printer).await?;
            (result.verdict.is_good(), result.table(), result.json()?)
        }
    };
    printer.line(&table);
    if options.json {
        println!("{json}");
    }
    Ok(is_good)
}
