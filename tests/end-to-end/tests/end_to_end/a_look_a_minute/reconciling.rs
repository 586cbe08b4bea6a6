//! Reports whose notification does not come.
//!
//! The local stack looks every minute after reports that were ordered more than half a minute ago.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use end_to_end::Email;
use serde_json::json;

use crate::world::{LISTINGS, Seller, World};

/// Until a report is overdue, until somebody looks, and some more.
const UNTIL_FOUND: Duration = Duration::from_secs(180);

/// They wait for the same look, so they wait together.
#[tokio::test]
async fn what_nobody_announces_is_found() {
    let Some(world) = World::find().await else { return };
    let world = &world;
    tokio::join!(
        a_report_that_is_not_announced_is_delivered_once(world),
        a_report_that_amazon_drops_is_told_of(world),
        a_report_made_elsewhere_is_discovered(world),
        an_aborted_delivery_is_made_up_for(world)
    );
}

async fn a_report_that_is_not_announced_is_delivered_once(world: &World) {
    let seller = &world.silent_seller("EU").await;
    let report = world.order(seller, "EU", LISTINGS).await;
    let email = found(world, seller, &report).await;
    world.assert_linked(&email, seller, &report).await;
    let delivered = world.shown(seller, &report).await;
    assert_eq!(delivered["status"], "ANNOUNCED", "{delivered}");

    // The notification comes after all, and three times; the next report's comes after it.
    let late = world.simulator.announce(&seller.id, "EU", &report, 3).await;
    late.expect("announced");
    let next = world.order(seller, "EU", LISTINGS).await;
    world.delivered(seller, &next).await;
    assert_eq!(
        world.shown(seller, &report).await,
        delivered,
        "its row is as it was"
    );
    assert_delivered_once(world, seller, &report).await;
    assert_eq!(world.objects(seller).await.len(), 2);
}

/// Amazon does not know a report any more that it took an order for.
async fn a_report_that_amazon_drops_is_told_of(world: &World) {
    let seller = &world.silent_seller("EU").await;
    let gone = json!({"operation": "getReport", "sellerId": seller.id, "kind": "status", "status": 404});
    world.simulator.fault(&gone).await.expect("scripted");
    let report = world.order(seller, "EU", LISTINGS).await;
    let email = found(world, seller, &report).await;
    assert!(
        email
            .subject
            .starts_with("Amazon report lost at Amazon: All listings, "),
        "{}",
        email.subject
    );
    assert!(email.text.contains("does not know this report"), "{}", email.text);
    assert_eq!((email.fact("Status"), email.link()), (Some("DROPPED"), None));
    let shown = world.shown(seller, &report).await;
    assert_eq!(
        (&shown["status"], &shown["processingStatus"]),
        (&json!("DROPPED"), &json!("DROPPED")),
        "{shown}"
    );
    assert_delivered_once(world, seller, &report).await;
}

/// Nobody ordered it here and nobody announced it; its seller wants such reports to be looked for.
async fn a_report_made_elsewhere_is_discovered(world: &World) {
    let seller = &world.seller().await;
    let subscription = json!({
        "SellerId": seller.id, "RegionCode": "NA", "NotificationType": "REPORT_PROCESSING_FINISHED",
        "DiscoverReportTypes": [LISTINGS],
    });
    world.post_ok("/notifications", &subscription).await;
    let silent = json!({"notify": false});
    let report = world
        .simulator
        .report_made_elsewhere(&seller.id, "NA", LISTINGS, silent)
        .await
        .expect("made");
    let email = found(world, seller, &report).await;
    world.assert_linked(&email, seller, &report).await;
    assert_eq!(email.region(), Some("NA"));
    assert_delivered_once(world, seller, &report).await;
}

/// Somebody stops an execution in the middle of its work.
async fn an_aborted_delivery_is_made_up_for(world: &World) {
    let seller = &world.subscribed_seller("EU").await;
    let failing = json!({
        "operation": "getReportDocument", "sellerId": seller.id, "kind": "status", "status": 503, "count": 3,
    });
    world.simulator.fault(&failing).await.expect("scripted");
    let report = world.order(seller, "EU", LISTINGS).await;
    // It begins within seconds, and Amazon's refusals hold it up for some more.
    let mut attempts = 0;
    while world.executions.abort(&seller.id, &report).await.is_err() {
        attempts += 1;
        assert!(attempts < 300, "the delivery does not begin");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let aborted = world.executions.wait_for(&seller.id, &report, UNTIL_FOUND).await;
    assert_eq!(aborted.expect("ended").status, ExecutionStatus::Aborted);
    let email = world.mailbox.wait_for(&seller.id, &report, UNTIL_FOUND).await;
    world
        .assert_linked(&email.expect("an e-mail comes"), seller, &report)
        .await;
    assert_eq!(world.shown(seller, &report).await["status"], "ANNOUNCED");
    let emails = world.mailbox.all_about(&seller.id, &report).await;
    assert_eq!(emails.expect("read").len(), 1);
}

/// Waits until the delivery of a report has begun, and then for its end.
async fn found(world: &World, seller: &Seller, report: &str) -> Email {
    let execution = world.executions.wait_for(&seller.id, report, UNTIL_FOUND).await;
    execution.expect("it is found");
    world.delivered(seller, report).await
}

async fn assert_delivered_once(world: &World, seller: &Seller, report: &str) {
    let name = format!("{}_{report}", seller.id);
    let executions = world.executions.names(&name).await;
    assert_eq!(executions.expect("listed"), [name]);
    let emails = world.mailbox.all_about(&seller.id, report).await;
    assert_eq!(emails.expect("read").len(), 1);
}
