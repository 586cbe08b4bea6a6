//! `cargo local demo`: a report's whole way, for somebody to look at.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::companions;
use crate::ports::PortOptions;
use crate::processes::run_shown;
use crate::profile::Profile;
use crate::stack;
use crate::workspace::Workspace;

/// Brings the stack up unless it runs, plays the demo, and stops what it started.
pub fn run(workspace: &Workspace, ports: PortOptions) -> Result<ExitCode> {
    let stack = stack::up(workspace, ports, Profile::default())?;
    let status = run_shown(&mut companions::command(workspace, "demo", &stack.variables)?)?;
    if !status.success() {
        bail!(
            "the demo failed ({status}); logs are in {}",
            workspace.shown(&workspace.local("logs"))
        );
    }
    Ok(ExitCode::SUCCESS)
}
