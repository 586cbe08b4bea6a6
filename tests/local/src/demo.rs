//! `cargo local demo`: a report's whole way, for somebody to look at.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::companions;
use crate::ports::PortOptions;
use crate::processes::run_shown;
use crate::profile::Profile;
use crate::progress::say;
use crate::stack;
use crate::workspace::Workspace;

/// What to try next, and what it is good for.
const NEXT: [(&str, &str); 3] = [
    (
        "cargo local up --detach",
        "a stack that stays, to order reports yourself: README.md, \"The first report\"",
    ),
    ("cargo local logs --follow", "what the functions do meanwhile"),
    (
        "cargo local chaos",
        "sixty reports in a storm of faults, and what became of each",
    ),
];

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
    say(&next());
    Ok(ExitCode::SUCCESS)
}

fn next() -> String {
    let lines = NEXT.map(|(command, what)| format!("  {command:<27}{what}\n"));
    format!("Try next:\n{}On AWS: cdk/DEPLOYING.md\n", lines.concat())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Cli;

    #[test]
    fn what_to_try_next_are_commands_and_pages_that_exist() -> Result<()> {
        for (command, _) in NEXT {
            let arguments = command.trim_start_matches("cargo ").split(' ');
            Cli::try_parse_from(arguments)?;
            assert!(next().contains(command));
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(root.join("cdk/DEPLOYING.md").exists());
        let readme = std::fs::read_to_string(root.join("README.md"))?;
        assert!(readme.contains("\n## The first report\n"));
        Ok(())
    }
}
