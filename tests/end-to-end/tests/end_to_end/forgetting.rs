use end_to_end::Answer;
use serde_json::json;

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
