use end_to_end::{Answer, Caller};
use serde_json::json;

use crate::world::{World, new_seller_id};

const ROUTES: [(&str, &str); 14] = [
    ("POST", "/tokens"),
    ("DELETE", "/tokens/A3TH9S8BH6GOGM"),
    ("POST", "/notifications"),
    (
        "DELETE",
        "/notifications?SellerId=A3TH9S8BH6GOGM&RegionCode=EU&NotificationType=REPORT_PROCESSING_FINISHED",
    ),
    ("POST", "/reports"),
    ("GET", "/reports?SellerId=A3TH9S8BH6GOGM"),
    ("GET", "/reports/54517018502?SellerId=A3TH9S8BH6GOGM"),
    ("DELETE", "/reports/54517018502?SellerId=A3TH9S8BH6GOGM"),
    ("GET", "/reports/54517018502/document?SellerId=A3TH9S8BH6GOGM"),
    ("POST", "/reports/54517018502/links?SellerId=A3TH9S8BH6GOGM"),
    ("DELETE", "/reports/54517018502/links?SellerId=A3TH9S8BH6GOGM"),
    ("POST", "/schedules"),
    (
        "GET",
        "/schedules?SellerId=A3TH9S8BH6GOGM&RegionCode=EU&ReportTypes=FEE_DISCOUNTS_REPORT",
    ),
    (
        "DELETE",
        "/schedules/50232018507?SellerId=A3TH9S8BH6GOGM&RegionCode=EU",
    ),
];

async fn send(world: &World, caller: &Caller, method: &str, path: &str) -> Answer {
    let api = &world.api;
    let answer = match method {
        "GET" => api.get(caller, path).await,
        "DELETE" => api.delete(caller, path).await,
        _ => api.post(caller, path, &json!({})).await,
    };
    answer.expect("the API answers")
}

/// Only the role may call: not the public, not the user's own keys.
#[tokio::test]
async fn only_the_invoke_role_may_call() {
    let Some(world) = World::find().await else { return };
    let user = Caller::user().expect("the user has keys");
    for (method, path) in ROUTES {
        for caller in [&Caller::Anonymous, &user] {
            let answer = send(&world, caller, method, path).await;
            assert_eq!(answer.status, 403, "{method} {path} answered {}", answer.body);
        }
    }
    let token = json!({"SellerId": new_seller_id(), "RefreshToken": "Atzr|x"});
    assert_eq!(world.post("/tokens", &token).await.status, 200);
}

/// A signature holds for the query that it was made of, and the role may send one.
#[tokio::test]
async fn the_role_may_send_queries() {
    let Some(world) = World::find().await else { return };
    let seller = new_seller_id();
    let query = [("status", "STORED"), ("SellerId", seller.as_str())];
    let listed = world.get_ok("/reports", &query).await;
    assert_eq!(listed, json!({"reports": []}));
}

/// The role is for the API's requests and nothing else.
#[tokio::test]
async fn the_role_may_call_nothing_else() {
    let Some(world) = World::find().await else { return };
    for (method, path) in [
        ("POST", "/sellers"),
        ("GET", "/tokens"),
        ("DELETE", "/reports"),
        ("DELETE", "/schedules"),
    ] {
        let answer = send(&world, &world.role, method, path).await;
        assert!(
            [403, 404].contains(&answer.status),
            "{method} {path} answered {}",
            answer.status
        );
    }
}
