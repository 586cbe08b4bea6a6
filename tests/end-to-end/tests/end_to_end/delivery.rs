use end_to_end::{crc64nvme, sha256};
use serde_json::json;

use crate::world::{LISTINGS, World, new_seller_id};

/// The whole way of a report that was ordered here, byte for byte.
#[tokio::test]
async fn an_ordered_report_reaches_the_seller() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    world
        .simulator
        .script(&seller.id, json!({"gzip": true}))
        .await
        .expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;

    assert!(
        email.subject.starts_with("Amazon report ready: All listings, ")
            && email.subject.ends_with(&format!(", {}, {report}", seller.id)),
        "{}",
        email.subject
    );
    assert_eq!(email.fact("Marketplace"), Some("Amazon.de"));
    for (name, value) in [
        ("Report id", report.as_str()),
        ("Seller", seller.id.as_str()),
        ("Report type", LISTINGS),
        ("Status", "DONE"),
        ("Region", "EU"),
    ] {
        assert_eq!(email.fact(name), Some(value), "{name}");
    }
    let (headers, bytes) = world.follow(&email).await;
    let served = world.served_sha256(&seller, &report).await;
    assert_eq!(sha256(&bytes), served);
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(
        headers["content-type"]
            .to_str()
            .expect("text")
            .starts_with("text/tab-separated-values")
    );
    assert!(
        headers["content-disposition"]
            .to_str()
            .expect("text")
            .contains(&format!("_{report}.tsv\""))
    );

    let row = world.row(&seller, &report).await;
    assert_eq!(row.text("status"), Some("ANNOUNCED"));
    assert_eq!(row.text("crc64nvme"), Some(crc64nvme(&bytes).as_str()));
    assert_eq!(
        row.text("objectKey")
            .map(str::to_owned)
            .into_iter()
            .collect::<Vec<_>>(),
        world.objects(&seller).await
    );
}

/// A report that nobody ordered here: its region comes from the seller's record.
#[tokio::test]
async fn a_report_made_elsewhere_reaches_the_seller() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("FE").await;
    let settlement = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2";
    let report = world
        .simulator
        .report_made_elsewhere(&seller.id, "FE", settlement, json!({}))
        .await
        .expect("made");
    let email = world.delivered(&seller, &report).await;
    assert_eq!(email.region(), Some("FE"));
    world.assert_linked(&email, &seller, &report).await;
}

/// A vendor has an account id and no seller id.
#[tokio::test]
async fn a_vendors_report_reaches_the_vendor() {
    let Some(world) = World::find().await else { return };
    let vendor = format!("amzn1.vg.{}", new_seller_id());
    let vendor = world.selling_partner(vendor).await;
    world.subscribe(&vendor, "NA").await;
    let report = world.order(&vendor, "NA", "GET_VENDOR_SALES_REPORT").await;
    let email = world.delivered(&vendor, &report).await;
    world.assert_linked(&email, &vendor, &report).await;
}

/// A type with personal data is fetched with a restricted data token.
#[tokio::test]
async fn a_restricted_report_reaches_the_seller() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let report = world
        .order(&seller, "EU", "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING")
        .await;
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
    let calls = world
        .simulator
        .journal("getReportDocument", Some(&seller.id))
        .await
        .expect("a journal");
    let tokens: Vec<_> = calls
        .iter()
        .map(|call| call["token"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(tokens, ["rdt"]);
    assert!(
        calls[0]["userAgent"]
            .as_str()
            .is_some_and(|it| it.starts_with("sp-reports/"))
    );
}

#[tokio::test]
async fn a_cancelled_report_is_explained() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    world
        .simulator
        .script(&seller.id, json!({"status": "CANCELLED"}))
        .await
        .expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    assert!(
        email.subject.starts_with("Amazon report cancelled"),
        "{}",
        email.subject
    );
    assert!(email.text.contains("no data for the chosen period"));
    assert_eq!(email.fact("Status"), Some("CANCELLED"));
    assert_eq!(email.link(), None);
    assert_eq!(
        world.row(&seller, &report).await.text("status"),
        Some("CANCELLED")
    );
}

#[tokio::test]
async fn a_fatal_report_comes_with_amazons_explanation() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let fatal =
        json!({"status": "FATAL", "document": true, "body": "The start date is too far in the past."});
    world.simulator.script(&seller.id, fatal).await.expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    assert!(
        email.subject.starts_with("Amazon report failed"),
        "{}",
        email.subject
    );
    let (_, bytes) = world.follow(&email).await;
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        "The start date is too far in the past."
    );
    assert!(
        email
            .text
            .contains("Reason:      The start date is too far in the past.\n"),
        "{}",
        email.text
    );
    let row = world.row(&seller, &report).await;
    assert_eq!(row.text("status"), Some("FATAL"));
    assert_eq!(row.text("reason"), Some("The start date is too far in the past."));
    let key = row.text("objectKey").expect("stored");
    assert!(
        key.starts_with("errors/SellerId=") && key.ends_with(".txt"),
        "{key}"
    );
    assert_eq!(world.objects(&seller).await, Vec::<String>::new(), "no data");
}

#[tokio::test]
async fn a_fatal_report_without_explanation_is_told_all_the_same() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    world
        .simulator
        .script(&seller.id, json!({"status": "FATAL"}))
        .await
        .expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    assert!(email.text.contains("gave no reason"), "{}", email.text);
}
