//! AWS's errors, in the words of each service and the form of its protocol.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::json;

use crate::call::{Call, is_form};
use crate::rules::{Kind, Rule};

/// What a service says.
struct AwsError {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

/// The answer to a call that a rule lets fail.
pub(crate) fn answer(call: &Call, rule: &Rule, parts: &Parts) -> Response<Body> {
    let error = error(&call.service, rule.kind);
    let code = rule.code.as_deref().unwrap_or(error.code);
    let message = error.message;
    let (content_type, body) = if call.service == "s3" {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
             <RequestId>{REQUEST_ID}</RequestId><HostId>{REQUEST_ID}</HostId></Error>"
        );
        ("application/xml", body)
    } else if is_form(&parts.headers) {
        let fault = if error.status.is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        let body = format!(
            "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        );
        ("text/xml", body)
    } else {
        let body = json!({"__type": code, "message": message});
        ("application/x-amz-json-1.0", body.to_string())
    };
    let body = if parts.method == Method::HEAD {
        Body::empty()
    } else {
        Body::from(body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = error.status;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    for name in ["x-amzn-requestid", "x-amz-request-id"] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(REQUEST_ID),
        );
    }
    if let Ok(code) = HeaderValue::from_str(code) {
        // Where protocols that are JSON over REST have it.
        headers.insert("x-amzn-errortype", code);
    }
    response
}

/// Whoever finds it in a log knows where the error is from.
const REQUEST_ID: &str = "fa017000-0000-4000-8000-000000000000";

fn error(service: &str, kind: Kind) -> AwsError {
    let client_error = |code, message| AwsError {
        status: StatusCode::BAD_REQUEST,
        code,
        message,
    };
    match (kind, service) {
        (Kind::Throttle, "dynamodb") => client_error(
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. \
             Consider increasing your provisioning level with the UpdateTable API.",
        ),
        (Kind::Throttle, "s3") => AwsError {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "SlowDown",
            message: "Please reduce your request rate.",
        },
        (Kind::Throttle, "kms") => client_error(
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        (Kind::Throttle, "sqs") => client_error("RequestThrottled", "Request is throttled."),
        (Kind::Throttle, "sns" | "sts" | "iam" | "cloudformation") => {
            client_error("Throttling", "Rate exceeded")
        }
        (Kind::Throttle, "lambda") => AwsError {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "TooManyRequestsException",
            message: "Rate Exceeded.",
        },
        (Kind::Throttle, _) => client_error("ThrottlingException", "Rate exceeded"),
        (Kind::Unavailable, _) => AwsError {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "ServiceUnavailable",
            message: "The service is temporarily unavailable.",
        },
        (_, service) => AwsError {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: match service {
                "dynamodb" => "InternalServerError",
                "kms" => "KMSInternalException",
                "s3" | "sns" => "InternalError",
                "secretsmanager" => "InternalServiceError",
                "lambda" => "ServiceException",
                _ => "InternalFailure",
            },
            message: "We encountered an internal error. Please try again.",
        },
    }
}
