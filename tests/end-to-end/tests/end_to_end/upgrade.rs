//! What a release before accounts has left in the tables goes on working.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::merged_accounts::{assert_each_told_once, email_from};
use crate::world::{LISTINGS, PATIENCE, Seller, World};

/// A merged account was one row: of the region that was subscribed last, with the token that was stored
/// last. What was on its way then arrives once, also when each region gets its own token meanwhile.
#[tokio::test]
async fn a_merged_account_of_before_becomes_two_and_loses_nothing() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    for region in ["NA", "EU"] {
        world.subscribe(&seller, region).await;
    }
    was_written_before_accounts(&world, &seller).await;
    // Its rows stood under the seller's id, in whatever region.
    let silent = world.simulator.script(&seller.id, json!({"notify": false})).await;
    silent.expect("scripted");
    // So that ids of the two regions differ, as before only those could be told apart.
    for _ in 0..5 {
        let silent = json!({"notify": false});
        let other = world
            .simulator
            .report_made_elsewhere(&seller.id, "NA", LISTINGS, silent);
        other.await.expect("made");
    }
    let na = world.order(&seller, "NA", LISTINGS).await;
    let eu = world.order(&seller, "EU", LISTINGS).await;
    for (region, report) in [("NA", &na), ("EU", &eu)] {
        assert_eq!(world.row(&seller, report).await.text("regionCode"), Some(region));
    }

    for region in ["NA", "EU"] {
        let token = format!("Atzr|{}|{region}|after", seller.id);
        let body = json!({"SellerId": seller.id, "RefreshToken": token, "RegionCode": region});
        world.post_ok("/tokens", &body).await;
    }
    // The row of before is the region's that it had last.
    assert_eq!(partner(&world, &seller.id).await.as_deref(), Some("EU"));
    assert_eq!(
        partner(&world, &format!("{}_NA", seller.id)).await.as_deref(),
        Some("NA")
    );

    for (region, report) in [("NA", &na), ("EU", &eu)] {
        finished_in(&world, &seller, region, report).await;
        let announced = world.simulator.announce(&seller.id, region, report, 2).await;
        announced.expect("announced");
        email_from(&world, &seller, region, report).await;
    }
    let loud = world.simulator.script(&seller.id, json!({"notify": true})).await;
    loud.expect("scripted");
    for region in ["NA", "EU"] {
        world.subscribe(&seller, region).await;
        let report = world.order(&seller, region, LISTINGS).await;
        email_from(&world, &seller, region, &report).await;
    }
    assert_each_told_once(&world, &seller).await;
}

/// The row as the last release without accounts would have it.
async fn was_written_before_accounts(world: &World, seller: &Seller) {
    world
        .stack
        .dynamodb()
        .update_item()
        .table_name(world.stack.output("SELLING_PARTNERS_TABLE").expect("set"))
        .key("sellerId", AttributeValue::S(seller.id.clone()))
        .update_expression("SET regionCode = :last")
        .expression_attribute_values(":last", AttributeValue::S("EU".into()))
        .send()
        .await
        .expect("written");
}

/// The region of a row of the partners.
async fn partner(world: &World, account: &str) -> Option<String> {
    let answer = world
        .stack
        .dynamodb()
        .get_item()
        .table_name(world.stack.output("SELLING_PARTNERS_TABLE").expect("set"))
        .key("sellerId", AttributeValue::S(account.to_owned()))
        .consistent_read(true)
        .send()
        .await
        .expect("read");
    answer.item?.get("regionCode")?.as_s().ok().cloned()
}

async fn finished_in(world: &World, seller: &Seller, region: &str, report: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reports = world.simulator.reports(false).await.expect("it answers");
        let is_it = |it: &serde_json::Value| {
            it["sellerId"] == seller.id
                && it["reportId"] == report
                && it["region"] == region
                && it["status"] == "DONE"
        };
        if reports.iter().any(is_it) {
            return;
        }
        assert!(Instant::now() < deadline, "{report} in {region} is not finished");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
