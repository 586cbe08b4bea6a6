//! Reading what an operation answers.

use std::time::Duration;

use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::SpApiError;
use crate::rates::Operation;
use crate::refusal_body::RefusalBody;

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
    let refusal = RefusalBody::read(body);
    let code = refusal.code.unwrap_or_else(|| format!("HTTP{}", status.as_u16()));
    let message = refusal
        .words
        .unwrap_or_else(|| status.canonical_reason().unwrap_or("").to_owned());
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let retry_after = Duration::from_secs_f64(operation.rate().per_second.recip().ceil());
            SpApiError::Throttled {
                operation,
                message,
                retry_after,
            }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if is_about_the_secret(&message) => {
            SpApiError::ClientCredentialsRefused { message }
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
        // Neither says that the request is wrong.
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => transient(operation, status, &code, &message),
        status if status.is_client_error() => SpApiError::Rejected {
            operation,
            status: status.as_u16(),
            code,
            message,
        },
        status => transient(operation, status, &code, &message),
    })
}

/// "The LWA secret token you provided has expired.": LWA takes an expired secret still, SP-API does not
/// take the tokens that come of it.
fn is_about_the_secret(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("lwa secret") || message.contains("client secret")
}

fn transient(operation: Operation, status: StatusCode, code: &str, message: &str) -> SpApiError {
    SpApiError::Transient {
        call: operation.to_string(),
        message: format!("{status}: {code}: {message}"),
    }
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
    fn an_expired_secret_is_known_by_the_details_of_a_403() {
        let body = r#"{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.",
            "details":"The LWA secret token you provided has expired."}]}"#;
        assert!(matches!(
            of(403, body),
            SpApiError::ClientCredentialsRefused { message } if message.contains("has expired")
        ));
    }

    #[test]
    fn each_status_has_its_meaning_whatever_the_body() {
        assert!(matches!(of(408, "<html>"), SpApiError::Transient { .. }));
        assert!(matches!(of(425, "{}"), SpApiError::Transient { .. }));
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
