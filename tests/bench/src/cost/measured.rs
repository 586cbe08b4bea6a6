//! What was counted while reports were delivered on the local stack, and what that means for one report.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::bill::{Bill, Source, express_gb_seconds, gb_seconds, write_units};
use super::prices::Item;
use super::workflow::{State, history_events};
use crate::numbers::number;

/// An event of a workflow's log without its data: times, names, ARNs.
const BYTES_PER_EVENT: f64 = 350.0;

/// What CloudWatch counts for an event besides its text.
const LOG_OVERHEAD: usize = 26;

/// The stages that a delivered report's row goes through, each written with another status: ORDERED,
/// NOTIFIED, RETRIEVED, STORED, LINKED, ANNOUNCED.
const STAGES: f64 = 6.0;

/// A month in which a million reports of so many selling partners are ordered and delivered.
const SELLERS: f64 = 100.0;
const HOURS: f64 = 730.0;

/// The functions that need a seller's token: one orders, one asks for the document.
const WITH_TOKENS: f64 = 2.0;

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
    fn writes(&self, table: &str) -> f64 {
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
    fn reads(&self) -> f64 {
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

    /// What one report uses under the Standard workflow with that path.
    pub fn standard(&self, path: &[State]) -> Bill {
        let reports = number(self.reports.max(1));
        let each = |count: f64| count / reports;
        let functions = || self.functions.values();
        let invocations: f64 = functions().map(|function| number(function.invocations)).sum();
        let time: f64 = functions()
            .map(|function| gb_seconds(function.billed_milliseconds, function.memory_mb))
            .sum();
        let function_logs: f64 = functions().map(|function| number(function.log_bytes)).sum();
        let events = number(history_events(path) as u64);
        let states = number(path.len() as u64);
        let logs = each(function_logs) + events * BYTES_PER_EVENT;
        let calls = &self.calls;
        Bill::new("ours, Standard")
            .with(Item::ApiRequest, 1.0, Source::Defined, "POST /reports")
            .with(Item::LambdaRequest, each(invocations), Source::Measured, "REPORT lines")
            .with(
                Item::LambdaGbSecond,
                each(time),
                Source::Measured,
                "REPORT lines: billed durations and memory sizes",
            )
            .with(
                Item::StateTransition,
                states,
                Source::Defined,
                format!("states on the way, the inside of Parallel too: {}", names(path)),
            )
            .with(Item::WriteUnit, self.write_units(), Source::Measured, self.write_formula())
            .with(
                Item::ReadUnit,
                each(calls.reads()),
                Source::Measured,
                "GetItem, as if all were consistent",
            )
            .with(
                Item::KmsRequest,
                WITH_TOKENS * SELLERS * HOURS / 1e6,
                Source::Assumed,
                format!(
                    "a function knows a token for an hour: {WITH_TOKENS} functions × {SELLERS} sellers × {HOURS} hours for a million reports (here, warm: {} for {} reports). Data keys of S3, SQS, SNS and DynamoDB are kept for minutes and shared, and not in it",
                    calls.count("kms", "Decrypt"),
                    self.reports,
                ),
            )
            .with(
                Item::SecretRequest,
                WITH_TOKENS * HOURS * 12.0 / 1e6,
                Source::Assumed,
                format!("a function knows the secret for five minutes: {WITH_TOKENS} functions × {HOURS} hours × 12 (here, warm: {} for {} reports)",
                    calls.count("secretsmanager", "GetSecretValue"),
                    self.reports,
                ),
            )
            .with(Item::S3Write, each(self.s3_writes()), Source::Measured, "PutObject and multipart calls")
            .with(Item::S3Read, 1.0, Source::Assumed, "the reader follows the link once")
            .with(
                Item::SqsRequest,
                3.0,
                Source::Assumed,
                "sent, received and deleted, as if no two messages came together",
            )
            .with(
                Item::SnsPublish,
                each(calls.count("sns", "Publish")),
                Source::Measured,
                "Publish",
            )
            .with(Item::Email, 1.0, Source::Assumed, "one subscriber")
            .with(
                Item::LogGb,
                logs / 1e9,
                Source::Assumed,
                format!("functions' lines as measured; the workflow's {events} events of {BYTES_PER_EVENT} bytes"),
            )
            .with(
                Item::Trace,
                1.0,
                Source::Assumed,
                "every execution traced; X-Ray takes one a second and a twentieth of the others",
            )
    }

    /// The same on the express lane, for a report that nothing holds up. What is handed over pays for
    /// the Standard workflow besides.
    pub fn express(&self, standard: &Bill) -> Bill {
        standard
            .without("ours, Express", |item| item == Item::StateTransition)
            .with(Item::ExpressRequest, 1.0, Source::Defined, "one execution")
            .with(
                Item::ExpressGbSecond,
                self.express_gb_seconds,
                Source::Measured,
                "deliveries' times by the begun 100 ms, at 64 MB",
            )
    }

    /// What a function's invocation is billed on average, by the function's name.
    pub fn mean_milliseconds(&self, function: &str) -> f64 {
        self.functions
            .get(function)
            .map_or(0.0, FunctionUse::mean_milliseconds)
    }

    fn s3_writes(&self) -> f64 {
        [
            "PutObject",
            "CreateMultipartUpload",
            "UploadPart",
            "CompleteMultipartUpload",
        ]
        .iter()
        .map(|operation| self.calls.count("s3", operation))
        .sum()
    }

    /// A row of *Reports* is in two indexes. `byStatus` holds all attributes: each write is written
    /// there, too, and one that changes the status deletes the old entry besides. `byDueTime` holds keys:
    /// written when the report is ordered, replaced when it is announced, deleted at the end.
    fn write_units(&self) -> f64 {
        let reports = number(self.reports.max(1));
        let to_reports = self.calls.writes("REPORTS_TABLE") / reports;
        let to_others =
            (self.calls.writes("QUOTAS_TABLE") + self.calls.writes("SELLING_PARTNERS_TABLE")) / reports;
        let by_status = to_reports + (STAGES - 1.0);
        let by_due_time = 4.0;
        to_others + (to_reports + by_status) * write_units(self.row_bytes) + by_due_time
    }

    fn write_formula(&self) -> String {
        let reports = number(self.reports.max(1));
        format!(
            "{:.1} writes to Reports, again to its index byStatus and {} deletions there, of {:.0} bytes each; 4 to byDueTime; {:.1} to Quotas",
            self.calls.writes("REPORTS_TABLE") / reports,
            STAGES - 1.0,
            self.row_bytes,
            self.calls.writes("QUOTAS_TABLE") / reports,
        )
    }
}

fn names(path: &[State]) -> String {
    let names: Vec<_> = path.iter().map(|state| state.name.as_str()).collect();
    names.join(", ")
}

/// How large an item is to DynamoDB, from its JSON: the lengths of names and values.
pub fn item_bytes(item: &Value) -> usize {
    let fields = item.as_object().into_iter().flatten();
    fields.map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &Value) -> usize {
    let Some((kind, content)) = value.as_object().and_then(|fields| fields.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), content) {
        ("S", Value::String(text)) => text.len(),
        // Two digits a byte, and one byte more.
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        // Base64.
        ("B", Value::String(text)) => text.len() / 4 * 3,
        ("L", Value::Array(list)) => 3 + list.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        ("M", map) => 3 + item_bytes(map),
        ("SS" | "NS" | "BS", Value::Array(set)) => set.iter().filter_map(Value::as_str).map(str::len).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
        pairs
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    fn measured() -> Measured {
        let function = FunctionUse {
            invocations: 20,
            billed_milliseconds: 2000.0,
            memory_mb: 512.0,
            log_bytes: 10_000,
        };
        let services = [
            ("kms", counts(&[("Decrypt", 5)])),
            ("sns", counts(&[("Publish", 10)])),
            (
                "s3",
                counts(&[("PutObject", 9), ("UploadPart", 1), ("GetObject", 7)]),
            ),
        ];
        let tables = [
            (
                "REPORTS_TABLE",
                counts(&[("UpdateItem", 60), ("GetItem", 20), ("Query", 99)]),
            ),
            ("QUOTAS_TABLE", counts(&[("UpdateItem", 20)])),
            ("SELLING_PARTNERS_TABLE", counts(&[("GetItem", 10)])),
        ];
        Measured {
            reports: 10,
            document_bytes: 1,
            functions: BTreeMap::from([("report-creator".to_owned(), function)]),
            calls: Calls {
                services: services.map(|(name, counts)| (name.to_owned(), counts)).into(),
                tables: tables.map(|(name, counts)| (name.to_owned(), counts)).into(),
            },
            row_bytes: 1100.0,
            delivery_seconds: 1.0,
            express_gb_seconds: 0.0625,
        }
    }

    fn path() -> Vec<State> {
        let state = |name: &str, kind: &str| State {
            name: name.to_owned(),
            kind: kind.to_owned(),
        };
        vec![state("A", "Task"), state("B", "Succeed")]
    }

    #[test]
    fn counts_become_what_one_report_uses() {
        let bill = measured().standard(&path());
        let uses = |item| bill.per_report(item);
        assert_eq!(uses(Item::LambdaRequest), 2.0);
        assert_eq!(uses(Item::LambdaGbSecond), 0.1);
        assert_eq!(uses(Item::StateTransition), 2.0);
        assert_eq!(uses(Item::KmsRequest), 0.146);
        assert_eq!(uses(Item::S3Write), 1.0);
        assert_eq!(uses(Item::ReadUnit), 3.0);
        // Rows of two units, written 6 times to the table and 11 times to an index; 4 + 2 others.
        assert_eq!(uses(Item::WriteUnit), 2.0 + 17.0 * 2.0 + 4.0);
        assert_eq!(uses(Item::LogGb), (1000.0 + 9.0 * 350.0) / 1e9);
    }

    #[test]
    fn the_express_lane_pays_for_time_instead_of_states() {
        let measured = measured();
        let standard = measured.standard(&path());
        let express = measured.express(&standard);
        assert_eq!(express.per_report(Item::StateTransition), 0.0);
        let saved = standard.dollars(Item::StateTransition);
        let paid = 1.0 + 0.0625 * 16.67;
        assert!((standard.total() - saved + paid - express.total()).abs() < 1e-9);
        let (mean, billed) = Measured::times(&[1.0, 2.01]);
        assert_eq!((mean, billed), (1.505, (0.0625 + 2.1 * 0.0625) / 2.0));
    }

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
    fn an_item_is_as_large_as_its_names_and_values() {
        let item =
            json!({"id": {"S": "abc"}, "n": {"N": "1234"}, "l": {"L": [{"S": "xy"}]}, "b": {"BOOL": true}});
        assert_eq!(item_bytes(&item), 5 + 4 + (1 + 3 + 3) + 2);
    }
}
