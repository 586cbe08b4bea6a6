//! What was counted, as what one report uses.

use super::bill::{Bill, Source, gb_seconds, write_units};
use super::measured::Measured;
use super::prices::Item;
use super::workflow::{State, history_events};
use crate::numbers::number;

/// An event of a workflow's log without its data: times, names, ARNs.
const BYTES_PER_EVENT: f64 = 350.0;

/// The stages that a delivered report's row goes through, each written with another status: ORDERED,
/// NOTIFIED, RETRIEVED, STORED, LINKED, ANNOUNCED.
const STAGES: f64 = 6.0;

/// A month in which a million reports of so many selling partners are ordered and delivered.
const SELLERS: f64 = 100.0;
const HOURS: f64 = 730.0;

/// How often a link is opened.
const OPENED: f64 = 1.0;

/// The functions that need a seller's token: one orders, one asks for the document.
const WITH_TOKENS: f64 = 2.0;

impl Measured {
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
            .with(
                Item::ApiRequest,
                1.0 + OPENED,
                Source::Assumed,
                "POST /reports, and the link",
            )
            .with(
                Item::LambdaRequest,
                each(invocations) + OPENED,
                Source::Measured,
                "REPORT lines, and the link",
            )
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
                each(calls.reads()) + OPENED,
                Source::Measured,
                "GetItem, as if all were consistent, and the link",
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
            .with(
                Item::S3Read,
                2.0 * OPENED,
                Source::Assumed,
                "the link's document is looked for and read",
            )
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
                Item::Event,
                each(calls.count("events", "PutEvents")),
                Source::Measured,
                "PutEvents",
            )
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

    /// A row of *Reports* is in three indexes. `byStatus` holds all attributes: each write is written
    /// there, too, and one that changes the status deletes the old entry besides. `byDueTime` holds keys:
    /// written when the report is ordered, replaced when it is announced, deleted at the end.
    /// `byNotifiedTime` is written once, and so is a link's row in its index; each opening of the link
    /// writes the row alone.
    fn write_units(&self) -> f64 {
        let reports = number(self.reports.max(1));
        let to_reports = self.calls.writes("REPORTS_TABLE") / reports;
        let to_others =
            (self.calls.writes("QUOTAS_TABLE") + self.calls.writes("SELLING_PARTNERS_TABLE")) / reports;
        let by_status = to_reports + (STAGES - 1.0);
        let (by_due_time, by_notified_time) = (4.0, 1.0);
        let to_links = 2.0 * self.calls.writes("LINKS_TABLE") / reports + OPENED;
        to_others
            + to_links
            + (to_reports + by_status) * write_units(self.row_bytes)
            + by_due_time
            + by_notified_time
    }

    fn write_formula(&self) -> String {
        let reports = number(self.reports.max(1));
        format!(
            "{:.1} writes to Reports, again to its index byStatus and {} deletions there, of {:.0} bytes each; 4 to byDueTime, 1 to byNotifiedTime; {:.1} to Quotas; {:.1} to Links and its index, and {OPENED} when it is opened",
            self.calls.writes("REPORTS_TABLE") / reports,
            STAGES - 1.0,
            self.row_bytes,
            self.calls.writes("QUOTAS_TABLE") / reports,
            2.0 * self.calls.writes("LINKS_TABLE") / reports,
        )
    }
}

fn names(path: &[State]) -> String {
    let names: Vec<_> = path.iter().map(|state| state.name.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::measured::{Calls, FunctionUse};
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
            ("events", counts(&[("PutEvents", 10)])),
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
            ("LINKS_TABLE", counts(&[("PutItem", 10)])),
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
        assert_eq!(uses(Item::LambdaRequest), 3.0);
        assert_eq!(uses(Item::LambdaGbSecond), 0.1);
        assert_eq!(uses(Item::StateTransition), 2.0);
        assert_eq!(uses(Item::KmsRequest), 0.146);
        assert_eq!(uses(Item::S3Write), 1.0);
        assert_eq!(uses(Item::Event), 1.0);
        assert_eq!(uses(Item::ReadUnit), 4.0);
        // Rows of two units, written 6 times to the table and 11 times to an index; 5 + 2 others; a link.
        assert_eq!(uses(Item::WriteUnit), 2.0 + 17.0 * 2.0 + 5.0 + 3.0);
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
    }
}
