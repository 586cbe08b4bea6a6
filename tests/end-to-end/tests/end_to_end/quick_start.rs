use serde_json::json;

use crate::world::World;

/// The Quick Start's three sample bodies, verbatim, give its answers.
#[tokio::test]
async fn the_quick_starts_samples_give_its_answers() {
    let Some(world) = World::find().await else { return };
    let send = async |path: &str, body: &str| {
        let answer = world
            .api
            .post_text(&world.role, path, body)
            .await
            .expect("the API answers");
        assert_eq!(answer.status, 200, "{path} answered {}", answer.body);
        answer.body
    };
    let stored = send(
        "/tokens",
        r#"{"SellerId": "A3TH9S8BH6GOGM", "RefreshToken": "Atzr|IwEBIExample"}"#,
    )
    .await;
    assert_eq!(stored, json!({"sellerId": "A3TH9S8BH6GOGM", "status": "SUCCESS"}));

    let subscribed = send(
        "/notifications",
        r#"{"SellerId": "A3TH9S8BH6GOGM", "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED"}"#,
    )
    .await;
    let fields: Vec<&String> = subscribed.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["destinationId", "subscriptionId"]);

    let ordered = send(
        "/reports",
        r#"{"SellerId": "A3TH9S8BH6GOGM", "RegionCode": "EU", "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "MarketplaceIds": "A1PA6795UKMFR9,A13V1IB3VIYZZH",
            "ReportDataStartTime": "2024-03-10T20:11:24.000Z", "ReportOptions": "{\"custom\": \"true\"}"}"#,
    )
    .await;
    assert!(ordered["reportId"].is_string(), "{ordered}");
    assert_eq!(ordered.as_object().expect("an object").len(), 1);
}

/// Any pair that somebody stores works: the simulator learns whose token it is from what is stored.
#[tokio::test]
async fn a_token_that_amazon_was_not_told_about_is_its_storers() {
    let Some(world) = World::find().await else { return };
    let seller = crate::world::Seller {
        id: crate::world::new_seller_id(),
        refresh_token: format!("Atzr|IwEBI{}", crate::world::new_seller_id().to_lowercase()),
    };
    let token = json!({"SellerId": seller.id, "RefreshToken": seller.refresh_token});
    world.post_ok("/tokens", &token).await;
    world.subscribe(&seller, "NA").await;
    let report = world.order(&seller, "NA", crate::world::LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    assert!(
        email.subject.starts_with("Amazon report ready"),
        "{}",
        email.subject
    );
}

/// A seller who has authorized the application anew: the new token replaces the dead one everywhere,
/// also where access tokens of the old one are kept.
#[tokio::test]
async fn storing_again_replaces() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    world.order(&seller, "EU", crate::world::LISTINGS).await;
    world
        .simulator
        .revoke(&seller.refresh_token)
        .await
        .expect("revoked");
    let renewed = format!("{}-renewed", seller.refresh_token);
    world
        .simulator
        .register_seller(&seller.id, &renewed)
        .await
        .expect("registered");
    world
        .post_ok(
            "/tokens",
            &json!({"SellerId": seller.id, "RefreshToken": renewed}),
        )
        .await;
    world.order(&seller, "EU", crate::world::LISTINGS).await;
}
