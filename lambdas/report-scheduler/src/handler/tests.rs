use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use serde_json::{Value, json};
use test_doubles::{answer, metered_amazon, selling_partners, spent, token_server, written as free};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const SCHEDULES: &str = "/eu/reports/2021-06-30/schedules";

fn scheduler(server: &MockServer, quota: &Rule) -> ReportScheduler {
    ReportScheduler {
        amazon: metered_amazon(server, quota),
        partners: selling_partners(&free()),
    }
}

fn order() -> Value {
    json!({
        "SellerId": "A3", "RegionCode": "EU", "ReportType": "FEE_DISCOUNTS_REPORT",
        "MarketplaceIds": "A1PA6795UKMFR9", "Period": "P1D", "ReportOptions": {"custom": "true"},
    })
}

/// Amazon has these schedules of the type that [`order`] asks for.
async fn has(server: &MockServer, schedules: Value) {
    Mock::given(method("GET"))
        .and(path(SCHEDULES))
        .and(query_param("reportTypes", "FEE_DISCOUNTS_REPORT"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "reportSchedules": schedules })))
        .mount(server)
        .await;
}

fn existing(id: &str, marketplaces: &[&str]) -> Value {
    json!({
        "reportScheduleId": id, "reportType": "FEE_DISCOUNTS_REPORT", "marketplaceIds": marketplaces, "period": "P7D",
    })
}

#[tokio::test]
async fn a_schedule_that_replaces_another_says_so() {
    let server = token_server().await;
    let old = existing("50232018507", &["A1PA6795UKMFR9", "A13V1IB3VIYZZH"]);
    let others = [
        existing("1", &["A1PA6795UKMFR9"]),
        existing("2", &[]),
        old.clone(),
    ];
    has(&server, json!(others)).await;
    Mock::given(method("POST"))
        .and(path(SCHEDULES))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"reportScheduleId": "50232018508"})))
        .mount(&server)
        .await;
    let mut order = order();
    order["MarketplaceIds"] = json!("A13V1IB3VIYZZH,A1PA6795UKMFR9");
    let made = scheduler(&server, &free())
        .create(order.to_string().as_bytes())
        .await;
    assert_eq!(
        answer(made),
        (200, json!({"reportScheduleId": "50232018508", "replaced": old}))
    );
}

#[tokio::test]
async fn a_schedule_is_made_as_it_was_asked_for() {
    let server = token_server().await;
    has(&server, json!([])).await;
    Mock::given(method("POST"))
        .and(path(SCHEDULES))
        .and(body_json(json!({
            "reportType": "FEE_DISCOUNTS_REPORT", "marketplaceIds": ["A1PA6795UKMFR9"],
            "reportOptions": {"custom": "true"}, "period": "P1D",
        })))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"reportScheduleId": "50232018507"})))
        .mount(&server)
        .await;
    let made = scheduler(&server, &free())
        .create(order().to_string().as_bytes())
        .await;
    assert_eq!(answer(made), (200, json!({"reportScheduleId": "50232018507"})));
}

/// The sellers' table, in which `kept` is the seller's schedule, and what is written there.
fn partners(kept: &'static str) -> (SellingPartners, std::sync::mpsc::Receiver<String>) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
        let schedules = AttributeValue::Ss(vec![kept.to_owned()]);
        GetItemOutput::builder().item("schedules", schedules).build()
    });
    let update = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(move |request| {
            let values = request.expression_attribute_values().expect("values");
            let schedule = values[":schedule"].as_ss().expect("texts").join(" ");
            let expression = request.update_expression().expect("an update");
            let verb = expression.split(' ').next().unwrap_or_default();
            sender.send(format!("{verb} {schedule}")).is_ok()
        })
        .then_output(|| UpdateItemOutput::builder().build());
    let partners = SellingPartners::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get, &update]),
        mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[]),
        "partners".into(),
        "arn:key".into(),
    );
    (partners, receiver)
}

#[tokio::test]
async fn what_is_scheduled_here_is_kept_until_it_is_replaced_or_cancelled() {
    let server = token_server().await;
    has(&server, json!([existing("1", &["A1PA6795UKMFR9"])])).await;
    Mock::given(method("POST"))
        .and(path(SCHEDULES))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"reportScheduleId": "2"})))
        .mount(&server)
        .await;
    let (partners, written) = partners("EU FEE_DISCOUNTS_REPORT 1");
    let scheduler = ReportScheduler {
        partners,
        ..scheduler(&server, &free())
    };
    let (status, made) = answer(scheduler.create(order().to_string().as_bytes()).await);
    assert_eq!(status, 200, "{made}");
    let replaced = [
        "ADD EU FEE_DISCOUNTS_REPORT 2",
        "DELETE EU FEE_DISCOUNTS_REPORT 1",
    ];
    assert_eq!(written.try_iter().collect::<Vec<_>>(), replaced);

    // Whether Amazon cancels it or knows it no more.
    for status in [200, 404] {
        let errors = json!({"errors": [{"code": "NotFound", "message": "gone"}]});
        Mock::given(method("DELETE"))
            .and(path(format!("{SCHEDULES}/1")))
            .respond_with(ResponseTemplate::new(status).set_body_json(errors))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        let named = [
            ("reportScheduleId", "1"),
            ("SellerId", "A3"),
            ("RegionCode", "EU"),
        ];
        let (answered, body) = answer(scheduler.cancel(Parameters::new(named)).await);
        assert_eq!(answered, status, "{body}");
        assert_eq!(
            written.try_iter().collect::<Vec<_>>(),
            ["DELETE EU FEE_DISCOUNTS_REPORT 1"]
        );
    }
}

#[tokio::test]
async fn what_amazon_would_not_schedule_is_not_sent_there() {
    let server = MockServer::start().await;
    for (field, value) in [
        ("ReportType", "GET_MERCHANT_LISTINGS_ALL_DATA"),
        ("ReportType", "GET_FBA_SNS_FORECAST_DATA"),
        ("MarketplaceIds", "ATVPDKIKX0DER"),
    ] {
        let mut order = order();
        order[field] = json!(value);
        let refused = scheduler(&server, &free())
            .create(order.to_string().as_bytes())
            .await;
        let (status, refusal) = answer(refused);
        assert_eq!((status, &refusal["field"]), (400, &json!(field)), "{value}");
    }
    assert_eq!(server.received_requests().await.expect("recorded").len(), 0);
}

#[tokio::test]
async fn schedules_are_listed_in_amazons_shape() {
    let server = token_server().await;
    let amazons = json!({"reportSchedules": [{
        "reportScheduleId": "50232018507", "reportType": "FEE_DISCOUNTS_REPORT",
        "marketplaceIds": ["A1PA6795UKMFR9"], "reportOptions": {"custom": "true"}, "period": "P1D",
        "nextReportCreationTime": "2024-03-11T13:47:20.677Z",
    }]});
    Mock::given(method("GET"))
        .and(path(SCHEDULES))
        .and(query_param("reportTypes", "FEE_DISCOUNTS_REPORT,GET_X"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&amazons))
        .mount(&server)
        .await;
    let parameters = Parameters::new([
        ("SellerId", "A3"),
        ("RegionCode", "EU"),
        ("ReportTypes", "FEE_DISCOUNTS_REPORT, GET_X"),
    ]);
    let listed = scheduler(&server, &free()).list(parameters).await;
    assert_eq!(answer(listed), (200, amazons));
}

async fn cancel(server: &MockServer, quota: &Rule) -> (u16, Value) {
    let parameters = [
        ("reportScheduleId", "50232018507"),
        ("SellerId", "A3"),
        ("RegionCode", "EU"),
    ];
    answer(scheduler(server, quota).cancel(Parameters::new(parameters)).await)
}

#[tokio::test]
async fn a_schedule_is_cancelled_once() {
    let server = token_server().await;
    let cancelling = |status: u16, body: Value| {
        Mock::given(method("DELETE"))
            .and(path(format!("{SCHEDULES}/50232018507")))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
    };
    let gone = json!({"errors": [{"code": "NotFound", "message": "It was not found."}]});
    cancelling(200, json!({})).up_to_n_times(1).mount(&server).await;
    cancelling(404, gone).mount(&server).await;
    let answer = cancel(&server, &free()).await;
    assert_eq!(answer, (200, json!({"reportScheduleId": "50232018507"})));
    let answer = cancel(&server, &free()).await;
    assert_eq!(
        answer,
        (404, json!({"code": "NotFound", "message": "It was not found."}))
    );
}

#[tokio::test]
async fn a_spent_quota_is_answered_without_asking_amazon() {
    let server = token_server().await;
    let (status, refusal) = cancel(&server, &spent()).await;
    assert_eq!((status, &refusal["code"]), (429, &json!("QuotaExceeded")));
    // But for a token: a call that LWA refuses takes no slot.
    let asked = server.received_requests().await.expect("recorded");
    assert!(
        asked.iter().all(|it| it.url.path() == "/auth/o2/token"),
        "{asked:?}"
    );
}
