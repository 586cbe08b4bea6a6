//! What Amazon had of a seller's reports before the seller joined.
//!
//! The local stack looks every minute, and lets fifteen deliveries of history be under way at a time.

use std::time::{Duration, Instant};

use end_to_end::Email;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World};

const SETTLEMENT: &str = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2";

/// As long as an hour of Amazon's quota takes on a stack that is sped up, and many looks.
const UNTIL_TOLD: Duration = Duration::from_secs(900);

/// Quotas that fill up so many times faster let sixty documents through within minutes
/// (`cargo local up --speed-up 60`). At Amazon's own pace a burst is enough.
const FAST: f64 = 30.0;

#[tokio::test]
async fn who_joins_gets_what_was_before_and_one_email_that_lists_it() {
    let Some(world) = World::find().await else { return };
    let is_fast = world.simulator.speed_up().await.expect("it says so") >= FAST;
    let count = if is_fast { 60 } else { 12 };
    let seller = world.seller().await;
    let mut reports = Vec::new();
    for number in 0..count {
        reports.push(
            made(
                &world,
                &seller,
                SETTLEMENT,
                80 * 24 * number / count + 1,
                json!({}),
            )
            .await,
        );
    }
    // Noise, and what lies too far back for who asks for eighty-five days.
    for (days, more) in [
        (3, json!({"status": "CANCELLED"})),
        (4, json!({"status": "FATAL"})),
        (88, json!({})),
    ] {
        made(&world, &seller, SETTLEMENT, days * 24, more).await;
    }
    made(&world, &seller, LISTINGS, 24, json!({})).await;

    let since = (Timestamp::now() - SignedDuration::from_hours(85 * 24)).to_string();
    join(
        &world,
        &seller,
        json!({"DiscoverReportTypes": [SETTLEMENT], "DiscoverSince": since}),
    )
    .await;
    // What is announced when it has been found is delivered all the same once.
    until_found(&world, &seller, &reports[0]).await;
    let sent = world.simulator.announce(&seller.id, "NA", &reports[0], 2).await;
    sent.expect("announced");

    let emails = until_told(&world, &seller, 1).await;
    let [list] = &emails[..] else {
        panic!("{:?}", subjects(&emails))
    };
    assert_eq!(
        list.fact("Delivered"),
        Some(count.to_string().as_str()),
        "{}",
        list.text
    );
    let objects = world.objects(&seller).await;
    assert_eq!(objects.len(), reports.len());
    assert!(objects.iter().all(|key| list.text.contains(key)), "{}", list.text);
    for report in &reports {
        assert_eq!(world.row(&seller, report).await.text("status"), Some("ANNOUNCED"));
    }

    // The same again changes nothing; an earlier time brings what lies before.
    join(&world, &seller, json!({"DiscoverReportTypes": [SETTLEMENT]})).await;
    join(
        &world,
        &seller,
        json!({"DiscoverReportTypes": [SETTLEMENT], "DiscoverSince": since}),
    )
    .await;
    let further = (Timestamp::now() - SignedDuration::from_hours(89 * 24)).to_string();
    join(
        &world,
        &seller,
        json!({"DiscoverReportTypes": [SETTLEMENT], "DiscoverSince": further}),
    )
    .await;
    let emails = until_told(&world, &seller, 2).await;
    assert_eq!(emails.len(), 2, "{:?}", subjects(&emails));
    assert_eq!(world.objects(&seller).await.len(), reports.len() + 1);
    let calls = world
        .simulator
        .journal("getReportDocument", Some(&seller.id))
        .await;
    let fetched = calls
        .expect("a journal")
        .iter()
        .filter(|call| call["status"] == 200)
        .count();
    assert_eq!(fetched, reports.len() + 1, "none is fetched twice");
}

/// Where nothing was before, nobody is told so; what comes afterwards is announced like any other.
#[tokio::test]
async fn who_joins_without_history_gets_what_is_new() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    join(&world, &seller, json!({"DiscoverReportTypes": [SETTLEMENT]})).await;
    let made = world
        .simulator
        .report_made_elsewhere(&seller.id, "NA", SETTLEMENT, json!({}))
        .await;
    let report = made.expect("made");
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
}

#[tokio::test]
async fn a_time_that_amazon_does_not_list_is_refused() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let days = |days: i64| (Timestamp::now() - SignedDuration::from_hours(days * 24)).to_string();
    for more in [
        json!({"DiscoverReportTypes": [SETTLEMENT], "DiscoverSince": days(91)}),
        json!({"DiscoverReportTypes": [SETTLEMENT], "DiscoverSince": days(-1)}),
        json!({"DiscoverReportTypes": [SETTLEMENT], "DiscoverSince": "yesterday"}),
        json!({"DiscoverSince": days(1)}),
    ] {
        let answer = world.post("/notifications", &body(&seller, &more)).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (400, &json!("DiscoverSince")),
            "{}",
            answer.body
        );
    }
}

/// A report that Amazon was asked for so many hours ago, and that nobody announces.
async fn made(world: &World, seller: &Seller, report_type: &str, hours: i64, more: Value) -> String {
    let mut report = more;
    let created = Timestamp::now() - SignedDuration::from_hours(hours);
    report["createdTime"] = json!(created.to_string());
    report["dataStartTime"] = json!((created - SignedDuration::from_hours(14 * 24)).to_string());
    report["dataEndTime"] = json!(created.to_string());
    report["notify"] = json!(false);
    let made = world
        .simulator
        .report_made_elsewhere(&seller.id, "NA", report_type, report)
        .await;
    made.expect("made")
}

fn body(seller: &Seller, more: &Value) -> Value {
    let mut body = more.clone();
    body["SellerId"] = json!(seller.id);
    body["RegionCode"] = json!("NA");
    body["NotificationType"] = json!("REPORT_PROCESSING_FINISHED");
    body
}

async fn join(world: &World, seller: &Seller, more: Value) {
    world.post_ok("/notifications", &body(seller, &more)).await;
}

/// Waits until the seller has been told of so many backfills; all e-mails to the seller by then.
async fn until_told(world: &World, seller: &Seller, count: usize) -> Vec<Email> {
    let deadline = Instant::now() + UNTIL_TOLD;
    loop {
        let all = world.mailbox.all().await.expect("read");
        let own: Vec<_> = all
            .into_iter()
            .filter(|email| email.seller() == Some(&seller.id))
            .collect();
        let lists = own
            .iter()
            .filter(|it| it.subject.starts_with("Amazon reports from before: "));
        if lists.count() == count {
            return own;
        }
        assert!(
            Instant::now() < deadline,
            "not told: {:?}, {} objects",
            subjects(&own),
            world.objects(seller).await.len()
        );
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Waits until a report belongs to a backfill.
async fn until_found(world: &World, seller: &Seller, report: &str) {
    let deadline = Instant::now() + UNTIL_TOLD;
    while world.row(seller, report).await.text("backfill").is_none() {
        assert!(Instant::now() < deadline, "{report} is not found");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn subjects(emails: &[Email]) -> Vec<&str> {
    emails.iter().map(|email| email.subject.as_str()).collect()
}
