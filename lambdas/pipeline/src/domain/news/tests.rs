use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-11-22T08:30:00Z";

fn outcome(changes: &Value) -> Outcome {
    let mut outcome = json!({
        "SellerId": "A3TH9S8BH6GOGM_EU", "ReportId": "54517018502",
        "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "ProcessingStatus": "DONE",
    });
    for (name, value) in changes.as_object().expect("an object") {
        outcome[name] = value.clone();
    }
    serde_json::from_value(outcome).expect("an outcome")
}

fn ordered() -> Particulars {
    Particulars {
        data_start_time: "2026-11-01T00:00:00Z".parse().ok(),
        data_end_time: None,
        marketplace_ids: vec![sp_api::ids::MarketplaceId::parse("A1PA6795UKMFR9").expect("valid")],
        report_options: [("reportPeriod".to_owned(), "WEEK".to_owned())].into(),
        request_id: None,
        reference: Reference::parse("Monday's listings").ok(),
    }
}

fn told(outcome: &Outcome, releases: u64) -> News {
    let circumstances = Circumstances {
        region: Some(RegionCode::Eu),
        particulars: &ordered(),
        releases,
        now: NOW.parse().expect("a time"),
    };
    News::of_outcome(outcome, "bucket", &circumstances)
}

/// That a report is delivered.
pub(crate) fn delivered() -> News {
    told(
        &outcome(&json!({
            "StoredDocument": {
                "ObjectKey": "SellerId=A3/1.tsv.gz", "Bytes": 18, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0,
                "ContentType": "text/tab-separated-values; charset=UTF-8", "ContentEncoding": "gzip",
                "FileName": "listings.tsv", "PlainBytes": 60,
            },
            "Link": {"Url": "https://bucket.example/report?signature", "ExpiresAt": NOW},
        })),
        0,
    )
}

fn failed(releases: u64) -> News {
    let failure = json!({"Error": "AuthorizationRevoked", "Cause": "revoked"});
    told(&outcome(&json!({"Failure": failure})), releases)
}

#[test]
fn a_delivered_report_is_all_that_a_program_needs_and_no_link() {
    let document = serde_json::to_value(delivered()).expect("JSON");
    assert_eq!(
        document,
        json!({
            "version": "1", "id": delivered().id.as_str(), "type": "ReportDelivered", "time": NOW,
            "sellerId": "A3TH9S8BH6GOGM", "regionCode": "EU", "reference": "Monday's listings",
            "report": {
                "reportId": "54517018502", "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
                "processingStatus": "DONE", "marketplaceIds": ["A1PA6795UKMFR9"],
                "dataStartTime": "2026-11-01T00:00:00Z", "reportOptions": {"reportPeriod": "WEEK"},
            },
            "object": {
                "bucket": "bucket", "key": "SellerId=A3/1.tsv.gz", "bytes": 18, "plainBytes": 60,
                "contentType": "text/tab-separated-values; charset=UTF-8", "contentEncoding": "gzip",
                "crc64nvme": "rosUhgp5mIg=", "fileName": "listings.tsv",
            },
        })
    );
    assert!(!document.to_string().contains("https:"));
}

#[test]
fn what_is_told_again_has_its_id_again_and_nothing_else_has() {
    assert_eq!(delivered().id, delivered().id);
    assert_eq!(delivered().id.as_str().len(), 32);
    let cancelled = told(&outcome(&json!({"ProcessingStatus": "CANCELLED"})), 0);
    let other = told(&outcome(&json!({"ReportId": "54517018503"})), 0);
    let elsewhere = told(&outcome(&json!({"SellerId": "A3TH9S8BH6GOGM"})), 0);
    for different in [&cancelled, &other, &elsewhere, &failed(0)] {
        assert_ne!(different.id, delivered().id);
    }
    // One that began again and failed again is news; one that succeeds is delivered once.
    assert_ne!(failed(0).id, failed(1).id);
    assert_eq!(told(&outcome(&json!({})), 1).id, delivered().id);
}

#[test]
fn subscribers_can_choose_by_attributes() {
    assert_eq!(
        delivered().attributes(),
        [
            ("Outcome", "ReportDelivered"),
            ("SellerId", "A3TH9S8BH6GOGM"),
            ("RegionCode", "EU"),
            ("ReportType", "GET_MERCHANT_LISTINGS_ALL_DATA"),
            ("ReportId", "54517018502"),
            ("ProcessingStatus", "DONE"),
        ]
    );
}

#[test]
fn a_delivery_that_failed_is_no_done_one_and_is_its_owners_affair() {
    let failed = failed(0);
    let attributes = failed.attributes();
    assert!(attributes.contains(&("Outcome", "ReportNotDelivered")));
    assert_eq!(failed.audience(), Audience::Owner);
    assert!(!attributes.iter().any(|(name, _)| *name == "ProcessingStatus"));
    assert_eq!(failed.error.as_deref(), Some("AuthorizationRevoked"));
    assert_eq!(failed.reason.as_deref(), Some("revoked"));
    assert_eq!(failed.advice_code, Some(AdviceCode::AuthorizeAgain));
}

#[test]
fn what_concerns_everybody_names_nobody() {
    let failure = Failure {
        error: "LwaCredentialsRefused".into(),
        cause: String::new(),
    };
    let at = |text: &str| text.parse().expect("a time");
    let (since, now) = (at("2026-11-22T05:00:00Z"), at(NOW));
    let news = News::of_obstacle(&Obstacle::Credentials, &failure, 3, since, now);
    assert_eq!(news.attributes(), [("Outcome", "ReportsWaiting")]);
    assert_eq!((news.seller_id.as_ref(), news.waiting), (None, Some(3)));
    // The same obstacle another time is another piece of news.
    let again = News::of_obstacle(&Obstacle::Credentials, &failure, 3, now, now);
    assert_ne!(again.id, news.id);
}

#[test]
fn an_order_that_failed_is_known_by_its_request_id() {
    let order = json!({
        "SellerId": "A3", "RequestId": format!("order-{:032x}", 1), "RegionCode": "EU", "ReportType": "GET_X",
        "Failure": {"Error": "Rejected", "Cause": "no"},
    });
    let order = serde_json::from_value(order).expect("an order");
    let circumstances = Circumstances {
        region: Some(RegionCode::Eu),
        particulars: &ordered(),
        releases: 0,
        now: NOW.parse().expect("a time"),
    };
    let news = serde_json::to_value(News::of_failed_order(&order, &circumstances)).expect("JSON");
    assert_eq!(news["requestId"], format!("order-{:032x}", 1));
    assert_eq!(news["adviceCode"], "MendOrder");
    assert_eq!(news["reference"], "Monday's listings");
    assert_eq!(news["report"]["reportId"], Value::Null);
}

/// Where the schema is committed.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../news.schema.json");

#[test]
fn the_committed_schema_is_that_of_the_document() {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<News>();
    let schema = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_NEWS_SCHEMA").is_some() {
        std::fs::write(SCHEMA, &schema).expect("written");
    }
    let committed = std::fs::read_to_string(SCHEMA).expect("committed");
    assert!(
        committed == schema,
        "UPDATE_NEWS_SCHEMA=1 cargo test -p pipeline writes {SCHEMA} anew"
    );
}
