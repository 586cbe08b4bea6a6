//! Every way in which an answer can be odd, as whoever asked hears it.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::{Amazon, LISTINGS, REFRESH_TOKEN, RESTRICTED, SELLER, code, listings_report, read};

const REPORTS: &str = "/reports/2021-06-30/reports";
const RESTRICTED_TOKENS: &str = "/tokens/2021-03-01/restrictedDataToken";
const SUBSCRIPTION: &str = "/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED";

/// A report and its document, whose answers are odd.
struct Asked {
    amazon: Amazon,
    token: String,
    path: String,
}

impl Asked {
    async fn about(report_type: &str, order: &Value) -> Self {
        let amazon = Amazon::start().await;
        let report = amazon.finished_report(report_type, &json!({})).await;
        let path = amazon.document_path(&report).await;
        let token = amazon.seller_token().await;
        amazon.control("/oddities", order).await;
        Self { amazon, token, path }
    }

    async fn oddly(kind: &str) -> Self {
        Self::about(LISTINGS, &json!({ "kind": kind })).await
    }

    async fn get(&self) -> (u16, Value) {
        let (status, answer) = self.amazon.get(&self.path, &self.token).await;
        (status.as_u16(), answer)
    }

    /// The odd answer, after which all is well.
    async fn once(&self) -> (u16, Value) {
        let odd = self.get().await;
        assert_eq!(self.get().await.0, 200);
        odd
    }

    async fn restricted_token(&self) -> (u16, Value) {
        let resource = json!({ "method": "GET", "path": self.path });
        let wanted = json!({ "restrictedResources": [resource] });
        let (status, answer) = self.amazon.post(RESTRICTED_TOKENS, &self.token, &wanted).await;
        (status.as_u16(), answer)
    }
}

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn forbidden_request_timeout_and_too_early() {
    for (kind, status, code_) in [
        ("forbidden", 403, "Unauthorized"),
        ("request-timeout", 408, "RequestTimeout"),
        ("too-early", 425, "TooEarly"),
    ] {
        let asked = Asked::oddly(kind).await;
        let (actual, answer) = asked.once().await;
        assert_eq!((actual, code(&answer)), (status, code_));
        let entry = asked
            .amazon
            .journal("operation=getReportDocument")
            .await
            .remove(0);
        assert_eq!(entry["detail"], format!("odd: {kind}"));
        let sent = asked.amazon.look("/oddities").await["sent"]["answers"].clone();
        assert_eq!(sent, json!({ kind: 1 }));
    }
}

#[tokio::test]
async fn document_id_invalid() {
    let (status, answer) = Asked::oddly("document-id-invalid").await.once().await;
    assert_eq!((status, code(&answer)), (400, "InvalidInput"));
    assert_eq!(message(&answer), "Invalid reportDocumentId");
}

#[tokio::test]
async fn secret_expired() {
    let (status, answer) = Asked::oddly("secret-expired").await.once().await;
    assert_eq!((status, code(&answer)), (403, "Unauthorized"));
    let details = "The LWA secret token you provided has expired.";
    assert_eq!(answer["errors"][0]["details"], details);
}

#[tokio::test]
async fn role_missing() {
    let asked = Asked::oddly("role-missing").await;
    let order = async || asked.amazon.post(REPORTS, &asked.token, &listings_report()).await;
    let (status, answer) = order().await;
    assert_eq!((status.as_u16(), code(&answer)), (400, "InvalidInput"));
    assert!(message(&answer).contains("do not have access"));
    assert_eq!(order().await.0, 202);
}

#[tokio::test]
async fn restricted_token_refused() {
    let order = json!({ "kind": "restricted-token-refused" });
    let asked = Asked::about(RESTRICTED, &order).await;
    assert_eq!(
        asked.get().await.0,
        403,
        "nobody has asked for a restricted token yet"
    );
    for _ in 0..2 {
        let (status, answer) = asked.restricted_token().await;
        assert_eq!(
            (status, message(&answer)),
            (400, "Invalid or unsupported document ID found")
        );
        assert_eq!(asked.get().await.0, 200, "the seller's own token opens it");
    }
}

#[tokio::test]
async fn restricted_enforced() {
    let mut asked = Asked::about("GET_A_TYPE_OF_2031", &json!({ "kind": "restricted-enforced" })).await;
    for _ in 0..2 {
        let (status, answer) = asked.get().await;
        assert_eq!((status, code(&answer)), (403, "Unauthorized"));
    }
    let (status, answer) = asked.restricted_token().await;
    assert_eq!(status, 200);
    asked.token = answer["restrictedDataToken"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_eq!(asked.get().await.0, 200);
}

#[tokio::test]
async fn error_message_capital_message_object_and_several() {
    let words = "Service is temporarily unavailable.";
    let pointers = [
        ("error-message", "/message"),
        ("error-capital-message", "/Message"),
        ("error-object", "/errors/message"),
        ("error-several", "/errors/0/message"),
    ];
    for (kind, pointer) in pointers {
        let (status, answer) = Asked::oddly(kind).await.once().await;
        assert_eq!(status, 503, "{kind}");
        assert_eq!(answer.pointer(pointer), Some(&json!(words)), "{kind}: {answer}");
        assert_eq!(
            answer["errors"].as_array().map_or(0, Vec::len),
            if kind == "error-several" { 2 } else { 0 }
        );
    }
}

#[tokio::test]
async fn error_text_html_and_empty() {
    for (kind, media_type) in [
        ("error-text", Some("text/plain; charset=utf-8")),
        ("error-html", Some("text/html; charset=utf-8")),
        ("error-empty", None),
    ] {
        let asked = Asked::oddly(kind).await;
        let response = asked
            .amazon
            .send(Method::GET, &asked.path, &asked.token, None)
            .await;
        assert_eq!(
            (response.status().as_u16(), media_type_of(&response)),
            (503, media_type)
        );
        let text = response.text().await.expect("text");
        assert_eq!(text.is_empty(), kind == "error-empty");
        assert_eq!(asked.get().await.0, 200);
    }
}

fn media_type_of(response: &Response) -> Option<&str> {
    response.headers().get("content-type")?.to_str().ok()
}

/// What LWA answers to the seller's next exchange.
async fn exchange(amazon: &Amazon) -> Response {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", REFRESH_TOKEN),
        ("client_id", "id"),
        ("client_secret", "s"),
    ];
    let request = amazon.http.post(amazon.simulator.token_url()).form(&form);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn lwa_html_and_lwa_empty() {
    for (kind, status, media_type) in [
        ("lwa-html-200", 200, Some("text/html; charset=utf-8")),
        ("lwa-html-403", 403, Some("text/html; charset=utf-8")),
        ("lwa-html-404", 404, Some("text/html; charset=utf-8")),
        ("lwa-html-503", 503, Some("text/html; charset=utf-8")),
        ("lwa-empty", 200, None),
    ] {
        let amazon = Amazon::start().await;
        amazon
            .control("/oddities", &json!({ "kind": kind, "sellerId": SELLER }))
            .await;
        let response = exchange(&amazon).await;
        assert_eq!(
            (response.status().as_u16(), media_type_of(&response)),
            (status, media_type)
        );
        let (status, answer) = read(exchange(&amazon).await).await;
        assert!(status == 200 && answer["access_token"].is_string());
    }
}

#[tokio::test]
async fn unauthorized_client() {
    let amazon = Amazon::start().await;
    let order = json!({ "kind": "unauthorized-client", "sellerId": SELLER, "always": true });
    amazon.control("/oddities", &order).await;
    for _ in 0..2 {
        let (status, answer) = read(exchange(&amazon).await).await;
        assert_eq!(
            (status.as_u16(), &answer["error"]),
            (400, &json!("unauthorized_client"))
        );
    }
    amazon.token_of("Atzr|A2OTHERSELLER|x").await;
}

#[tokio::test]
async fn no_destination() {
    let asked = Asked::about(LISTINGS, &json!({ "kind": "no-destination", "times": 2 })).await;
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": "d-1" });
    for _ in 0..2 {
        let (status, answer) = asked.amazon.post(SUBSCRIPTION, &asked.token, &wanted).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "InvalidInput"));
        assert!(message(&answer).starts_with("No destination with id 'd-1' for applicationId 'amzn1."));
    }
    asked.amazon.subscribe(REFRESH_TOKEN).await;
}

#[tokio::test]
async fn state_conflict() {
    let asked = Asked::about(LISTINGS, &json!({ "kind": "state-conflict", "always": true })).await;
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": "d-1" });
    let (status, answer) = asked.amazon.post(SUBSCRIPTION, &asked.token, &wanted).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "StateConflict"));
    assert_eq!(asked.amazon.get(SUBSCRIPTION, &asked.token).await.0, 404);
}

/// A report's entry in getReports, which is odd, and the next time not.
async fn listed(kind: &str) -> Value {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let times = json!({ "dataStartTime": "2024-03-10T00:00:00Z", "dataEndTime": "2024-03-11T00:00:00Z" });
    amazon.finished_report(LISTINGS, &times).await;
    amazon.control("/oddities", &json!({ "kind": kind })).await;
    let query = format!("{REPORTS}?reportTypes={LISTINGS}");
    let (_, odd) = amazon.get(&query, &token).await;
    let (_, normal) = amazon.get(&query, &token).await;
    assert_eq!(normal["reports"][0]["marketplaceIds"], json!(["ATVPDKIKX0DER"]));
    assert_eq!(normal["reports"][0]["dataStartTime"], "2024-03-10T00:00:00+00:00");
    odd["reports"][0].clone()
}

#[tokio::test]
async fn list_without_marketplaces_and_list_more_marketplaces() {
    assert_eq!(
        listed("list-without-marketplaces").await.get("marketplaceIds"),
        None
    );
    let more = listed("list-more-marketplaces").await["marketplaceIds"].clone();
    let more = more.as_array().expect("a list");
    assert!(more.len() > 1 && more.contains(&json!("ATVPDKIKX0DER")));
}

#[tokio::test]
async fn list_without_times_and_list_wider_times() {
    let without = listed("list-without-times").await;
    assert_eq!(
        (without.get("dataStartTime"), without.get("dataEndTime")),
        (None, None)
    );
    let wider = listed("list-wider-times").await;
    let time = |name: &str| wider[name].as_str().expect("a time").to_owned();
    assert!(time("dataStartTime").as_str() < "2024-03-10");
    assert!(time("dataEndTime").as_str() > "2024-03-12");
}

#[tokio::test]
async fn an_order_is_for_that_operation_and_that_report() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let reports = [
        amazon.finished_report(LISTINGS, &json!({})).await,
        amazon.finished_report(LISTINGS, &json!({})).await,
    ];
    let path = |report: &Value| format!("{REPORTS}/{}", report["reportId"].as_str().expect("an id"));
    let order = json!({
        "kind": "forbidden", "operation": "getReport", "reportId": reports[1]["reportId"], "times": 2,
    });
    amazon.control("/oddities", &order).await;
    assert_eq!(amazon.get(&path(&reports[0]), &token).await.0, 200);
    assert_eq!(amazon.get(&path(&reports[1]), &token).await.0, 403);
    assert_eq!(amazon.look("/oddities").await["orders"][0]["left"], 1);
    amazon.document_url(&reports[1]).await;
    let url = format!("{}/oddities", amazon.simulator.control_url());
    amazon.http.delete(url).send().await.expect("an answer");
    assert_eq!(amazon.get(&path(&reports[1]), &token).await.0, 200);
}

/// A scripted failure can have any shape and any details.
#[tokio::test]
async fn a_fault_has_the_shape_that_was_ordered() {
    let asked = Asked::oddly("too-early").await;
    asked.get().await;
    let fault = json!({
        "operation": "getReportDocument", "kind": "status", "status": 403, "shape": "capital-message",
        "message": "User is not authorized to access this resource",
    });
    asked.amazon.control("/faults", &fault).await;
    let expected = json!({ "Message": "User is not authorized to access this resource" });
    assert_eq!(asked.get().await, (403, expected));
    let page = json!({ "operation": "lwa", "kind": "status", "status": 200, "shape": "html" });
    asked.amazon.control("/faults", &page).await;
    assert_eq!(
        media_type_of(&exchange(&asked.amazon).await),
        Some("text/html; charset=utf-8")
    );
    let details = json!({ "operation": "getReport", "kind": "status", "status": 403, "details": "because" });
    asked.amazon.control("/faults", &details).await;
    let (_, answer) = asked.amazon.get(&format!("{REPORTS}/1"), &asked.token).await;
    assert_eq!(answer["errors"][0]["details"], "because");
}
