use serde_json::json;

use crate::world::{LISTINGS, World};

/// What passes is tried again: Amazon out of order, the document cut short, its URL expired.
#[tokio::test]
async fn passing_faults_do_not_lose_the_report() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    for fault in [
        json!({"operation": "getReportDocument", "sellerId": seller.id, "kind": "status", "status": 503}),
        json!({"operation": "getReportDocument", "sellerId": seller.id, "kind": "reset"}),
        json!({"operation": "document", "sellerId": seller.id, "kind": "expireUrl"}),
        json!({"operation": "document", "sellerId": seller.id, "kind": "truncate", "afterBytes": 100, "count": 2}),
    ] {
        world.simulator.fault(&fault).await.expect("scripted");
    }
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
    assert_eq!(world.objects(&seller).await.len(), 1);
    let calls = world
        .simulator
        .journal("getReportDocument", Some(&seller.id))
        .await
        .expect("a journal");
    // Two that failed, one for each URL that did not serve the whole document (asked twice, as a stretch
    // that breaks off is), one that did.
    assert_eq!(calls.len(), 5, "{calls:?}");
}

/// Other notification types are not for this pipeline, and no failure either.
#[tokio::test]
async fn other_notifications_are_skipped() {
    let Some(world) = World::find().await else { return };
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    let seller = world.subscribed_seller("EU").await;
    let other = json!({"notificationType": "ANY_OFFER_CHANGED", "payload": {"sellerId": seller.id}});
    world
        .simulator
        .send_message(&queue, &other.to_string())
        .await
        .expect("sent");
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;
    let rows = world.get_ok("/reports", &[("SellerId", &seller.id)]).await;
    assert_eq!(rows["reports"].as_array().map(Vec::len), Some(1), "{rows}");
}

/// What Amazon sends about a report of the usual type.
pub fn notification(seller: &str, report: &str, status: &str, document: &str) -> String {
    json!({
        "notificationVersion": "2020-09-04", "notificationType": "REPORT_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04", "eventTime": "2026-07-14T03:35:13.214Z",
        "payload": {"reportProcessingFinishedNotification": {
            "sellerId": seller, "accountId": format!("amzn1.merchant.o.{seller}"), "reportId": report,
            "reportType": LISTINGS, "processingStatus": status, "reportDocumentId": document,
        }},
        "notificationMetadata": {"applicationId": "amzn1.sellerapps.app.x", "subscriptionId": "s",
            "publishTime": "2026-07-14T03:35:13.214Z", "notificationId": "n"},
    })
    .to_string()
}
