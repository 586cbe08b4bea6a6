//! No storm: how fast many reports of one seller get through, compared with the least that Amazon's
//! quotas allow.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;
use serde_json::json;
use sp_api::rates::Operation;

use crate::evidence::calls::{Call, least};
use crate::evidence::{Evidence, Memory};
use crate::mail::Mail;
use crate::options::{Faults, Options};
use crate::output::Printer;
use crate::plan::Plan;
use crate::result::Table;
use crate::scene::{Account, Scene};
use crate::settling;
use crate::verdict::Verdict;
use crate::warm_up::warm_up;

/// The slowest that is good enough.
const RATIO: f64 = 1.05;

/// How many calls may be throttled.
const SHARE: f64 = 0.01;

const OPERATION: Operation = Operation::GetReportDocument;

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// How many documents were fetched.
    pub documents: usize,
    /// From the first to the last.
    pub seconds: f64,
    /// The same, had every call come the moment that its quota allowed it.
    pub least_seconds: f64,
    /// How many times longer it took.
    pub ratio: f64,
    /// How many calls were made.
    pub calls: usize,
    /// How many of them were throttled.
    pub throttled: usize,
    /// What part of all.
    pub throttled_share: f64,
}

impl Measured {
    /// Measures.
    pub fn of(calls: &[Call], interval: Duration) -> Self {
        let calls: Vec<_> = calls
            .iter()
            .filter(|call| call.operation == OPERATION.name())
            .collect();
        let times = || calls.iter().filter(|call| call.status == 200).map(|call| call.at);
        let documents = times().count();
        let throttled = calls.iter().filter(|call| call.status == 429).count();
        let seconds = match (times().min(), times().max()) {
            (Some(first), Some(last)) => last.duration_since(first).as_secs_f64(),
            _ => 0.0,
        };
        let least_seconds = least(OPERATION, documents, interval).as_secs_f64();
        let share = |part: usize| {
            let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            count(part) / count(calls.len().max(1))
        };
        Self {
            documents,
            seconds,
            least_seconds,
            ratio: seconds / least_seconds,
            calls: calls.len(),
            throttled,
            throttled_share: share(throttled),
        }
    }

    /// Whether it was fast enough, and wasted few enough calls.
    pub fn is_good(&self) -> bool {
        self.ratio <= RATIO && self.throttled_share <= SHARE
    }
}

/// What a drain came to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainResult {
    /// What was measured.
    pub measured: Measured,
    /// Whether all arrived.
    pub verdict: Verdict,
}

impl DrainResult {
    /// Whether all arrived, fast enough.
    pub fn is_good(&self) -> bool {
        self.measured.is_good() && self.verdict.is_good()
    }

    /// For machines.
    pub fn json(&self) -> serde_json::Result<String> {
        let mut result = serde_json::to_value(self)?;
        result["good"] = self.is_good().into();
        serde_json::to_string_pretty(&result)
    }

    /// For people.
    pub fn table(&self) -> String {
        let (measured, mut table) = (&self.measured, Table::default());
        table.section(&format!("{} documents of one seller", measured.documents));
        table.row(
            "from the first URL to the last",
            &format!("{:.1} s", measured.seconds),
        );
        table.row(
            "the least that the quota allows",
            &format!("{:.1} s", measured.least_seconds),
        );
        table.row("ratio", &format!("{:.3} (at most {RATIO})", measured.ratio));
        table.row(
            "calls, and how many were throttled",
            &format!(
                "{}, {} ({:.1} %)",
                measured.calls,
                measured.throttled,
                measured.throttled_share * 100.0
            ),
        );
        table.row("announced", &self.verdict.announced.to_string());
        table.row("lost", &self.verdict.lost.to_string());
        table.row("announced twice", &self.verdict.announced_twice.to_string());
        table.section(match self.is_good() {
            true => "✓ As fast as Amazon lets it",
            false => "✗ This is not good enough",
        });
        for problem in &self.verdict.problems {
            table.text(problem);
        }
        table.0
    }
}

/// Lets `reports` finish together, and measures.
pub async fn run(reports: u32, options: &Options, printer: Printer) -> Result<DrainResult> {
    let scene = Scene::find(printer, options.speed_up).await?;
    let plan = Plan::draw(1, options.seed, &Faults::none(), scene.interval);
    let accounts = scene.settle_in(&plan.accounts[..1], None).await?;
    let [
        Account {
            seller,
            plan: account,
        },
    ] = accounts.as_slice()
    else {
        unreachable!("one was asked for")
    };
    let sellers = [seller.as_str()];
    let orders = warm_up(&scene, &accounts, &plan.orders).await?;
    // The call that the warm-up took comes back.
    tokio::time::sleep(scene.interval * 2).await;
    let position = scene.journal_position().await?;
    printer.line(&format!("{reports} reports of {seller} finish together"));
    finish_together(&scene, reports, seller, account.region).await?;
    settling::settle(&scene, &sellers, &orders, &mut Mail::default()).await?;
    let entries = scene.simulator.journal_after(position).await?;
    let memory = Memory {
        orders,
        some_made_elsewhere: true,
        ..Memory::default()
    };
    let evidence = Evidence::gather(&scene, None, &sellers, memory).await?;
    Ok(DrainResult {
        measured: Measured::of(&Call::of(&entries, &sellers), scene.interval),
        verdict: Verdict::of(&evidence),
    })
}

async fn finish_together(scene: &Scene, reports: u32, seller: &str, region: &str) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(5);
    for _ in 0..reports {
        let left = end.saturating_duration_since(Instant::now());
        let outcome = json!({"delayMilliseconds": u64::try_from(left.as_millis())?, "gzip": true});
        scene
            .simulator
            .report_made_elsewhere(seller, region, "GET_MERCHANT_LISTINGS_ALL_DATA", outcome)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn calls(count: i64, step_milliseconds: i64, throttled: usize) -> Vec<Call> {
        let call = |index: i64, status| Call {
            operation: OPERATION.name().to_owned(),
            seller: Some("A1".into()),
            region: Some("NA".into()),
            status,
            fault: None,
            at: Timestamp::from_millisecond(index * step_milliseconds).expect("valid"),
        };
        let mut calls: Vec<_> = (0..count).map(|index| call(index, 200)).collect();
        calls.extend((0..throttled).map(|_| call(0, 429)));
        calls
    }

    #[test]
    fn a_drain_may_take_little_longer_than_the_least() {
        // 115 documents need 100 intervals.
        let second = Duration::from_secs(1);
        let measured = Measured::of(&calls(115, 900, 1), second);
        assert_eq!((measured.documents, measured.least_seconds), (115, 100.0));
        assert!(measured.is_good(), "{measured:?}");
        assert!(!Measured::of(&calls(115, 930, 0), second).is_good(), "too slow");
        assert!(
            !Measured::of(&calls(115, 900, 2), second).is_good(),
            "too many were throttled"
        );
        assert!(!Measured::of(&[], second).is_good(), "nothing is no success");
    }
}
