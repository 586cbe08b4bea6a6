//! The project's own client, with Amazon's models as the referee: what it asks and what it is answered
//! passes through Prism.

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::{Amazon, LISTINGS, QUEUE, REFRESH_TOKEN, RESTRICTED};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use sp_api::ids::{MarketplaceId, NotificationType, PayloadVersion, ReportDocumentId, ReportId, ReportType};
use sp_api::rates::Operation;
use sp_api::{
    AccessToken, Callee, CompressionAlgorithm, CreateReport, CreateReportSchedule, Destination,
    DestinationResource, DocumentStream, Endpoints, Grant, GrantlessScope, ListedSince, LwaCredentials,
    NewSubscription, Observer, ProcessingStatus, RegionCode, ReportsFilter, ReportsQuery, SchedulePeriod,
    SpApiClient, SpApiError,
};
use sp_api_simulator::Options;
use sp_api_simulator::testing::{Model, Prism};

/// A client whose calls go through Prism, which objects to what the model does not allow.
struct Refereed {
    amazon: Amazon,
    client: SpApiClient,
    prism: Prism,
}

impl Refereed {
    async fn start(model: Model) -> Option<Self> {
        let amazon = Amazon::start().await;
        let prism = Prism::start(model, &amazon.endpoint)
            .await
            .expect("Prism starts")?;
        let lwa = amazon.simulator.base_url();
        let endpoints = Endpoints::proxy(&lwa, &prism.url()).expect("URLs");
        Some(Self {
            amazon,
            client: SpApiClient::new(endpoints),
            prism,
        })
    }

    async fn seller(&self) -> AccessToken {
        seller(&self.client).await
    }

    async fn grantless(&self) -> AccessToken {
        token(
            &self.client,
            Grant::ClientCredentials(GrantlessScope::Notifications),
        )
        .await
        .expect("a token")
    }

    async fn finish(mut self) {
        assert_eq!(
            self.prism.objections().await.expect("a log"),
            Vec::<String>::new()
        );
    }
}

async fn token(client: &SpApiClient, grant: Grant<'_>) -> Result<AccessToken, SpApiError> {
    let credentials = LwaCredentials {
        client_id: "id".into(),
        client_secret: SecretString::from("secret"),
    };
    client.access_token(&credentials, grant).await
}

async fn seller(client: &SpApiClient) -> AccessToken {
    let refresh_token = SecretString::from(REFRESH_TOKEN);
    token(client, Grant::RefreshToken(&refresh_token))
        .await
        .expect("a token")
}

/// A client without a referee.
fn direct(amazon: &Amazon) -> SpApiClient {
    SpApiClient::new(Endpoints::simulator(&amazon.simulator.base_url()).expect("a URL"))
}

/// Waits until the report has its document.
async fn document_of(amazon: &Amazon, report: &ReportId) -> ReportDocumentId {
    let has_document = |known: &serde_json::Value| known["documentId"].is_string();
    let known = amazon.report_when(report.as_str(), has_document).await;
    ReportDocumentId::parse(known["documentId"].as_str().expect("text")).expect("a document id")
}

fn order(report_type: &str) -> CreateReport {
    CreateReport {
        report_type: ReportType::parse(report_type).expect("valid"),
        marketplace_ids: vec![MarketplaceId::parse("ATVPDKIKX0DER").expect("valid")],
        data_start_time: Some("2024-03-10T20:11:24.000Z".parse().expect("a time")),
        data_end_time: None,
        report_options: BTreeMap::from([("custom".to_owned(), "true".to_owned())]),
    }
}

#[tokio::test]
async fn a_report_is_ordered_found_and_read() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    refereed
        .amazon
        .control("/outcomes", &json!({"gzip": true, "delayMilliseconds": 0}))
        .await;
    let (client, token) = (&refereed.client, refereed.seller().await);
    let report = client
        .create_report(RegionCode::Na, &token, &order(LISTINGS))
        .await
        .expect("ordered");
    let id = document_of(&refereed.amazon, &report).await;
    let document = client
        .get_report_document(RegionCode::Na, &token, &id)
        .await
        .expect("found");
    let algorithm = document.compression_algorithm.as_ref();
    assert_eq!(
        algorithm.map(CompressionAlgorithm::as_str),
        Some(CompressionAlgorithm::GZIP)
    );

    let (found, stream) = client.open_document(&document.url).await.expect("opened");
    let whole = read(stream).await;
    assert_eq!(found.length(), Some(whole.len() as u64));
    let (found, first) = client.open_stretches(&document.url, 10).await.expect("opened");
    let (first, rest) = (read(first).await, found.stretch(10..whole.len() as u64));
    assert_eq!(
        [first, read(rest.await.expect("opened")).await],
        [&whole[..10], &whole[10..]]
    );

    let unknown = ReportDocumentId::parse("amzn1.tortuga.3.none").expect("valid");
    let error = client
        .get_report_document(RegionCode::Na, &token, &unknown)
        .await
        .expect_err("none");
    assert!(matches!(error, SpApiError::NotFound { .. }), "{error}");
    refereed.finish().await;
}

#[tokio::test]
async fn a_report_is_looked_up_and_cancelled_while_it_is_in_the_queue() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let never = json!({ "delayMilliseconds": 3_600_000 });
    refereed.amazon.control("/outcomes", &never).await;
    let (client, token) = (&refereed.client, refereed.seller().await);
    let na = RegionCode::Na;
    let wanted = order(LISTINGS);
    let id = client.create_report(na, &token, &wanted).await.expect("ordered");

    let report = client.get_report(na, &token, &id).await.expect("found");
    assert_eq!(report.report_id, id);
    assert_eq!(report.report_type, wanted.report_type);
    assert_eq!(report.marketplace_ids, wanted.marketplace_ids);
    assert_eq!(report.data_start_time, wanted.data_start_time);
    assert_eq!(report.processing_status, ProcessingStatus::InQueue);
    assert_eq!(
        (report.report_document_id, report.processing_end_time),
        (None, None)
    );

    client.cancel_report(na, &token, &id).await.expect("cancelled");
    let report = client.get_report(na, &token, &id).await.expect("found");
    assert_eq!(report.processing_status, ProcessingStatus::Cancelled);
    assert!(report.processing_end_time.is_some());
    let error = client.cancel_report(na, &token, &id).await.expect_err("too late");
    assert!(
        matches!(error, SpApiError::Rejected { status: 400, .. }),
        "{error}"
    );
    let unknown = ReportId::parse("1").expect("valid");
    let error = client.get_report(na, &token, &unknown).await.expect_err("none");
    assert!(matches!(error, SpApiError::NotFound { .. }), "{error}");
    refereed.finish().await;
}

#[tokio::test]
async fn reports_are_listed_to_the_last_page_with_each_token_sent_alone() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let amazon = &refereed.amazon;
    let mut made = Vec::new();
    for report_type in [LISTINGS, RESTRICTED, LISTINGS] {
        let report = amazon.finished_report(report_type, &json!({})).await;
        made.push(report["reportId"].as_str().expect("an id").to_owned());
    }
    amazon
        .finished_report(LISTINGS, &json!({ "status": "CANCELLED" }))
        .await;
    let types = [LISTINGS, RESTRICTED].map(|name| ReportType::parse(name).expect("valid"));
    let filter = ReportsFilter::new(types.to_vec())
        .and_then(|filter| filter.marketplaces(order(LISTINGS).marketplace_ids))
        .and_then(|filter| filter.page_size(2))
        .expect("valid")
        .processing_statuses(vec![ProcessingStatus::Done, ProcessingStatus::Fatal])
        .created_since(ListedSince::within_reach(Timestamp::UNIX_EPOCH, Timestamp::now()))
        .created_until("2099-01-01T00:00:00Z".parse().expect("a time"));

    let (client, token) = (&refereed.client, refereed.seller().await);
    let (mut query, mut found) = (ReportsQuery::Filter(filter), Vec::new());
    loop {
        let page = client
            .get_reports(RegionCode::Na, &token, &query)
            .await
            .expect("listed");
        assert_eq!(page.unreadable, []);
        found.extend(page.reports);
        match page.next_token {
            Some(next) => query = ReportsQuery::Next(next),
            None => break,
        }
    }
    assert!(found.iter().all(|report| report.report_document_id.is_some()));
    let ids = found.iter().map(|report| report.report_id.as_str());
    assert_eq!(ids.rev().collect::<Vec<_>>(), made);
    let calls = amazon.journal("operation=getReports").await;
    let [_, second] = &calls[..] else {
        panic!("{calls:?}")
    };
    let query = second["query"].as_str().expect("a query");
    assert!(query.starts_with("nextToken=") && !query.contains('&'), "{query}");
    refereed.finish().await;
}

#[tokio::test]
async fn schedules_are_made_found_and_cancelled() {
    let Some(refereed) = Refereed::start(Model::Reports).await else {
        return;
    };
    let (client, token) = (&refereed.client, refereed.seller().await);
    let na = RegionCode::Na;
    let wanted = CreateReportSchedule {
        report_type: ReportType::parse("FEE_DISCOUNTS_REPORT").expect("valid"),
        marketplace_ids: order(LISTINGS).marketplace_ids,
        report_options: order(LISTINGS).report_options,
        period: SchedulePeriod::parse("P30D").expect("valid"),
        next_report_creation_time: Some("2099-03-10T20:11:24.000Z".parse().expect("a time")),
    };
    let id = client
        .create_report_schedule(na, &token, &wanted)
        .await
        .expect("created");
    let schedule = client.get_report_schedule(na, &token, &id).await.expect("found");
    assert_eq!(schedule.report_schedule_id, id);
    assert_eq!(schedule.report_type, wanted.report_type);
    assert_eq!(schedule.marketplace_ids, wanted.marketplace_ids);
    assert_eq!(schedule.report_options, wanted.report_options);
    assert_eq!(schedule.period, wanted.period.as_str());
    assert_eq!(
        schedule.next_report_creation_time,
        wanted.next_report_creation_time
    );
    let types = [wanted.report_type, ReportType::parse(LISTINGS).expect("valid")];
    let list = async || client.get_report_schedules(na, &token, &types).await;
    assert_eq!(list().await.expect("listed"), [schedule]);

    client
        .cancel_report_schedule(na, &token, &id)
        .await
        .expect("cancelled");
    assert_eq!(list().await.expect("listed"), []);
    for gone in [
        client.get_report_schedule(na, &token, &id).await.map(drop),
        client.cancel_report_schedule(na, &token, &id).await,
    ] {
        assert!(matches!(gone, Err(SpApiError::NotFound { .. })), "{gone:?}");
    }
    refereed.finish().await;
}

#[tokio::test]
async fn the_rates_that_amazon_names_are_recorded() {
    let amazon = Amazon::with(Options::default()).await;
    let client = direct(&amazon);
    let token = seller(&client).await;
    let (recording, rates) = client.recording_rates();
    let na = RegionCode::Na;
    let report = recording.create_report(na, &token, &order(LISTINGS)).await;
    let report = report.expect("ordered");
    let unknown = ReportDocumentId::parse("amzn1.tortuga.3.none").expect("valid");
    let error = recording.get_report_document(na, &token, &unknown).await;
    assert!(matches!(error, Err(SpApiError::NotFound { .. })), "{error:?}");
    client.get_report(na, &token, &report).await.expect("found");
    let expected = [Operation::CreateReport, Operation::GetReportDocument];
    assert_eq!(
        rates.take(),
        expected.map(|operation| (operation, operation.rate().per_second))
    );
    assert_eq!(rates.take(), []);
}

#[tokio::test]
async fn what_amazon_may_have_done_is_in_doubt_and_what_it_refused_is_not() {
    let amazon = Amazon::start().await;
    let client = direct(&amazon);
    let access = seller(&client).await;
    let refusal = |status: u16| json!({ "operation": "createReport", "kind": "status", "status": status });
    let reset = json!({ "operation": "createReport", "kind": "reset" });
    for (fault, in_doubt) in [
        (refusal(503), true),
        (reset, true),
        (refusal(429), false),
        (refusal(400), false),
    ] {
        amazon.control("/faults", &fault).await;
        let error = client
            .create_report(RegionCode::Na, &access, &order(LISTINGS))
            .await
            .expect_err("a fault");
        assert_eq!(error.is_in_doubt(), in_doubt, "{fault}: {error}");
    }
    let fault = json!({ "operation": "lwa", "kind": "status", "status": 503 });
    amazon.control("/faults", &fault).await;
    let refresh_token = SecretString::from(REFRESH_TOKEN);
    let error = token(&client, Grant::RefreshToken(&refresh_token)).await;
    assert!(!error.expect_err("a fault").is_in_doubt());
}

#[tokio::test]
async fn a_restricted_report_takes_a_restricted_token() {
    let Some(refereed) = Refereed::start(Model::Tokens).await else {
        return;
    };
    let (client, token) = (&refereed.client, refereed.seller().await);
    let id = ReportDocumentId::parse("amzn1.tortuga.3.x.REP").expect("valid");
    client
        .create_restricted_data_token(RegionCode::Na, &token, &id)
        .await
        .expect("granted");
    refereed.finish().await;
}

#[tokio::test]
async fn a_new_client_secret_is_asked_for_by_who_is_enrolled() {
    let Some(refereed) = Refereed::start(Model::Applications).await else {
        return;
    };
    let client = &refereed.client;
    let scope = GrantlessScope::ClientCredentialRotation;
    let application = token(client, Grant::ClientCredentials(scope)).await;
    let application = application.expect("a token");
    let rotate = async || {
        client
            .rotate_application_client_secret(RegionCode::Na, &application)
            .await
    };
    let error = rotate().await.expect_err("not enrolled");
    assert!(
        matches!(error, SpApiError::Rejected { status: 400, .. }),
        "{error}"
    );
    let registration = json!({"queueArn": QUEUE});
    refereed.amazon.control("/rotation-queue", &registration).await;
    rotate().await.expect("asked for");
    refereed.finish().await;
}

/// Without a referee, for it needs two models at once.
#[tokio::test]
async fn a_restricted_document_is_refused_without_its_token() {
    let amazon = Amazon::start().await;
    amazon
        .control("/outcomes", &json!({"delayMilliseconds": 0}))
        .await;
    let client = direct(&amazon);
    let token = seller(&client).await;
    let report = client
        .create_report(RegionCode::Na, &token, &order(RESTRICTED))
        .await
        .expect("ordered");
    let id = document_of(&amazon, &report).await;
    let error = client
        .get_report_document(RegionCode::Na, &token, &id)
        .await
        .expect_err("restricted");
    assert!(matches!(error, SpApiError::Unauthorized { .. }), "{error}");
    let restricted = client
        .create_restricted_data_token(RegionCode::Na, &token, &id)
        .await
        .expect("granted");
    client
        .get_report_document(RegionCode::Na, &restricted, &id)
        .await
        .expect("handed out");
}

#[tokio::test]
async fn notifications_are_subscribed_to_and_moved() {
    let Some(refereed) = Refereed::start(Model::Notifications).await else {
        return;
    };
    let client = &refereed.client;
    let (grantless, seller) = (refereed.grantless().await, refereed.seller().await);
    let finished = NotificationType::parse("REPORT_PROCESSING_FINISHED").expect("valid");
    let na = RegionCode::Na;
    assert_eq!(client.get_destinations(na, &grantless).await.expect("listed"), []);
    let destination = client
        .create_destination(na, &grantless, "here", QUEUE)
        .await
        .expect("created");
    let listed = Destination {
        id: destination.clone(),
        resource: DestinationResource::Queue(QUEUE.to_owned()),
    };
    assert_eq!(
        client.get_destinations(na, &grantless).await.expect("listed"),
        [listed]
    );
    let version = PayloadVersion::parse("1.0").expect("valid");
    let look = async || {
        client
            .get_subscription(na, &seller, &finished, &version)
            .await
            .expect("asked")
    };
    assert_eq!(look().await, None);

    let wanted = NewSubscription {
        payload_version: &version,
        destination_id: &destination,
        processing_directive: None,
    };
    let subscribe = async || client.create_subscription(na, &seller, &finished, &wanted).await;
    let id = subscribe().await.expect("subscribed");
    let again = subscribe().await.expect_err("there already");
    assert!(
        matches!(again, SpApiError::Rejected { status: 409, .. }),
        "{again}"
    );
    let found = look().await.expect("there");
    assert_eq!((&found.id, found.sends_to(&destination)), (&id, true));
    let listed = client.get_subscriptions(na, &seller, &finished).await;
    assert_eq!(listed.expect("listed"), [found]);
    let error = client.delete_destination(na, &grantless, &destination).await;
    assert!(
        matches!(error, Err(SpApiError::Rejected { status: 409, .. })),
        "{error:?}"
    );
    client
        .delete_subscription(na, &grantless, &finished, &id)
        .await
        .expect("deleted");
    let error = client
        .delete_subscription(na, &grantless, &finished, &id)
        .await
        .expect_err("gone");
    assert!(matches!(error, SpApiError::NotFound { .. }), "{error}");
    client
        .delete_destination(na, &grantless, &destination)
        .await
        .expect("deleted");
    assert_eq!(client.get_destinations(na, &grantless).await.expect("listed"), []);
    refereed.finish().await;
}

async fn read(mut stream: DocumentStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next_chunk(1 << 20).await.expect("whole") {
        bytes.extend_from_slice(&chunk);
    }
    bytes
}

/// Writes down who was called, and the refusals.
#[derive(Debug, Default)]
struct Calls(Mutex<Vec<(Callee, Option<String>)>>);

impl Observer for Calls {
    fn called(&self, callee: Callee, answer: Result<(), &SpApiError>) {
        let refusal = answer.err().map(ToString::to_string);
        self.0.lock().expect("one test").push((callee, refusal));
    }
}

#[tokio::test]
async fn an_observer_sees_every_call_and_what_came_of_it() {
    let amazon = Amazon::start().await;
    let calls = Arc::new(Calls::default());
    let client = direct(&amazon).observed_by(Arc::clone(&calls) as Arc<dyn Observer>);
    let seller = seller(&client).await;
    let ordered = client
        .create_report(RegionCode::Na, &seller, &order(LISTINGS))
        .await;
    ordered.expect("ordered");
    let unknown = ReportId::parse("404").expect("valid");
    let refused = client.get_report(RegionCode::Na, &seller, &unknown).await;
    let refusal = refused.expect_err("there is none").to_string();
    let seen = std::mem::take(&mut *calls.0.lock().expect("one test"));
    assert_eq!(
        seen,
        [
            (Callee::Lwa, None),
            (Callee::Operation(Operation::CreateReport), None),
            (Callee::Operation(Operation::GetReport), Some(refusal)),
        ]
    );
}
