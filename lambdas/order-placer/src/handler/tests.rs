use std::collections::HashMap;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use jiff::SignedDuration;
use pipeline::adapters::{Ledger, StateMachine};
use serde_json::{Value, json};
use test_doubles::{execution, metered_amazon, token_server, unmet, written};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const ORDER: &str = "order-0123456789abcdef0123456789abcdef";
const REPORTS: &str = "/eu/reports/2021-06-30/reports";

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// The order's row: in doubt, since `since`.
fn in_doubt(since: Timestamp) -> Rule {
    let report = json!({
        "reportType": "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"], "dataStartTime": "2026-11-01T10:00:00.000Z",
    });
    let order = json!({"region": "EU", "report": report}).to_string();
    mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
        let row = [
            ("sellerId", text("A3")),
            ("reportId", text(ORDER)),
            ("status", text("PLACING")),
            ("placingAt", text(since.to_string())),
            ("order", text(order.clone())),
        ];
        let row: HashMap<_, _> = row.map(|(name, value)| (name.to_owned(), value)).into();
        GetItemOutput::builder().set_item(Some(row)).build()
    })
}

/// Report `id` is another order's.
fn taken(id: &'static str) -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(move |request| request.key().is_some_and(|key| key["reportId"] == text(id)))
        .then_error(|| unmet(None))
}

/// Amazon lists these reports, and takes no order.
async fn lists(server: &MockServer, reports: Value) {
    Mock::given(method("GET"))
        .and(path(REPORTS))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "reports": reports })))
        .mount(server)
        .await;
    Mock::given(method("POST"))
        .and(path(REPORTS))
        .respond_with(ResponseTemplate::new(202).set_body_json(json!({"reportId": "twice"})))
        .expect(0)
        .mount(server)
        .await;
}

fn listed(id: &str, created: Timestamp, changes: &Value) -> Value {
    let mut report = json!({
        "reportId": id, "reportType": "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"], "createdTime": created.to_string(),
        "dataStartTime": "2026-11-01T10:00:00+00:00", "processingStatus": "IN_QUEUE",
    });
    for (name, value) in changes.as_object().expect("an object") {
        report[name] = value.clone();
    }
    report
}

async fn place(server: &MockServer, ledger: &[&Rule]) -> Result<Placement, StageError> {
    place_and_deliver(server, ledger, &[]).await
}

async fn place_and_deliver(
    server: &MockServer,
    ledger: &[&Rule],
    deliveries: &[&Rule],
) -> Result<Placement, StageError> {
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, ledger);
    let deliveries = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, deliveries);
    let placer = OrderPlacer {
        desk: OrderDesk {
            amazon: metered_amazon(server, &written()),
            ledger: Ledger::new(client, "reports".into()),
            deliveries: StateMachine::new(deliveries, "arn:delivery".into()),
            overdue: Duration::from_secs(60),
        },
    };
    let request = json!({
        "Order": {
            "SellerId": "A3", "RequestId": ORDER, "RegionCode": "EU", "ReportType": "GET_X",
            "Placement": {"Status": "WAITING", "Slot": null, "ReportId": null},
        },
        "RetryCount": 0,
    });
    placer
        .place(serde_json::from_value(request).expect("a request"))
        .await
}

async fn placed(server: &MockServer, ledger: &[&Rule]) -> String {
    let placement = place(server, ledger).await.expect("placed");
    placement.report_id.expect("a report").to_string()
}

/// Its report was announced, and skipped, before anybody knew of the order.
#[tokio::test]
async fn an_order_has_a_report_delivered_that_was_skipped() {
    let now = Timestamp::now();
    let server = token_server().await;
    lists(&server, json!([listed("17", now, &json!({}))])).await;
    let changing = |condition: &'static str| {
        mock!(aws_sdk_dynamodb::Client::update_item).match_requests(move |request| {
            request
                .condition_expression()
                .is_some_and(|it| it.starts_with(condition))
        })
    };
    let skipped = changing("attribute_not_exists(orderedAt) AND")
        .then_error(|| unmet(Some(HashMap::from([("status".to_owned(), text("SKIPPED"))]))));
    let wanted = changing("#status = :skipped").then_output(|| {
        UpdateItemOutput::builder()
            .attributes("status", text("NOTIFIED"))
            .attributes("reportType", text("GET_X"))
            .attributes("processingStatus", text("CANCELLED"))
            .build()
    });
    let started = mock!(aws_sdk_sfn::Client::start_execution)
        .match_requests(|request| {
            let input: Value = serde_json::from_str(request.input().expect("an input")).expect("JSON");
            let report = json!({
                "SellerId": "A3", "ReportId": "17", "ReportType": "GET_X", "ProcessingStatus": "CANCELLED",
            });
            request.name() == Some("A3_17") && input == report
        })
        .then_output(execution);
    let ledger = [&in_doubt(now), &skipped, &wanted, &written()];
    let placement = place_and_deliver(&server, &ledger, &[&started])
        .await
        .expect("placed");
    assert_eq!(placement.report_id.expect("a report").as_str(), "17");
    assert_eq!((wanted.num_calls(), started.num_calls()), (1, 1));
}

#[tokio::test]
async fn an_order_in_doubt_is_found_though_the_list_shows_it_otherwise() {
    let now = Timestamp::now();
    let long_ago = now - SignedDuration::from_mins(5);
    for (since, changes) in [
        (
            now,
            json!({"marketplaceIds": ["A1PA6795UKMFR9", "A13V1IB3VIYZZH"]}),
        ),
        (now, json!({"marketplaceIds": null})),
        (now, json!({"processingStatus": "ON_HOLD"})),
        (long_ago, json!({"marketplaceIds": null, "dataStartTime": null})),
        (long_ago, json!({"dataStartTime": "2026-11-01T00:00:00+00:00"})),
    ] {
        let server = token_server().await;
        lists(&server, json!([listed("17", since, &changes)])).await;
        assert_eq!(
            placed(&server, &[&in_doubt(since), &written()]).await,
            "17",
            "{changes}"
        );
    }
}

#[tokio::test]
async fn a_report_of_a_wider_period_is_left_to_its_own_order_for_a_while() {
    let now = Timestamp::now();
    let server = token_server().await;
    let wider = json!({"dataStartTime": "2026-11-01T09:00:00+00:00"});
    lists(&server, json!([listed("17", now, &wider)])).await;
    let claim = written();
    let error = place(&server, &[&in_doubt(now), &claim])
        .await
        .expect_err("later");
    let error = lambda_runtime::Diagnostic::from(error);
    assert_eq!(error.error_type, "Transient");
    assert!(
        error.error_message.contains("report 17"),
        "{}",
        error.error_message
    );
}

#[tokio::test]
async fn two_identical_orders_in_doubt_remain_two() {
    let now = Timestamp::now();
    let server = token_server().await;
    let reports = ["18", "17"].map(|id| listed(id, now, &json!({})));
    lists(&server, json!(reports)).await;
    let ledger = [&in_doubt(now), &taken("17"), &written()];
    assert_eq!(placed(&server, &ledger).await, "18");
}

#[tokio::test]
async fn what_is_like_the_order_comes_before_what_may_be_it() {
    let now = Timestamp::now();
    let server = token_server().await;
    let wider = json!({"marketplaceIds": ["A1PA6795UKMFR9", "A13V1IB3VIYZZH"]});
    let later = now + SignedDuration::from_secs(30);
    let reports = json!([listed("18", later, &json!({})), listed("17", now, &wider)]);
    lists(&server, reports).await;
    assert_eq!(placed(&server, &[&in_doubt(now), &written()]).await, "18");
}

#[tokio::test]
async fn an_old_order_in_doubt_is_looked_for_within_the_reach_of_amazons_list() {
    let old = Timestamp::now() - SignedDuration::from_hours(100 * 24);
    let server = token_server().await;
    lists(&server, json!([listed("17", old, &json!({}))])).await;
    assert_eq!(placed(&server, &[&in_doubt(old), &written()]).await, "17");
    let requests = server.received_requests().await.expect("recorded");
    let list = requests
        .iter()
        .find(|it| it.url.path() == REPORTS)
        .expect("asked");
    let since = list.url.query_pairs().find(|(name, _)| name == "createdSince");
    let since: Timestamp = since.expect("a time").1.parse().expect("a time");
    assert!(since > Timestamp::now() - SignedDuration::from_hours(90 * 24));
}
