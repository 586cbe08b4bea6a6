//! A stand-in for AWS and for Amazon that knows one answer to each call that the functions make.
//!
//! It keeps nothing and checks nothing: what is measured is the functions, so it must be quick.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use test_servers::{ResettableListener, TlsFiles};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::tls::Tls;

/// "Atzr|token", as DynamoDB and KMS write bytes in JSON.
const REFRESH_TOKEN: &str = "QXR6cnx0b2tlbg==";

const ORDER: &str = r#"{"region":"EU","report":{"reportType":"GET_MERCHANT_LISTINGS_ALL_DATA","marketplaceIds":["A1PA6795UKMFR9"]}}"#;

/// A running stand-in. Dropped, it ends.
pub struct StandIn {
    port: u16,
    server: JoinHandle<()>,
}

impl StandIn {
    /// Listens on a port of its own.
    pub async fn start(tls: &Tls) -> Result<Self> {
        let files = TlsFiles {
            certificate: tls.chain(),
            key: tls.key(),
        };
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no port for the stand-in")?;
        let port = tcp.local_addr()?.port();
        let listener = ResettableListener::start(tcp, Some(files.server_config()?))?;
        let router = Router::new().fallback(answer).with_state(port);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the stand-in for AWS has ended: {error}");
            }
        });
        Ok(Self { port, server })
    }

    /// Where AWS's services are, but for S3.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Where S3 is: a number for the host keeps the bucket's name out of it.
    pub fn s3_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(port): State<u16>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    if let Some(target) = target {
        let request = serde_json::from_slice(&body).unwrap_or_default();
        return match json_protocol(target, &request) {
            Some(answer) => (
                [(header::CONTENT_TYPE, "application/x-amz-json-1.0")],
                answer.to_string(),
            )
                .into_response(),
            None => unknown(&format!("no answer to {target}")),
        };
    }
    let path = uri.path();
    if let Some(answer) = amazon(&method, path, port) {
        return answer.into_response();
    }
    match method {
        Method::POST if body.starts_with(b"Action=Publish") => (
            [(header::CONTENT_TYPE, "text/xml")],
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
             <PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
        )
            .into_response(),
        Method::HEAD => StatusCode::OK.into_response(),
        Method::PUT => ([(header::ETAG, "\"d41d8cd98f00b204e9800998ecf8427e\"")], "").into_response(),
        _ => unknown(&format!("no answer to {method} {path}")),
    }
}

fn unknown(problem: &str) -> Response {
    (StatusCode::NOT_IMPLEMENTED, problem.to_owned()).into_response()
}

/// Services that name the operation in a header.
fn json_protocol(target: &str, request: &Value) -> Option<Value> {
    let (_, operation) = target.rsplit_once('.')?;
    Some(match operation {
        "GetItem" => json!({ "Item": item(request) }),
        "UpdateItem" | "PutItem" | "DeleteItem" | "TransactWriteItems" => json!({}),
        "Query" | "Scan" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        "Encrypt" => json!({ "CiphertextBlob": REFRESH_TOKEN, "KeyId": "key" }),
        "Decrypt" => json!({ "Plaintext": REFRESH_TOKEN, "KeyId": "key" }),
        "GetSecretValue" => {
            json!({ "Name": "lwa", "SecretString": r#"{"ClientId":"id","ClientSecret":"secret"}"# })
        }
        "StartExecution" => json!({ "executionArn": "arn:execution", "startDate": 1_795_000_000 }),
        _ => return None,
    })
}

/// The row of a link, of an invitation, of an order, of a report that was ordered, or of a selling partner.
fn item(request: &Value) -> Value {
    let key = &request["Key"];
    if key["tokenHash"].is_object() {
        return json!({ "objectKey": { "S": "a.tsv" }, "expiresAt": { "N": "4000000000" } });
    }
    if key["secretHash"].is_object() {
        return json!({
            "regionCode": { "S": "EU" }, "accountType": { "S": "Seller" }, "expiresAt": { "N": "4000000000" },
        });
    }
    match key["reportId"]["S"].as_str() {
        Some(id) if id.starts_with("order-") => json!({
            "sellerId": key["sellerId"], "reportId": key["reportId"], "status": { "S": "QUEUED" },
            "order": { "S": ORDER }, "fingerprint": { "S": "0f" },
        }),
        Some(_) => json!({
            "sellerId": key["sellerId"], "reportId": key["reportId"], "status": { "S": "ORDERED" },
            "progress": { "N": "10" }, "regionCode": { "S": "EU" },
            "reportType": { "S": "GET_MERCHANT_LISTINGS_ALL_DATA" },
        }),
        None => json!({
            "sellerId": key["sellerId"], "regionCode": { "S": "EU" },
            "refreshTokenCiphertext": { "B": REFRESH_TOKEN },
        }),
    }
}

/// Login with Amazon, the Selling Partner API, and a document.
fn amazon(method: &Method, path: &str, port: u16) -> Option<impl IntoResponse + use<>> {
    let document = format!("https://localhost:{port}/document");
    let (_, operation) = path.split_once("/eu/").unwrap_or(("", path));
    let answer = match (method.as_str(), operation) {
        ("POST", "/auth/o2/token") => {
            json!({ "access_token": "Atza|token", "token_type": "bearer", "expires_in": 3600 })
        }
        ("GET", "/document") => {
            let lines = "sku\tasin\tprice\n".repeat(128);
            return Some(([(header::CONTENT_TYPE, "text/tab-separated-values")], lines));
        }
        ("POST", "reports/2021-06-30/reports") => json!({ "reportId": "54517018502" }),
        ("DELETE", _) => json!({}),
        ("GET", "reports/2021-06-30/schedules") => json!({ "reportSchedules": [] }),
        ("GET", "notifications/v1/destinations") => json!({ "payload": [
            { "destinationId": "destination", "name": "q", "resource": { "sqs": { "arn": super::functions::QUEUE_ARN } } }
        ] }),
        ("GET", path) if path.starts_with("notifications/v1/subscriptions/") => json!({ "payload": {
            "subscriptionId": "subscription", "destinationId": "destination", "payloadVersion": "1.0",
        } }),
        ("GET", path) if path.starts_with("reports/2021-06-30/documents/") => {
            json!({ "reportDocumentId": "document", "url": document })
        }
        _ => return None,
    };
    Some(([(header::CONTENT_TYPE, "application/json")], answer.to_string()))
}
