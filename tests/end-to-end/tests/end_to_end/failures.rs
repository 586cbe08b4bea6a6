use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

use crate::world::{LISTINGS, World};

/// A document that Amazon does not have.
const NO_DOCUMENT: &str = "amzn1.tortuga.3.x.REP";

/// A seller who has a token here and never subscribed, so that nobody knows the region: the workflow
/// fails, says so, and marks the row.
#[tokio::test]
async fn a_delivery_that_cannot_succeed_ends_with_mail_and_row() {
    let Some(world) = World::find().await else { return };
    // Announced all the same, as by another deployment's subscription.
    let stranger = world.seller().await;
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    world
        .simulator
        .send_message(&queue, &notification(&stranger.id, "700", "DONE", NO_DOCUMENT))
        .await
        .expect("sent");
    let (execution, email) = world.ended(&stranger, "700").await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.error.as_deref(), Some("RegionUnknown"));
    assert!(
        email.subject.starts_with("Amazon report not delivered"),
        "{}",
        email.subject
    );
    assert!(email.text.contains("POST /notifications"), "{}", email.text);
    let row = world.row(&stranger, "700").await;
    assert_eq!(
        (row.text("status"), row.text("error")),
        (Some("FAILED"), Some("RegionUnknown"))
    );
}

/// A revoked authorization ends the delivery at once, and says what to do.
#[tokio::test]
async fn a_revoked_authorization_ends_the_delivery() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    // The retrieving function has no token of this seller yet, so it must ask LWA, which says no.
    world
        .simulator
        .revoke(&seller.refresh_token)
        .await
        .expect("revoked");
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    world
        .simulator
        .send_message(&queue, &notification(&seller.id, "701", "DONE", NO_DOCUMENT))
        .await
        .expect("sent");
    let (execution, email) = world.ended(&seller, "701").await;
    assert_eq!(execution.error.as_deref(), Some("AuthorizationRevoked"));
    assert!(
        email.text.contains("Authorize the application again"),
        "{}",
        email.text
    );
    assert_eq!(world.row(&seller, "701").await.text("status"), Some("FAILED"));
}

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
