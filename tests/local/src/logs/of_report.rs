//! A report's whole way, across the functions and the workflow.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::said::Said;
use super::{Entry, Reader};
use crate::progress::say;
use crate::workspace::{FUNCTIONS, Workspace};

/// How far back a report is looked for: longer than a local stack lives.
const PERIOD: Duration = Duration::from_secs(7 * 86_400);

/// Shows all lines about a report or an order, in the order of time: those of the functions, and the states that its
/// executions went through.
pub fn show(workspace: &Workspace, id: &str, as_json: bool) -> Result<()> {
    let reader = Reader::of(workspace)?;
    let groups = reader.groups(&FUNCTIONS)?;
    let mut entries = about(reader.functions(&groups, PERIOD)?, id);
    if entries.is_empty() {
        bail!(
            "no line of the functions is about {id}; is it a report id, or a request id that begins with order-?"
        );
    }
    for execution in texts(&entries, "execution") {
        entries.extend(reader.history_of(&execution)?);
    }
    // Those of one moment stay in the order in which they were logged.
    entries.sort_by_key(|entry| entry.milliseconds);
    for entry in entries {
        say(&if as_json {
            machine_readable(&entry)
        } else {
            entry.line()
        });
    }
    Ok(())
}

/// The lines about that id, and about the order that the report was.
fn about(entries: Vec<Entry>, id: &str) -> Vec<Entry> {
    let is_about = |entry: &Entry, ids: &BTreeSet<String>| {
        let said = Said::parse(&entry.message);
        said.is_some_and(|said| ids.iter().any(|id| said.is_about(id)))
    };
    let mut ids = BTreeSet::from([id.to_owned()]);
    let first: Vec<_> = entries
        .iter()
        .filter(|entry| is_about(entry, &ids))
        .cloned()
        .collect();
    // An order knows nothing of its report before it has become one.
    ids.extend(texts(&first, "order"));
    ids.extend(
        texts(&first, "report")
            .into_iter()
            .filter(|_| id.starts_with("order-")),
    );
    entries
        .into_iter()
        .filter(|entry| is_about(entry, &ids))
        .collect()
}

fn texts(entries: &[Entry], field: &str) -> BTreeSet<String> {
    let said = entries.iter().filter_map(|entry| Said::parse(&entry.message));
    said.filter_map(|said| said.text(field).map(str::to_owned))
        .collect()
}

/// One JSON document a line: the line's own fields, with `milliseconds` since 1970 and `source`, the function or the
/// execution.
fn machine_readable(entry: &Entry) -> String {
    let mut document = match Said::parse(&entry.message) {
        Some(said) => Value::Object(said.fields),
        None => json!({"message": entry.message}),
    };
    document["milliseconds"] = entry.milliseconds.into();
    document["source"] = entry.who.as_str().into();
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(milliseconds: u64, message: &Value) -> Entry {
        Entry {
            milliseconds,
            who: "order-placer".to_owned(),
            message: message.to_string(),
            id: milliseconds.to_string(),
        }
    }

    #[test]
    fn a_reports_way_begins_with_its_order() {
        let (order, report) = ("order-00", "54517018502");
        let lines = [
            json!({"order": order, "message": "The order order-00 of A3 waits"}),
            json!({"order": "order-01", "message": "The order order-01 of A3 waits"}),
            json!({"order": order, "report": report, "message": "The order order-00 of A3 has become the report 54517018502"}),
            json!({"report": report, "execution": "A3_1", "message": "Report 54517018502 of A3 is stored"}),
            json!({"report": "1", "message": "Report 1 of A3 is stored"}),
        ];
        let entries: Vec<_> = (0..).zip(&lines).map(|(at, line)| entry(at, line)).collect();
        for id in [order, report] {
            let times: Vec<_> = about(entries.clone(), id)
                .iter()
                .map(|it| it.milliseconds)
                .collect();
            assert_eq!(times, [0, 2, 3], "{id}");
        }
        assert_eq!(texts(&entries, "execution"), BTreeSet::from(["A3_1".to_owned()]));
        assert_eq!(about(entries, "2"), []);
    }

    #[test]
    fn programs_get_the_fields_with_time_and_source() {
        let stored = entry(7, &json!({"report": "1", "message": "is stored"}));
        let document: Value = serde_json::from_str(&machine_readable(&stored)).expect("JSON");
        let expected =
            json!({"report": "1", "message": "is stored", "milliseconds": 7, "source": "order-placer"});
        assert_eq!(document, expected);
    }
}
