//! What can go wrong, under names that the state machine's `ErrorEquals` matches.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use lambda_runtime::Diagnostic;
use sp_api::SpApiError;
use sp_api::ids::SellerId;
use sp_api::rates::Operation;

/// How the words of [`PipelineError::OrderInDoubt`] begin.
pub const ORDER_IN_DOUBT: &str = "it is not known whether Amazon took the order";

/// What can go wrong between a request and its effect.
///
/// No variant holds a token or a URL: every one may be logged, shown and kept.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// Amazon's answer, or its silence.
    #[error(transparent)]
    Amazon(#[from] SpApiError),
    /// An AWS service is not to be had for the moment, after the SDK's own retries.
    #[error("{service} failed for the moment: {message}")]
    AwsTransient {
        /// The service's name.
        service: &'static str,
        /// Its error code and words.
        message: String,
    },
    /// An AWS service refuses, and will refuse again: a missing permission or resource.
    #[error("{service} refused: {message}")]
    AwsRefused {
        /// The service's name.
        service: &'static str,
        /// Its error code and words.
        message: String,
    },
    /// No refresh token is stored for this selling partner.
    #[error("no refresh token is stored for selling partner {0}; POST /tokens stores one")]
    SellerNotFound(SellerId),
    /// The report was not ordered here, and the selling partner never subscribed here.
    #[error("the region of selling partner {0} is not known; POST /notifications makes it known")]
    RegionUnknown(SellerId),
    /// A seller has something of that id in several regions, and the caller does not say which is meant.
    #[error("RegionCode is needed: the selling partner has a report {0} in several regions")]
    RegionNeeded(String),
    /// The operator has not put the application's credentials into the secret yet.
    #[error(
        "the secret {secret} holds no LWA credentials: {problem}; put {{\"ClientId\": …, \"ClientSecret\": …}} into it"
    )]
    LwaCredentialsMissing {
        /// The secret's name.
        secret: String,
        /// What is missing.
        problem: &'static str,
    },
    /// Amazon may have taken the order, and can't be asked. Named as what stands in the way is.
    #[error("{ORDER_IN_DOUBT}: {0}")]
    OrderInDoubt(Box<PipelineError>),
    /// The invocation is over before the document is; the next one goes on.
    #[error("the document is stored up to part {parts}; the next invocation goes on")]
    DocumentUnfinished {
        /// How many parts are stored.
        parts: u32,
    },
    /// A document that must be read from its beginning can't be read in one invocation.
    #[error("the document can't be read within one invocation, however often it is begun")]
    DocumentTooLong,
    /// The input of a stage is not what the workflow promises.
    #[error("{0}")]
    InvalidInput(String),
}

impl PipelineError {
    /// The name under which the state machine knows the error. A contract: tests hold it against
    /// `statemachine/*.asl.json`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Amazon(error) => name_of(error),
            Self::AwsTransient { .. } => "Transient",
            Self::AwsRefused { .. } => "AwsRefused",
            Self::SellerNotFound(_) => "SellerNotFound",
            Self::RegionUnknown(_) => "RegionUnknown",
            Self::RegionNeeded(_) => "RegionNeeded",
            Self::LwaCredentialsMissing { .. } => "LwaCredentialsMissing",
            Self::OrderInDoubt(obstacle) => obstacle.name(),
            Self::DocumentUnfinished { .. } => "DocumentUnfinished",
            Self::DocumentTooLong => "DocumentTooLong",
            Self::InvalidInput(_) => "InvalidInput",
        }
    }

    /// What an SDK call's failure means: worth another try, or not.
    pub fn aws<E: ProvideErrorMetadata, R>(service: &'static str, error: &SdkError<E, R>) -> Self {
        let (transient, message) = match error {
            SdkError::ServiceError(refusal) => {
                let code = refusal.err().code().unwrap_or("UnknownError");
                return Self::aws_refusal(service, code, refusal.err().message());
            }
            SdkError::TimeoutError(_) => (true, "timed out".to_owned()),
            SdkError::DispatchFailure(failure) => {
                let cause = failure
                    .as_connector_error()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                (true, format!("could not be reached: {cause}"))
            }
            SdkError::ResponseError(_) => (true, "answered something unreadable".to_owned()),
            _ => (false, "the request could not be built".to_owned()),
        };
        if transient {
            Self::AwsTransient { service, message }
        } else {
            Self::AwsRefused { service, message }
        }
    }

    /// What a service's refusal under an error code means.
    #[must_use]
    pub fn aws_refusal(service: &'static str, code: &str, words: Option<&str>) -> Self {
        let message = format!("{code}: {}", words.unwrap_or("no message"));
        match is_transient(code) {
            true => Self::AwsTransient { service, message },
            false => Self::AwsRefused { service, message },
        }
    }
}

/// The name of what came of a call to Amazon.
pub(crate) fn name_of(error: &SpApiError) -> &'static str {
    match error {
        SpApiError::Throttled { .. } => "Throttled",
        SpApiError::Transient { .. } => "Transient",
        SpApiError::AuthorizationRevoked { .. } => "AuthorizationRevoked",
        SpApiError::AuthorizationForeign { .. } => "AuthorizationForeign",
        SpApiError::ClientCredentialsRefused { .. } => "LwaCredentialsRefused",
        SpApiError::Unauthorized { .. } => "AccessDenied",
        SpApiError::NotFound { .. } => "DocumentNotFound",
        // Right after DONE, not all of Amazon knows the document yet.
        SpApiError::Rejected {
            operation: Operation::GetReportDocument,
            ..
        } => "DocumentRejected",
        SpApiError::Rejected { .. } => "Rejected",
        SpApiError::DocumentUrlExpired => "DocumentUrlExpired",
        SpApiError::DocumentIncomplete { .. } => "DocumentIncomplete",
        SpApiError::UnexpectedAnswer { .. } => "UnexpectedAnswer",
    }
}

/// Whether an AWS error code stands for something that passes.
fn is_transient(code: &str) -> bool {
    code.contains("Throttl")
        || code.contains("TooManyRequests")
        || code.contains("LimitExceeded")
        || matches!(
            code,
            "InternalError"
                | "InternalException"
                | "InternalFailure"
                | "InternalServerError"
                | "InternalServiceError"
                | "InternalServiceErrorException"
                // Somebody else stores the same document, too, and has been quicker.
                | "InvalidPart"
                | "KMSInternalException"
                | "KeyUnavailableException"
                | "NoSuchUpload"
                | "DependencyTimeoutException"
                | "ProvisionedThroughputExceededException"
                | "RequestTimeout"
                | "ServiceUnavailable"
                | "SlowDown"
                | "TransactionConflictException"
                | "UnknownError"
        )
}

/// A [`PipelineError`] as a workflow stage reports it: its name becomes the `errorType`.
pub struct StageError(PipelineError);

/// In words: it is what Lambda's runtime logs of an invocation that failed.
impl fmt::Debug for StageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.0.name(), self.0)
    }
}

impl<E: Into<PipelineError>> From<E> for StageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<StageError> for Diagnostic {
    fn from(StageError(error): StageError) -> Self {
        Self {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use serde_json::Value;
    use sp_api::rates::Operation::{CreateReport, GetReportDocument};

    use super::*;
    use crate::domain::ledger::FAILED_PROGRESS;
    use crate::domain::obstacle::Obstacle;
    use crate::domain::{Account, Failure};

    const DELIVERY: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../statemachine/report-delivery.asl.json"
    ));
    const ORDER: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../statemachine/report-order.asl.json"
    ));

    /// Errors that passing time mends, and what mends them: the workflow must try these again.
    fn passing() -> Vec<PipelineError> {
        let message = String::new;
        vec![
            SpApiError::Transient {
                call: message(),
                message: message(),
            }
            .into(),
            PipelineError::AwsTransient {
                service: "S3",
                message: message(),
            },
            SpApiError::DocumentUrlExpired.into(),
            SpApiError::DocumentIncomplete { message: message() }.into(),
            PipelineError::DocumentUnfinished { parts: 1 },
        ]
    }

    /// Errors that look final, and have passed within the hour for others: Amazon has not heard of a new
    /// document everywhere, or answers what nobody can read. Final is what is still so two hours later.
    fn perhaps_passing() -> Vec<PipelineError> {
        let text = String::new;
        let operation = GetReportDocument;
        vec![
            SpApiError::NotFound {
                operation,
                code: text(),
                message: text(),
            }
            .into(),
            SpApiError::Rejected {
                operation,
                status: 400,
                code: text(),
                message: text(),
            }
            .into(),
            SpApiError::UnexpectedAnswer {
                call: text(),
                message: text(),
            }
            .into(),
        ]
    }

    /// Mended outside, too, but tried three times before: Amazon has denied everybody everything for a
    /// moment.
    fn denied() -> PipelineError {
        SpApiError::Unauthorized {
            operation: GetReportDocument,
            code: String::new(),
            message: String::new(),
        }
        .into()
    }

    /// Errors that somebody else has to mend: what meets them waits for that, and no execution with it.
    fn mended_outside() -> Vec<PipelineError> {
        let text = String::new;
        let seller = || SellerId::parse("A3").expect("valid");
        vec![
            SpApiError::ClientCredentialsRefused { message: text() }.into(),
            PipelineError::LwaCredentialsMissing {
                secret: text(),
                problem: "",
            },
            SpApiError::AuthorizationRevoked { message: text() }.into(),
            SpApiError::AuthorizationForeign { message: text() }.into(),
            PipelineError::SellerNotFound(seller()),
            PipelineError::RegionUnknown(seller()),
        ]
    }

    /// Errors that the same call will meet again.
    fn lasting() -> Vec<PipelineError> {
        let text = String::new;
        vec![
            // A refusal for the quota is answered with a new slot; as an error it comes only after so
            // many of them that waiting does not help.
            SpApiError::Throttled {
                operation: GetReportDocument,
                message: text(),
                retry_after: Duration::ZERO,
            }
            .into(),
            SpApiError::Rejected {
                operation: CreateReport,
                status: 400,
                code: text(),
                message: text(),
            }
            .into(),
            PipelineError::AwsRefused {
                service: "S3",
                message: text(),
            },
            PipelineError::DocumentTooLong,
            PipelineError::InvalidInput(text()),
        ]
    }

    fn names(errors: &[PipelineError]) -> BTreeSet<String> {
        errors.iter().map(|error| error.name().to_owned()).collect()
    }

    /// Our own errors that a workflow retries.
    fn retried_by(definition: &str) -> BTreeSet<String> {
        let workflow: Value = serde_json::from_str(definition).expect("JSON");
        let mut found = Vec::new();
        retriers(&workflow, &mut found);
        let names = found
            .iter()
            .filter_map(|retrier| retrier["ErrorEquals"].as_array())
            .flatten();
        let names = names.filter_map(Value::as_str).map(str::to_owned);
        names.filter(|name| !name.contains('.')).collect()
    }

    #[test]
    fn the_workflows_retry_what_passes_and_nothing_else() {
        let mut tried_again: BTreeSet<String> = &names(&passing()) | &names(&perhaps_passing());
        tried_again.extend(names(&[denied()]));
        assert_eq!(retried_by(DELIVERY), tried_again);
        // An order has no document.
        let of_documents = |name: &String| name.starts_with("Document");
        let tried_again = tried_again.into_iter().filter(|name| !of_documents(name));
        assert_eq!(retried_by(ORDER), tried_again.collect());
        assert!(names(&lasting()).is_disjoint(&retried_by(DELIVERY)));
    }

    #[test]
    fn what_is_mended_outside_is_waited_for_and_nothing_else_is() {
        let seller = SellerId::parse("A3").expect("valid");
        let waits =
            |error: &PipelineError| Obstacle::of(error, &Account::first(seller.clone()), None).is_some();
        for error in mended_outside().into_iter().chain([denied()]) {
            assert!(waits(&error), "{error:?}");
        }
        assert!(names(&mended_outside()).is_disjoint(&retried_by(DELIVERY)));
        for error in passing().into_iter().chain(perhaps_passing()).chain(lasting()) {
            assert!(!waits(&error), "{error:?}");
        }
    }

    #[test]
    fn what_looks_final_is_final_after_two_hours_and_not_before() {
        let perhaps = names(&perhaps_passing());
        for (definition, states) in [(DELIVERY, 2), (ORDER, 1)] {
            let workflow: Value = serde_json::from_str(definition).expect("JSON");
            let mut found = Vec::new();
            retriers(&workflow, &mut found);
            found.retain(|retrier| {
                let errors = retrier["ErrorEquals"].as_array().expect("names");
                errors
                    .iter()
                    .filter_map(Value::as_str)
                    .any(|name| perhaps.contains(name))
            });
            assert_eq!(found.len(), states, "{definition}");
            for retrier in found {
                let number = |name: &str| retrier[name].as_f64().expect("a number");
                let attempts = retrier["MaxAttempts"]
                    .as_i64()
                    .and_then(|it| i32::try_from(it).ok());
                // Without jitter, which might make them shorter.
                assert_eq!(retrier["JitterStrategy"], Value::Null);
                let pauses = (0..attempts.expect("a bound")).map(|retry| {
                    let pause = number("IntervalSeconds") * number("BackoffRate").powi(retry);
                    pause.min(number("MaxDelaySeconds"))
                });
                let seconds: f64 = pauses.sum();
                assert!((7200.0..9000.0).contains(&seconds), "{seconds}");
            }
        }
    }

    /// Every retrier anywhere in a workflow.
    fn retriers(states: &Value, found: &mut Vec<Value>) {
        match states {
            Value::Object(fields) => {
                let own = fields.get("Retry").and_then(Value::as_array);
                found.extend(own.into_iter().flatten().cloned());
                fields.values().for_each(|value| retriers(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| retriers(value, found)),
            _ => {}
        }
    }

    #[test]
    fn a_failed_delivery_has_the_progress_that_the_ledger_knows_it_by() {
        let workflow: Value = serde_json::from_str(DELIVERY).expect("JSON");
        let values = &workflow["States"]["MarkReportFailed"]["Parameters"]["ExpressionAttributeValues"];
        assert_eq!(values[":progress"]["N"], FAILED_PROGRESS.to_string());
    }

    #[test]
    fn waiting_is_bounded_as_the_readme_promises() {
        for definition in [DELIVERY, ORDER] {
            let workflow: Value = serde_json::from_str(definition).expect("JSON");
            let mut found = Vec::new();
            retriers(&workflow, &mut found);
            assert!(!found.is_empty());
            for retrier in found {
                let attempts = retrier["MaxAttempts"].as_u64().expect("a bound");
                assert!(attempts <= 20, "{retrier}");
                // Three retries while a URL lives need no bound of their own.
                let longest = retrier["MaxDelaySeconds"].as_u64();
                assert!(attempts <= 3 || longest == Some(600), "{retrier}");
            }
        }
    }

    const RUNBOOK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../cdk/RUNBOOK.md"));

    /// The errors and the advice in the runbook's table of that name, row by row.
    fn runbook(head: &str) -> impl Iterator<Item = [BTreeSet<String>; 2]> {
        let (_, table) = RUNBOOK
            .split_once(&format!("\n| `{head}` |"))
            .expect("there is such a table");
        // The rest of the head, and the line below it.
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').collect();
            [cells[0], cells[2]].map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        })
    }

    #[test]
    fn the_runbook_says_what_to_do_about_every_error_as_the_e_mails_do() {
        let waited_for: BTreeSet<_> = &names(&mended_outside()) | &names(&[denied()]);
        let mut final_ones = &names(&passing()) | &names(&perhaps_passing());
        final_ones.extend(&waited_for | &names(&lasting()));
        // What else a row may have: several regions, and the reconciler's own word.
        final_ones.extend(["RegionNeeded", "ExecutionLost"].map(str::to_owned));
        for (head, expected) in [("waitingFor", waited_for), ("error", final_ones)] {
            let mut listed = BTreeSet::new();
            for [errors, advice] in runbook(head) {
                for error in errors {
                    let failure = Failure {
                        error,
                        cause: String::new(),
                    };
                    let told = match head {
                        "error" => vec![failure.advice(), failure.advice_on_order()],
                        _ => vec![failure.advice_on_obstacle()],
                    };
                    let told = told.iter().map(|advice| format!("{:?}", advice.code));
                    assert_eq!(advice, told.collect(), "{}", failure.error);
                    listed.insert(failure.error);
                }
            }
            // Those with a full stop are Step Functions' and Lambda's own.
            listed.retain(|error| !error.contains('.'));
            assert_eq!(listed, expected);
        }
    }

    #[test]
    fn a_stage_reports_the_name_that_the_workflow_matches() {
        for error in passing() {
            let name = error.name().to_owned();
            assert_eq!(Diagnostic::from(StageError::from(error)).error_type, name);
        }
    }

    #[test]
    fn passing_aws_errors_are_told_from_lasting_ones() {
        for code in [
            "ThrottlingException",
            "SlowDown",
            "ProvisionedThroughputExceededException",
            "InternalServerError",
        ] {
            assert!(is_transient(code), "{code}");
        }
        for code in [
            "AccessDeniedException",
            "ValidationException",
            "NoSuchBucket",
            "ResourceNotFoundException",
        ] {
            assert!(!is_transient(code), "{code}");
        }
    }
}
