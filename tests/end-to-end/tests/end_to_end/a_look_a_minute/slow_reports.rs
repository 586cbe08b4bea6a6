//! Reports that Amazon takes long to make.
//!
//! On the local stack a report is slow after 108 seconds, and it is looked every minute.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World};

/// Until a report is slow, until somebody looks, and some more.
const UNTIL_TOLD: Duration = Duration::from_secs(360);

/// They wait for the same looks, so they wait together.
#[tokio::test]
async fn who_waits_long_for_a_report_is_told_once_and_what_can_be_done() {
    let Some(world) = World::find().await else { return };
    tokio::join!(
        one_that_amazon_is_at_is_waited_for(&world),
        one_in_the_queue_can_be_cancelled(&world),
    );
}

async fn one_that_amazon_is_at_is_waited_for(world: &World) {
    let seller = world.subscribed_seller("EU").await;
    // In progress before it is slow, and for two looks after that.
    let report = taking(world, &seller, Duration::from_secs(240)).await;
    let text = told(world, &seller, &report).await;
    assert!(
        text.contains("\nStatus:      IN_PROGRESS\n") && !text.contains("DELETE"),
        "{text}"
    );
    let email = world
        .mailbox
        .wait_for_headline("Amazon report ready", &seller.id, UNTIL_TOLD)
        .await;
    world
        .assert_linked(&email.expect("it arrives"), &seller, &report)
        .await;
    assert_eq!(of(world, &seller).await.len(), 2);
}

async fn one_in_the_queue_can_be_cancelled(world: &World) {
    let seller = world.subscribed_seller("EU").await;
    let report = taking(world, &seller, Duration::from_secs(1800)).await;
    let text = told(world, &seller, &report).await;
    let remedy = format!("DELETE /reports/{report}?SellerId={}", seller.id);
    assert!(
        text.contains("\nStatus:      IN_QUEUE\n") && text.contains(&remedy),
        "{text}"
    );
    let answer = world.cancel(&seller, &report).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world
        .mailbox
        .wait_for_headline("Amazon report cancelled", &seller.id, UNTIL_TOLD)
        .await
        .expect("the owner is told of the end");
    assert_eq!(of(world, &seller).await.len(), 2);
}

/// Orders a report that takes Amazon so long.
async fn taking(world: &World, seller: &Seller, time: Duration) -> String {
    let outcome = json!({"delayMilliseconds": time.as_secs() * 1000});
    world
        .simulator
        .script(&seller.id, outcome)
        .await
        .expect("scripted");
    world.order(seller, "EU", LISTINGS).await
}

/// Waits until the seller is told that the report is slow, and its row says so; the e-mail's text.
async fn told(world: &World, seller: &Seller, report: &str) -> String {
    let email = world
        .mailbox
        .wait_for_headline("Amazon report slow", &seller.id, UNTIL_TOLD)
        .await;
    let email = email.expect("the owner is told");
    assert_eq!(
        (email.seller(), email.fact("Report id")),
        (Some(seller.id.as_str()), Some(report))
    );
    let mut row = Value::Null;
    // The e-mail may be faster than the row.
    for _ in 0..60 {
        row = world.shown(seller, report).await;
        if row["slowSince"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(
        row["slowSince"].is_string() && row["status"] == "ORDERED",
        "{row}"
    );
    email.text
}

/// The subjects of all e-mails about the seller's reports.
async fn of(world: &World, seller: &Seller) -> Vec<String> {
    let all = world.mailbox.all().await.expect("read");
    let own = all.into_iter().filter(|it| it.seller() == Some(&seller.id));
    own.map(|email| email.subject).collect()
}
