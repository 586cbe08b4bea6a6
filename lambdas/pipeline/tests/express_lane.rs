//! The express lane does what the delivery workflow does, and leaves to it what takes time.

use std::collections::BTreeSet;

use pipeline::domain::stages::StoredDocument;
use serde_json::{Map, Value};

const DELIVERY: &str = include_str!("../../../statemachine/report-delivery.asl.json");
const LANE: &str = include_str!("../../../statemachine/report-delivery-express.asl.json");

/// Step Functions ends an execution of its Express type after so many seconds.
const EXPRESS_ENDS: u64 = 300;

fn workflow(definition: &str) -> Value {
    serde_json::from_str(definition).expect("JSON")
}

/// All states of a workflow, those inside of others, too.
fn states(workflow: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    let own = workflow["States"].as_object().expect("states");
    for (name, state) in own {
        found.insert(name.clone(), state.clone());
        for branch in state["Branches"].as_array().into_iter().flatten() {
            found.extend(states(branch));
        }
    }
    found
}

fn tasks(states: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    states.iter().filter(|(_, state)| state["Type"] == "Task")
}

fn names(errors: &Value) -> BTreeSet<&str> {
    let errors = errors.as_array().into_iter().flatten();
    errors.filter_map(Value::as_str).collect()
}

#[test]
fn the_functions_are_asked_the_same_and_their_answers_read_alike() {
    let (delivery, mut lane) = (states(&workflow(DELIVERY)), states(&workflow(LANE)));
    let limit = lane["StoreReportDocument"]["Parameters"]["Payload"]
        .as_object_mut()
        .and_then(|payload| payload.remove("SecondsAtMost"));
    let shared: Vec<_> = tasks(&lane).filter(|(name, _)| *name != "HandOver").collect();
    assert_eq!(shared.len(), 4);
    for (name, state) in shared {
        for field in ["Resource", "Parameters", "ResultPath"] {
            assert_eq!(state[field], delivery[name][field], "{field} of {name}");
        }
        // Of the document, the state around selects.
        if name != "StoreReportDocument" {
            assert_eq!(
                state["ResultSelector"], delivery[name]["ResultSelector"],
                "{name}"
            );
        }
    }
    // The function answers before the state's time is up: nobody would hear it any more.
    let limit = limit.as_ref().and_then(Value::as_u64).expect("a limit");
    assert!(
        limit
            < lane["StoreReportDocument"]["TimeoutSeconds"]
                .as_u64()
                .expect("a limit")
    );
}

/// What is left out on the way is not told of: not to people, and not to programs.
#[test]
fn all_that_is_known_of_a_stored_document_gets_through() {
    let checksum = "AAAAAAAAAAA=".parse().expect("a checksum");
    let known = serde_json::to_value(StoredDocument::new("key".into(), 0, checksum)).expect("JSON");
    let known = known.as_object().expect("an object").keys();
    let known: BTreeSet<_> = known.map(|name| format!("{name}.$")).collect();
    let (delivery, lane) = (workflow(DELIVERY), states(&workflow(LANE)));
    let selected = |state: &Value| {
        let selector = state["ResultSelector"].as_object().expect("a selector");
        let names = selector.keys().filter(|name| *name != "RegionCode.$");
        names.cloned().collect::<BTreeSet<_>>()
    };
    let around = delivery["States"].as_object().expect("states").values();
    let mut around =
        around.filter(|state| state["Type"] == "Parallel" && state["ResultPath"] == "$.StoredDocument");
    assert_eq!(selected(around.next().expect("one")), known);
    assert_eq!(selected(&lane["StoreReportDocument"]), known);
}

#[test]
fn which_reports_have_a_document_is_known_alike() {
    let (delivery, lane) = (states(&workflow(DELIVERY)), states(&workflow(LANE)));
    let choices = |states: &Map<String, Value>| {
        let choices = states["HasDocument"]["Choices"]
            .as_array()
            .expect("choices")
            .clone();
        let about_status = choices.into_iter().map(|mut choice| {
            let next = choice["Next"].take();
            (choice, next == "NotifySeller")
        });
        about_status.collect::<Vec<_>>()
    };
    assert_eq!(choices(&delivery), choices(&lane));
    // What the reconciler gives up, and what has to be looked up, never gets into the lane.
    assert_eq!(delivery["IsAllKnown"]["Default"], "HasDocument");
    assert!(!lane.contains_key("IsAllKnown"));
}

#[test]
fn whatever_goes_wrong_is_handed_over() {
    let lane = states(&workflow(LANE));
    for (name, state) in tasks(&lane).filter(|(name, _)| *name != "HandOver") {
        let catchers = state["Catch"].as_array().expect("catchers");
        assert_eq!(catchers.len(), 1, "{name}");
        assert_eq!(
            names(&catchers[0]["ErrorEquals"]),
            BTreeSet::from(["States.ALL"]),
            "{name}"
        );
        assert_eq!(catchers[0]["Next"], "StartOver", "{name}");
        // Of our own errors only those that pass at once are tried again here.
        for retrier in state["Retry"].as_array().expect("retriers") {
            let own = names(&retrier["ErrorEquals"])
                .into_iter()
                .filter(|name| !name.contains('.'));
            assert_eq!(own.collect::<Vec<_>>(), ["Transient"], "{name}");
        }
    }
    assert_eq!(lane["StartOver"]["Next"], "HandOver");
    let handed_over = &lane["HandOver"]["Parameters"];
    assert_eq!(handed_over["Name.$"], "$$.Execution.Input.Name");
    assert_eq!(handed_over["Input.$"], "$");
    assert_eq!(lane["StartOver"]["InputPath"], "$$.Execution.Input.Report");
}

#[test]
fn the_lane_hands_over_before_step_functions_ends_it() {
    let lane = workflow(LANE);
    assert_eq!(lane["TimeoutSeconds"], EXPRESS_ENDS);
    let seconds: u64 = tasks(&states(&lane)).map(|(_, state)| longest(state)).sum();
    assert!(seconds < EXPRESS_ENDS, "{seconds} s");
}

/// How long a task takes if every attempt takes as long as it may.
fn longest(task: &Value) -> u64 {
    let attempt = task["TimeoutSeconds"].as_u64().expect("a limit");
    let retriers = task["Retry"].as_array().expect("retriers").iter();
    let retries = retriers.map(|retrier| {
        let (most, first) = (
            retrier["MaxAttempts"].as_u64(),
            retrier["IntervalSeconds"].as_u64(),
        );
        let rate = retrier["BackoffRate"].as_f64().unwrap_or(2.0) as u64;
        let pauses = (0..most.expect("a bound")).map(|retry| first.unwrap_or(1) * rate.pow(retry as u32));
        pauses.map(|pause| pause + attempt).sum::<u64>()
    });
    attempt + retries.sum::<u64>()
}
