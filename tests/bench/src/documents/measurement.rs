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

/// Up to here everybody has several turns, beyond it one. With this size they are compared.
const REPEATED: Size = Size::GIB;
/// How many, otherwise.
const TURNS: u32 = 3;
/// Who takes longer is not asked again, unless the number of repeats was asked for.
const LONG: Duration = Duration::from_secs(30);
/// Who takes less has more turns where they are compared: a tenth of it is not much time.
const SHORT: Duration = Duration::from_secs(3);
/// How many.
const TURNS_OF_SHORT: u32 = 9;

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
    for round in 1.. {
        let mut has_ended = true;
        for entry in &mut entries {
            let turns = turns(entry, size, options.repeats);
            if round > turns {
                continue;
            }
            has_ended = false;
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
                "{size} {packing}, round {round} of {turns}: {}: {outcome}",
                entry.contestant
            );
        }
        if has_ended {
            break;
        }
    }
    Ok(Scene {
        size,
        packing,
        sent_bytes: stage.sent_bytes(document)?,
        entries,
    })
}

/// How many turns somebody has, after those that it has had.
fn turns(entry: &Entry, size: Size, asked_for: Option<u32>) -> u32 {
    let longest = entry.runs.iter().map(|run| run.seconds).fold(0.0, f64::max);
    match asked_for {
        _ if entry.note.is_some() => 0,
        Some(turns) => turns,
        None if size > REPEATED || longest > LONG.as_secs_f64() => 1,
        None if size == REPEATED && longest < SHORT.as_secs_f64() => TURNS_OF_SHORT,
        None => TURNS,
    }
}

fn entry(contestant: Contestant, size: Size) -> Entry {
    let is_too_much = contestant.is_buffering() && size > REPEATED;
    Entry {
        contestant,
        runs: Vec::new(),
        note: is_too_much.then(|| "left out, because it holds the whole document in memory".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::contestant::Contestant::LeastWork;

    #[test]
    fn short_turns_are_many_where_they_are_compared() {
        let turns_after = |size, seconds: &[f64], asked_for| {
            let mut entry = entry(LeastWork, size);
            entry.runs = seconds
                .iter()
                .map(|seconds| Run {
                    seconds: *seconds,
                    cpu_seconds: *seconds,
                    peak_bytes: 1,
                })
                .collect();
            turns(&entry, size, asked_for)
        };
        assert_eq!(turns_after(Size::GIB, &[0.2, 0.3], None), 9);
        assert_eq!(turns_after(Size::GIB, &[0.2, 3.5], None), 3);
        assert_eq!(turns_after(Size::GIB, &[31.0], None), 1);
        assert_eq!(turns_after(Size(1 << 20), &[0.2], None), 3);
        assert_eq!(turns_after(Size(8 << 30), &[0.2], None), 1);
        assert_eq!(turns_after(Size::GIB, &[31.0], Some(5)), 5);
    }

    #[test]
    fn who_failed_has_no_more_turns() {
        let mut failed = entry(LeastWork, Size::GIB);
        failed.note = Some("refused".to_owned());
        assert_eq!(turns(&failed, Size::GIB, Some(5)), 0);
    }
}
