use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

use crate::world::{LISTINGS, PATIENCE, Seller, World, new_seller_id};

/// A seller whose authorization is gone by the time the report is finished: the workflow fails, says
/// so, and marks the row.
#[tokio::test]
async fn a_delivery_that_cannot_succeed_ends_with_mail_and_row() {
    let Some(world) = World::find().await else { return };
    // Never stored here, so no token; announced all the same.
    let stranger = Seller {
        id: new_seller_id(),
        refresh_token: String::new(),
    };
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    world
        .simulator
        .send_message(&queue, &notification(&stranger.id, "700", "DONE"))
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
        .send_message(&queue, &notification(&seller.id, "701", "DONE"))
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
        json!({"operation": "document", "sellerId": seller.id, "kind": "truncate", "afterBytes": 100}),
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
    // Two that failed, one for each URL that did not serve the whole document, one that did.
    assert_eq!(calls.len(), 5, "{calls:?}");
}

/// Garbage ends in the dead-letter queue, and holds up nobody.
#[tokio::test]
async fn garbage_ends_in_the_dead_letter_queue() {
    let Some(world) = World::find().await else { return };
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    let garbage = format!("garbage {}", new_seller_id());
    redeliver_quickly(&world).await;
    world
        .simulator
        .send_message(&queue, &garbage)
        .await
        .expect("sent");

    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;

    let deadline = std::time::Instant::now() + PATIENCE;
    let dead_letters = world.stack.output("DEAD_LETTER_QUEUE_URL").expect("set");
    loop {
        let received = world
            .stack
            .sqs()
            .receive_message()
            .queue_url(&dead_letters)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .send()
            .await
            .expect("the dead-letter queue can be read");
        if received
            .messages()
            .iter()
            .any(|message| message.body() == Some(&garbage))
        {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the garbage is not in the dead-letter queue"
        );
    }
}

/// Attempts at a message are minutes apart in a deployment; no test waits that long. The template's own
/// tests hold the real value.
async fn redeliver_quickly(world: &World) {
    world
        .stack
        .sqs()
        .set_queue_attributes()
        .queue_url(world.stack.output("NOTIFICATIONS_QUEUE_URL").expect("set"))
        .attributes(aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout, "5")
        .send()
        .await
        .expect("the queue can be set");
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
    assert_eq!(
        world
            .executions
            .names(&format!("{}_", seller.id))
            .await
            .expect("listed")
            .len(),
        1
    );
}

fn notification(seller: &str, report: &str, status: &str) -> String {
    json!({
        "notificationVersion": "2020-09-04", "notificationType": "REPORT_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04", "eventTime": "2026-07-14T03:35:13.214Z",
        "payload": {"reportProcessingFinishedNotification": {
            "sellerId": seller, "accountId": format!("amzn1.merchant.o.{seller}"), "reportId": report,
            "reportType": LISTINGS, "processingStatus": status, "reportDocumentId": "amzn1.tortuga.3.x.REP",
        }},
        "notificationMetadata": {"applicationId": "amzn1.sellerapps.app.x", "subscriptionId": "s",
            "publishTime": "2026-07-14T03:35:13.214Z", "notificationId": "n"},
    })
    .to_string()
}
