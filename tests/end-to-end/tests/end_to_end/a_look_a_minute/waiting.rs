//! What is nobody's fault here waits until it is mended, and goes on by itself.
//!
//! The local stack looks every minute whether obstacles are gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

use crate::failures::notification;
use crate::world::{LISTINGS, Seller, World};

/// Until somebody looks, twice, and some more.
const UNTIL_SEEN: Duration = Duration::from_secs(240);

/// They wait for the same looks, so they wait together.
#[tokio::test]
async fn what_is_mended_outside_goes_on_by_itself() {
    let Some(world) = World::find().await else { return };
    let world = &world;
    tokio::join!(
        a_revoked_seller_is_told_once_and_everything_goes_on_with_the_new_token(world),
        a_role_that_was_missing_is_waited_for(world),
    );
}

async fn a_revoked_seller_is_told_once_and_everything_goes_on_with_the_new_token(world: &World) {
    let seller = world.subscribed_seller("EU").await;
    let address = format!("{}@example.com", seller.id.to_lowercase());
    let token = json!({
        "SellerId": seller.id, "RefreshToken": seller.refresh_token, "NotificationEmail": address,
    });
    world.post_ok("/tokens", &token).await;
    // The retrieving function has no token of this seller yet, so it must ask LWA, which says no.
    world
        .simulator
        .revoke(&seller.refresh_token)
        .await
        .expect("revoked");
    let first = announced_from_elsewhere(world, &seller).await;
    waits(world, &seller, &first, "AuthorizationRevoked").await;
    let execution = world.executions.wait_for(&seller.id, &first, UNTIL_SEEN).await;
    assert_eq!(
        execution.expect("it ends").status,
        ExecutionStatus::Succeeded,
        "nothing has failed"
    );
    let second = announced_from_elsewhere(world, &seller).await;
    waits(world, &seller, &second, "AuthorizationRevoked").await;

    let told = format!("Amazon reports wait: the authorization of {}", seller.id);
    let news = world
        .mailbox
        .wait_for_subject(&told, UNTIL_SEEN)
        .await
        .expect("the owner is told");
    assert_eq!(news.seller(), Some(seller.id.as_str()));
    assert!(news.text.contains("POST /tokens"), "{}", news.text);
    assert!(news.text.contains("2 reports and orders wait"), "{}", news.text);
    let asked = format!("Please authorize again: Amazon reports of {}", seller.id);
    let mail = world.mailbox.wait_for_subject(&asked, UNTIL_SEEN).await;
    let mail = mail.expect("the seller is asked");
    assert_eq!(mail.recipient, address);
    assert!(!mail.text.contains("POST /tokens"), "{}", mail.text);
    let shown = world.get_ok(&format!("/sellers/{}", seller.id), &[]).await;
    let trouble = &shown["sellers"][0]["trouble"];
    assert_eq!(trouble[0]["code"], "AuthorizationRevoked", "{shown}");
    assert!(trouble[0]["since"].is_string(), "{shown}");

    let seller = Seller {
        refresh_token: format!("Atzr|{}|again", seller.id),
        ..seller
    };
    world.authorize(&seller).await;
    for report in [&first, &second] {
        let email = world
            .mailbox
            .wait_for(&seller.id, report, UNTIL_SEEN)
            .await
            .expect("an e-mail comes");
        world.assert_linked(&email, &seller, report).await;
    }
    let told_of_end = format!("Amazon reports go on: the authorization of {}", seller.id);
    world
        .mailbox
        .wait_for_subject(&told_of_end, UNTIL_SEEN)
        .await
        .expect("the owner is told of the end");
    for report in [&first, &second] {
        let emails = world.mailbox.all_about(&seller.id, report).await.expect("read");
        let recipients: BTreeSet<_> = emails.iter().map(|email| &email.recipient).collect();
        assert_eq!(recipients.len(), emails.len(), "nobody got two: {emails:?}");
        let row = world.row(&seller, report).await;
        assert_eq!(
            (row.text("status"), row.text("waitingSince")),
            (Some("ANNOUNCED"), None)
        );
    }
    for subject in [told, asked, told_of_end] {
        assert_eq!(world.mailbox.with_subject(&subject).len(), 1, "{subject}");
    }
}

/// Amazon denies the document, with either token, until somebody adds the role.
async fn a_role_that_was_missing_is_waited_for(world: &World) {
    let seller = world.subscribed_seller("EU").await;
    // Four attempts, each with the token that it has and with a new one; and one more.
    let denied = |operation: &str| json!({"operation": operation, "sellerId": seller.id, "kind": "status", "status": 403, "count": 9});
    for operation in ["getReportDocument", "createRestrictedDataToken"] {
        world.simulator.fault(&denied(operation)).await.expect("scripted");
    }
    let report = world.order(&seller, "EU", LISTINGS).await;
    waits(world, &seller, &report, "AccessDenied").await;
    let email = world
        .mailbox
        .wait_for(&seller.id, &report, UNTIL_SEEN)
        .await
        .expect("an e-mail comes");
    world.assert_linked(&email, &seller, &report).await;
    // It passed within the time that Amazon's moods have, so nobody is troubled.
    let told = format!("Amazon reports wait: the role for {LISTINGS} ({})", seller.id);
    assert_eq!(world.mailbox.with_subject(&told), []);
}

/// A report that was not ordered here, and its announcement.
async fn announced_from_elsewhere(world: &World, seller: &Seller) -> String {
    let made = world
        .simulator
        .report_made_elsewhere(&seller.id, "EU", LISTINGS, json!({"notify": false}))
        .await;
    let report = made.expect("made");
    let known = world.finished(seller, &report).await;
    let document = known["documentId"].as_str().expect("a document");
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    let announcement = notification(&seller.id, &report, "DONE", document);
    let sent = world.simulator.send_message(&queue, &announcement).await;
    sent.expect("sent");
    report
}

/// Waits until a report's row says that it waits, and for what.
async fn waits(world: &World, seller: &Seller, report: &str, error: &str) {
    let deadline = Instant::now() + UNTIL_SEEN;
    loop {
        let row = world.row(seller, report).await;
        if row.text("status") == Some("WAITING_FOR_OWNER") {
            assert_eq!(row.text("waitingFor"), Some(error));
            assert!(row.text("waitingSince").is_some());
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{report} does not wait: {:?}",
            row.text("status")
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
