//! What a storm came to, for machines and for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use end_to_end::Count;
use serde::Serialize;

use crate::evidence::calls::Costs;
use crate::verdict::Verdict;

/// Everything that is known at the end.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StormResult {
    /// As asked for.
    pub reports: u32,
    /// As asked for.
    pub seed: u64,
    /// The kinds that were on.
    pub faults: String,
    /// Reports that were ordered beforehand.
    pub warm_ups: usize,
    /// Reports that were settled when the faults were taken back.
    pub settled_when_it_ended: usize,
    /// What came of it.
    pub verdict: Verdict,
    /// What it cost at Amazon.
    pub costs: Costs,
    /// What it cost at AWS; unknown without the proxy.
    pub aws: Option<AwsCounts>,
    /// Processes that were killed, by function.
    pub kills: BTreeMap<String, u64>,
    /// Kills that found no process.
    pub missed_kills: u64,
    /// The most memory that a process of each function has had resident, in MiB.
    pub peak_memory: BTreeMap<&'static str, u64>,
    /// What was odd.
    pub odd: Oddities,
    /// What became of notifications.
    pub notifications: BTreeMap<&'static str, u64>,
}

/// How many messages, documents and answers were odd, by group and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Oddities(BTreeMap<String, BTreeMap<String, u64>>);

impl Oddities {
    /// Those that were counted since.
    pub fn between(
        before: &BTreeMap<String, BTreeMap<String, u64>>,
        mut counts: BTreeMap<String, BTreeMap<String, u64>>,
    ) -> Self {
        for (group, kinds) in &mut counts {
            for (kind, count) in kinds.iter_mut() {
                let earlier = before.get(group).and_then(|kinds| kinds.get(kind));
                *count -= earlier.copied().unwrap_or_default().min(*count);
            }
            kinds.retain(|_, count| *count > 0);
        }
        counts.retain(|_, kinds| !kinds.is_empty());
        Self(counts)
    }
}

/// What the proxy in front of AWS has counted.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsCounts {
    /// Faults, by service, operation and kind.
    pub faults: BTreeMap<String, u64>,
    /// Calls for each report, by service and operation; attempts that failed included.
    pub calls_per_report: BTreeMap<String, f64>,
}

impl AwsCounts {
    /// Counts, for so many reports.
    pub fn of(fired: &[Count], calls: &[Count], reports: usize) -> Self {
        let mut counts = Self {
            faults: BTreeMap::new(),
            calls_per_report: BTreeMap::new(),
        };
        for fault in fired {
            let kind = fault.kind.as_deref().unwrap_or("fault");
            let name = format!("{}: {kind}", fault.service);
            *counts.faults.entry(name).or_default() += fault.count;
        }
        let reports = u32::try_from(reports.max(1)).unwrap_or(u32::MAX);
        for call in calls {
            let count = u32::try_from(call.count).unwrap_or(u32::MAX);
            let each = f64::from(count) / f64::from(reports);
            counts.calls_per_report.insert(
                format!("{} {}", call.service, call.operation),
                (each * 100.0).round() / 100.0,
            );
        }
        counts
    }
}

impl StormResult {
    /// For machines.
    pub fn json(&self) -> serde_json::Result<String> {
        let mut result = serde_json::to_value(self)?;
        result["good"] = self.verdict.is_good().into();
        serde_json::to_string_pretty(&result)
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut table = Table::default();
        self.outcome(&mut table);
        self.price(&mut table);
        let counts = |counts: &BTreeMap<String, u64>| counts.clone().into_iter().collect::<Vec<_>>();
        table.section("Faults that struck");
        for (name, count) in counts(&self.costs.faults) {
            table.row(&name, &count.to_string());
        }
        for (name, count) in &self.notifications {
            table.row(&format!("notifications: {name}"), &count.to_string());
        }
        for (name, count) in counts(&self.kills) {
            table.row(&format!("killed: {name}"), &count.to_string());
        }
        if self.missed_kills > 0 {
            table.row("kills that found nobody", &self.missed_kills.to_string());
        }
        if let Some(aws) = &self.aws {
            for (name, count) in counts(&aws.faults) {
                table.row(&name, &count.to_string());
            }
        }
        self.oddities(&mut table);
        match &self.aws {
            Some(aws) => {
                table.section("Calls to AWS for each report (with the attempts that failed)");
                for (name, count) in &aws.calls_per_report {
                    table.row(name, &format!("{count:.2}"));
                }
            }
            None => {
                table.section("Calls to AWS are not counted: no fault proxy (cargo local up --faulty-aws)");
            }
        }
        table.section("Peak resident memory of a process, MiB");
        for (function, peak) in &self.peak_memory {
            table.row(function, &peak.to_string());
        }
        table.section(match self.verdict.is_good() {
            true => "✓ Nothing lost, nothing twice",
            false => "✗ This is wrong:",
        });
        for problem in &self.verdict.problems {
            table.text(problem);
        }
        table.0
    }

    fn oddities(&self, table: &mut Table) {
        for (group, kinds) in &self.odd.0 {
            let total: u64 = kinds.values().sum();
            table.section(&format!("Odd {group}: {total}"));
            for (kind, count) in kinds {
                table.row(kind, &count.to_string());
            }
        }
    }

    fn outcome(&self, table: &mut Table) {
        let verdict = &self.verdict;
        table.section(&format!(
            "{} reports, seed {}, faults: {}",
            self.reports, self.seed, self.faults
        ));
        for (name, count) in [
            ("orders sent (with those to warm up)", verdict.ordered),
            ("orders accepted", verdict.accepted),
            (
                "orders refused, not sent again without a key",
                verdict.refused_without_key,
            ),
            (
                "orders accepted that became no report",
                verdict.orders_without_report,
            ),
            ("orders that became two reports", verdict.made_twice),
            ("orders that have a like order's report", verdict.exchanged),
            ("reports that Amazon made", verdict.made),
            (
                "settled before the faults were taken back",
                self.settled_when_it_ended,
            ),
            ("documents stored", verdict.stored),
            ("byte-identical", verdict.byte_identical),
            ("different", verdict.different),
            ("labelled as what they are not", verdict.mislabelled),
            ("announced", verdict.announced),
            ("announced twice", verdict.announced_twice),
            (
                "twice because the notifier was killed",
                verdict.twice_because_killed,
            ),
            ("lost", verdict.lost),
            (
                "refused without authorization",
                verdict.refused_without_authorization,
            ),
            ("told of obstacles", verdict.obstacles_told),
            ("waited when the secret was mended", verdict.waited_for_secret),
            ("garbage sent", verdict.garbage),
            ("dead letters", verdict.dead_letters),
            ("uploads that nobody could end", verdict.uploads_left_behind),
        ] {
            table.row(name, &count.to_string());
        }
    }

    fn price(&self, table: &mut Table) {
        let costs = &self.costs;
        table.section("Calls to Amazon: made / needed, 429 on demand / by quota");
        for (operation, cost) in &costs.operations {
            let needed = cost
                .needed
                .map_or_else(|| "–".to_owned(), |needed| needed.to_string());
            table.row(
                operation,
                &format!(
                    "{:>6} / {needed:<6} {:>4} / {:<4}",
                    cost.made, cost.throttled_on_demand, cost.throttled_by_quota
                ),
            );
        }
        table.row(
            "from the first order to the last document",
            &format!(
                "{:.1} s; the quotas alone: {:.1} s",
                costs.drain_seconds, costs.least_seconds
            ),
        );
    }
}

/// Text in two columns.
#[derive(Default)]
pub struct Table(pub String);

impl Table {
    /// A heading.
    pub fn section(&mut self, title: &str) {
        // Writing to a String can't fail.
        let _ = writeln!(self.0, "\n{title}");
    }

    /// A line.
    pub fn row(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "  {name:<48} {value}");
    }

    /// A line that is nothing but text.
    pub fn text(&mut self, text: &str) {
        let _ = writeln!(self.0, "  {text}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(verdict: Verdict) -> StormResult {
        let counts = |counts| serde_json::from_value::<Vec<Count>>(counts).expect("as the proxy writes them");
        let fired = counts(json!([
            {"service": "s3", "operation": "PutObject", "kind": "reset", "count": 2},
            {"service": "s3", "operation": "UploadPart", "kind": "reset", "count": 1},
        ]));
        let calls = counts(json!([{"service": "dynamodb", "operation": "UpdateItem", "count": 400}]));
        StormResult {
            reports: 60,
            seed: 1,
            faults: "all".into(),
            warm_ups: 4,
            settled_when_it_ended: 50,
            verdict,
            costs: Costs::default(),
            aws: Some(AwsCounts::of(&fired, &calls, 60)),
            kills: BTreeMap::new(),
            missed_kills: 0,
            peak_memory: BTreeMap::from([("report-creator", 21)]),
            odd: Oddities::between(&odd_by(2), odd_by(5)),
            notifications: BTreeMap::new(),
        }
    }

    fn odd_by(count: u64) -> BTreeMap<String, BTreeMap<String, u64>> {
        let kinds = BTreeMap::from([("seller-only".to_owned(), count), ("null-type".to_owned(), 2)]);
        BTreeMap::from([
            ("messages".to_owned(), kinds),
            ("answers".to_owned(), BTreeMap::new()),
        ])
    }

    #[test]
    fn people_and_machines_hear_the_same() {
        let good = result(Verdict::default());
        let json: serde_json::Value = serde_json::from_str(&good.json().expect("written")).expect("JSON");
        assert_eq!(
            (&json["good"], &json["verdict"]["lost"]),
            (&json!(true), &json!(0))
        );
        assert_eq!(json["aws"]["faults"]["s3: reset"], 3);
        assert_eq!(json["aws"]["callsPerReport"]["dynamodb UpdateItem"], 6.67);
        assert_eq!(json["odd"], json!({"messages": {"seller-only": 3}}));
        assert!(good.table().contains("Odd messages: 3") && !good.table().contains("null-type"));
        assert!(good.table().contains("✓ Nothing lost") && good.table().contains("6.67"));
        let bad = result(Verdict {
            lost: 1,
            problems: vec!["report 500 is lost".into()],
            ..Verdict::default()
        });
        assert!(bad.table().contains("✗") && bad.table().contains("report 500 is lost"));
        assert!(bad.json().expect("written").contains("\"good\": false"));
    }
}
