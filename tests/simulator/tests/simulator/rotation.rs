//! The client secret's rotation: who may ask, who is told, and which secrets are good then.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use sp_api_simulator::{ClientCredentials, Options};

use crate::common::{Amazon, QUEUE, code, wait_for};

const ROTATION: &str = "/applications/2023-11-30/clientSecret";

async fn amazon() -> Amazon {
    Amazon::with(Options {
        credentials: Some(ClientCredentials {
            client_id: "id".into(),
            client_secret: SecretString::from("secret"),
        }),
        ..Options::default()
    })
    .await
}

async fn rotate(amazon: &Amazon, token: &str) -> (u16, Value) {
    let response = amazon.send(Method::POST, ROTATION, token, None).await;
    let (status, answer) = crate::common::read(response).await;
    (status.as_u16(), answer)
}

/// What has been sent to the queue, once there is so much.
async fn sent(amazon: &Amazon, count: usize) -> Vec<Value> {
    wait_for(async || {
        let delivered = amazon.simulator.delivered();
        (delivered.len() >= count).then_some(delivered)
    })
    .await
    .iter()
    .map(|delivered| {
        assert_eq!(delivered.queue_arn, QUEUE);
        serde_json::from_str(&delivered.body).expect("JSON")
    })
    .collect()
}

async fn login(amazon: &Amazon, secret: &str) -> u16 {
    let scope = "sellingpartnerapi::notifications";
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        ("client_id", "id"),
        ("client_secret", secret),
    ];
    amazon.login(&form).await.0.as_u16()
}

#[tokio::test]
async fn a_new_secret_is_sent_and_the_old_one_is_good_until_it_is_ended() {
    let amazon = amazon().await;
    amazon
        .control("/rotation-queue", &json!({ "queueArn": QUEUE }))
        .await;
    assert_eq!(rotate(&amazon, &amazon.rotation_token().await).await.0, 204);
    let messages = sent(&amazon, 1).await;
    assert_eq!(
        messages[0]["notificationType"],
        "APPLICATION_OAUTH_CLIENT_NEW_SECRET"
    );
    let new = &messages[0]["payload"]["applicationOAuthClientNewSecret"];
    assert_eq!(new["clientId"], "id");
    assert!(new["oldClientSecretExpiryTime"].as_str() < new["newClientSecretExpiryTime"].as_str());
    let secret = new["newClientSecret"].as_str().expect("a secret");
    assert_eq!(
        (login(&amazon, secret).await, login(&amazon, "secret").await),
        (200, 200)
    );
    amazon.control("/end-old-secrets", &json!({})).await;
    assert_eq!(
        (login(&amazon, secret).await, login(&amazon, "secret").await),
        (200, 401)
    );
}

#[tokio::test]
async fn the_old_secret_is_good_for_as_long_as_the_registration_says() {
    let amazon = amazon().await;
    let registration = json!({ "queueArn": QUEUE, "keepOldSeconds": 0 });
    amazon.control("/rotation-queue", &registration).await;
    rotate(&amazon, &amazon.rotation_token().await).await;
    assert_eq!(login(&amazon, "secret").await, 401);
}

#[tokio::test]
async fn it_is_asked_for_in_its_scope_by_who_is_enrolled_once_a_minute() {
    let amazon = amazon().await;
    let seller = amazon.seller_token().await;
    for token in ["", &amazon.grantless_token().await, &seller] {
        assert_eq!(rotate(&amazon, token).await.0, 403);
    }
    let token = amazon.rotation_token().await;
    assert_eq!(amazon.get("/notifications/v1/destinations", &token).await.0, 403);
    let (status, answer) = rotate(&amazon, &token).await;
    assert_eq!((status, code(&answer)), (400, "InvalidInput"));
    assert_eq!(rotate(&amazon, &token).await.0, 429);
    assert_eq!(login(&amazon, "secret").await, 200);
}

#[tokio::test]
async fn the_end_of_a_secret_is_announced() {
    let amazon = amazon().await;
    amazon
        .control("/rotation-queue", &json!({ "queueArn": QUEUE }))
        .await;
    amazon
        .control("/announce-secret-end", &json!({ "inSeconds": 60 }))
        .await;
    let messages = sent(&amazon, 1).await;
    assert_eq!(
        messages[0]["notificationType"],
        "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY"
    );
    let ending = &messages[0]["payload"]["applicationOAuthClientSecretExpiry"];
    assert_eq!(ending["clientId"], "id");
    assert_eq!(ending["clientSecretExpiryReason"], "PERIODIC_ROTATION");
}
