use crate::aws_cli::lwa_credentials;
use crate::logs;
use crate::world::{LISTINGS, World};

/// No refresh token, client secret, access token, document URL or link stands in any log group, after a
/// report has gone the whole way and another request has failed.
#[tokio::test]
async fn no_secret_is_logged() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    world.follow(&email).await;
    let bad = format!(
        r#"{{"SellerId": "{}", "RefreshToken": "Atzr|never log this""#,
        seller.id
    );
    let answer = world
        .api
        .post_text(&world.role, "/tokens", &bad)
        .await
        .expect("the API answers");
    assert_eq!(answer.status, 400);

    let (_, client_secret) = lwa_credentials();
    let simulator = world.stack.output("SP_API_SIMULATOR_URL").expect("set");
    let documents = format!("{simulator}/documents/");
    // Of a link of our own its token; a presigned URL has none that is told from its object's key.
    let link = email.link().expect("a link");
    let token = match world.stack.has_own_links() {
        true => link.rsplit('/').next().expect("a token"),
        false => link,
    };
    let secrets = [
        token,
        "Atzr|",
        "Atza|",
        "Atc|",
        "Atz.sprdt|",
        client_secret.as_str(),
        documents.as_str(),
        "X-Amz-Signature=",
    ];
    assert_unlogged(&secrets);
}

/// None of these stands in any log group.
pub fn assert_unlogged(secrets: &[&str]) {
    let lines = logs::lines();
    for (name, message) in &lines {
        for secret in secrets {
            assert!(
                !message.contains(secret),
                "{name} holds a secret ({})",
                &secret[..4]
            );
        }
    }
    assert!(
        lines.len() > 20,
        "only {} log lines: the test looks in the wrong place",
        lines.len()
    );
}
