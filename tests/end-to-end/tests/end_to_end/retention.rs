//! How long a stored report stays: the object's tag says which of the bucket's rules is its own, and the row
//! lives as long. (The local AWS has no lifecycle rules; the CDK app's tests hold the tags against them.)

use jiff::Timestamp;
use serde_json::json;

use crate::world::{LISTINGS, Seller, World};

/// Addresses of buyers.
const SHIPPING: &str = "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING";

/// What Amazon could not make: its document may say anything.
const FATAL: &str = "GET_STRANDED_INVENTORY_UI_DATA";

/// What Amazon's policy allows of buyers' data.
const MONTH: i64 = 30 * 86_400;

#[tokio::test]
async fn addresses_go_after_a_month_and_a_business_keeps_its_own() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let fatal = json!({"reportType": FATAL, "status": "FATAL", "document": true, "body": "No."});
    world.simulator.script(&seller.id, fatal).await.expect("scripted");
    let (listings, shipping, fatal) = tokio::join!(
        kept(&world, &seller, LISTINGS),
        kept(&world, &seller, SHIPPING),
        kept(&world, &seller, FATAL),
    );
    for (name, (tag, seconds)) in [(SHIPPING, shipping), (FATAL, fatal)] {
        assert_eq!(tag, "personal-data", "{name}");
        assert!(
            (MONTH - 600..=MONTH).contains(&seconds),
            "{name}: {seconds} seconds"
        );
    }
    let (tag, seconds) = listings;
    assert_eq!(tag, "standard");
    assert!(seconds > MONTH, "{seconds} seconds");
}

/// The tag of a report's object, and for how many seconds its row stays.
async fn kept(world: &World, seller: &Seller, report_type: &str) -> (String, i64) {
    let report = world.order(seller, "EU", report_type).await;
    world.delivered(seller, &report).await;
    let row = world.row(seller, &report).await;
    let seconds = row.number("expiresAt").expect("it expires") - Timestamp::now().as_second();
    let tags = world
        .stack
        .s3()
        .get_object_tagging()
        .bucket(world.stack.output("REPORTS_BUCKET").expect("set"))
        .key(row.text("objectKey").expect("stored"))
        .send()
        .await
        .expect("read")
        .tag_set;
    let tag = tags.into_iter().find(|tag| tag.key == "retention");
    (tag.expect("a tag").value, seconds)
}
