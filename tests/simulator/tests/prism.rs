//! Amazon's own models as the referee: every operation, with valid requests, through Prism.

mod common;

use common::{Amazon, LISTINGS, QUEUE, REFRESH_TOKEN, RESTRICTED};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use sp_api_simulator::testing::{Model, Prism, objection};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const REPORTS: &str = "/reports/2021-06-30/reports";
const SCHEDULES: &str = "/reports/2021-06-30/schedules";
const DESTINATIONS: &str = "/notifications/v1/destinations";
const SUBSCRIPTIONS: &str = "/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED";

/// A simulator that is called through Prism.
struct Refereed {
    amazon: Amazon,
    prism: Prism,
}

impl Refereed {
    async fn start(model: Model) -> Option<Self> {
        let mut amazon = Amazon::start().await;
        let prism = Prism::start(model, &amazon.endpoint)
            .await
            .expect("Prism starts")?;
        amazon.endpoint = prism.url();
        Some(Self { amazon, prism })
    }

    /// Makes a call; the status must be the one expected, and Prism content.
    async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Value {
        let what = format!("{method} {path}");
        let response = self.amazon.send(method, path, token, body).await;
        let (actual, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        assert_eq!(objection(&headers, &text), None, "{what}");
        assert_eq!(actual, status, "{what}: {text}");
        assert!(
            headers.contains_key("x-amzn-requestid"),
            "{what} did come from the simulator"
        );
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn finish(mut self) {
        assert_eq!(
            self.prism.objections().await.expect("a log"),
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn every_operation_of_reports_fits_the_model() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let token = refereed.amazon.seller_token().await;
    let get = async |path: &str, status| refereed.call(Method::GET, path, &token, None, status).await;

    refereed
        .amazon
        .control("/outcomes", &json!({ "delayMilliseconds": 3_600_000 }))
        .await;
    let wanted = json!({
        "reportType": LISTINGS,
        "marketplaceIds": ["ATVPDKIKX0DER"],
        "dataStartTime": "2024-03-10T20:11:24.000Z",
        "dataEndTime": "2024-03-11T20:11:24Z",
        "reportOptions": { "custom": "true" },
    });
    let report = refereed
        .call(Method::POST, REPORTS, &token, Some(&wanted), 202)
        .await;
    let path = format!("{REPORTS}/{}", report["reportId"].as_str().expect("an id"));
    assert_eq!(get(&path, 200).await["processingStatus"], "IN_QUEUE");
    refereed.call(Method::DELETE, &path, &token, None, 200).await;
    refereed.call(Method::DELETE, &path, &token, None, 400).await;
    assert_eq!(get(&path, 200).await["processingStatus"], "CANCELLED");
    get(&format!("{REPORTS}/1"), 404).await;

    let mut documents = Vec::new();
    for gzip in [true, false] {
        let report = refereed
            .amazon
            .finished_report(LISTINGS, &json!({ "gzip": gzip }))
            .await;
        documents.push(refereed.amazon.document_path(&report).await);
    }
    let since = Timestamp::now() - SignedDuration::from_hours(24);
    let list = format!(
        "{REPORTS}?reportTypes={LISTINGS},{RESTRICTED}&processingStatuses=DONE,CANCELLED\
         &marketplaceIds=ATVPDKIKX0DER&pageSize=1&createdSince={since:.3}\
         &createdUntil=2099-01-01T00:00:00Z"
    );
    let page = get(&list, 200).await;
    assert_eq!(page["reports"].as_array().map(Vec::len), Some(1));
    let next = page["nextToken"].as_str().expect("a second page");
    get(&format!("{REPORTS}?nextToken={next}"), 200).await;
    get(&format!("{list}&nextToken={next}"), 400).await;
    assert_eq!(get(&documents[0], 200).await["compressionAlgorithm"], "GZIP");
    get(
        &format!("{}?enableContentEncodingUrlHeader=true", documents[1]),
        200,
    )
    .await;
    refereed
        .call(Method::GET, &documents[1], "Atza|unknown", None, 403)
        .await;

    let schedule = json!({
        "reportType": "FEE_DISCOUNTS_REPORT",
        "period": "PT5M",
        "marketplaceIds": ["A1PA6795UKMFR9"],
        "reportOptions": { "custom": "true" },
        "nextReportCreationTime": "2099-03-10T20:11:24.000Z",
    });
    let created = refereed
        .call(Method::POST, SCHEDULES, &token, Some(&schedule), 201)
        .await;
    let path = format!(
        "{SCHEDULES}/{}",
        created["reportScheduleId"].as_str().expect("an id")
    );
    get(&path, 200).await;
    let list = get(
        &format!("{SCHEDULES}?reportTypes=FEE_DISCOUNTS_REPORT,{LISTINGS}"),
        200,
    )
    .await;
    assert_eq!(list["reportSchedules"].as_array().map(Vec::len), Some(1));
    refereed.call(Method::DELETE, &path, &token, None, 200).await;
    get(&path, 404).await;
    refereed.finish().await;
}

#[tokio::test]
async fn a_throttled_call_fits_the_model() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let fault = json!({ "operation": "getReport", "kind": "status", "status": 429 });
    refereed.amazon.control("/faults", &fault).await;
    let token = refereed.amazon.seller_token().await;
    let answer = refereed
        .call(Method::GET, &format!("{REPORTS}/1"), &token, None, 429)
        .await;
    assert_eq!(common::code(&answer), "QuotaExceeded");
    refereed.finish().await;
}

#[tokio::test]
async fn every_operation_of_notifications_fits_the_model() {
    let Some(refereed) = Refereed::start(Model::Notifications).await else {
        return;
    };
    let seller = refereed.amazon.token_of(REFRESH_TOKEN).await;
    let application = refereed.amazon.grantless_token().await;

    let wanted = json!({ "name": "queue", "resourceSpecification": { "sqs": { "arn": QUEUE } } });
    let created = refereed
        .call(Method::POST, DESTINATIONS, &application, Some(&wanted), 200)
        .await;
    refereed
        .call(Method::POST, DESTINATIONS, &application, Some(&wanted), 409)
        .await;
    let destination_id = created["payload"]["destinationId"].as_str().expect("an id");
    let destination = format!("{DESTINATIONS}/{destination_id}");
    refereed
        .call(Method::GET, DESTINATIONS, &application, None, 200)
        .await;
    refereed
        .call(Method::GET, &destination, &application, None, 200)
        .await;
    refereed.call(Method::GET, &destination, &seller, None, 403).await;
    let bus = json!({ "region": "us-east-1", "accountId": "444455556666" });
    let wanted = json!({ "name": "bus", "resourceSpecification": { "eventBridge": bus } });
    refereed
        .call(Method::POST, DESTINATIONS, &application, Some(&wanted), 200)
        .await;

    refereed
        .call(Method::GET, SUBSCRIPTIONS, &seller, None, 404)
        .await;
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": destination_id });
    let created = refereed
        .call(Method::POST, SUBSCRIPTIONS, &seller, Some(&wanted), 200)
        .await;
    refereed
        .call(Method::POST, SUBSCRIPTIONS, &seller, Some(&wanted), 409)
        .await;
    refereed
        .call(
            Method::GET,
            &format!("{SUBSCRIPTIONS}?payloadVersion=1.0"),
            &seller,
            None,
            200,
        )
        .await;
    let list = "/notifications/v1/subscriptions?notificationTypes=REPORT_PROCESSING_FINISHED&pageSize=30";
    let listed = refereed.call(Method::GET, list, &seller, None, 200).await;
    let listed = listed["payload"]["subscriptions"].as_array();
    assert_eq!(listed.map(Vec::len), Some(1));
    let unknown = "/notifications/v1/subscriptions/NOPE";
    refereed
        .call(Method::POST, unknown, &seller, Some(&wanted), 400)
        .await;
    let id = created["payload"]["subscriptionId"].as_str().expect("an id");
    let subscription = format!("{SUBSCRIPTIONS}/{id}");
    refereed
        .call(Method::GET, &subscription, &application, None, 200)
        .await;
    refereed
        .call(Method::DELETE, &destination, &application, None, 409)
        .await;
    refereed
        .call(Method::DELETE, &subscription, &application, None, 200)
        .await;
    refereed
        .call(Method::GET, &subscription, &application, None, 404)
        .await;
    refereed
        .call(Method::DELETE, &destination, &application, None, 200)
        .await;
    refereed
        .call(Method::DELETE, &destination, &application, None, 404)
        .await;
    refereed.finish().await;
}

#[tokio::test]
async fn restricted_data_tokens_fit_the_model() {
    let Some(refereed) = Refereed::start(Model::Tokens).await else {
        return;
    };
    let token = refereed.amazon.seller_token().await;
    let path = "/tokens/2021-03-01/restrictedDataToken";
    let resource = json!({ "method": "GET", "path": "/reports/2021-06-30/documents/d1" });
    let wanted = json!({ "restrictedResources": [resource] });
    let answer = refereed
        .call(Method::POST, path, &token, Some(&wanted), 200)
        .await;
    assert!(
        answer["restrictedDataToken"]
            .as_str()
            .is_some_and(|token| token.starts_with("Atz.sprdt|"))
    );
    let none = json!({ "restrictedResources": [] });
    refereed.call(Method::POST, path, &token, Some(&none), 400).await;
    refereed.call(Method::POST, path, "", Some(&wanted), 403).await;
    refereed.finish().await;
}

#[tokio::test]
async fn the_rotation_of_the_client_secret_fits_the_model() {
    let Some(refereed) = Refereed::start(Model::Applications).await else {
        return;
    };
    let path = "/applications/2023-11-30/clientSecret";
    let token = refereed.amazon.rotation_token().await;
    let seller = refereed.amazon.seller_token().await;
    refereed.call(Method::POST, path, &token, None, 400).await;
    let registration = json!({ "queueArn": QUEUE });
    refereed.amazon.control("/rotation-queue", &registration).await;
    refereed.call(Method::POST, path, &token, None, 204).await;
    refereed.call(Method::POST, path, &seller, None, 403).await;
    let fault = json!({ "operation": "rotateApplicationClientSecret", "kind": "status", "status": 429 });
    refereed.amazon.control("/faults", &fault).await;
    refereed.call(Method::POST, path, &token, None, 429).await;
    refereed.finish().await;
}

/// Whether Prism objects to the odd answer that is ordered, and to nothing else.
async fn is_objected_to(
    refereed: &Refereed,
    order: &Value,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> bool {
    let amazon = &refereed.amazon;
    amazon.control("/oddities", order).await;
    let sent = async || amazon.look("/oddities").await["sent"].clone();
    let before = sent().await;
    let token = amazon.seller_token().await;
    let response = amazon.send(method, path, &token, body).await;
    let headers = response.headers().clone();
    let text = response.text().await.expect("a body");
    assert_ne!(sent().await, before, "{order}: {text}");
    objection(&headers, &text).is_some()
}

/// The simulator breaks the model on purpose, and only where the oddity's name says so.
#[tokio::test]
async fn odd_answers_break_the_model_of_reports_or_keep_it() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let report = refereed.amazon.finished_report(LISTINGS, &json!({})).await;
    let document = refereed.amazon.document_path(&report).await;
    let list = format!("{REPORTS}?reportTypes={LISTINGS}");
    for (kind, path, breaks) in [
        ("forbidden", &document, false),
        ("document-id-invalid", &document, false),
        ("secret-expired", &document, false),
        ("restricted-enforced", &document, false),
        ("error-several", &document, false),
        ("list-without-marketplaces", &list, false),
        ("list-more-marketplaces", &list, false),
        ("list-without-times", &list, false),
        ("list-wider-times", &list, false),
        ("request-timeout", &document, true),
        ("too-early", &document, true),
        ("error-message", &document, true),
        ("error-capital-message", &document, true),
        ("error-object", &document, true),
        ("error-text", &document, true),
        ("error-html", &document, true),
        ("error-empty", &document, true),
    ] {
        let order = json!({ "kind": kind });
        let is_broken = is_objected_to(&refereed, &order, Method::GET, path, None).await;
        assert_eq!(is_broken, breaks, "{kind}");
    }
}

#[tokio::test]
async fn odd_documents_break_the_model_of_reports_or_keep_it() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let token = refereed.amazon.seller_token().await;
    for (kind, breaks) in [
        ("plain-declared-gzip", false),
        ("gzip-undeclared", false),
        ("encoding-header-only", false),
        ("algorithm-lower-case", true),
        ("algorithm-mixed-case", true),
        ("algorithm-unknown", true),
        ("algorithm-none", true),
        ("algorithm-empty", true),
    ] {
        refereed
            .amazon
            .control("/oddities", &json!({ "kind": kind }))
            .await;
        let report = refereed.amazon.finished_report(LISTINGS, &json!({})).await;
        assert_eq!(report["oddity"], kind);
        let path = refereed.amazon.document_path(&report).await;
        let response = refereed.amazon.send(Method::GET, &path, &token, None).await;
        let headers = response.headers().clone();
        let text = response.text().await.expect("a body");
        assert_eq!(objection(&headers, &text).is_some(), breaks, "{kind}: {text}");
    }
}

#[tokio::test]
async fn odd_answers_keep_the_models_of_notifications_and_tokens() {
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": "none" });
    let resource = json!({ "restrictedResources": [{ "method": "GET", "path": "" }] });
    for (model, kind, path, body) in [
        (
            Model::Notifications,
            "no-destination",
            SUBSCRIPTIONS,
            wanted.clone(),
        ),
        (Model::Notifications, "state-conflict", SUBSCRIPTIONS, wanted),
        (
            Model::Tokens,
            "restricted-token-refused",
            "/tokens/2021-03-01/restrictedDataToken",
            resource,
        ),
    ] {
        let Some(refereed) = Refereed::start(model).await else {
            return;
        };
        let report = refereed.amazon.finished_report(RESTRICTED, &json!({})).await;
        let mut body = body;
        if model == Model::Tokens {
            body["restrictedResources"][0]["path"] = refereed.amazon.document_path(&report).await.into();
        }
        let order = json!({ "kind": kind });
        let is_broken = is_objected_to(&refereed, &order, Method::POST, path, Some(&body)).await;
        assert!(!is_broken, "{kind}");
    }
}

/// A referee who never objects is no referee.
#[tokio::test]
async fn the_referee_objects_to_wrong_answers_and_requests() {
    let wrong = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "reportId": 5 }));
    Mock::given(any()).respond_with(answer).mount(&wrong).await;
    let Some(mut prism) = Prism::start(Model::Reports, &wrong.uri())
        .await
        .expect("Prism starts")
    else {
        return;
    };
    for path in [format!("{REPORTS}/1"), format!("{REPORTS}?pageSize=1000")] {
        let response = reqwest::get(prism.url() + &path).await.expect("an answer");
        let headers = response.headers().clone();
        let text = response.text().await.expect("a body");
        assert!(objection(&headers, &text).is_some(), "{path}: {text}");
    }
    assert_eq!(prism.objections().await.expect("a log").len(), 2);
}
