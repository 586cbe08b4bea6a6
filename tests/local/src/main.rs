#![doc = include_str!("../README.md")]

mod aws_cli;
mod bench;
mod chaos;
mod checks;
mod chromium;
mod companions;
mod demo;
mod deployment;
mod doctor;
mod drill;
mod emulator;
mod fault_proxy;
mod files;
mod functions;
mod interrupt;
mod logs;
mod needs;
mod ports;
mod prerequisites;
mod processes;
mod profile;
mod progress;
mod redeliver;
mod redrive;
mod run_record;
mod services;
mod setting;
mod simulator;
mod stack;
mod stack_env;
mod stamp;
mod tls;
mod toolbox;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Benches;
use crate::chaos::Storm;
use crate::checks::Selection;
use crate::doctor::Examination;
use crate::drill::Drill;
use crate::interrupt::Interrupted;
use crate::logs::Source;
use crate::needs::Needs;
use crate::ports::PortOptions;
use crate::profile::Profile;
use crate::redeliver::Redelivery;
use crate::workspace::Workspace;

/// Runs sp-reports on this machine: a local AWS, a stand-in for Amazon, and the real deployment.
#[derive(Parser)]
#[command(name = "cargo local", bin_name = "cargo local")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    ports: PortOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Start the stack, or bring a running one up to date; Ctrl-C stops it
    Up {
        /// Leave it running and return
        #[arg(long)]
        detach: bool,
        #[command(flatten)]
        profile: Profile,
    },
    /// Play a report's whole way through, from authorization to download
    Demo,
    /// Let many reports go through a storm of faults, and see that nothing gets lost
    Chaos(Storm),
    /// Break the stack in each way that the runbook speaks of, and mend it by the runbook
    Drill(Drill),
    /// Measure the functions beside the least work possible and beside what people use today
    Bench(Benches),
    /// Move the dead letters back to the notifications queue
    Redrive,
    /// Have deliveries begin again that failed
    Redeliver(Redelivery),
    /// Stop the stack
    Down,
    /// Show the functions' logs of the last 15 minutes, or another log
    Logs {
        /// A function's name, `emulator`, `simulator`, `fault-proxy` or `workflow`; all functions if left out
        source: Option<Source>,
        /// Go on showing what is logged
        #[arg(long, short)]
        follow: bool,
        /// Show the whole way of a report, or of an order, by its id: across the functions and the workflow
        #[arg(long, value_name = "ID", conflicts_with_all = ["source", "follow"])]
        report: Option<String>,
        /// One JSON document a line
        #[arg(long, requires = "report")]
        json: bool,
    },
    /// Run every check that CI runs
    Test(Selection),
    /// Say what this machine lacks for these commands and for deploying, and what to type
    Doctor(Examination),
}

impl Command {
    /// What is asked before it begins.
    fn needs(&self) -> Needs {
        match self {
            Self::Up { profile, .. } => Needs::stack_of(profile.clone()),
            Self::Demo => Needs::stack_of(Profile::default()),
            Self::Chaos(storm) => Needs::stack_of(storm.profile()),
            Self::Drill(drill) => drill.needs(),
            Self::Bench(benches) => benches.needs(),
            Self::Redrive | Self::Redeliver(_) => Needs::running(),
            Self::Logs { source, .. } => logs::needs(source.as_ref()),
            Self::Test(selection) => selection.needs(),
            Self::Down | Self::Doctor(_) => Needs::default(),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match interrupt::install().and_then(|()| run(cli)) {
        Ok(code) => code,
        Err(error) if error.is::<Interrupted>() => ExitCode::from(130),
        Err(error) => {
            progress::say(&format!("\nerror: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let workspace = match cli.command {
        Command::Bench(_) => workspace.optimized(),
        _ => workspace,
    };
    cli.command.needs().check(&workspace, cli.ports)?;
    match cli.command {
        Command::Up { detach, profile } => {
            stack::up_command(&workspace, cli.ports, profile, detach).map(|()| ExitCode::SUCCESS)
        }
        Command::Demo => demo::run(&workspace, cli.ports),
        Command::Chaos(storm) => chaos::run(&workspace, cli.ports, &storm),
        Command::Drill(drill) => drill::run(&workspace, cli.ports, &drill),
        Command::Bench(benches) => bench::run(&workspace, cli.ports, &benches),
        Command::Redrive => redrive::run(&workspace),
        Command::Redeliver(redelivery) => redeliver::run(&workspace, &redelivery),
        Command::Down => stack::down_command(&workspace).map(|()| ExitCode::SUCCESS),
        Command::Logs {
            source,
            follow,
            report,
            json,
        } => {
            let shown = match report {
                Some(id) => logs::show_report(&workspace, &id, json),
                None => logs::show(&workspace, source.as_ref(), follow),
            };
            shown.map(|()| ExitCode::SUCCESS)
        }
        Command::Test(selection) => checks::run(&workspace, cli.ports, &selection),
        Command::Doctor(examination) => doctor::run(&workspace, cli.ports, &examination),
    }
}
