//! What the endpoints answer.

use std::fmt;

use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use schemars::JsonSchema;
use serde::Serialize;
use sp_api::SpApiError;
use sp_api::ids::SellerId;

use crate::PipelineError;
use crate::domain::ROLE_MISSING;
use crate::requests::{InvalidRequest, Parameters};

/// A refusal: `{code, message, field?}` under a fitting status.
#[derive(Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: String,
    message: String,
    field: Option<String>,
    retry_after_seconds: Option<u64>,
}

/// A refusal.
#[derive(Serialize, JsonSchema)]
pub struct ErrorBody<'a> {
    /// Why, for programs.
    pub code: &'a str,
    /// Why, for people.
    pub message: &'a str,
    /// The field or parameter at fault, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
}

impl ApiError {
    /// A refusal that concerns no single field.
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            field: None,
            retry_after_seconds: None,
        }
    }

    /// There is no row of that report or order.
    #[must_use]
    pub fn unknown_report(seller: &SellerId, id: &str) -> Self {
        let message = format!("nothing is known here of a report {id} of selling partner {seller}");
        Self::new(StatusCode::NOT_FOUND, "ReportNotFound", message).about("reportId")
    }

    /// The same refusal, for the fault of one field.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same refusal, for some seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)
    }
}

impl From<InvalidRequest> for ApiError {
    fn from(error: InvalidRequest) -> Self {
        let refusal = Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", error.message);
        match error.field {
            Some(field) => refusal.about(&field),
            None => refusal,
        }
    }
}

impl From<SpApiError> for ApiError {
    fn from(error: SpApiError) -> Self {
        PipelineError::Amazon(error).into()
    }
}

impl From<PipelineError> for ApiError {
    fn from(error: PipelineError) -> Self {
        let text = error.to_string();
        let name = error.name();
        match error {
            PipelineError::SellerNotFound(_) => {
                Self::new(StatusCode::NOT_FOUND, name, text).about("SellerId")
            }
            PipelineError::RegionUnknown(_) => Self::new(StatusCode::CONFLICT, name, text).about("SellerId"),
            PipelineError::RegionNeeded(_) => {
                Self::new(StatusCode::BAD_REQUEST, name, text).about("RegionCode")
            }
            PipelineError::InvalidInput(_) => Self::new(StatusCode::BAD_REQUEST, name, text),
            PipelineError::LwaCredentialsMissing { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, name, text)
            }
            PipelineError::AwsTransient { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text).retry_after(5)
            }
            // No endpoint transfers documents.
            PipelineError::AwsRefused { .. }
            | PipelineError::DocumentUnfinished { .. }
            | PipelineError::DocumentTooLong => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", text)
            }
            PipelineError::Amazon(refusal) => Self::amazon(refusal, name, text),
            PipelineError::OrderInDoubt(obstacle) => Self::from(*obstacle),
        }
    }
}

impl ApiError {
    /// Amazon's refusals keep Amazon's code and words.
    fn amazon(refusal: SpApiError, name: &str, text: String) -> Self {
        let lacks_role = refusal.lacks_role();
        match refusal {
            SpApiError::Throttled {
                message, retry_after, ..
            } => Self::new(StatusCode::TOO_MANY_REQUESTS, "QuotaExceeded", message)
                .retry_after(retry_after.as_secs()),
            SpApiError::Rejected {
                status,
                code,
                message,
                ..
            } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                Self::new(status, code, if lacks_role { format!("{message} {ROLE_MISSING}") } else { message })
            }
            SpApiError::NotFound { code, message, .. } => Self::new(StatusCode::NOT_FOUND, code, message),
            // Not 401 or 403: those would say that *our* caller is not allowed to call us. And Amazon has
            // refused everybody so, for half an hour.
            SpApiError::Unauthorized { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                name,
                format!("{text} Amazon has done so in passing, so try again; if it stays: {ROLE_MISSING}"),
            )
            .retry_after(60),
            SpApiError::AuthorizationRevoked { .. } | SpApiError::AuthorizationForeign { .. } => Self::new(
                StatusCode::BAD_REQUEST,
                name,
                format!("{text}; let the seller authorize this application, and store the new refresh token with POST /tokens"),
            )
            .about("SellerId"),
            SpApiError::ClientCredentialsRefused { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, name, text).retry_after(60)
            }
            SpApiError::Transient { .. }
            | SpApiError::DocumentUrlExpired
            | SpApiError::DocumentIncomplete { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "AmazonUnavailable", text).retry_after(5)
            }
            SpApiError::UnexpectedAnswer { .. } => Self::new(StatusCode::BAD_GATEWAY, name, text),
        }
    }
}

/// What a request says in its path and in its query.
///
/// # Errors
/// A parameter comes twice.
pub fn parameters(request: &Request) -> Result<Parameters, InvalidRequest> {
    let (path, query) = (request.path_parameters(), request.query_string_parameters());
    Parameters::new(path.iter().chain(query.iter()))
}

/// Makes the HTTP response: 200 with the result's JSON, or the refusal.
pub fn respond<T: Serialize>(result: Result<T, ApiError>) -> Response<Body> {
    respond_with(|_| StatusCode::OK, result)
}

/// Makes the HTTP response: the result's JSON under the status that goes with it, or the refusal.
pub fn respond_with<T: Serialize>(
    status: impl Fn(&T) -> StatusCode,
    result: Result<T, ApiError>,
) -> Response<Body> {
    match result {
        Ok(answer) => json(status(&answer), &answer, None),
        Err(error) => {
            tracing::warn!(
                status = error.status.as_u16(),
                code = error.code,
                field = error.field,
                "{}",
                error.message
            );
            let body = ErrorBody {
                code: &error.code,
                message: &error.message,
                field: error.field.as_deref(),
            };
            json(error.status, &body, error.retry_after_seconds)
        }
    }
}

fn json<T: Serialize>(status: StatusCode, body: &T, retry_after_seconds: Option<u64>) -> Response<Body> {
    let text = serde_json::to_string(body).expect("answers are structs of texts");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    if let Some(seconds) = retry_after_seconds {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use sp_api::rates::Operation;

    use super::*;

    fn refused(error: impl Into<ApiError>) -> (u16, Value, Response<Body>) {
        let response = respond::<()>(Err(error.into()));
        let body = serde_json::from_slice(response.body()).expect("JSON");
        (response.status().as_u16(), body, response)
    }

    #[test]
    fn a_bad_field_is_named() {
        let (status, body, _) = refused(InvalidRequest {
            field: Some("RegionCode".into()),
            message: "RegionCode is missing".into(),
        });
        assert_eq!(status, 400);
        assert_eq!(
            body,
            json!({"code": "InvalidRequest", "message": "RegionCode is missing", "field": "RegionCode"})
        );
    }

    #[test]
    fn amazons_refusal_keeps_its_words() {
        let (status, body, _) = refused(SpApiError::Rejected {
            operation: Operation::CreateReport,
            status: 400,
            code: "InvalidInput".into(),
            message: "Report type is invalid.".into(),
        });
        assert_eq!(status, 400);
        assert_eq!(
            body,
            json!({"code": "InvalidInput", "message": "Report type is invalid."})
        );
    }

    #[test]
    fn a_throttled_caller_learns_when_to_come_back() {
        let (status, _, response) = refused(SpApiError::Throttled {
            operation: Operation::CreateReport,
            message: "You exceeded your quota.".into(),
            retry_after: Duration::from_secs(60),
        });
        assert_eq!(status, 429);
        assert_eq!(response.headers()["retry-after"], "60");
    }

    fn unauthorized() -> SpApiError {
        SpApiError::Unauthorized {
            operation: Operation::CreateReport,
            code: "Unauthorized".into(),
            message: "Access to requested resource is denied.".into(),
        }
    }

    #[test]
    fn a_403_may_pass_and_if_not_a_role_is_missing() {
        let (status, body, response) = refused(unauthorized());
        assert_eq!((status, &body["code"]), (503, &json!("AccessDenied")));
        assert_eq!(response.headers()["retry-after"], "60");
        let message = body["message"].as_str().expect("words");
        for words in [
            "Access to requested resource is denied.",
            "lacks the role",
            "authorize it again",
        ] {
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_missing_role_is_called_one_under_400_too() {
        let (status, body, _) = refused(SpApiError::Rejected {
            operation: Operation::CreateReport,
            status: 400,
            code: "InvalidInput".into(),
            message: "Application do not have access to some or all requested resource".into(),
        });
        assert_eq!(status, 400);
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|it| it.contains("lacks the role")),
            "{body}"
        );
    }

    #[test]
    fn another_applications_token_is_about_the_seller() {
        let (status, body, _) = refused(SpApiError::AuthorizationForeign {
            message: "unauthorized_client: Not authorized".into(),
        });
        assert_eq!((status, &body["field"]), (400, &json!("SellerId")));
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|it| it.contains("POST /tokens")),
            "{body}"
        );
    }

    #[test]
    fn an_unknown_seller_is_not_found() {
        let seller = SellerId::parse("A3TH9S8BH6GOGM").expect("valid");
        let (status, body, _) = refused(PipelineError::SellerNotFound(seller));
        assert_eq!((status, &body["field"]), (404, &json!("SellerId")));
    }
}
