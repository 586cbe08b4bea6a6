//! Sellers at a glance.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World, new_seller_id};

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How the API shows a seller, who has one account.
async fn shown(world: &World, seller: &Seller) -> Value {
    let answer = world.get_ok(&format!("/sellers/{}", seller.id), &[]).await;
    let accounts = answer["sellers"].as_array().expect("a list");
    assert_eq!(accounts.len(), 1, "{answer}");
    accounts[0].clone()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

/// From the token to the first report.
#[tokio::test]
async fn a_seller_is_shown_as_far_as_it_has_come() {
    let Some(world) = World::find().await else { return };
    let before = Timestamp::now();
    let seller = world.seller().await;
    let new = shown(&world, &seller).await;
    assert_eq!(
        (&new["sellerId"], &new["subscribed"]),
        (&json!(seller.id), &json!([]))
    );
    assert_eq!(new["trouble"][0]["code"], "RegionUnknown", "{new}");
    let authorized = time(&new["authorizedAt"]);
    assert!((before..=Timestamp::now()).contains(&authorized), "{new}");
    assert_eq!(time(&new["reauthorizationDue"]), authorized + YEAR);

    world.subscribe(&seller, "EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;
    let shown = shown(&world, &seller).await;
    let row = world.shown(&seller, &report).await;
    assert_eq!(
        (&shown["regionCode"], &shown["subscribed"], &shown["trouble"]),
        (&json!("EU"), &json!(["REPORT_PROCESSING_FINISHED"]), &json!([])),
        "{shown}"
    );
    assert_eq!(
        shown["lastReport"],
        json!({
            "reportId": report, "reportType": LISTINGS, "notifiedAt": row["notifiedAt"], "status": "ANNOUNCED",
        })
    );
    assert!(!shown.to_string().contains("Atzr"), "{shown}");
}

/// A token that comes from elsewhere may be older than its being stored.
#[tokio::test]
async fn when_a_seller_authorized_is_kept_and_a_time_to_come_is_refused() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let mut token = json!({
        "SellerId": seller.id, "RefreshToken": seller.refresh_token, "AuthorizedAt": "2026-01-22",
    });
    world.post_ok("/tokens", &token).await;
    let kept = shown(&world, &seller).await;
    assert_eq!(kept["authorizedAt"], "2026-01-22T00:00:00Z");
    token["AuthorizedAt"] = json!(Timestamp::now() + SignedDuration::from_hours(1));
    let answer = world.post("/tokens", &token).await;
    assert_eq!(
        (answer.status, &answer.body["code"], &answer.body["field"]),
        (400, &json!("InvalidRequest"), &json!("AuthorizedAt"))
    );
    assert_eq!(shown(&world, &seller).await, kept);
}

/// Page by page each account comes once, that of a further region, too.
#[tokio::test]
async fn all_sellers_are_listed_page_by_page_and_a_merged_one_in_each_region() {
    let Some(world) = World::find().await else { return };
    let id = new_seller_id();
    let merged = Seller {
        refresh_token: format!("Atzr|{id}|end-to-end"),
        id,
    };
    for region in ["NA", "EU"] {
        let token = json!({
            "SellerId": merged.id, "RegionCode": region, "RefreshToken": merged.refresh_token,
        });
        world.post_ok("/tokens", &token).await;
    }
    let other = world.seller().await;

    let mut listed: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut token: Option<String> = None;
    loop {
        let mut query = vec![("limit", "100")];
        if let Some(token) = &token {
            query.push(("nextToken", token));
        }
        let page = world.get_ok("/sellers", &query).await;
        for seller in page["sellers"].as_array().expect("a list") {
            let id = seller["sellerId"].as_str().expect("an id").to_owned();
            listed.entry(id).or_default().push(seller["regionCode"].clone());
        }
        match page["nextToken"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => break,
        }
    }
    let mut regions = listed.remove(&merged.id).expect("listed");
    regions.sort_unstable_by_key(ToString::to_string);
    assert_eq!(regions, [json!("EU"), json!("NA")]);
    assert_eq!(listed.get(&other.id).map(Vec::len), Some(1));

    let path = format!("/sellers/{}", merged.id);
    let both = world.get_ok(&path, &[]).await;
    assert_eq!(both["sellers"].as_array().map(Vec::len), Some(2), "{both}");
    let one = world.get_ok(&path, &[("RegionCode", "EU")]).await;
    assert_eq!(one["sellers"][0]["regionCode"], "EU", "{one}");
    assert_eq!(one["sellers"].as_array().map(Vec::len), Some(1), "{one}");

    let unknown = world.get("/sellers/A1NOBODYKNOWS", &[]).await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (404, &json!("SellerNotFound"))
    );
    let answer = world.get("/sellers", &[("nextToken", "A1NOBODYKNOWS")]).await;
    assert_eq!((answer.status, &answer.body["field"]), (400, &json!("nextToken")));
}
