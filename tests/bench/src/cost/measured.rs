//! What was counted while reports were delivered on the local stack.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bill::express_gb_seconds;
use crate::numbers::number;

/// What CloudWatch counts for an event besides its text.
const LOG_OVERHEAD: usize = 26;

/// What one function did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionUse {
    /// How many events it got.
    pub invocations: u64,
    /// What Lambda would bill, together.
    pub billed_milliseconds: f64,
    /// Its memory size.
    pub memory_mb: f64,
    /// What it and Lambda logged.
    pub log_bytes: u64,
}

impl FunctionUse {
    /// Adds a line of its log.
    pub fn note(&mut self, line: &str) {
        self.log_bytes += u64::try_from(line.len() + LOG_OVERHEAD).unwrap_or_default();
        if let Some(report) = super::report_line::ReportLine::parse(line) {
            self.invocations += 1;
            self.billed_milliseconds += report.billed_milliseconds;
            self.memory_mb = report.memory_mb;
        }
    }

    /// The mean of an invocation.
    pub fn mean_milliseconds(&self) -> f64 {
        self.billed_milliseconds / number(self.invocations.max(1))
    }
}

/// How often AWS was called.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// By service and operation.
    pub services: BTreeMap<String, BTreeMap<String, u64>>,
    /// Of DynamoDB, by the table's variable and operation.
    pub tables: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Calls {
    /// How often that was.
    pub fn count(&self, service: &str, operation: &str) -> f64 {
        let operations = self.services.get(service);
        number(
            operations
                .and_then(|all| all.get(operation))
                .copied()
                .unwrap_or(0),
        )
    }

    /// Writes to a table, transactions twice, as they are billed.
    pub fn writes(&self, table: &str) -> f64 {
        let operations = self.tables.get(table).into_iter().flatten();
        operations
            .map(|(operation, count)| match operation.as_str() {
                "PutItem" | "UpdateItem" | "DeleteItem" => number(*count),
                "TransactWriteItems" => 2.0 * number(*count),
                _ => 0.0,
            })
            .sum()
    }

    /// Items read from any table. Queries and scans are the reconciler's, which runs all the same when
    /// there is no report.
    pub fn reads(&self) -> f64 {
        let tables = self.tables.values();
        let reads = tables.filter_map(|operations| operations.get("GetItem"));
        reads.map(|count| number(*count)).sum()
    }
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// How many reports were delivered.
    pub reports: u64,
    /// How large their documents were.
    pub document_bytes: u64,
    /// The functions that work on a report.
    pub functions: BTreeMap<String, FunctionUse>,
    /// The calls that they made.
    pub calls: Calls,
    /// The mean size of a delivered report's row.
    pub row_bytes: f64,
    /// The mean time from a delivery's start to its end.
    pub delivery_seconds: f64,
    /// What Express would bill for the deliveries' times, on average.
    pub express_gb_seconds: f64,
}

impl Measured {
    /// Means over deliveries that took so many seconds each.
    pub fn times(deliveries: &[f64]) -> (f64, f64) {
        let count = number(deliveries.len() as u64).max(1.0);
        let mean = |value: &dyn Fn(f64) -> f64| deliveries.iter().copied().map(value).sum::<f64>() / count;
        // The definition and a few KB of data: one chunk.
        (mean(&|time| time), mean(&|time| express_gb_seconds(time, 64.0)))
    }

    /// What a function's invocation is billed on average, by the function's name.
    pub fn mean_milliseconds(&self, function: &str) -> f64 {
        self.functions
            .get(function)
            .map_or(0.0, FunctionUse::mean_milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_log_is_its_account() {
        let mut function = FunctionUse::default();
        for line in [
            "START RequestId: 1",
            "REPORT RequestId: 1\tDuration: 10.5 ms\tBilled Duration: 11 ms\tMemory Size: 256 MB",
            "REPORT RequestId: 2\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB",
        ] {
            function.note(line);
        }
        assert_eq!((function.invocations, function.billed_milliseconds), (2, 24.0));
        assert_eq!(function.mean_milliseconds(), 12.0);
        assert!(function.log_bytes > 100);
    }

    #[test]
    fn times_are_averaged_and_billed_one_by_one() {
        let (mean, billed) = Measured::times(&[1.0, 2.01]);
        assert_eq!((mean, billed), (1.505, (0.0625 + 2.1 * 0.0625) / 2.0));
    }
}
