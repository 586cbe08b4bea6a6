use secrecy::SecretString;
use serde_json::json;
use sp_api::ids::NotificationType;
use sp_api::{Endpoints, Grant, GrantlessScope, LwaCredentials, RegionCode, SpApiClient};

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

/// What another deployment of the same application would have done.
pub async fn subscribe_elsewhere(world: &World, seller: &Seller, queue_arn: &str) {
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
    let destination = client
        .create_destination(RegionCode::Eu, &grantless, &name, queue_arn)
        .await
        .expect("a destination");
    let refresh_token = SecretString::from(seller.refresh_token.clone());
    let token = client
        .access_token(&credentials, Grant::RefreshToken(&refresh_token))
        .await
        .expect("a token");
    let notification_type = NotificationType::parse("REPORT_PROCESSING_FINISHED").expect("valid");
    client
        .create_subscription(RegionCode::Eu, &token, &notification_type, &destination.id)
        .await
        .expect("a subscription");
}
