//! `cargo local chaos`: many reports at once while Amazon and AWS fail, and nothing gets lost.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::companions;
use crate::ports::PortOptions;
use crate::processes::run_shown;
use crate::profile::{self, Profile};
use crate::progress;
use crate::setting::Setting;
use crate::stack::{self, Stack};
use crate::workspace::Workspace;

/// What can go wrong, by the program's names for it.
const FAULTS: [&str; 12] = [
    "lwa",
    "sp-api",
    "throttle",
    "document",
    "notifications",
    "rotation",
    "kill",
    "aws",
    "odd",
    "outage",
    "all",
    "none",
];

/// What is to happen.
#[derive(Args, Debug)]
pub struct Storm {
    /// How many reports are ordered
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    reports: u32,
    /// Decides about everything: the same seed plans the same storm
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// What goes wrong, with commas between; all but an outage, which takes minutes, are all [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = PossibleValuesParser::new(FAULTS))]
    faults: Vec<String>,
    /// No storm: N reports of one seller finish together, and how long they take is measured
    #[arg(long, value_name = "N", conflicts_with_all = ["reports", "faults"], value_parser = clap::value_parser!(u32).range(16..=5_000))]
    drain: Option<u32>,
    /// How many times faster than Amazon's quotas fill up again
    #[arg(long, value_name = "FACTOR", default_value_t = Profile::STORM.speed_up, value_parser = profile::factor)]
    speed_up: f64,
    /// A setting of the deployment, as `cdk deploy` takes it, such as `workflowType=express`
    #[arg(short = 'c', long = "context", value_name = "NAME=VALUE")]
    context: Vec<Setting>,
    /// Print the result as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
}

impl Storm {
    /// What `cargo local test` runs: all faults, and few reports.
    pub fn small() -> Self {
        Self {
            reports: 60,
            seed: 1,
            faults: Vec::new(),
            drain: None,
            speed_up: Profile::STORM.speed_up,
            context: Vec::new(),
            json: false,
        }
    }

    /// The stack that it wants.
    pub fn profile(&self) -> Profile {
        Profile {
            speed_up: self.speed_up,
            context: self.context.clone(),
            ..Profile::STORM
        }
    }

    /// The program, with everything it has to know.
    pub fn command(&self, workspace: &Workspace, stack: &Stack) -> Result<Command> {
        let mut command = companions::command(workspace, "chaos", &stack.variables)?;
        command.args(self.arguments());
        Ok(command)
    }

    /// The speed is not among them, as the program asks the simulator, nor are the deployment's settings.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut add = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        match self.drain {
            Some(reports) => add("--drain", reports.to_string()),
            None => add("--reports", self.reports.to_string()),
        }
        add("--seed", self.seed.to_string());
        if !self.faults.is_empty() {
            add("--faults", self.faults.join(","));
        }
        if self.json {
            arguments.push("--json".to_owned());
        }
        arguments
    }
}

/// Brings a stack for storms up unless one runs, lets the storm loose, and stops what it started.
pub fn run(workspace: &Workspace, ports: PortOptions, storm: &Storm) -> Result<ExitCode> {
    if storm.json {
        progress::leave_stdout_alone();
    }
    let stack = stack::up(workspace, ports, storm.profile())?;
    let status = run_shown(&mut storm.command(workspace, &stack)?)?;
    Ok(companions::exit_code(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        storm: Storm,
    }

    /// What the program gets for a line typed by a user; nothing if that is refused.
    fn passed_on(line: &str) -> Option<String> {
        let words = std::iter::once("chaos").chain(line.split_whitespace());
        let line = <Line as clap::Parser>::try_parse_from(words).ok()?;
        Some(line.storm.arguments().join(" "))
    }

    #[test]
    fn everything_asked_for_is_passed_on() {
        let is = |line: &str| Some(line.to_owned());
        assert_eq!(passed_on(""), is("--reports 60 --seed 1"));
        assert_eq!(
            passed_on("").as_deref(),
            Some(Storm::small().arguments().join(" ").as_str())
        );
        assert_eq!(
            passed_on(
                "--reports 500 --seed 7 --faults aws,kill --json --speed-up 600 -c workflowType=express"
            ),
            is("--reports 500 --seed 7 --faults aws,kill --json")
        );
        assert_eq!(passed_on("--drain 100"), is("--drain 100 --seed 1"));
    }

    #[test]
    fn what_the_program_would_refuse_is_refused_before_a_stack_is_up() {
        for line in [
            "--faults weather",
            "--reports 0",
            "--drain 100 --reports 60",
            "--speed-up 0",
        ] {
            assert_eq!(passed_on(line), None, "{line}");
        }
    }
}
