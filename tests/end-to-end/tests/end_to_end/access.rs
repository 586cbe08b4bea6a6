use end_to_end::Caller;
use serde_json::json;

use crate::world::{World, new_seller_id};

const PATHS: [&str; 3] = ["/tokens", "/notifications", "/reports"];

/// Only the role may call: not the public, not the user's own keys.
#[tokio::test]
async fn only_the_invoke_role_may_call() {
    let Some(world) = World::find().await else { return };
    let user = Caller::user().expect("the user has keys");
    for path in PATHS {
        for caller in [&Caller::Anonymous, &user] {
            let answer = world
                .api
                .post(caller, path, &json!({}))
                .await
                .expect("the API answers");
            assert_eq!(answer.status, 403, "{path} answered {}", answer.body);
        }
    }
    let token = json!({"SellerId": new_seller_id(), "RefreshToken": "Atzr|x"});
    assert_eq!(world.post("/tokens", &token).await.status, 200);
}

/// The role is for the three requests and nothing else.
#[tokio::test]
async fn the_role_may_call_nothing_else() {
    let Some(world) = World::find().await else { return };
    let answer = world
        .api
        .post(&world.role, "/sellers", &json!({}))
        .await
        .expect("the API answers");
    assert!([403, 404].contains(&answer.status), "{}", answer.status);
}
