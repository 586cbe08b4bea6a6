//! `cargo local redrive`: dead letters back to the notifications queue.

use std::process::ExitCode;

use anyhow::Result;

use crate::companions;
use crate::processes::run_shown;
use crate::stack;
use crate::stack_env;
use crate::workspace::Workspace;

/// Works on the running stack.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let (record, local_aws) = stack::require_running(workspace)?;
    let variables = stack_env::variables(&local_aws, &record)?;
    let status = run_shown(&mut companions::command(workspace, "redrive", &variables)?)?;
    Ok(companions::exit_code(status))
}
