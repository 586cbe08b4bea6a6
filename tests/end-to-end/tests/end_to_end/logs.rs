use serde_json::Value;

use crate::aws_cli::aws;
use crate::world::{LISTINGS, World};

/// All that the functions have logged, with the names of the log groups.
pub fn lines() -> Vec<(String, String)> {
    let groups = aws(&["logs", "describe-log-groups"]);
    let mut lines = Vec::new();
    for group in groups["logGroups"].as_array().expect("log groups") {
        let name = group["logGroupName"].as_str().expect("a name");
        let events = aws(&["logs", "filter-log-events", "--log-group-name", name]);
        for event in events["events"].as_array().expect("events") {
            let message = event["message"].as_str().unwrap_or_default();
            lines.push((name.to_owned(), message.to_owned()));
        }
    }
    lines
}

/// Each stage of a delivery has said that it went well, in a line that names the report in its text and in its
/// fields, with the execution that its row names.
#[tokio::test]
async fn a_reports_way_is_told_by_the_logs() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;
    let row = world.shown(&seller, &report).await;
    let lines = lines();
    let said: Vec<Value> = lines
        .iter()
        .filter_map(|(_, line)| serde_json::from_str(line).ok())
        // Another seller may have a report of the same id.
        .filter(|line: &Value| line["report"] == report.as_str() && line["seller"] == seller.id.as_str())
        .collect();
    for line in &said {
        let message = line["message"].as_str().unwrap_or_default();
        assert!(message.contains(&report), "{line}");
    }
    for (words, knows_execution) in [
        ("is ordered", false),
        ("is announced", false),
        ("has its document at hand", true),
        ("is stored", true),
        ("has a link", true),
        ("is delivered", true),
    ] {
        let line = said.iter().find(|line| {
            line["message"]
                .as_str()
                .is_some_and(|message| message.contains(words))
        });
        let line = line.unwrap_or_else(|| panic!("no line says that it {words}: {said:?}"));
        assert!(
            !knows_execution || line["execution"] == row["execution"],
            "{line}"
        );
    }
}
