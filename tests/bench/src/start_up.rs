//! From a function's start to its first answer, beside functions in Python and JavaScript.

mod functions;
mod samples;
mod stand_in;
mod subjects;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::findings::{Findings, Target};
use crate::function::Function;
use crate::numbers::number;
use crate::surroundings::Surroundings;
use crate::table::Table;
use samples::Samples;
use stand_in::StandIn;
use subjects::{Kind, Subject};

/// How often each is started. They take turns, so that a noisy moment strikes all.
const STARTS: usize = 15;

/// How many events each gets after its first, in each of its lives.
const WARM_EVENTS: usize = 5;

/// Longer than any event takes.
const DEADLINE: Duration = Duration::from_secs(30);

/// Measures.
pub async fn run(surroundings: &Surroundings) -> Result<Findings> {
    let stand_in = StandIn::start(&surroundings.tls()).await?;
    let subjects = subjects::all(surroundings, &stand_in)?;
    let mut measured: Vec<Samples> = subjects.iter().map(|_| Samples::default()).collect();
    // What the first start reads from disk, the others find in memory: it is not counted.
    for round in 0..=STARTS {
        for (subject, samples) in subjects.iter().zip(&mut measured) {
            let life = live(subject).await.with_context(|| subject.name.clone())?;
            if round > 0 {
                samples.add(life);
            }
        }
    }
    let rows: Vec<(Subject, Samples)> = subjects.into_iter().zip(measured).collect();
    Ok(findings(&rows))
}

/// One life of a function: its start, its first answer, and some more.
async fn live(subject: &Subject) -> Result<Samples> {
    let mut function = Function::start(&subject.name, subject.memory, subject.command()).await?;
    let mut life = Samples::default();
    life.starts.push(function.start_took());
    for number in 0..=WARM_EVENTS {
        let answer = function.invoke(&subject.event, DEADLINE).await?;
        if number == 0 {
            life.cpu.push(function.process().cpu_clock()?);
        }
        if let Some(problem) = functions::problem(&answer.payload) {
            anyhow::bail!("it answered {problem}");
        }
        let answers = if number == 0 {
            &mut life.first
        } else {
            &mut life.warm
        };
        answers.push(answer.took);
    }
    life.memory.push(function.process().usage()?.peak_memory);
    function.kill().await?;
    Ok(life)
}

fn findings(rows: &[(Subject, Samples)]) -> Findings {
    let mut table = Table::new(
        "",
        [
            "",
            "MB",
            "start to /next, ms",
            "first event, ms",
            "both, ms",
            "CPU of both, ms",
            "warm event, ms",
            "MiB resident",
        ],
    );
    for (subject, samples) in rows {
        table.row([
            subject.name.clone(),
            subject
                .bytes
                .map_or_else(String::new, |bytes| format!("{:.1}", mega(bytes))),
            format!("{:.1}", samples.start()),
            format!("{:.1}", samples.first_event()),
            format!("{:.1}", samples.until_first_answer()),
            format!("{:.1}", samples.cpu_until_first_answer()),
            format!("{:.2}", samples.warm_event()),
            format!("{:.0}", samples.peak_memory()),
        ]);
    }
    let of_kind = |kind: Kind| rows.iter().filter(move |(subject, _)| subject.kind == kind);
    let slowest = of_kind(Kind::Ours)
        .map(|(_, samples)| samples.start())
        .max_by(f64::total_cmp);
    let ratio = |kind: Kind| {
        let (_, peer) = of_kind(kind).next()?;
        Some(peer.start() / slowest?)
    };
    if let Some(ratio) = ratio(Kind::Node) {
        table.note(format!(
            "The Node function takes {ratio:.0} × the slowest function's time to start."
        ));
    }
    Findings {
        name: "start-up",
        title: "Start-up",
        caption: format!(
            "From the process's start to its first request for an event, then that event, then more of them; \
             medians of {STARTS} starts, taken in turns. Each function gets an event of its own kind and makes the \
             calls that belong to it, over TLS, to a stand-in for AWS and Amazon on this machine; the peers make \
             one GetItem, like report-reader. The system's own certificates are trusted by all. {}",
            machine()
        ),
        tables: vec![table],
        figures: rows
            .iter()
            .map(|(subject, samples)| {
                json!({
                    "name": subject.name,
                    "kind": subject.kind,
                    "bytes": subject.bytes,
                    "startMilliseconds": samples.start(),
                    "firstEventMilliseconds": samples.first_event(),
                    "untilFirstAnswerMilliseconds": samples.until_first_answer(),
                    "cpuUntilFirstAnswerMilliseconds": samples.cpu_until_first_answer(),
                    "warmEventMilliseconds": samples.warm_event(),
                    "peakMemoryMebibytes": samples.peak_memory(),
                    "starts": STARTS,
                })
            })
            .collect(),
        targets: vec![
            Target::at_most(
                "the slowest function's start, at most 10 ms",
                slowest,
                10.0,
                " ms",
            ),
            Target::at_least(
                "the Python function's start, at least ten times the slowest function's",
                ratio(Kind::Python),
                10.0,
                " ×",
            ),
        ],
    }
}

fn mega(bytes: u64) -> f64 {
    number(bytes) / 1e6
}

/// What the figures were measured on.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("", |rest| rest.trim_start_matches([' ', '\t', ':']));
    format!("This machine: {cores} cores, {model}, load {load} at the end.")
}
