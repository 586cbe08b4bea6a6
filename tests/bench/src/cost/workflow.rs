//! The states that a delivery goes through when nothing holds it up, read from the workflow's definition.
//!
//! Not from an execution's history: the emulator's leaves out what is inside a Parallel state, and AWS
//! charges it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A state and its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// `Task`, `Choice`, …
    pub kind: String,
}

/// No workflow is longer; a loop is.
const LONGEST: usize = 100;

/// The states from the start to the end where each Choice takes its default, branches included.
pub fn happy_path(definition: &Value) -> Result<Vec<State>> {
    let mut path = Vec::new();
    walk(definition, &mut path)?;
    Ok(path)
}

fn walk(machine: &Value, path: &mut Vec<State>) -> Result<()> {
    let mut name = text(machine, "StartAt")?;
    loop {
        let state = &machine["States"][&name];
        let kind = text(state, "Type").with_context(|| name.clone())?;
        path.push(State {
            name: name.clone(),
            kind: kind.clone(),
        });
        if path.len() > LONGEST {
            bail!("the defaults lead in a circle through {name}");
        }
        for branch in state["Branches"].as_array().into_iter().flatten() {
            walk(branch, path)?;
        }
        let is_end = state["End"] == true || kind == "Succeed" || kind == "Fail";
        if is_end {
            return Ok(());
        }
        let next = if kind == "Choice" { "Default" } else { "Next" };
        name = text(state, next).with_context(|| name.clone())?;
    }
}

/// How many events the history, and with it a log of everything, gets of an execution along `path`.
pub fn history_events(path: &[State]) -> usize {
    let of_state = |state: &State| match state.kind.as_str() {
        // Entered, scheduled, started, succeeded, exited.
        "Task" => 5,
        // Entered, started, succeeded, exited.
        "Parallel" | "Map" => 4,
        _ => 2,
    };
    let start_and_end = 2;
    path.iter().map(of_state).sum::<usize>() + start_and_end
}

fn text(value: &Value, name: &str) -> Result<String> {
    value[name]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn branches_are_walked_and_choices_take_their_default() -> Result<()> {
        let definition = json!({"StartAt": "A", "States": {
            "A": {"Type": "Choice", "Choices": [{"Next": "X"}], "Default": "B"},
            "B": {"Type": "Parallel", "Next": "C", "Branches": [
                {"StartAt": "B1", "States": {"B1": {"Type": "Task", "End": true}}},
                {"StartAt": "B2", "States": {"B2": {"Type": "Wait", "Next": "B3"}, "B3": {"Type": "Pass", "End": true}}},
            ]},
            "C": {"Type": "Succeed"},
            "X": {"Type": "Fail"},
        }});
        let path = happy_path(&definition)?;
        let names: Vec<_> = path.iter().map(|state| state.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "B1", "B2", "B3", "C"]);
        assert_eq!(history_events(&path), 2 + 4 + 5 + 2 + 2 + 2 + 2);
        Ok(())
    }

    #[test]
    fn a_circle_is_an_error() {
        let definition = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}});
        assert!(happy_path(&definition).is_err());
    }

    #[test]
    fn our_workflow_ends_well_by_its_defaults() -> Result<()> {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../statemachine/report-delivery.asl.json"
        );
        let path = happy_path(&serde_json::from_str(&std::fs::read_to_string(file)?)?)?;
        let names: Vec<_> = path.iter().map(|state| state.name.as_str()).collect();
        for name in [
            "RetrieveReportDocument",
            "StoreReportDocument",
            "GeneratePresignedUrl",
            "NotifySeller",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        assert_eq!(names.last(), Some(&"NotifySeller"));
        Ok(())
    }
}
