//! Notifications: destinations, subscriptions and messages.

pub(crate) mod destinations;
pub(crate) mod message;
pub(crate) mod subscriptions;
mod types;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The notification type that the pipeline lives on.
pub(crate) const REPORT_PROCESSING_FINISHED: &str = "REPORT_PROCESSING_FINISHED";

fn payload(value: &Value) -> Response {
    Json(json!({ "payload": value })).into_response()
}

/// The answer to a deletion.
fn nothing() -> Response {
    Json(json!({})).into_response()
}
