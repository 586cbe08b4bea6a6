//! What must be on the machine: one list, for the checks before a command begins and for
//! `cargo local doctor`.

mod for_deploying;
mod for_local;
mod version;

use std::fmt::Display;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::workspace::Workspace;
use version::Version;

/// What something is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Every command that starts a stack or runs checks.
    Local,
    /// Deploying to AWS.
    Deploying,
}

/// What a look at the machine has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is there; which.
    Found(String),
    /// It isn't, or is too old; and what to do, with what to type.
    Missing { what: String, remedy: String },
    /// It isn't, and the commands do without it; and what to do, if anything.
    Optional(String, Option<String>),
}

impl Finding {
    fn found(what: impl Display) -> Self {
        Self::Found(what.to_string())
    }

    fn missing(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Missing {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

/// Something that must be on the machine.
pub struct Prerequisite {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it is there.
    pub look: fn(&Workspace) -> Finding,
}

const fn local(name: &'static str, look: fn(&Workspace) -> Finding) -> Prerequisite {
    Prerequisite {
        name,
        purpose: Purpose::Local,
        look,
    }
}

const fn deploying(name: &'static str, look: fn(&Workspace) -> Finding) -> Prerequisite {
    Prerequisite {
        name,
        purpose: Purpose::Deploying,
        look,
    }
}

/// All of them.
pub const ALL: [Prerequisite; 13] = [
    local("Rust", for_local::cargo),
    local("C compiler", for_local::c_compiler),
    local("Node.js", for_local::node),
    local("npm", for_local::npm),
    local("Python", for_local::python),
    local("disk space", for_local::disk),
    local("Chromium", for_local::browser),
    deploying("cargo-lambda", for_deploying::cargo_lambda),
    deploying("zig", for_deploying::zig),
    deploying("Rust's target", for_deploying::target),
    deploying("the CDK's packages", for_deploying::cdk_packages),
    deploying("AWS CLI", for_deploying::aws_cli),
    deploying("AWS credentials", for_deploying::credentials),
];

/// The programs found.
#[derive(Clone, Copy)]
pub struct Tools {
    /// A Python that is new enough.
    pub python: &'static str,
}

/// Looks for everything that local commands need, and names at once all that is missing.
pub fn check(workspace: &Workspace) -> Result<Tools> {
    // Once found, nothing goes away while a command runs.
    static FOUND: OnceLock<Tools> = OnceLock::new();
    if let Some(tools) = FOUND.get() {
        return Ok(*tools);
    }
    let local = ALL
        .iter()
        .filter(|prerequisite| prerequisite.purpose == Purpose::Local);
    let findings: Vec<_> = local
        .map(|prerequisite| (prerequisite.name, (prerequisite.look)(workspace)))
        .collect();
    if let Some(complaint) = complaint(&findings) {
        bail!(complaint);
    }
    match for_local::usable_python() {
        Ok((python, _)) => Ok(*FOUND.get_or_init(|| Tools { python })),
        Err(_) => bail!("Python was there a moment ago, and is gone"),
    }
}

/// What is missing, with what to do about it.
fn complaint(findings: &[(&str, Finding)]) -> Option<String> {
    let lines = findings.iter().filter_map(|(name, finding)| match finding {
        Finding::Missing { what, remedy } => Some(format!("\n  - {name}: {what}. {remedy}")),
        Finding::Found(_) | Finding::Optional(..) => None,
    });
    let lines: String = lines.collect();
    (!lines.is_empty()).then(|| format!("this machine lacks what the local stack needs:{lines}"))
}

fn version_of(program: &str) -> Option<Version> {
    output_of(program, &["--version"])
        .as_deref()
        .and_then(Version::parse)
}

/// What a program prints; nothing if it is missing or fails.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_told_at_once_and_nothing_else() {
        let findings = [
            (
                "npm",
                Finding::missing("there is no `npm`", "Type `apt install npm`."),
            ),
            ("Rust", Finding::found("1.95")),
            ("Chromium", Finding::Optional("not there".to_owned(), None)),
            ("Python", Finding::missing("too old", "Get a new one.")),
        ];
        assert_eq!(
            complaint(&findings).as_deref(),
            Some(
                "this machine lacks what the local stack needs:\n  - npm: there is no `npm`. Type `apt install npm`.\
                 \n  - Python: too old. Get a new one."
            )
        );
        assert_eq!(complaint(&findings[1..3]), None);
    }

    #[test]
    fn what_does_not_exist_prints_nothing() {
        assert_eq!(output_of("no-such-program", &[]), None);
        assert_eq!(output_of("false", &[]), None);
        assert_eq!(output_of("echo", &["1.2"]).as_deref(), Some("1.2\n"));
    }
}
