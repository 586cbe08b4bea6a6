//! The API's contract as an OpenAPI 3.1 document, made from the types that the functions parse and answer.
//!
//! The document is committed beside this crate's manifest. Tests hold it against what is made here, against the
//! Postman collection and the README beside it; a test of the CDK app holds it against the routes.

mod operation;
mod operations;
mod refusals;
mod schemas;

use serde_json::{Map, Value, json};

use pipeline::domain::news::News;
use schemas::{Schemas, add_written};

/// The document, as it is committed.
///
/// # Panics
/// Two types of requests or answers have the same name.
#[must_use]
pub fn document_text() -> String {
    serde_json::to_string_pretty(&document()).expect("JSON") + "\n"
}

/// The document.
///
/// # Panics
/// Two types of requests or answers have the same name.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations::all(&mut schemas) {
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        methods[operation.method] = operation.to_json(&mut schemas);
    }
    let mut components = schemas.into_components();
    add_written::<News>(&mut components);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "sp-reports",
            "summary": "Amazon sellers' and vendors' reports, delivered to an AWS account of their own.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{
            "url": "https://{apiId}.execute-api.{region}.amazonaws.com/prod",
            "description": "The output ReportsApiUrl of the stack.",
            "variables": {"apiId": {"default": "apiId"}, "region": {"default": "eu-west-1"}},
        }],
        "security": [{"sigv4": []}],
        "paths": paths,
        "webhooks": {"news": {"post": news()}},
        "components": {
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4, of the service execute-api.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
            },
            "schemas": components,
        },
    })
}

/// What comes unasked: not by HTTP, but over SNS and EventBridge.
fn news() -> Value {
    json!({
        "operationId": "receiveNews",
        "summary": "News of a report",
        "description": "The message of the stack's SNS topic, for all protocols but e-mail and SMS, and the `detail` of \
                        the EventBridge event with the source `sp-reports`.",
        "security": [],
        "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/News"}}},
        },
        "responses": {"200": {"description": "SNS wants a 2xx of endpoints that it calls."}},
    })
}

#[cfg(test)]
mod tests;
