#![doc = include_str!("../README.md")]

mod aws_cli;
mod checks;
mod demo;
mod deployment;
mod emulator;
mod functions;
mod interrupt;
mod logs;
mod ports;
mod prerequisites;
mod processes;
mod progress;
mod run_record;
mod services;
mod simulator;
mod stack;
mod stack_env;
mod stamp;
mod tls;
mod toolbox;
mod workspace;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::checks::Selection;
use crate::interrupt::Interrupted;
use crate::logs::Source;
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

/// Where the two servers listen.
#[derive(Args, Clone, Copy, Default)]
pub struct PortOptions {
    /// Port of the local AWS [default: 4566]
    #[arg(long, env = "LOCAL_EMULATOR_PORT", global = true)]
    emulator_port: Option<u16>,
    /// Port of the SP-API simulator [default: 4580]
    #[arg(long, env = "LOCAL_SIMULATOR_PORT", global = true)]
    simulator_port: Option<u16>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the stack, or bring a running one up to date; Ctrl-C stops it
    Up {
        /// Leave it running and return
        #[arg(long)]
        detach: bool,
    },
    /// Play a report's whole way through, from authorization to download
    Demo,
    /// Stop the stack
    Down,
    /// Show the functions' logs of the last 15 minutes, or another log
    Logs {
        /// A function's name, `emulator`, `simulator` or `workflow`; all functions if left out
        source: Option<Source>,
        /// Go on showing what is logged
        #[arg(long, short)]
        follow: bool,
    },
    /// Run every check that CI runs
    Test(Selection),
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
    match cli.command {
        Command::Up { detach } => {
            stack::up_command(&workspace, cli.ports, detach).map(|()| ExitCode::SUCCESS)
        }
        Command::Demo => demo::run(&workspace, cli.ports),
        Command::Down => stack::down_command(&workspace).map(|()| ExitCode::SUCCESS),
        Command::Logs { source, follow } => {
            logs::show(&workspace, source.as_ref(), follow).map(|()| ExitCode::SUCCESS)
        }
        Command::Test(selection) => checks::run(&workspace, cli.ports, &selection),
    }
}
