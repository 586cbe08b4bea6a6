//! The project's own client, with Amazon's models as the referee: what it asks and what it is answered
//! passes through Prism.

mod common;

use std::collections::BTreeMap;

use common::{Amazon, LISTINGS, QUEUE, REFRESH_TOKEN, RESTRICTED};
use secrecy::SecretString;
use serde_json::json;
use sp_api::ids::{DestinationId, MarketplaceId, NotificationType, ReportDocumentId, ReportId, ReportType};
use sp_api::{
    AccessToken, CompressionAlgorithm, CreateReport, Endpoints, Grant, GrantlessScope, LwaCredentials,
    RegionCode, SpApiClient, SpApiError,
};
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

    async fn token(&self, grant: Grant<'_>) -> AccessToken {
        let credentials = LwaCredentials {
            client_id: "id".into(),
            client_secret: SecretString::from("secret"),
        };
        self.client
            .access_token(&credentials, grant)
            .await
            .expect("a token")
    }

    async fn seller(&self) -> AccessToken {
        self.token(Grant::RefreshToken(&SecretString::from(REFRESH_TOKEN)))
            .await
    }

    async fn grantless(&self) -> AccessToken {
        self.token(Grant::ClientCredentials(GrantlessScope::Notifications))
            .await
    }

    async fn finish(mut self) {
        assert_eq!(
            self.prism.objections().await.expect("a log"),
            Vec::<String>::new()
        );
    }
}

/// Waits until the report has its document.
async fn document_of(amazon: &Amazon, report: &ReportId) -> ReportDocumentId {
    loop {
        let known = amazon.look(&format!("/reports?reportId={report}")).await;
        if let Some(id) = known["reports"][0]["documentId"].as_str() {
            return ReportDocumentId::parse(id).expect("a document id");
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
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
    assert_eq!(document.compression_algorithm, Some(CompressionAlgorithm::Gzip));

    let mut stream = client.open_document(&document.url).await.expect("opened");
    let mut bytes = 0;
    while let Some(chunk) = stream.next_chunk(1 << 20).await.expect("whole") {
        bytes += chunk.len() as u64;
    }
    assert_eq!(Some(bytes), stream.length());

    let unknown = ReportDocumentId::parse("amzn1.tortuga.3.none").expect("valid");
    let error = client
        .get_report_document(RegionCode::Na, &token, &unknown)
        .await
        .expect_err("none");
    assert!(matches!(error, SpApiError::NotFound { .. }), "{error}");
    refereed.finish().await;
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

/// Without a referee, for it needs two models at once.
#[tokio::test]
async fn a_restricted_document_is_refused_without_its_token() {
    let amazon = Amazon::start().await;
    amazon
        .control("/outcomes", &json!({"delayMilliseconds": 0}))
        .await;
    let base = amazon.simulator.base_url();
    let client = SpApiClient::new(Endpoints::simulator(&base).expect("a URL"));
    let credentials = LwaCredentials {
        client_id: "id".into(),
        client_secret: SecretString::from("secret"),
    };
    let refresh_token = SecretString::from(REFRESH_TOKEN);
    let token = client
        .access_token(&credentials, Grant::RefreshToken(&refresh_token))
        .await
        .expect("a token");
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
    assert_eq!(
        client.get_destinations(na, &grantless).await.expect("listed"),
        std::slice::from_ref(&destination)
    );
    assert_eq!(
        client
            .get_subscription(na, &seller, &finished)
            .await
            .expect("asked"),
        None
    );

    let subscribe = async |to: &DestinationId| client.create_subscription(na, &seller, &finished, to).await;
    let id = subscribe(&destination.id).await.expect("subscribed");
    let again = subscribe(&destination.id).await.expect_err("there already");
    assert!(
        matches!(again, SpApiError::Rejected { status: 409, .. }),
        "{again}"
    );
    let found = client
        .get_subscription(na, &seller, &finished)
        .await
        .expect("asked")
        .expect("there");
    assert_eq!((found.id, found.destination_id), (id.clone(), destination.id));
    client
        .delete_subscription(na, &grantless, &finished, &id)
        .await
        .expect("deleted");
    let error = client
        .delete_subscription(na, &grantless, &finished, &id)
        .await
        .expect_err("gone");
    assert!(matches!(error, SpApiError::NotFound { .. }), "{error}");
    refereed.finish().await;
}
