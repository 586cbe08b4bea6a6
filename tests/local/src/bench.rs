//! `cargo local bench`: how fast, small and cheap the functions are, beside others in the same run.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::aws_cli::isolate;
use crate::companions;
use crate::functions;
use crate::prerequisites;
use crate::processes::run_shown;
use crate::progress;
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;

/// Which benches, and how.
#[derive(Args)]
pub struct Benches {
    /// Which ones; all if left out
    #[arg(value_parser = PossibleValuesParser::new(["documents", "start-up", "cost"]))]
    names: Vec<String>,
    /// Print the findings as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Documents of these sizes, with commas between, such as `1MiB,1GiB`
    #[arg(long, value_name = "SIZES")]
    sizes: Option<String>,
    /// How often each figure is measured; the median is shown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99))]
    repeats: Option<u32>,
    /// Only these move documents, with commas between, such as `as-is,copy`; the README lists them
    #[arg(long, value_name = "NAMES")]
    contestants: Option<String>,
}

impl Benches {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = self.names.clone();
        if self.json {
            arguments.push("--json".to_owned());
        }
        let repeats = self.repeats.map(|repeats| repeats.to_string());
        for (name, value) in [
            ("--sizes", &self.sizes),
            ("--repeats", &repeats),
            ("--contestants", &self.contestants),
        ] {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value.clone()]);
            }
        }
        arguments
    }
}

/// Builds the functions, gets the peers' packages, and measures. Needs no stack.
pub fn run(workspace: &Workspace, benches: &Benches) -> Result<ExitCode> {
    if benches.json {
        progress::leave_stdout_alone();
    }
    let tools = prerequisites::check()?;
    functions::build(workspace)?;
    let peers = Venv::prepare_peers(workspace, &tools)?;
    toolbox::npm_ci(workspace, "tests/bench/peers")?;
    let tls = Tls::prepare(workspace)?;
    let binary = workspace.binary("bench");
    if !binary.exists() {
        bail!("`bench` was not built: no {}", workspace.shown(&binary));
    }
    let mut command = toolbox::command(&binary);
    command
        .args(benches.arguments())
        .arg("--root")
        .arg(workspace.root())
        .arg("--tls")
        .arg(tls.folder())
        .arg("--python")
        .arg(peers.python());
    isolate(&mut command);
    Ok(companions::exit_code(run_shown(&mut command)?))
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
        let line: Line =
            clap::Parser::try_parse_from(["bench", "documents", "--json", "--sizes", "1MiB", "--repeats=2"])?;
        let expected = ["documents", "--json", "--sizes", "1MiB", "--repeats", "2"];
        assert_eq!(line.benches.arguments(), expected);
        assert!(<Line as clap::Parser>::try_parse_from(["bench", "speed"]).is_err());
        Ok(())
    }
}
