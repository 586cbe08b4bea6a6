//! `cargo local demo`: a report's whole way, for somebody to look at.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::PortOptions;
use crate::processes::run_shown;
use crate::stack;
use crate::stack_env;
use crate::toolbox;
use crate::workspace::Workspace;

/// Brings the stack up unless it runs, plays the demo, and stops what it started.
pub fn run(workspace: &Workspace, ports: PortOptions) -> Result<ExitCode> {
    let stack = stack::up(workspace, ports)?;
    let binary = workspace.binary("demo");
    if !binary.exists() {
        bail!("the demo was not built: no {}", workspace.shown(&binary));
    }
    let mut command = toolbox::command(&binary);
    stack_env::apply(&mut command, &stack.variables);
    let status = run_shown(&mut command)?;
    if !status.success() {
        bail!(
            "the demo failed ({status}); logs are in {}",
            workspace.shown(&workspace.local("logs"))
        );
    }
    Ok(ExitCode::SUCCESS)
}
