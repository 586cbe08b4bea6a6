//! What Amazon's archived Quick Start uses for one report, as its template, its workflow and its
//! functions say. How long its functions run is not known here.

use super::bill::{Bill, Source, gb_seconds};
use super::prices::Item;

/// A function of its, by what it does here.
struct Function {
    /// Ours that does the same.
    ours: &'static str,
    memory_mb: f64,
}

/// The five that work on a report. The template gives all 512 MB but the one that reads notifications.
const FUNCTIONS: [Function; 5] = [
    Function {
        ours: "report-creator",
        memory_mb: 512.0,
    },
    Function {
        ours: "notifications-processor",
        memory_mb: 256.0,
    },
    Function {
        ours: "report-document-retrieval",
        memory_mb: 512.0,
    },
    Function {
        ours: "report-document-storage",
        memory_mb: 512.0,
    },
    Function {
        ours: "presigned-url-generator",
        memory_mb: 512.0,
    },
];

/// The workflow: a choice, three functions, and SNS called by itself.
const TASKS: f64 = 4.0;
const CHOICES: f64 = 1.0;

/// Its workflow logs everything with its data, the document's URL among it.
const BYTES_PER_EVENT: f64 = 1000.0;

/// Three lines of Lambda's and some of its own.
const LOG_BYTES_PER_INVOCATION: f64 = 600.0;

/// What it uses for one report, if each of its functions runs as long as ours that does the same:
/// `billed_milliseconds` by our function's name.
pub fn bill(billed_milliseconds: impl Fn(&str) -> f64) -> Bill {
    let time: f64 = FUNCTIONS
        .iter()
        .map(|function| gb_seconds(billed_milliseconds(function.ours), function.memory_mb))
        .sum();
    let events = TASKS * 5.0 + CHOICES * 2.0 + 2.0;
    let invocations = 5.0;
    let logs = events * BYTES_PER_EVENT + invocations * LOG_BYTES_PER_INVOCATION;
    Bill::new("Quick Start")
        .with(Item::ApiRequest, 1.0, Source::Defined, "POST /reports")
        .with(Item::LambdaRequest, invocations, Source::Defined, "its template")
        .with(
            Item::LambdaGbSecond,
            time,
            Source::Assumed,
            "its memory sizes; each function as long as ours, though it is Java and makes its clients anew for every event",
        )
        .with(
            Item::StateTransition,
            TASKS + CHOICES,
            Source::Defined,
            "its workflow",
        )
        .with(Item::WriteUnit, 1.0, Source::Defined, "the order's row; no index")
        .with(
            Item::ReadUnit,
            1.5,
            Source::Defined,
            "two tokens and a row, half a unit each, because not consistent",
        )
        .with(
            Item::KmsRequest,
            2.0,
            Source::Defined,
            "a token decrypted for the order and for the document",
        )
        .with(
            Item::SecretRequest,
            4.0,
            Source::Defined,
            "two secrets read for the order and for the document",
        )
        .with(Item::S3Write, 1.0, Source::Defined, "the document")
        .with(Item::S3Read, 1.0, Source::Assumed, "the reader follows the link once")
        .with(Item::SqsRequest, 3.0, Source::Defined, "sent, received and deleted; one message a batch")
        .with(Item::SnsPublish, 1.0, Source::Defined, "by the workflow")
        .with(Item::Email, 1.0, Source::Defined, "one subscriber")
        .with(
            Item::LogGb,
            logs / 1e9,
            Source::Assumed,
            format!("{events} events of {BYTES_PER_EVENT} bytes, and {LOG_BYTES_PER_INVOCATION} for each invocation"),
        )
}

/// What a million reports cost more for every 100 ms that each of its functions runs longer.
pub fn dollars_per_further_tenth() -> f64 {
    let time: f64 = FUNCTIONS
        .iter()
        .map(|function| gb_seconds(100.0, function.memory_mb))
        .sum();
    time * Item::LambdaGbSecond.price().dollars_per_million
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_functions_are_billed_at_their_own_memory_sizes() {
        let bill = bill(|name| {
            if name == "notifications-processor" {
                400.0
            } else {
                100.0
            }
        });
        let expected = 4.0 * 0.05 + 0.1;
        assert!((bill.per_report(Item::LambdaGbSecond) - expected).abs() < 1e-9);
        assert_eq!(bill.dollars(Item::StateTransition), 125.0);
        assert!((dollars_per_further_tenth() - 0.225 * 16.6667).abs() < 1e-9);
    }
}
