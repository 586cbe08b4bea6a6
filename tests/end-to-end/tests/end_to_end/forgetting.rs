use end_to_end::Answer;
use serde_json::json;

use crate::failures::notification;
use crate::subscriptions::subscribe_elsewhere;
use crate::world::{LISTINGS, Seller, World};

async fn unsubscribe(world: &World, seller: &Seller) -> Answer {
    let query = [
        ("SellerId", seller.id.as_str()),
        ("RegionCode", "EU"),
        ("NotificationType", "REPORT_PROCESSING_FINISHED"),
    ];
    world.delete("/notifications", &query).await
}

/// A subscription ends once, and a new one is another.
#[tokio::test]
async fn who_unsubscribes_can_subscribe_again() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let first = world.subscribe(&seller, "EU").await;
    let answer = unsubscribe(&world, &seller).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"subscriptionId": first["subscriptionId"]}))
    );
    let answer = unsubscribe(&world, &seller).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (404, &json!("SubscriptionNotFound")),
        "{}",
        answer.body
    );
    let second = world.subscribe(&seller, "EU").await;
    assert_eq!(first["destinationId"], second["destinationId"]);
    assert_ne!(first["subscriptionId"], second["subscriptionId"]);
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;
}

/// Another deployment's subscription is not ours to end.
#[tokio::test]
async fn a_subscription_that_sends_elsewhere_stays() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let elsewhere = &format!("arn:aws:sqs:us-east-1:000000000000:stays-{}", seller.id);
    subscribe_elsewhere(&world, &seller, elsewhere).await;
    for _ in 0..2 {
        let answer = unsubscribe(&world, &seller).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (409, &json!("SubscribedElsewhere")),
            "{}",
            answer.body
        );
        let message = answer.body["message"].as_str().expect("a text");
        assert!(message.contains(elsewhere.as_str()), "{message}");
    }
}

/// A seller who is forgotten is unknown, until a token is stored again.
#[tokio::test]
async fn a_seller_is_forgotten() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let path = format!("/tokens/{}", seller.id);
    let answer = world.delete(&path, &[]).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"sellerId": seller.id, "status": "SUCCESS"}))
    );
    let order = json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": "A1PA6795UKMFR9",
    });
    for answer in [
        world.delete(&path, &[]).await,
        world.post("/reports", &order).await,
    ] {
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("SellerNotFound")),
            "{}",
            answer.body
        );
    }
    let token = json!({"SellerId": seller.id, "RefreshToken": seller.refresh_token});
    world.post_ok("/tokens", &token).await;
    world.order(&seller, "EU", LISTINGS).await;
}

/// The case "a seller who was forgotten is announced again": the subscription is gone, and whatever is
/// announced all the same makes no row, no execution and no mail.
#[tokio::test]
async fn a_forgotten_seller_is_not_announced_and_ignored_if_so() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let answer = world.forget(&seller, &[]).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"sellerId": seller.id, "status": "SUCCESS"}))
    );
    let deletions = world
        .simulator
        .journal("deleteSubscriptionById", None)
        .await
        .expect("a journal");
    assert!(
        deletions.iter().any(|call| call["status"] == 200),
        "{deletions:?}"
    );

    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    let stranger = notification(&seller.id, "702", "DONE", "amzn1.tortuga.3.x.REP");
    world
        .simulator
        .send_message(&queue, &stranger)
        .await
        .expect("sent");
    // Who is not forgotten is announced behind it, in the same queue.
    let other = world.subscribed_seller("EU").await;
    let report = world.order(&other, "EU", LISTINGS).await;
    world.delivered(&other, &report).await;
    let token = json!({"SellerId": seller.id, "RefreshToken": seller.refresh_token});
    world.post_ok("/tokens", &token).await;
    let shown = world.get("/reports/702", &[("SellerId", &seller.id)]).await;
    assert_eq!(shown.status, 404, "{}", shown.body);
}

/// A revoked authorization keeps nobody from being forgotten, nor from being unsubscribed: Amazon
/// deletes subscriptions in the application's name.
#[tokio::test]
async fn a_seller_who_revoked_the_authorization_is_forgotten() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    world
        .simulator
        .revoke(&seller.refresh_token)
        .await
        .expect("revoked");
    let answer = world.forget(&seller, &[]).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"sellerId": seller.id, "status": "SUCCESS"}))
    );
}
