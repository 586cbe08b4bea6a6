//! Answers that say no, as SP-API writes them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::fields::FieldError;

/// An SP-API error answer: `{"errors": [{"code", "message", "details"}]}`.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: String,
    message: String,
    details: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, message: &str, details: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            details: details.to_owned(),
        }
    }

    /// 400 `InvalidInput`; the message says what is wrong.
    pub(crate) fn invalid_input(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidInput", message, "")
    }

    /// 403 `Unauthorized`, which is what Amazon says to every kind of unfit access token.
    pub(crate) fn unauthorized(details: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Unauthorized",
            "Access to requested resource is denied.",
            details,
        )
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", message, "")
    }

    pub(crate) fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", message, "")
    }

    pub(crate) fn quota_exceeded() -> Self {
        let message = "You exceeded your quota for the requested resource.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "QuotaExceeded", message, "")
    }

    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            "The request payload is in an unsupported format.",
            "Content-Type must be application/json",
        )
    }

    /// The same refusal with more to read in `details`.
    pub(crate) fn with_details(mut self, details: &str) -> Self {
        details.clone_into(&mut self.details);
        self
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::invalid_input(&format!("{} {}", error.field, error.problem)).with_details(&error.field)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = json!({ "code": self.code, "message": self.message, "details": self.details });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}

/// How the body of an error answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ErrorShape {
    /// As the endpoint usually does.
    #[default]
    Usual,
    /// `{"message": …}`
    Message,
    /// `{"Message": …}`
    CapitalMessage,
    /// As usual, but that `errors` is an object.
    Object,
    /// As usual, and a second error.
    Several,
    /// The message as plain text.
    Text,
    /// The message on an HTML page.
    Html,
    /// No body at all.
    Empty,
}

impl ErrorShape {
    /// All of them, with their names.
    pub(crate) const ALL: [(&str, Self); 8] = [
        ("usual", Self::Usual),
        ("message", Self::Message),
        ("capital-message", Self::CapitalMessage),
        ("object", Self::Object),
        ("several", Self::Several),
        ("text", Self::Text),
        ("html", Self::Html),
        ("empty", Self::Empty),
    ];
}

/// What an error says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ErrorText<'a> {
    pub(crate) status: StatusCode,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) details: &'a str,
}

/// An error answer in that shape; `usual` writes the endpoint's own.
pub(crate) fn shaped(
    shape: ErrorShape,
    text: ErrorText<'_>,
    usual: impl FnOnce(ErrorText<'_>) -> Response,
) -> Response {
    let ErrorText {
        status,
        code,
        message,
        details,
    } = text;
    let error = || json!({ "code": code, "message": message, "details": details });
    match shape {
        ErrorShape::Usual => usual(text),
        ErrorShape::Message => (status, Json(json!({ "message": message }))).into_response(),
        ErrorShape::CapitalMessage => (status, Json(json!({ "Message": message }))).into_response(),
        ErrorShape::Object => (status, Json(json!({ "errors": error() }))).into_response(),
        ErrorShape::Several => {
            let second =
                json!({ "code": "InternalFailure", "message": "There is more to it.", "details": "" });
            (status, Json(json!({ "errors": [error(), second] }))).into_response()
        }
        ErrorShape::Text => (status, message.to_owned()).into_response(),
        ErrorShape::Html => {
            let page =
                format!("<html><head><title>{status}</title></head><body><h1>{message}</h1></body></html>");
            (status, Html(page)).into_response()
        }
        ErrorShape::Empty => status.into_response(),
    }
}

/// An S3 error answer, which is what document URLs say no with.
pub(crate) fn storage_error(status: StatusCode, code: &str, message: &str, request_id: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <RequestId>{request_id}</RequestId></Error>"
    );
    (
        status,
        [(axum::http::header::CONTENT_TYPE, "application/xml")],
        xml,
    )
        .into_response()
}

/// An LWA error answer.
pub(crate) fn lwa_error(status: StatusCode, error: &str, description: &str) -> Response {
    (
        status,
        Json(json!({ "error": error, "error_description": description })),
    )
        .into_response()
}
