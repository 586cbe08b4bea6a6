//! From a function's start to its first answer.

use anyhow::Result;
use serde_json::json;

use crate::findings::Findings;
use crate::surroundings::Surroundings;

/// Measures.
pub async fn run(_surroundings: &Surroundings) -> Result<Findings> {
    Ok(Findings {
        name: "start-up",
        title: "Start-up",
        caption: String::new(),
        tables: Vec::new(),
        figures: json!([]),
        targets: Vec::new(),
    })
}
