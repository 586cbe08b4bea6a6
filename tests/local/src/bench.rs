//! `cargo local bench`: how fast, small and cheap the functions are, beside others in the same run.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::aws_cli::isolate;
use crate::functions;
use crate::needs::{Needs, StackNeed};
use crate::ports::PortOptions;
use crate::prerequisites;
use crate::processes::{result_of, run_shown};
use crate::profile::Profile;
use crate::progress;
use crate::stack;
use crate::stack_env;
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;

/// All of them, in their order.
const NAMES: [&str; 3] = ["documents", "start-up", COST];

/// Who moves documents, by the program's names for them.
const CONTESTANTS: [&str; 10] = [
    "as-is",
    "as-is-by-length",
    "utf8",
    "copy",
    "copy-inflating",
    "pipe",
    "python-by-hand",
    "python",
    "node",
    "node-stream",
];

/// Which benches, and how.
#[derive(Args)]
pub struct Benches {
    /// Which ones; all if left out
    #[arg(value_parser = PossibleValuesParser::new(NAMES))]
    names: Vec<String>,
    /// Print the findings as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Documents of these sizes, with commas between, such as `1MiB,1GiB`
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    sizes: Vec<String>,
    /// How often each figure is measured; the median is shown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99))]
    repeats: Option<u32>,
    /// Only these move documents, with commas between, such as `as-is,copy`; the README lists them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(CONTESTANTS))]
    contestants: Vec<String>,
}

/// What the program would take for a size: to find out by it takes minutes of compiling first.
fn size(text: &str) -> Result<String, String> {
    let number = ["KiB", "MiB", "GiB"]
        .iter()
        .find_map(|unit| text.strip_suffix(unit));
    match number.map(|number| number.trim().parse::<u32>()) {
        Some(Ok(number)) if number > 0 => Ok(text.to_owned()),
        _ => Err("a number with KiB, MiB or GiB, such as 100MiB".to_owned()),
    }
}

/// The one that needs a stack, and comes last: nothing else should run while the others measure.
const COST: &str = "cost";

impl Benches {
    /// Those that are wanted, without a stack or with one.
    fn wanted(&self, with_stack: bool) -> Vec<&'static str> {
        let is_wanted = |name: &str| self.names.is_empty() || self.names.iter().any(|wanted| wanted == name);
        let names = NAMES.into_iter().filter(|name| (*name == COST) == with_stack);
        names.filter(|name| is_wanted(name)).collect()
    }

    /// All that is measured without a stack is measured before one is started for the others.
    pub fn needs(&self) -> Needs {
        let is_alone = !self.wanted(false).is_empty();
        let has_stack = !self.wanted(true).is_empty();
        let stack = match (is_alone, has_stack) {
            (true, true) => vec![StackNeed::NoneRuns, StackNeed::RoomFor(Profile::STORM)],
            (true, false) => vec![StackNeed::NoneRuns],
            (false, _) => vec![StackNeed::Of(Profile::STORM)],
        };
        Needs { tools: true, stack }
    }

    fn arguments(&self, names: &[&str]) -> Vec<String> {
        let mut arguments: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if self.json {
            arguments.push("--json".to_owned());
        }
        let repeats = self.repeats.map(|repeats| repeats.to_string());
        for (name, value) in [
            ("--sizes", self.sizes.join(",")),
            ("--repeats", repeats.unwrap_or_default()),
            ("--contestants", self.contestants.join(",")),
        ] {
            if !value.is_empty() {
                arguments.extend([name.to_owned(), value]);
            }
        }
        arguments
    }
}

/// Builds the functions, gets the peers' packages, and measures; brings a stack for what needs one.
pub fn run(workspace: &Workspace, ports: PortOptions, benches: &Benches) -> Result<ExitCode> {
    if benches.json {
        progress::leave_stdout_alone();
    }
    let mut findings = serde_json::Map::new();
    let alone = benches.wanted(false);
    if !alone.is_empty() {
        let tools = prerequisites::check(workspace)?;
        functions::build(workspace)?;
        let peers = Venv::prepare_peers(workspace, &tools)?;
        toolbox::npm_ci(workspace, "tests/bench/peers")?;
        let mut command = command(workspace, &benches.arguments(&alone), &peers)?;
        isolate(&mut command);
        measure(&mut command, benches.json, &mut findings)?;
    }
    let on_stack = benches.wanted(true);
    if !on_stack.is_empty() {
        // With the proxy that counts calls.
        let stack = stack::up(workspace, ports, Profile::STORM)?;
        let venv = Venv::of(workspace);
        let mut command = command(workspace, &benches.arguments(&on_stack), &venv)?;
        command.arg("--aws-cli").arg(venv.python());
        stack_env::apply(&mut command, &stack.variables);
        measure(&mut command, benches.json, &mut findings)?;
    }
    if benches.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn command(workspace: &Workspace, arguments: &[String], python: &Venv) -> Result<Command> {
    let binary = workspace.binary("bench");
    if !binary.exists() {
        bail!("`bench` was not built: no {}", workspace.shown(&binary));
    }
    let mut command = toolbox::command(&binary);
    command
        .args(arguments)
        .arg("--root")
        .arg(workspace.root())
        .arg("--tls")
        .arg(Tls::prepare(workspace)?.folder())
        .arg("--python")
        .arg(python.python());
    Ok(command)
}

/// Runs the program. Its findings go where it writes them, or as JSON to the others'.
fn measure(
    command: &mut Command,
    json: bool,
    findings: &mut serde_json::Map<String, serde_json::Value>,
) -> Result<()> {
    if json {
        let found: serde_json::Map<_, _> = serde_json::from_str(&result_of(command)?)?;
        findings.extend(found);
        return Ok(());
    }
    let status = run_shown(command)?;
    ensure!(status.success(), "the bench failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        benches: Benches,
    }

    #[test]
    fn the_program_gets_what_was_asked_for() -> Result<()> {
        let words =
            "bench documents --json --sizes 1MiB,2GiB --repeats=2 --contestants as-is,copy".split(' ');
        let line: Line = clap::Parser::try_parse_from(words)?;
        let expected = "documents --json --sizes 1MiB,2GiB --repeats 2 --contestants as-is,copy".split(' ');
        let expected: Vec<&str> = expected.collect();
        assert_eq!(line.benches.arguments(&line.benches.wanted(false)), expected);
        assert!(line.benches.wanted(true).is_empty());
        let all: Line = clap::Parser::try_parse_from(["bench"])?;
        assert_eq!(all.benches.wanted(false), ["documents", "start-up"]);
        assert_eq!(all.benches.wanted(true), ["cost"]);
        for wrong in [
            "speed",
            "--sizes=1MB",
            "--sizes=0KiB",
            "--contestants=java",
            "--repeats=0",
        ] {
            let refused = <Line as clap::Parser>::try_parse_from(["bench", wrong]).is_err();
            assert!(refused, "{wrong}");
        }
        Ok(())
    }

    #[test]
    fn a_stack_that_is_in_the_way_is_told_of_before_anything_is_measured() -> Result<()> {
        let needs = |line: &[&str]| -> Result<Vec<StackNeed>> {
            let words = ["bench"].iter().chain(line);
            let line = <Line as clap::Parser>::try_parse_from(words)?;
            Ok(line.benches.needs().stack)
        };
        let storm = || StackNeed::RoomFor(Profile::STORM);
        assert_eq!(needs(&[])?, [StackNeed::NoneRuns, storm()]);
        assert_eq!(needs(&["documents", "start-up"])?, [StackNeed::NoneRuns]);
        assert_eq!(needs(&["cost"])?, [StackNeed::Of(Profile::STORM)]);
        Ok(())
    }
}
