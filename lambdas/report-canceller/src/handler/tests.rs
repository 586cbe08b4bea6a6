use std::collections::HashMap;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use lambda_http::Response;
use pipeline::api::respond;
use serde_json::{Value, json};
use test_doubles::{
    metered_amazon, no_further_account, selling_partners_in, spent, token_server, unmet, written as free,
};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

type Row = HashMap<String, AttributeValue>;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn row(attributes: &[(&str, &str)]) -> Option<Row> {
    let attributes = attributes.iter().map(|(name, value)| match *name {
        "progress" => ((*name).to_owned(), AttributeValue::N((*value).to_owned())),
        _ => ((*name).to_owned(), text(value)),
    });
    Some(attributes.collect())
}

/// In `table`, the row with the key `id` is this one, or there is none.
fn get(table: &'static str, id: &'static str, row: Option<Row>) -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item)
        .match_requests(move |request| {
            let is_key = |value: &AttributeValue| *value == text(id);
            request.table_name() == Some(table) && request.key().is_some_and(|key| key.values().any(is_key))
        })
        .then_output(move || GetItemOutput::builder().set_item(row.clone()).build())
}

/// The order's row is no longer in the queue.
fn too_late(row: Option<Row>) -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| {
            let condition = request.condition_expression().unwrap_or_default();
            condition.starts_with("#status = :from OR (#status = :waiting AND waitingAs = :from")
        })
        .then_error(move || unmet(row.clone()))
}

/// The note that Amazon has agreed.
fn noted() -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| {
            request
                .update_expression()
                .is_some_and(|it| it.contains("cancelRequestedAt"))
        })
        .then_output(|| UpdateItemOutput::builder().build())
}

/// Amazon gives tokens, and this answer to whoever cancels report 7 in `region`.
async fn cancelling_answers(region: &str, status: u16, body: Value) -> MockServer {
    let server = token_server().await;
    Mock::given(method("DELETE"))
        .and(path(format!("/{region}/reports/2021-06-30/reports/7")))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    server
}

async fn cancel(server: &MockServer, ledger: &[&Rule], quota: &Rule, id: &str) -> (Value, Response<()>) {
    let not_there =
        mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
    let no_other = no_further_account();
    let rules = [&[&no_other], ledger, &[&not_there]].concat();
    let ledger = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
    let canceller = ReportCanceller {
        amazon: metered_amazon(server, quota),
        partners: selling_partners_in(ledger.clone()),
        ledger: Ledger::new(ledger, "reports".into()),
    };
    let parameters = Parameters::new([("reportId", id), ("SellerId", "A3")]);
    let (head, body) = respond(canceller.cancel(parameters).await).into_parts();
    let body = serde_json::from_slice(&body).expect("JSON");
    (body, Response::from_parts(head, ()))
}

/// Without Amazon.
async fn cancel_here(ledger: &[&Rule], id: &str) -> (u16, Value) {
    let server = MockServer::start().await;
    let (body, head) = cancel(&server, ledger, &free(), id).await;
    let asked = server.received_requests().await.expect("recorded");
    assert!(asked.is_empty(), "{asked:?}");
    (head.status().as_u16(), body)
}

#[tokio::test]
async fn an_order_in_the_queue_never_gets_to_amazon() {
    let taken_out = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| request.key().is_some_and(|key| key["reportId"] == text(ORDER)))
        .then_output(|| UpdateItemOutput::builder().build());
    let answer = cancel_here(&[&taken_out], ORDER).await;
    assert_eq!(answer, (200, json!({"reportId": ORDER, "status": "CANCELLED"})));
}

#[tokio::test]
async fn a_placed_order_is_cancelled_as_the_report_that_it_became() {
    let server = cancelling_answers("eu", 200, json!({})).await;
    let kept = r#"{"region": "EU", "report": {"reportType": "GET_X", "marketplaceIds": ["A1"]}}"#;
    let placed = row(&[("status", "PLACED"), ("placedAs", "7"), ("order", kept)]);
    let ordered = row(&[("status", "ORDERED"), ("progress", "10"), ("regionCode", "EU")]);
    let noted = noted();
    let rules = [
        &too_late(placed.clone()),
        &get("reports", ORDER, placed),
        &get("reports", "7", ordered),
        &noted,
    ];
    let (body, _) = cancel(&server, &rules, &free(), ORDER).await;
    assert_eq!(body, json!({"reportId": "7", "status": "CANCELLING"}));
    assert_eq!(noted.num_calls(), 1);
}

#[tokio::test]
async fn an_order_at_the_counter_is_no_longer_in_our_hands() {
    let kept = r#"{"region": "EU", "report": {"reportType": "GET_X", "marketplaceIds": ["A1"]}}"#;
    let placing = row(&[
        ("status", "PLACING"),
        ("placingAt", "2026-11-22T05:00:00Z"),
        ("order", kept),
    ]);
    let rules = [&too_late(placing.clone()), &get("reports", ORDER, placing)];
    let (status, refusal) = cancel_here(&rules, ORDER).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("NotCancellable")));
    let (status, refusal) = cancel_here(&[&too_late(None), &get("reports", ORDER, None)], ORDER).await;
    assert_eq!((status, &refusal["code"]), (404, &json!("ReportNotFound")));
}

#[tokio::test]
async fn amazon_is_not_asked_about_what_it_is_done_with() {
    for (status, progress) in [("NOTIFIED", "20"), ("FAILED", "25"), ("CANCELLED", "60")] {
        let done = get("reports", "7", row(&[("status", status), ("progress", progress)]));
        let (http_status, refusal) = cancel_here(&[&done], "7").await;
        assert_eq!((http_status, &refusal["code"]), (409, &json!("NotCancellable")));
        assert!(
            refusal["message"].as_str().is_some_and(|it| it.contains(status)),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn who_asks_again_before_the_notification_gets_the_same_answer() {
    let cancelling = row(&[
        ("status", "ORDERED"),
        ("progress", "10"),
        ("cancelRequestedAt", "2026-11-22T05:00:00Z"),
    ]);
    let answer = cancel_here(&[&get("reports", "7", cancelling)], "7").await;
    assert_eq!(answer, (200, json!({"reportId": "7", "status": "CANCELLING"})));
}

#[tokio::test]
async fn a_report_made_elsewhere_is_cancelled_where_its_seller_sells() {
    let server = cancelling_answers("fe", 200, json!({})).await;
    let noted = noted();
    let seller = get("partners", "A3", row(&[("regionCode", "FE")]));
    let rules = [&get("reports", "7", None), &seller, &noted];
    let (body, _) = cancel(&server, &rules, &free(), "7").await;
    assert_eq!(body["status"], "CANCELLING");
    assert_eq!(noted.num_calls(), 1);

    let nowhere = [&get("reports", "7", None), &get("partners", "A3", None)];
    let (status, refusal) = cancel_here(&nowhere, "7").await;
    assert_eq!((status, &refusal["code"]), (409, &json!("RegionUnknown")));
}

#[tokio::test]
async fn amazons_refusal_keeps_its_words_and_is_not_noted_as_a_cancellation() {
    let words = "Report 7 is IN_PROGRESS, not IN_QUEUE.";
    let server = cancelling_answers(
        "eu",
        400,
        json!({"errors": [{"code": "InvalidInput", "message": words}]}),
    )
    .await;
    let (ordered, noted) = (row(&[("progress", "10"), ("regionCode", "EU")]), noted());
    let rules = [&get("reports", "7", ordered), &noted];
    let (body, head) = cancel(&server, &rules, &free(), "7").await;
    assert_eq!(head.status(), 400);
    assert_eq!(body, json!({"code": "InvalidInput", "message": words}));
    assert_eq!(noted.num_calls(), 0);
}

#[tokio::test]
async fn a_spent_quota_is_answered_without_asking_amazon() {
    let server = token_server().await;
    let ordered = get("reports", "7", row(&[("progress", "10"), ("regionCode", "EU")]));
    let (body, head) = cancel(&server, &[&ordered], &spent(), "7").await;
    assert_eq!(
        (head.status().as_u16(), &body["code"]),
        (429, &json!("QuotaExceeded"))
    );
    assert!(head.headers().contains_key("retry-after"));
    // But for a token: a call that LWA refuses takes no slot.
    let asked = server.received_requests().await.expect("recorded");
    assert!(
        asked.iter().all(|it| it.url.path() == "/auth/o2/token"),
        "{asked:?}"
    );
}
