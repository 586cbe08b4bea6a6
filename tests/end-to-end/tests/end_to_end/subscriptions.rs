use secrecy::SecretString;
use serde_json::{Value, json};
use sp_api::ids::{NotificationType, PayloadVersion};
use sp_api::{
    DestinationResource, Endpoints, Grant, GrantlessScope, LwaCredentials, NewSubscription, RegionCode,
    SpApiClient, SpApiError,
};

use crate::aws_cli::lwa_credentials;
use crate::world::{Seller, World};

/// Subscribing twice is the same as once.
#[tokio::test]
async fn what_is_there_is_reused() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let first = world.subscribe(&seller, "EU").await;
    let second = world.subscribe(&seller, "EU").await;
    assert_eq!(first, second);
    let asked = world
        .simulator
        .journal("createSubscription", Some(&seller.id))
        .await
        .expect("a journal");
    assert_eq!(
        asked.iter().filter(|call| call["status"] == 200).count(),
        1,
        "{asked:?}"
    );
}

/// A subscription that sends elsewhere is reported, and replaced only on demand.
#[tokio::test]
async fn a_subscription_that_sends_elsewhere_is_no_success() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let elsewhere = &format!("arn:aws:sqs:us-east-1:000000000000:queue-of-{}", seller.id);
    subscribe_elsewhere(&world, &seller, elsewhere).await;

    let mut body = json!({
        "SellerId": seller.id, "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
    });
    let answer = world.post("/notifications", &body).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("SubscribedElsewhere")),
        "{}",
        answer.body
    );
    assert!(
        answer.body["message"]
            .as_str()
            .is_some_and(|it| it.contains(elsewhere.as_str())),
        "{}",
        answer.body
    );

    body["ReplaceExisting"] = json!(true);
    let replaced = world.post_ok("/notifications", &body).await;
    assert_eq!(replaced, world.subscribe(&seller, "EU").await);
}

fn body(seller: &Seller, notification_type: &str) -> Value {
    json!({"SellerId": seller.id, "RegionCode": "EU", "NotificationType": notification_type})
}

/// The next answers to this seller's createSubscription.
async fn create_subscription_fails(world: &World, seller: &Seller, status: u16, message: &str, count: u32) {
    let fault = json!({
        "operation": "createSubscription", "sellerId": seller.id, "kind": "status", "status": status,
        "code": "InvalidInput", "message": message, "count": count,
    });
    world.simulator.fault(&fault).await.expect("ordered");
}

/// The case "createSubscription right after createDestination".
#[tokio::test]
async fn a_destination_that_is_not_visible_yet_is_waited_for() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let message = "No destination with id 'x' for applicationId 'y'";
    create_subscription_fails(&world, &seller, 400, message, 2).await;
    world.subscribe(&seller, "EU").await;
}

/// The case "409 StateConflict, getSubscription: 404": a subscription of another payload version.
#[tokio::test]
async fn a_conflict_that_get_subscription_does_not_show_is_looked_into() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let elsewhere = &format!("arn:aws:sqs:us-east-1:000000000000:older-{}", seller.id);
    subscribe_directly(&world, &seller, elsewhere, "2020-09-04").await;
    create_subscription_fails(&world, &seller, 409, "StateConflict", 1).await;
    let answer = world
        .post("/notifications", &body(&seller, "REPORT_PROCESSING_FINISHED"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("SubscribedElsewhere")),
        "{}",
        answer.body
    );
    let message = answer.body["message"].as_str().expect("a text");
    for part in [elsewhere.as_str(), "2020-09-04", "ReplaceExisting"] {
        assert!(message.contains(part), "{message}");
    }
}

/// The case "`ReplaceExisting`, and createSubscription fails after the old one is deleted".
#[tokio::test]
async fn a_replacement_is_tried_again() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let elsewhere = &format!("arn:aws:sqs:us-east-1:000000000000:moved-{}", seller.id);
    subscribe_elsewhere(&world, &seller, elsewhere).await;
    let message = "No destination with id 'x' for applicationId 'y'";
    create_subscription_fails(&world, &seller, 400, message, 2).await;
    let mut body = body(&seller, "REPORT_PROCESSING_FINISHED");
    body["ReplaceExisting"] = json!(true);
    let replaced = world.post_ok("/notifications", &body).await;
    assert_eq!(replaced, world.subscribe(&seller, "EU").await);
}

/// The case "`NotificationType: NOPE`".
#[tokio::test]
async fn an_unknown_notification_type_is_refused() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let answer = world.post("/notifications", &body(&seller, "NOPE")).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (400, &json!("NotificationType")),
        "{}",
        answer.body
    );
}

/// What another deployment of the same application would have done.
pub async fn subscribe_elsewhere(world: &World, seller: &Seller, queue_arn: &str) {
    subscribe_directly(world, seller, queue_arn, "1.0").await;
}

/// A subscription that this deployment knows nothing of.
async fn subscribe_directly(world: &World, seller: &Seller, queue_arn: &str, payload_version: &str) {
    let simulator = world.stack.output("SP_API_SIMULATOR_URL").expect("set");
    let client = SpApiClient::new(Endpoints::simulator(&simulator).expect("a URL"));
    let (client_id, client_secret) = lwa_credentials();
    let credentials = LwaCredentials {
        client_id,
        client_secret: SecretString::from(client_secret),
    };
    let scope = Grant::ClientCredentials(GrantlessScope::Notifications);
    let grantless = client.access_token(&credentials, scope).await.expect("a token");
    let name = format!("elsewhere-{}", seller.id);
    let destinations = loop {
        match client.get_destinations(RegionCode::Eu, &grantless).await {
            // The whole application shares this quota, and all tests are that application.
            Err(SpApiError::Throttled { retry_after, .. }) => tokio::time::sleep(retry_after).await,
            listed => break listed.expect("a list"),
        }
    };
    let resource = DestinationResource::Queue(queue_arn.to_owned());
    let known = destinations.into_iter().find(|known| known.resource == resource);
    let destination = match known {
        Some(destination) => destination.id,
        None => client
            .create_destination(RegionCode::Eu, &grantless, &name, queue_arn)
            .await
            .expect("a destination"),
    };
    let refresh_token = SecretString::from(seller.refresh_token.clone());
    let token = client
        .access_token(&credentials, Grant::RefreshToken(&refresh_token))
        .await
        .expect("a token");
    let notification_type = NotificationType::parse("REPORT_PROCESSING_FINISHED").expect("valid");
    let wanted = NewSubscription {
        payload_version: &PayloadVersion::parse(payload_version).expect("valid"),
        destination_id: &destination,
        processing_directive: None,
    };
    client
        .create_subscription(RegionCode::Eu, &token, &notification_type, &wanted)
        .await
        .expect("a subscription");
}
