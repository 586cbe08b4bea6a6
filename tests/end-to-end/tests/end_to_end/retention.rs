//! How long a stored report stays: the bucket's own rules say it of the object, and the row lives as long.

use jiff::Timestamp;
use serde_json::json;

use crate::world::{LISTINGS, Seller, World};

/// Addresses of buyers.
const SHIPPING: &str = "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING";

/// What Amazon's policy allows of buyers' data.
const MONTH: i64 = 30;

#[tokio::test]
async fn addresses_go_after_a_month_and_a_business_keeps_its_own() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let fatal = json!({"reportType": "GET_STRANDED_INVENTORY_UI_DATA", "status": "FATAL", "document": true, "body": "No."});
    world.simulator.script(&seller.id, fatal).await.expect("scripted");
    let (listings, shipping, fatal) = tokio::join!(
        days(&world, &seller, LISTINGS),
        days(&world, &seller, SHIPPING),
        days(&world, &seller, "GET_STRANDED_INVENTORY_UI_DATA"),
    );
    assert_eq!((shipping, fatal), (MONTH, MONTH));
    assert!(listings > MONTH, "{listings} days");
}

/// For how many days the bucket keeps a report's object. The row stays as long.
async fn days(world: &World, seller: &Seller, report_type: &str) -> i64 {
    let report = world.order(seller, "EU", report_type).await;
    world.delivered(seller, &report).await;
    let row = world.row(seller, &report).await;
    let days = days_of_object(world, row.text("objectKey").expect("stored")).await;
    let left = row.number("expiresAt").expect("it expires") - Timestamp::now().as_second();
    let expected = days * 86_400;
    assert!(
        (expected - 600..=expected).contains(&left),
        "{report_type}: the object stays {days} days, the row {left} seconds"
    );
    days
}

/// The least of the rules that are about the object.
async fn days_of_object(world: &World, key: &str) -> i64 {
    let (s3, bucket) = (
        world.stack.s3(),
        world.stack.output("REPORTS_BUCKET").expect("set"),
    );
    let tags = s3.get_object_tagging().bucket(&bucket).key(key).send().await;
    let tags = tags.expect("read").tag_set;
    let rules = s3.get_bucket_lifecycle_configuration().bucket(&bucket).send();
    let rules = rules.await.expect("read").rules.unwrap_or_default();
    let is_meant = |rule: &&aws_sdk_s3::types::LifecycleRule| {
        let filter = rule.filter.as_ref().and_then(|filter| filter.tag.as_ref());
        filter.is_none_or(|wanted| tags.contains(wanted))
    };
    let days = rules
        .iter()
        .filter(is_meant)
        .filter_map(|rule| rule.expiration.as_ref()?.days);
    days.min().expect("a rule").into()
}
