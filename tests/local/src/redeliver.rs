//! `cargo local redeliver`: deliveries that stopped begin again.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::companions;
use crate::processes::run_shown;
use crate::stack;
use crate::stack_env;
use crate::workspace::Workspace;

/// What is passed on.
#[derive(Args, Clone, Debug)]
pub struct Redelivery {
    /// Which deliveries: `cargo local redeliver -- --help` lists the options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Works on the running stack.
pub fn run(workspace: &Workspace, redelivery: &Redelivery) -> Result<ExitCode> {
    let (record, local_aws) = stack::require_running(workspace)?;
    let variables = stack_env::variables(&local_aws, &record)?;
    let mut command = companions::command(workspace, "redeliver", &variables)?;
    let status = run_shown(command.args(&redelivery.options))?;
    Ok(companions::exit_code(status))
}
