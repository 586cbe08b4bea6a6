//! `cargo local doctor`: what this machine lacks, in plain words, and what to type.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::ports::{self, PortOptions};
use crate::prerequisites::{ALL, Finding, Purpose};
use crate::progress::{self, say};
use crate::stack;
use crate::workspace::Workspace;

/// How to tell.
#[derive(Args)]
pub struct Examination {
    /// Print what was found as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
}

/// A line of the table.
#[derive(Serialize)]
struct Line {
    purpose: Purpose,
    name: String,
    #[serde(flatten)]
    state: State,
}

/// What is so.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
enum State {
    Found { found: String },
    Missing { what: String, remedy: String },
    Optional { what: String, remedy: Option<String> },
}

impl From<Finding> for State {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Found(found) => Self::Found { found },
            Finding::Missing { what, remedy } => Self::Missing { what, remedy },
            Finding::Optional(what, remedy) => Self::Optional { what, remedy },
        }
    }
}

/// Looks everywhere; a failure if local commands would fail.
pub fn run(workspace: &Workspace, ports: PortOptions, examination: &Examination) -> Result<ExitCode> {
    if examination.json {
        progress::leave_stdout_alone();
    }
    let mut lines: Vec<Line> = ALL
        .iter()
        .map(|prerequisite| Line {
            purpose: prerequisite.purpose,
            name: prerequisite.name.to_owned(),
            state: (prerequisite.look)(workspace).into(),
        })
        .collect();
    lines.extend(lines_of_ports(workspace, ports));
    let is_ready = is_ready(&lines, Purpose::Local);
    if examination.json {
        let found = serde_json::json!({
            "prerequisites": lines,
            "ready": { "local": is_ready, "deploying": self::is_ready(&lines, Purpose::Deploying) },
        });
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        say(&table(&lines));
    }
    Ok(match is_ready {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn lines_of_ports(workspace: &Workspace, options: PortOptions) -> Vec<Line> {
    let line = |name, state| Line {
        purpose: Purpose::Local,
        name,
        state,
    };
    if let Some((record, _)) = stack::running(workspace) {
        let found = format!("this checkout's stack runs, on port {}", record.ports.emulator);
        return vec![line("ports".to_owned(), State::Found { found })];
    }
    let states = ports::wanted(options).map(|wanted| {
        let state = match ports::require_free(&wanted) {
            Ok(()) => State::Found {
                found: format!("free, for {}", wanted.purpose),
            },
            Err(error) => {
                let said = error.to_string();
                let said = said.trim_start_matches(&format!("port {}, ", wanted.port));
                // Its own sentences: what is so, and what to do.
                let (what, remedy) = said.split_once(". ").unwrap_or((said, ""));
                State::Missing {
                    what: what.to_owned(),
                    remedy: remedy.to_owned(),
                }
            }
        };
        line(format!("port {}", wanted.port), state)
    });
    states.into()
}

fn is_ready(lines: &[Line], purpose: Purpose) -> bool {
    !lines
        .iter()
        .any(|line| line.purpose == purpose && matches!(line.state, State::Missing { .. }))
}

/// ✓ for what is there, ✗ for what is missing, – for what can be done without.
fn table(lines: &[Line]) -> String {
    let width = lines
        .iter()
        .map(|line| line.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut table = String::new();
    for (purpose, heading, ready, not_ready) in [
        (
            Purpose::Local,
            "For the local commands",
            "The local commands have all that they need.",
            "The local commands lack what is marked ✗.",
        ),
        (
            Purpose::Deploying,
            "For deploying to AWS",
            "Deploying to AWS has all that it needs.",
            "Deploying to AWS lacks what is marked ✗.",
        ),
    ] {
        table.push_str(&format!("{heading}\n"));
        for line in lines.iter().filter(|line| line.purpose == purpose) {
            let (sign, what, remedy) = match &line.state {
                State::Found { found } => ('✓', found, None),
                State::Missing { what, remedy } => ('✗', what, Some(remedy)),
                State::Optional { what, remedy } => ('–', what, remedy.as_ref()),
            };
            table.push_str(&format!("  {sign} {:<width$}  {what}\n", line.name));
            if let Some(remedy) = remedy.filter(|remedy| !remedy.is_empty()) {
                table.push_str(&format!("    {:<width$}  {remedy}\n", ""));
            }
        }
        let verdict = if is_ready(lines, purpose) {
            ready
        } else {
            not_ready
        };
        table.push_str(&format!("{verdict}\n\n"));
    }
    table.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(purpose: Purpose, name: &str, finding: Finding) -> Line {
        Line {
            purpose,
            name: name.to_owned(),
            state: finding.into(),
        }
    }

    fn missing() -> Finding {
        Finding::Missing {
            what: "there is no `zig`".to_owned(),
            remedy: "Type `pip install ziglang`.".to_owned(),
        }
    }

    #[test]
    fn the_table_says_what_is_missing_and_what_to_type() {
        let lines = [
            line(Purpose::Local, "Node.js", Finding::Found("20.20".to_owned())),
            line(
                Purpose::Local,
                "Chromium",
                Finding::Optional("not there".to_owned(), None),
            ),
            line(Purpose::Deploying, "zig", missing()),
        ];
        assert_eq!(
            table(&lines),
            "For the local commands\n  ✓ Node.js   20.20\n  – Chromium  not there\nThe local commands have all that \
             they need.\n\nFor deploying to AWS\n  ✗ zig       there is no `zig`\n              Type `pip install \
             ziglang`.\nDeploying to AWS lacks what is marked ✗."
        );
        assert!(is_ready(&lines, Purpose::Local) && !is_ready(&lines, Purpose::Deploying));
    }

    #[test]
    fn programs_read_the_state_by_name() -> Result<()> {
        let shown = serde_json::to_value(line(Purpose::Deploying, "zig", missing()))?;
        let expected = serde_json::json!({
            "purpose": "deploying", "name": "zig", "state": "missing", "what": "there is no `zig`",
            "remedy": "Type `pip install ziglang`.",
        });
        assert_eq!(shown, expected);
        Ok(())
    }
}
