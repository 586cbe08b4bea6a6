//! Reading what an operation answers.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::SpApiError;
use crate::rates::Operation;

#[derive(Deserialize)]
struct ErrorList {
    #[serde(default)]
    errors: Vec<AmazonError>,
}

#[derive(Deserialize)]
struct AmazonError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Option<String>,
}

impl AmazonError {
    /// Code and words of the first error; the status alone where the body is none of Amazon's JSON.
    fn read(status: StatusCode, body: &[u8]) -> (String, String) {
        let first = serde_json::from_slice::<ErrorList>(body)
            .ok()
            .and_then(|list| list.errors.into_iter().next());
        match first {
            Some(error) => {
                let details = error.details.filter(|details| !details.is_empty());
                let message = details.map_or(error.message.clone(), |details| {
                    format!("{} {details}", error.message)
                });
                (error.code, message)
            }
            None => (
                format!("HTTP{}", status.as_u16()),
                status.canonical_reason().unwrap_or("").to_owned(),
            ),
        }
    }
}

/// The JSON of a yes.
pub(crate) fn parse<Answer: DeserializeOwned>(
    operation: Operation,
    body: &[u8],
) -> Result<Answer, SpApiError> {
    serde_json::from_slice(body).map_err(|error| SpApiError::unexpected(&operation, &error))
}

/// What Amazon's no means, if it is one.
pub(crate) fn check(operation: Operation, status: StatusCode, body: &[u8]) -> Result<(), SpApiError> {
    if status.is_success() {
        return Ok(());
    }
    let (code, message) = AmazonError::read(status, body);
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let retry_after = Duration::from_secs_f64(operation.rate().per_second.recip().ceil());
            SpApiError::Throttled {
                operation,
                message,
                retry_after,
            }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SpApiError::Unauthorized {
            operation,
            code,
            message,
        },
        StatusCode::NOT_FOUND => SpApiError::NotFound {
            operation,
            code,
            message,
        },
        status if status.is_client_error() => SpApiError::Rejected {
            operation,
            status: status.as_u16(),
            code,
            message,
        },
        _ => SpApiError::Transient {
            call: operation.to_string(),
            message: format!("{status}: {code}: {message}"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> SpApiError {
        let status = StatusCode::from_u16(status).expect("a status");
        check(Operation::CreateReport, status, body.as_bytes()).expect_err("a refusal")
    }

    #[test]
    fn a_refusal_keeps_amazons_code_and_words() {
        let body =
            r#"{"errors":[{"code":"InvalidInput","message":"Report type is invalid.","details":"X"}]}"#;
        match of(400, body) {
            SpApiError::Rejected {
                status: 400,
                code,
                message,
                ..
            } => {
                assert_eq!(code, "InvalidInput");
                assert_eq!(message, "Report type is invalid. X");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_429_says_when_the_usage_plan_gives_the_next_call() {
        match of(
            429,
            r#"{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota."}]}"#,
        ) {
            SpApiError::Throttled { retry_after, .. } => assert_eq!(retry_after, Duration::from_secs(60)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_status_has_its_meaning_whatever_the_body() {
        assert!(matches!(of(403, "<html>"), SpApiError::Unauthorized { .. }));
        assert!(matches!(of(404, ""), SpApiError::NotFound { .. }));
        assert!(matches!(of(409, "{}"), SpApiError::Rejected { status: 409, .. }));
        assert!(matches!(
            of(503, "Service Unavailable"),
            SpApiError::Transient { .. }
        ));
        assert!(matches!(of(302, ""), SpApiError::Transient { .. }));
    }

    #[test]
    fn a_yes_without_the_promised_content_is_no_yes() {
        assert!(check(Operation::GetReport, StatusCode::OK, b"{}").is_ok());
        let answer = parse::<Vec<u8>>(Operation::GetReport, b"{}");
        assert!(matches!(answer, Err(SpApiError::UnexpectedAnswer { .. })));
    }
}
