//! `cargo local test`: every check that CI runs, one line each.

mod catalogue;
mod context;
mod of_sources;
mod of_stacks;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Error, Result};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::chaos::Storm;
use crate::chromium;
use crate::interrupt::{self, Interrupted};
use crate::needs::{Needs, StackNeed};
use crate::ports::PortOptions;
use crate::processes::CommandFailed;
use crate::profile::Profile;
use crate::progress::{say, seconds};
use crate::workspace::Workspace;

use catalogue::{CHECKS, Check};
use context::Context;

/// Which checks.
#[derive(Args)]
pub struct Selection {
    /// Run only these, and what they need
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(CHECKS.map(|check| check.name)))]
    only: Vec<String>,
    /// Leave these out
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(CHECKS.map(|check| check.name)))]
    skip: Vec<String>,
}

impl Selection {
    /// Checks that come after half an hour must not fail then for what was so from the beginning.
    pub fn needs(&self) -> Needs {
        let chosen = chosen(self);
        let stack = STACKS
            .into_iter()
            .filter(|(check, _)| chosen.contains(check))
            .map(|(_, need)| need())
            .collect();
        Needs {
            tools: chosen.contains(&"tools"),
            stack,
        }
    }
}

/// A check that has a stack, and what it needs for it.
type OfStack = (&'static str, fn() -> StackNeed);

/// All of these.
const STACKS: [OfStack; 3] = [
    ("stack-up", || StackNeed::Of(Profile::default())),
    (
        "other-settings",
        || StackNeed::RoomFor(of_stacks::other_profile()),
    ),
    ("chaos", || StackNeed::RoomFor(Storm::small().profile())),
];

/// How a check ended.
enum Outcome {
    Passed,
    Failed(Error),
    Skipped(String),
}

/// Runs the checks and sums up; fails if one fails.
pub fn run(workspace: &Workspace, ports: PortOptions, selection: &Selection) -> Result<ExitCode> {
    let chosen = chosen(selection);
    if let Some(obstacle) = chromium::obstacle().filter(|_| chosen.contains(&"browser")) {
        say(&format!(
            "No report will be opened in a browser: {obstacle} (`cargo local doctor` says what to type)."
        ));
    }
    let mut context = Context::new(workspace, ports);
    let mut results: Vec<(&Check, Outcome, String)> = Vec::new();
    for check in CHECKS.iter().filter(|check| chosen.contains(&check.name)) {
        interrupt::check()?;
        let started = Instant::now();
        let outcome = match unmet(check, &results) {
            Some(need) => Outcome::Skipped(format!("{need} did not pass")),
            None => {
                say(&format!("── {}: {}", check.name, check.what));
                outcome(check, &mut context)?
            }
        };
        let time = seconds(started.elapsed());
        if let Outcome::Failed(error) = &outcome {
            say(&explanation(error));
        }
        say(&line(check.name, &outcome, &time));
        results.push((check, outcome, time));
    }
    // Stops the stack, should no check have done so.
    drop(context);
    say("\nSummary");
    for (check, outcome, time) in &results {
        say(&line(check.name, outcome, time));
    }
    let outcomes: Vec<&Outcome> = results.iter().map(|(_, outcome, _)| outcome).collect();
    say(&format!("\n{}", summary(&outcomes)));
    let has_failure = outcomes
        .iter()
        .any(|outcome| matches!(outcome, Outcome::Failed(_)));
    Ok(if has_failure {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn outcome(check: &Check, context: &mut Context<'_>) -> Result<Outcome> {
    match (check.run)(context) {
        Ok(None) => Ok(Outcome::Passed),
        Ok(Some(reason)) => Ok(Outcome::Skipped(reason)),
        Err(error) if error.is::<Interrupted>() => Err(error),
        Err(error) => Ok(Outcome::Failed(error)),
    }
}

/// The checks asked for and, again and again, what they need.
fn chosen(selection: &Selection) -> Vec<&'static str> {
    let is_wanted =
        |name: &str| selection.only.is_empty() || selection.only.iter().any(|other| other == name);
    let mut chosen: Vec<&'static str> = Vec::new();
    // Needs come before their checks, so one way back sees them all.
    for check in CHECKS.iter().rev() {
        let is_needed = CHECKS
            .iter()
            .any(|other| chosen.contains(&other.name) && other.needs.contains(&check.name));
        if (is_wanted(check.name) || is_needed) && !selection.skip.iter().any(|other| other == check.name) {
            chosen.push(check.name);
        }
    }
    chosen
}

/// The first need of a check that was run and didn't pass.
fn unmet(check: &Check, results: &[(&Check, Outcome, String)]) -> Option<&'static str> {
    results
        .iter()
        .find(|(other, outcome, _)| check.needs.contains(&other.name) && !matches!(outcome, Outcome::Passed))
        .map(|(other, ..)| other.name)
}

/// A failed command's whole output, if it wasn't shown already.
fn explanation(error: &Error) -> String {
    match error.downcast_ref::<CommandFailed>() {
        Some(failed) => failed.in_full(),
        None => format!("{error:#}"),
    }
}

fn line(name: &str, outcome: &Outcome, time: &str) -> String {
    match outcome {
        Outcome::Passed => format!("{name:<14} passed  ({time})"),
        Outcome::Failed(_) => format!("{name:<14} FAILED  ({time})"),
        Outcome::Skipped(reason) => format!("{name:<14} skipped: {reason}"),
    }
}

fn summary(outcomes: &[&Outcome]) -> String {
    let count =
        |is_counted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is_counted(outcome)).count();
    let passed = count(|outcome| matches!(outcome, Outcome::Passed));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let mut summary = format!("{passed} passed, {failed} failed");
    if skipped > 0 {
        summary.push_str(&format!(", {skipped} skipped"));
    }
    summary
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_summary_counts() {
        let (passed, failed) = (Outcome::Passed, Outcome::Failed(anyhow!("no")));
        let skipped = Outcome::Skipped("no stack".to_owned());
        assert_eq!(summary(&[&passed, &passed]), "2 passed, 0 failed");
        assert_eq!(
            summary(&[&passed, &failed, &skipped]),
            "1 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn a_check_brings_what_it_needs() {
        let selection = |only: &[&str], skip: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            chosen(&Selection {
                only: owned(only),
                skip: owned(skip),
            })
        };
        assert_eq!(selection(&[], &[]).len(), CHECKS.len());
        assert_eq!(selection(&["format"], &[]), ["format"]);
        assert!(selection(&["cdk-tests"], &[]).contains(&"tools"));
        let end_to_end = selection(&["end-to-end"], &["build"]);
        assert!(end_to_end.contains(&"stack-up") && end_to_end.contains(&"tools"));
        assert!(!end_to_end.contains(&"build") && !end_to_end.contains(&"postman"));
    }

    #[test]
    fn what_a_check_needs_after_half_an_hour_is_asked_first() {
        let needs = |only: &[&str]| {
            let only = only.iter().map(|name| (*name).to_owned()).collect();
            let skip = Vec::new();
            Selection { only, skip }.needs()
        };
        assert_eq!(needs(&["format"]), Needs::default());
        assert!(needs(&["cdk-tests"]).tools);
        assert_eq!(needs(&["demo"]).stack, [StackNeed::Of(Profile::default())]);
        assert_eq!(
            needs(&["chaos"]).stack,
            [StackNeed::RoomFor(Storm::small().profile())]
        );
        assert_eq!(
            needs(&[]).stack.len(),
            STACKS.len(),
            "each is the name of a check"
        );
    }

    #[test]
    fn needs_come_first_and_exist() {
        for (index, check) in CHECKS.iter().enumerate() {
            for need in check.needs {
                assert!(
                    CHECKS.iter().take(index).any(|earlier| earlier.name == *need),
                    "{}: {need}",
                    check.name
                );
            }
        }
    }

    #[test]
    fn a_check_is_skipped_when_its_need_failed() {
        let [first, ..] = &CHECKS;
        let dependent = Check {
            name: "dependent",
            what: "",
            needs: &["format"],
            run: |_| Ok(None),
        };
        let results = |outcome| vec![(first, outcome, String::new())];
        assert_eq!(
            unmet(&dependent, &results(Outcome::Failed(anyhow!("no")))),
            Some("format")
        );
        assert_eq!(unmet(&dependent, &results(Outcome::Passed)), None);
        assert_eq!(unmet(&dependent, &[]), None);
    }
}
