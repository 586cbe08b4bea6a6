//! `cargo local drill`: breaks the stack in each way that the runbook speaks of, and mends it by the runbook.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::companions;
use crate::needs::Needs;
use crate::ports::PortOptions;
use crate::processes::run_shown;
use crate::profile::Profile;
use crate::progress;
use crate::stack::{self, Stack};
use crate::toolbox::Venv;
use crate::workspace::Workspace;

/// What can be broken, by the program's names for it.
const FAULTS: [&str; 9] = [
    "secret", "seller", "role", "poison", "storage", "tables", "key", "quota", "crowd",
];

/// What is to be broken.
#[derive(Args, Debug)]
pub struct Drill {
    /// Which faults, with commas between; all if left out
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = PossibleValuesParser::new(FAULTS))]
    faults: Vec<String>,
    /// How many orders wait at once in the fault `crowd`
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(20..=10_000))]
    orders: u32,
    /// Print the result as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
}

impl Drill {
    /// A stack on which AWS can be made to fail.
    pub fn needs(&self) -> Needs {
        Needs::stack_of(Profile::STORM)
    }

    fn command(&self, workspace: &Workspace, stack: &Stack) -> Result<Command> {
        let mut command = companions::command(workspace, "drill", &stack.variables)?;
        command
            // The runbook's commands name files as from here.
            .current_dir(workspace.root())
            .arg("--runbook")
            .arg(workspace.root().join("cdk/RUNBOOK.md"))
            .arg("--tools")
            .arg(Venv::of(workspace).folder().join("bin"))
            .arg("--logs")
            .arg(workspace.local("logs/drill"))
            .args(self.arguments());
        Ok(command)
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--orders".to_owned(), self.orders.to_string()];
        if !self.faults.is_empty() {
            arguments.extend(["--faults".to_owned(), self.faults.join(",")]);
        }
        if self.json {
            arguments.push("--json".to_owned());
        }
        arguments
    }
}

/// Brings a stack up unless one runs that AWS can fail on, drills, and stops what it started.
pub fn run(workspace: &Workspace, ports: PortOptions, drill: &Drill) -> Result<ExitCode> {
    if drill.json {
        progress::leave_stdout_alone();
    }
    let stack = stack::up(workspace, ports, Profile::STORM)?;
    let status = run_shown(&mut drill.command(workspace, &stack)?)?;
    Ok(companions::exit_code(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        drill: Drill,
    }

    fn passed_on(line: &str) -> Option<String> {
        let words = std::iter::once("drill").chain(line.split_whitespace());
        let line = <Line as clap::Parser>::try_parse_from(words).ok()?;
        Some(line.drill.arguments().join(" "))
    }

    #[test]
    fn everything_asked_for_is_passed_on_and_nothing_unknown() {
        assert_eq!(passed_on("").as_deref(), Some("--orders 100"));
        let line = "--orders 10000 --faults secret,crowd --json";
        assert_eq!(passed_on(line).as_deref(), Some(line));
        assert_eq!(passed_on("--faults weather"), None);
        assert_eq!(passed_on("--orders 1"), None);
    }
}
