use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::{Amazon, LwaSecret, Quotas, SellingPartners};
use pipeline::api::respond;
use serde_json::{Value, json};
use sp_api::Endpoints;
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const SCHEDULES: &str = "/eu/reports/2021-06-30/schedules";

fn free() -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
}

fn scheduler(server: &MockServer, quota: &Rule) -> ReportScheduler {
    let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
        GetItemOutput::builder()
            .item("refreshTokenCiphertext", AttributeValue::B(Blob::new("sealed")))
            .build()
    });
    let decrypt = mock!(aws_sdk_kms::Client::decrypt).then_output(|| {
        DecryptOutput::builder()
            .plaintext(Blob::new("Atzr|token"))
            .build()
    });
    let secret = mock!(aws_sdk_secretsmanager::Client::get_secret_value).then_output(|| {
        GetSecretValueOutput::builder()
            .secret_string(r#"{"ClientId": "id", "ClientSecret": "secret"}"#)
            .build()
    });
    let partners = SellingPartners::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]),
        mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[&decrypt]),
        "partners".into(),
        "arn:key".into(),
    );
    let secret = mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &[&secret]);
    let endpoints = Endpoints::simulator(&server.uri()).expect("a URL");
    let amazon = Amazon::new(endpoints, LwaSecret::new(secret, "lwa".into()), partners);
    let quotas = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[quota]);
    ReportScheduler {
        amazon: MeteredAmazon::new(amazon, Quotas::new(quotas, "quotas".into())),
    }
}

/// Amazon, as far as tokens go.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    let token = json!({"access_token": "Atza|1", "expires_in": 3600});
    Mock::given(path("/auth/o2/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(token))
        .mount(&server)
        .await;
    server
}

fn answer<T: Serialize>(result: Result<T, ApiError>) -> (u16, Value) {
    let response = respond(result);
    let body = serde_json::from_slice(response.body()).expect("JSON");
    (response.status().as_u16(), body)
}

fn order() -> Value {
    json!({
        "SellerId": "A3", "RegionCode": "EU", "ReportType": "FEE_DISCOUNTS_REPORT",
        "MarketplaceIds": "A1PA6795UKMFR9", "Period": "P1D", "ReportOptions": {"custom": "true"},
    })
}

#[tokio::test]
async fn a_schedule_is_made_as_it_was_asked_for() {
    let server = server().await;
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

#[tokio::test]
async fn what_amazon_would_not_schedule_is_not_sent_there() {
    let server = MockServer::start().await;
    let mut order = order();
    order["ReportType"] = json!("GET_MERCHANT_LISTINGS_ALL_DATA");
    let refused = scheduler(&server, &free())
        .create(order.to_string().as_bytes())
        .await;
    let (status, refusal) = answer(refused);
    assert_eq!((status, &refusal["field"]), (400, &json!("ReportType")));
    assert_eq!(server.received_requests().await.expect("recorded").len(), 0);
}

#[tokio::test]
async fn schedules_are_listed_in_amazons_shape() {
    let server = server().await;
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
    let server = server().await;
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
    let server = MockServer::start().await;
    let spent = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
        let error = ConditionalCheckFailedException::builder()
            .item(
                "theoreticalArrivalTime",
                AttributeValue::N("4000000000000".into()),
            )
            .build();
        UpdateItemError::ConditionalCheckFailedException(error)
    });
    let (status, refusal) = cancel(&server, &spent).await;
    assert_eq!((status, &refusal["code"]), (429, &json!("QuotaExceeded")));
    assert_eq!(server.received_requests().await.expect("recorded").len(), 0);
}
