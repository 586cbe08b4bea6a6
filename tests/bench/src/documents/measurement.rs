//! Everybody's turns.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::Options;
use super::composition::{Name, Packing};
use super::contestant::Contestant;
use super::results::{Entry, Results, Scene};
use super::size::Size;
use super::stage::Stage;
use crate::process::Usage;
use crate::surroundings::Surroundings;

/// Up to here three times, beyond it once.
const REPEATED: Size = Size::GIB;
/// Who takes longer is not asked again, unless the number of repeats was asked for.
const LONG: Duration = Duration::from_secs(30);

/// A document's whole way, once, in a new process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// From the order to the answer; the process had started before.
    pub seconds: f64,
    /// In that time, to a hundredth.
    pub cpu_seconds: f64,
    /// The process's resident memory at its peak, its start included.
    pub peak_bytes: u64,
}

impl Run {
    /// From what was measured, and the CPU time used up before.
    pub fn new(took: Duration, usage: Usage, before: Duration) -> Self {
        Self {
            seconds: took.as_secs_f64(),
            cpu_seconds: usage.cpu.saturating_sub(before).as_secs_f64(),
            peak_bytes: usage.peak_memory,
        }
    }
}

/// Lets everybody move everything, in turns.
pub async fn measure(options: &Options, surroundings: &Surroundings) -> Result<Results> {
    let stage = Stage::set(surroundings).await?;
    let mut sizes = options.sizes.clone();
    sizes.sort();
    sizes.dedup();
    let mut scenes = Vec::new();
    for size in sizes {
        for packing in [Packing::Plain, Packing::Gzip] {
            scenes.push(play(&stage, size, packing, options).await?);
        }
    }
    Ok(Results { scenes })
}

async fn play(stage: &Stage<'_>, size: Size, packing: Packing, options: &Options) -> Result<Scene> {
    let document = Name {
        packing,
        plain_bytes: size.0,
    };
    let is_asked = |one: &Contestant| options.contestants.is_empty() || options.contestants.contains(one);
    let contestants = Contestant::ALL
        .into_iter()
        .filter(|one| one.moves(packing) && is_asked(one));
    let mut entries: Vec<Entry> = contestants.map(|one| entry(one, size)).collect();
    let rounds = options.repeats.unwrap_or(if size <= REPEATED { 3 } else { 1 });
    for round in 1..=rounds {
        for entry in &mut entries {
            let was_long = entry.runs.iter().any(|run| run.seconds > LONG.as_secs_f64());
            if entry.note.is_some() || (was_long && options.repeats.is_none()) {
                continue;
            }
            let outcome = match stage.run(entry.contestant, document).await {
                Ok(run) => {
                    entry.runs.push(run);
                    format!("{:.3} s", run.seconds)
                }
                Err(error) => {
                    let reason = format!("{error:#}");
                    entry.note = Some(reason.clone());
                    reason
                }
            };
            eprintln!(
                "{size} {packing}, round {round} of {rounds}: {}: {outcome}",
                entry.contestant
            );
        }
    }
    Ok(Scene {
        size,
        packing,
        sent_bytes: stage.sent_bytes(document)?,
        entries,
    })
}

fn entry(contestant: Contestant, size: Size) -> Entry {
    let is_too_much = contestant.is_buffering() && size > REPEATED;
    Entry {
        contestant,
        runs: Vec::new(),
        note: is_too_much.then(|| "left out, because it holds the whole document in memory".to_owned()),
    }
}
