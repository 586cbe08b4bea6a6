//! What was asked of Amazon, in the simulator's journal; and what it would have taken at least.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sp_api::rates::Operation;

use super::TrueReport;
use crate::plan::is_restricted;
use crate::scene::account_of;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Amazon's name for the operation, `lwa`, `document` or `sendMessage`.
    pub operation: String,
    /// Whose.
    pub seller: Option<String>,
    /// Where.
    pub region: Option<String>,
    /// What was answered; 0 for nothing.
    pub status: u64,
    /// The fault that struck it.
    pub fault: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

impl Call {
    /// Reads the journal's entries about those sellers, and those about nobody in particular.
    pub fn of(entries: &[Value], sellers: &[&str]) -> Vec<Self> {
        let is_ours = |call: &Self| {
            let seller = call.seller.as_deref();
            seller.is_none_or(|seller| sellers.contains(&seller))
        };
        let mut calls: Vec<_> = entries.iter().filter_map(Self::read).collect();
        for call in &mut calls {
            let region = call.region.as_deref();
            call.seller = call
                .seller
                .take()
                .map(|seller| account_of(sellers, &seller, region));
        }
        calls.retain(is_ours);
        calls
    }

    fn read(entry: &Value) -> Option<Self> {
        let text = |name: &str| entry[name].as_str().map(str::to_owned);
        let detail = entry["detail"].as_str();
        Some(Self {
            operation: text("operation")?,
            seller: text("sellerId"),
            region: text("region"),
            status: entry["status"].as_u64()?,
            fault: detail
                .and_then(|detail| detail.strip_prefix("fault: "))
                .map(str::to_owned),
            at: entry["time"].as_str()?.parse().ok()?,
        })
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What an operation cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Calls that were made.
    pub made: u64,
    /// Calls without which it can't be done; unknown where it depends on the functions' processes.
    pub needed: Option<u64>,
    /// 429s that the storm ordered.
    pub throttled_on_demand: u64,
    /// 429s because the quota was spent.
    pub throttled_by_quota: u64,
}

/// What every operation cost, and what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// By operation.
    pub operations: BTreeMap<String, Cost>,
    /// By operation and fault.
    pub faults: BTreeMap<String, u64>,
    /// From the first order, or the first document, to the last document.
    pub drain_seconds: f64,
    /// What the quotas alone would have taken, had nothing else taken time.
    pub least_seconds: f64,
}

impl Costs {
    /// Counts the calls that were made for `reports`; `interval` is how long a quota takes to come back.
    pub fn of(calls: &[Call], reports: &[TrueReport], interval: Duration) -> Self {
        let mut costs = Self::default();
        for call in calls {
            let cost = costs.operations.entry(call.operation.clone()).or_default();
            cost.made += 1;
            if call.status == 429 {
                match call.fault {
                    Some(_) => cost.throttled_on_demand += 1,
                    None => cost.throttled_by_quota += 1,
                }
            }
            if let Some(fault) = &call.fault {
                let name = format!("{}: {}", call.operation, short(fault));
                *costs.faults.entry(name).or_default() += 1;
            }
        }
        let documents = || reports.iter().filter(|report| report.has_document);
        let restricted = documents()
            .filter(|report| is_restricted(&report.report_type))
            .count();
        let unannounced = reports.iter().filter(|report| report.notified == 0).count();
        for (operation, needed) in [
            (
                "createReport",
                reports.iter().filter(|report| report.order.is_some()).count(),
            ),
            ("getReport", unannounced),
            ("getReportDocument", documents().count()),
            ("createRestrictedDataToken", restricted),
            ("document", documents().count()),
        ] {
            let cost = costs.operations.entry(operation.to_owned()).or_default();
            cost.needed = u64::try_from(needed).ok();
        }
        costs.time(calls, interval);
        costs
    }

    fn time(&mut self, calls: &[Call], interval: Duration) {
        let scarce = [Operation::CreateReport, Operation::GetReportDocument];
        let successes = |operation: Operation| {
            let of = move |call: &&Call| call.operation == operation.name() && call.is_success();
            calls.iter().filter(of)
        };
        let accounts: BTreeSet<_> = calls.iter().map(|call| (&call.seller, &call.region)).collect();
        for account in accounts {
            for operation in scarce {
                let of_account = |call: &&Call| (&call.seller, &call.region) == account;
                let count = successes(operation).filter(of_account).count();
                self.least_seconds = self
                    .least_seconds
                    .max(least(operation, count, interval).as_secs_f64());
            }
        }
        let times = || scarce.into_iter().flat_map(successes).map(|call| call.at);
        if let (Some(first), Some(last)) = (times().min(), times().max()) {
            self.drain_seconds = last.duration_since(first).as_secs_f64();
        }
    }
}

/// What so many calls of that operation take at least, from the first to the last, after a rest.
pub fn least(operation: Operation, calls: usize, interval: Duration) -> Duration {
    let waiting = u32::try_from(calls)
        .unwrap_or(u32::MAX)
        .saturating_sub(operation.rate().burst);
    interval * waiting
}

/// A fault without the numbers that tell it from its like.
fn short(fault: &str) -> &str {
    let end = [" for ", " after "]
        .iter()
        .filter_map(|word| fault.find(word))
        .min();
    &fault[..end.unwrap_or(fault.len())]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(operation: &str, second: i64, status: u64, fault: Option<&str>) -> Value {
        json!({
            "operation": operation, "sellerId": "A1", "region": "EU", "status": status,
            "detail": fault.map(|fault| format!("fault: {fault}")),
            "time": Timestamp::from_second(second).expect("valid").to_string(),
        })
    }

    fn report(id: usize) -> TrueReport {
        TrueReport {
            seller: "A1".into(),
            id: id.to_string(),
            region: "EU".into(),
            report_type: "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING".into(),
            order: Some(id),
            status: "DONE".into(),
            has_document: true,
            bytes: Some(1),
            sha256: None,
            content_sha256: None,
            is_gzip: false,
            charset: None,
            oddity: None,
            notified: 0,
        }
    }

    #[test]
    fn calls_are_counted_and_throttling_is_told_from_quotas() {
        let calls = [
            call("getReportDocument", 0, 200, None),
            call("getReportDocument", 1, 429, Some("status 429")),
            call("getReportDocument", 1, 429, None),
            call("document", 2, 200, Some("stalled for 3000 ms")),
            call("document", 3, 200, Some("truncated after 17 bytes")),
            call("lwa", 4, 0, Some("connection reset")),
            json!({"operation": "lwa", "sellerId": "A2", "status": 200, "time": "2026-11-22T00:00:00Z"}),
        ];
        let costs = Costs::of(&Call::of(&calls, &["A1"]), &[report(1)], Duration::from_secs(1));
        let expected = Cost {
            made: 3,
            needed: Some(1),
            throttled_on_demand: 1,
            throttled_by_quota: 1,
        };
        assert_eq!(costs.operations["getReportDocument"], expected);
        assert_eq!(costs.operations["lwa"].made, 1, "another seller's is not counted");
        assert_eq!(costs.operations["createRestrictedDataToken"].needed, Some(1));
        assert_eq!(
            costs.operations["getReport"].needed,
            Some(1),
            "nobody announced it"
        );
        assert_eq!(costs.faults["document: stalled"], 1);
        assert_eq!(costs.faults["document: truncated"], 1);
        assert_eq!(costs.faults["lwa: connection reset"], 1);
    }

    #[test]
    fn the_least_time_is_what_is_over_the_burst() {
        let calls: Vec<_> = (0..20)
            .map(|second| call("createReport", second, 202, None))
            .collect();
        let reports: Vec<_> = (0..20).map(report).collect();
        let costs = Costs::of(&Call::of(&calls, &["A1"]), &reports, Duration::from_secs(2));
        assert_eq!((costs.drain_seconds, costs.least_seconds), (19.0, 10.0));
        let least = |calls| least(Operation::CreateReport, calls, Duration::from_secs(1));
        assert_eq!(least(3), Duration::ZERO);
    }
}
