//! What is to go wrong, and what did.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::call::{Attempt, Call};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    /// The service's own throttling error.
    Throttle,
    /// The service's own status 500.
    InternalError,
    /// Status 503.
    Unavailable,
    /// The connection is reset, and nothing is done.
    Reset,
    /// The connection breaks in the middle of the request.
    CutUpload,
    /// What was asked is done, but instead of the answer the connection is reset.
    LostAnswer,
    /// What was asked is done, and the connection ends in the middle of the answer.
    CutAnswer,
    /// The call has to wait.
    Delay,
}

impl Kind {
    /// Whether what is asked is done all the same.
    pub(crate) fn lets_on(self) -> bool {
        matches!(self, Self::LostAnswer | Self::CutAnswer | Self::Delay)
    }
}

/// One order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    /// As in signatures: `dynamodb`, `kms`, `s3`, `secretsmanager`, `sns`, `sqs`, `states`.
    pub(crate) service: String,
    /// All of the service's, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    pub(crate) kind: Kind,
    /// Another error code than the kind's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The length of a delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
    #[serde(default = "always")]
    pub(crate) probability: f64,
    #[serde(default)]
    pub(crate) seed: u64,
    /// At most so many calls fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    /// A call that fails does so at all its attempts: the SDK gives up.
    #[serde(default)]
    pub(crate) stubborn: bool,
}

fn always() -> f64 {
    1.0
}

impl Rule {
    /// What is wrong with it.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        let is_error = matches!(
            self.kind,
            Kind::Throttle | Kind::InternalError | Kind::Unavailable
        );
        if self.service.is_empty() {
            Some("service must not be empty")
        } else if !(0.0..=1.0).contains(&self.probability) {
            Some("probability must be between 0 and 1")
        } else if self.count == Some(0) {
            Some("count must be at least 1")
        } else if self.milliseconds.is_some() != (self.kind == Kind::Delay) {
            Some("milliseconds belongs to delay, and to nothing else")
        } else if self.code.is_some() && !is_error {
            Some("code belongs to throttle, internalError and unavailable")
        } else {
            None
        }
    }

    fn concerns(&self, call: &Call) -> bool {
        self.service == call.service
            && self
                .operation
                .as_ref()
                .is_none_or(|operation| *operation == call.operation)
    }

    /// Whether the call of that number fails: the same seed always draws the same numbers, and
    /// each rule draws its own.
    fn draw(&self, number: u64) -> bool {
        let name = format!(
            "{} {} {} {:?} {number}",
            self.seed,
            self.service,
            self.operation.as_deref().unwrap_or("*"),
            self.kind
        );
        let digest = Sha256::digest(name.as_bytes());
        let bits = digest
            .iter()
            .take(4)
            .fold(0, |bits: u32, byte| bits << 8 | u32::from(*byte));
        f64::from(bits) / (f64::from(u32::MAX) + 1.0) < self.probability
    }
}

/// A rule and what came of it.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    #[serde(flatten)]
    rule: Rule,
    /// How many calls it was asked about.
    asked: u64,
    /// How many of them failed.
    struck: u64,
    /// Which did, of those that say who they are.
    #[serde(skip)]
    invocations: HashSet<String>,
}

impl Entry {
    fn strikes(&mut self, attempt: Option<&Attempt>) -> bool {
        if self.rule.stubborn
            && let Some(attempt) = attempt
            && !attempt.is_first
        {
            return self.invocations.contains(&attempt.invocation);
        }
        if self.rule.count.is_some_and(|count| self.struck >= count) {
            return false;
        }
        let strikes = self.rule.draw(self.asked);
        self.asked += 1;
        self.struck += u64::from(strikes);
        if self.rule.stubborn
            && strikes
            && let Some(attempt) = attempt
        {
            self.invocations.insert(attempt.invocation.clone());
        }
        strikes
    }
}

/// How often something went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fired {
    #[serde(flatten)]
    call: Call,
    kind: Kind,
    count: u64,
}

/// How often something was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Seen {
    #[serde(flatten)]
    call: Call,
    count: u64,
}

/// How often an operation of DynamoDB's was asked for a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TableSeen {
    operation: String,
    table: String,
    count: u64,
}

/// The rules in their order, and the counts.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    entries: Vec<Entry>,
    fired: BTreeMap<(Call, Kind), u64>,
    seen: BTreeMap<Call, u64>,
    tables: BTreeMap<(String, String), u64>,
}

impl Rulebook {
    /// From here on these rules hold and no others. What has fired stays counted.
    pub(crate) fn replace(&mut self, rules: Vec<Rule>) {
        let entry = |rule| Entry {
            rule,
            asked: 0,
            struck: 0,
            invocations: HashSet::new(),
        };
        self.entries = rules.into_iter().map(entry).collect();
    }

    /// Forgets what was counted.
    pub(crate) fn reset_counts(&mut self) {
        self.fired.clear();
        self.seen.clear();
        self.tables.clear();
    }

    /// Counts an operation of DynamoDB's for each of its tables.
    pub(crate) fn note_tables(&mut self, operation: &str, tables: Vec<String>) {
        for table in tables {
            *self.tables.entry((operation.to_owned(), table)).or_default() += 1;
        }
    }

    /// Counts a call and decides what goes wrong with it. The first rule that concerns it and
    /// strikes is the only one; those behind it aren't asked.
    pub(crate) fn strike(&mut self, call: &Call, attempt: Option<&Attempt>) -> Option<Rule> {
        *self.seen.entry(call.clone()).or_default() += 1;
        let entry = self
            .entries
            .iter_mut()
            .filter(|entry| entry.rule.concerns(call))
            .find_map(|entry| entry.strikes(attempt).then_some(entry))?;
        let rule = entry.rule.clone();
        *self.fired.entry((call.clone(), rule.kind)).or_default() += 1;
        Some(rule)
    }

    /// The rules, with what came of each.
    pub(crate) fn rules(&self) -> serde_json::Value {
        serde_json::json!(self.entries)
    }

    /// What went wrong, every attempt counted.
    pub(crate) fn fired(&self) -> Vec<Fired> {
        let fired = self.fired.iter();
        fired
            .map(|((call, kind), count)| Fired {
                call: call.clone(),
                kind: *kind,
                count: *count,
            })
            .collect()
    }

    /// What was asked, every attempt counted.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.iter();
        seen.map(|(call, count)| Seen {
            call: call.clone(),
            count: *count,
        })
        .collect()
    }

    /// What was asked of DynamoDB's tables, every attempt counted.
    pub(crate) fn tables(&self) -> Vec<TableSeen> {
        let tables = self.tables.iter();
        tables
            .map(|((operation, table), count)| TableSeen {
                operation: operation.clone(),
                table: table.clone(),
                count: *count,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(value: serde_json::Value) -> Rule {
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}"))
    }

    fn call(operation: &str) -> Call {
        Call {
            service: "dynamodb".to_owned(),
            operation: operation.to_owned(),
        }
    }

    fn attempt(invocation: &str, is_first: bool) -> Attempt {
        Attempt {
            invocation: invocation.to_owned(),
            is_first,
        }
    }

    /// Which of so many calls fail.
    fn strikes(rules: &[Rule], calls: usize) -> Vec<bool> {
        let mut rulebook = Rulebook::default();
        rulebook.replace(rules.to_vec());
        (0..calls)
            .map(|_| rulebook.strike(&call("PutItem"), None).is_some())
            .collect()
    }

    #[test]
    fn a_seed_always_draws_the_same_and_another_seed_something_else() {
        let with_seed = |seed: u64| {
            rule(json!({"service": "dynamodb", "kind": "throttle", "probability": 0.3, "seed": seed}))
        };
        let drawn = strikes(&[with_seed(1)], 1000);
        assert_eq!(strikes(&[with_seed(1)], 1000), drawn);
        assert_ne!(strikes(&[with_seed(2)], 1000), drawn);
        let count = drawn.iter().filter(|struck| **struck).count();
        assert!(
            (250..350).contains(&count),
            "{count} of 1000 at a probability of 0.3"
        );
    }

    #[test]
    fn rules_of_one_seed_draw_different_numbers() {
        let of_kind =
            |kind| rule(json!({"service": "dynamodb", "kind": kind, "probability": 0.3, "seed": 1}));
        assert_ne!(
            strikes(&[of_kind("throttle")], 100),
            strikes(&[of_kind("reset")], 100)
        );
    }

    #[test]
    fn the_first_rule_that_strikes_is_the_only_one() {
        let mut rulebook = Rulebook::default();
        rulebook.replace(vec![
            rule(json!({"service": "s3", "kind": "throttle"})),
            rule(json!({"service": "dynamodb", "operation": "PutItem", "kind": "reset", "count": 1})),
            rule(json!({"service": "dynamodb", "kind": "throttle"})),
        ]);
        let mut strike = |operation| rulebook.strike(&call(operation), None).map(|rule| rule.kind);
        assert_eq!(strike("GetItem"), Some(Kind::Throttle));
        assert_eq!(strike("PutItem"), Some(Kind::Reset));
        assert_eq!(strike("PutItem"), Some(Kind::Throttle));
        assert_eq!(
            json!(rulebook.fired()),
            json!([
                {"service": "dynamodb", "operation": "GetItem", "kind": "throttle", "count": 1},
                {"service": "dynamodb", "operation": "PutItem", "kind": "throttle", "count": 1},
                {"service": "dynamodb", "operation": "PutItem", "kind": "reset", "count": 1},
            ])
        );
        assert_eq!(
            json!(rulebook.seen()),
            json!([
                {"service": "dynamodb", "operation": "GetItem", "count": 1},
                {"service": "dynamodb", "operation": "PutItem", "count": 2},
            ])
        );
        rulebook.note_tables(
            "TransactWriteItems",
            vec!["a".to_owned(), "a".to_owned(), "b".to_owned()],
        );
        assert_eq!(
            json!(rulebook.tables()),
            json!([
                {"operation": "TransactWriteItems", "table": "a", "count": 2},
                {"operation": "TransactWriteItems", "table": "b", "count": 1},
            ])
        );
        assert_eq!(rulebook.rules()[1]["struck"], 1);
        rulebook.replace(Vec::new());
        assert_eq!(rulebook.strike(&call("PutItem"), None), None);
        assert_eq!(rulebook.fired().len(), 3);
        rulebook.reset_counts();
        assert!(rulebook.fired().is_empty());
    }

    #[test]
    fn a_stubborn_rule_decides_about_a_call_once() {
        let mut rulebook = Rulebook::default();
        rulebook.replace(vec![rule(
            json!({"service": "dynamodb", "kind": "throttle", "count": 1, "stubborn": true}),
        )]);
        let mut strike = |invocation, is_first| {
            rulebook
                .strike(&call("PutItem"), Some(&attempt(invocation, is_first)))
                .is_some()
        };
        assert!(strike("one", true) && strike("one", false) && strike("one", false));
        assert!(!strike("two", true) && !strike("two", false));
        assert_eq!(rulebook.rules()[0]["struck"], 1);
        assert_eq!(rulebook.fired()[0].count, 3);
    }

    #[test]
    fn nonsense_is_complained_about() {
        let complaint = |value| rule(value).complaint();
        assert_eq!(complaint(json!({"service": "s3", "kind": "cutUpload"})), None);
        for wrong in [
            json!({"service": "", "kind": "throttle"}),
            json!({"service": "s3", "kind": "throttle", "probability": 1.5}),
            json!({"service": "s3", "kind": "throttle", "count": 0}),
            json!({"service": "s3", "kind": "delay"}),
            json!({"service": "s3", "kind": "reset", "milliseconds": 5}),
            json!({"service": "s3", "kind": "reset", "code": "SlowDown"}),
        ] {
            assert!(complaint(wrong.clone()).is_some(), "{wrong}");
        }
        let misspelt = json!({"service": "s3", "kind": "reset", "probabilty": 0.1});
        assert!(serde_json::from_value::<Rule>(misspelt).is_err());
    }
}
