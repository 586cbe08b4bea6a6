//! Documents on their way from Amazon to S3: throughput, CPU time and memory.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::findings::Findings;
use crate::surroundings::Surroundings;

/// What can be chosen.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Documents of these sizes, with commas between
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<String>,
    /// How often each figure is measured; the median is shown
    #[arg(long)]
    repeats: Option<u32>,
}

/// The processes that a measurement is made of, each a subcommand that is not meant for people.
#[derive(Clone, Debug, Subcommand)]
pub enum Part {}

impl Part {
    /// Plays it.
    pub fn play(self) -> Result<()> {
        match self {}
    }
}

/// Measures.
pub async fn run(_options: &Options, _surroundings: &Surroundings) -> Result<Findings> {
    Ok(Findings {
        name: "documents",
        title: "Documents",
        caption: String::new(),
        tables: Vec::new(),
        figures: json!([]),
        targets: Vec::new(),
    })
}
