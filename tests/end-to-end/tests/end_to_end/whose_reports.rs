//! Reports that were not ordered here, for sellers who do not want them: by the stack's setting
//! (`cargo local up -c deliver=ordered`), or by their own `DeliverReportTypes`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use end_to_end::Answer;
use serde_json::{Value, json};

use crate::orders::{order, placed, request_id};
use crate::redelivery::fail;
use crate::world::{LISTINGS, PATIENCE, Seller, World};

const SETTLEMENT: &str = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2";
/// A type that Amazon schedules.
const RETURNS: &str = "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE";

/// Of others' reports, and of the seller's own: within a burst of Amazon's quotas.
const OTHERS: usize = 1000;
const OWN: usize = 10;

const WEEK: i64 = 7 * 86_400;

/// A thousand announcements of others' reports cost no document, no slot and no e-mail.
#[tokio::test]
async fn of_many_announced_reports_only_those_are_delivered_that_were_ordered_here() {
    let Some(world) = World::find().await else { return };
    let seller = demanding_seller(&world).await;
    let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..OTHERS {
        if number % (OTHERS / OWN) == 0 {
            own.insert(world.order(&seller, "EU", LISTINGS).await);
        }
        let (report_type, outcome) = match number % 4 {
            0 => (LISTINGS, json!({})),
            1 => (SETTLEMENT, json!({"copies": 3})),
            2 => (LISTINGS, json!({"status": "CANCELLED"})),
            _ => (
                LISTINGS,
                json!({"status": "FATAL", "document": true, "body": "No."}),
            ),
        };
        others.insert(made_elsewhere(&world, &seller, report_type, outcome).await);
    }
    for report in &own {
        let email = world.delivered(&seller, report).await;
        world.assert_linked(&email, &seller, report).await;
    }
    assert_eq!(until_skipped(&world, &seller, OTHERS).await, others);
    assert_nothing_else(&world, &seller, &own).await;

    // The report stays as it is, however often it is announced.
    let report = others.first().expect("one").clone();
    let shown = world.shown(&seller, &report).await;
    let again = world.simulator.announce(&seller.id, "EU", &report, 3).await;
    again.expect("announced");
    let last = made_elsewhere(&world, &seller, SETTLEMENT, json!({})).await;
    others.insert(last.clone());
    assert_eq!(until_skipped(&world, &seller, OTHERS + 1).await, others);
    assert_eq!(world.shown(&seller, &report).await, shown);
    let row = world.row(&seller, &last).await;
    assert_eq!(
        [row.text("reportType"), row.text("processingStatus")],
        [Some(SETTLEMENT), Some("DONE")]
    );
    assert!(row.text("reportDocumentId").is_some() && row.text("notifiedAt").is_some());
    let stays = row.number("expiresAt").expect("it expires") - jiff::Timestamp::now().as_second();
    assert!((WEEK - 600..=WEEK).contains(&stays), "{stays} seconds");

    // Wanted after all, it arrives, and stays.
    let answer = deliver(&world, &seller, &last).await;
    let begun = json!({"reportId": last, "status": "NOTIFIED"});
    assert_eq!((answer.status, &answer.body), (202, &begun));
    let email = world.delivered_by_workflow(&seller, &last).await;
    world.assert_linked(&email, &seller, &last).await;
    let answer = deliver(&world, &seller, &last).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("ANNOUNCED")),
        "{}",
        answer.body
    );
    others.remove(&last);
    own.insert(last);
    assert_eq!(skipped(&world, &seller).await, others);
    assert_nothing_else(&world, &seller, &own).await;
}

/// A fast report may be announced while its order's answer is lost.
#[tokio::test]
async fn a_report_that_was_skipped_before_its_order_was_known_is_delivered_once() {
    let Some(world) = World::find().await else { return };
    let seller = demanding_seller(&world).await;
    for fault in [
        json!({"operation": "createReport", "kind": "lostAnswer"}),
        // Until the report is announced nobody finds out what became of the order.
        json!({"operation": "getReports", "kind": "status", "status": 503, "count": 3}),
    ] {
        let mut fault = fault;
        fault["sellerId"] = json!(seller.id);
        world.simulator.fault(&fault).await.expect("scripted");
    }
    let answer = world.post("/reports", &order(&seller)).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let report = until_skipped(&world, &seller, 1).await.pop_first().expect("one");
    let found = placed(&world, &seller, request_id(&answer.body)).await;
    assert_eq!(found, report);
    let email = world.delivered_by_workflow(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
    // What is announced once more has been delivered.
    let again = world.simulator.announce(&seller.id, "EU", &report, 3).await;
    again.expect("announced");
    made_elsewhere(&world, &seller, SETTLEMENT, json!({})).await;
    until_skipped(&world, &seller, 1).await;
    assert_nothing_else(&world, &seller, &BTreeSet::from([report.clone()])).await;
    let row = world.row(&seller, &report).await;
    assert_eq!(row.text("status"), Some("ANNOUNCED"));
}

#[tokio::test]
async fn a_sellers_list_of_types_counts_until_the_next_one() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    subscribe(&world, &seller, json!({"DeliverReportTypes": [SETTLEMENT]})).await;
    let wanted = made_elsewhere(&world, &seller, SETTLEMENT, json!({})).await;
    world.delivered(&seller, &wanted).await;
    made_elsewhere(&world, &seller, LISTINGS, json!({})).await;
    until_skipped(&world, &seller, 1).await;
    // A call that says nothing changes nothing.
    subscribe(&world, &seller, json!({})).await;
    made_elsewhere(&world, &seller, LISTINGS, json!({})).await;
    until_skipped(&world, &seller, 2).await;
    subscribe(&world, &seller, json!({"DeliverReportTypes": [LISTINGS]})).await;
    let wanted = made_elsewhere(&world, &seller, LISTINGS, json!({})).await;
    world.delivered(&seller, &wanted).await;
    made_elsewhere(&world, &seller, SETTLEMENT, json!({})).await;
    until_skipped(&world, &seller, 3).await;
}

/// An announcement does not say that its report was made by a schedule.
#[tokio::test]
async fn what_a_schedule_from_here_makes_is_delivered() {
    let Some(world) = World::find().await else { return };
    let seller = demanding_seller(&world).await;
    let others = made_elsewhere(&world, &seller, RETURNS, json!({})).await;
    assert_eq!(until_skipped(&world, &seller, 1).await, BTreeSet::from([others]));
    // Late enough to be in the future yet when Amazon hears of it.
    let next = jiff::Timestamp::now() + Duration::from_secs(15);
    let schedule = json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": RETURNS, "MarketplaceIds": "A1PA6795UKMFR9",
        "Period": "P1D", "NextReportCreationTime": next.to_string(),
    });
    let made = world.post_ok("/schedules", &schedule).await;
    let id = &made["reportScheduleId"];
    let report = world
        .amazon_has("report of the schedule", |report| {
            report["sellerId"] == seller.id && report["reportScheduleId"] == *id
        })
        .await;
    world
        .delivered(&seller, report["reportId"].as_str().expect("an id"))
        .await;
}

#[tokio::test]
async fn one_delivery_that_failed_begins_again_and_what_is_none_is_refused() {
    let Some(world) = World::find().await else { return };
    let seller = world.silent_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let early = deliver(&world, &seller, &report).await;
    assert_eq!(
        (early.status, &early.body["code"]),
        (409, &json!("NotDeliverable")),
        "{}",
        early.body
    );
    world.finished(&seller, &report).await;
    fail(&world, &seller, &report).await;
    let answer = deliver(&world, &seller, &report).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let email = world.mailbox.wait_for(&seller.id, &report, PATIENCE).await;
    let email = email.expect("an e-mail comes");
    world.assert_linked(&email, &seller, &report).await;

    for (id, status, field) in [("order-1", 400, "reportId"), ("1", 404, "reportId")] {
        let refused = deliver(&world, &seller, id).await;
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (status, &json!(field)),
            "{}",
            refused.body
        );
    }
    let nobodys = world
        .post(&format!("/reports/{report}/delivery"), &json!({}))
        .await;
    assert_eq!(nobodys.status, 400, "{}", nobodys.body);
}

/// A seller who wants only what was ordered here, by whoever's setting.
async fn demanding_seller(world: &World) -> Seller {
    let seller = world.seller().await;
    let more = match world.stack.delivers_all() {
        true => json!({"DeliverReportTypes": []}),
        false => json!({}),
    };
    subscribe(world, &seller, more).await;
    seller
}

async fn subscribe(world: &World, seller: &Seller, more: Value) {
    let mut body = more;
    body["SellerId"] = json!(seller.id);
    body["RegionCode"] = json!("EU");
    body["NotificationType"] = json!("REPORT_PROCESSING_FINISHED");
    world.post_ok("/notifications", &body).await;
}

async fn made_elsewhere(world: &World, seller: &Seller, report_type: &str, outcome: Value) -> String {
    let made = world
        .simulator
        .report_made_elsewhere(&seller.id, "EU", report_type, outcome)
        .await;
    made.expect("made")
}

async fn deliver(world: &World, seller: &Seller, report: &str) -> Answer {
    let path = format!("/reports/{report}/delivery?SellerId={}", seller.id);
    world.post(&path, &json!({})).await
}

/// The ids of the seller's reports that are skipped, as `GET /reports` lists them.
async fn skipped(world: &World, seller: &Seller) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut token = Value::Null;
    loop {
        let mut query = vec![
            ("SellerId", seller.id.as_str()),
            ("status", "SKIPPED"),
            ("limit", "100"),
        ];
        query.extend(token.as_str().map(|token| ("nextToken", token)));
        let page = world.get_ok("/reports", &query).await;
        let reports = page["reports"].as_array().expect("a list");
        ids.extend(
            reports
                .iter()
                .map(|it| it["reportId"].as_str().expect("an id").to_owned()),
        );
        token = page["nextToken"].clone();
        if token.is_null() {
            return ids;
        }
    }
}

/// Waits until so many of the seller's reports are skipped.
async fn until_skipped(world: &World, seller: &Seller, count: usize) -> BTreeSet<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let skipped = skipped(world, seller).await;
        if skipped.len() == count {
            return skipped;
        }
        assert!(
            Instant::now() < deadline,
            "{} are skipped, not {count}",
            skipped.len()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// These reports of the seller have cost what a delivery costs, and no others have.
async fn assert_nothing_else(world: &World, seller: &Seller, delivered: &BTreeSet<String>) {
    let calls = world
        .simulator
        .journal("getReportDocument", Some(&seller.id))
        .await;
    assert_eq!(calls.expect("a journal").len(), delivered.len());
    let calls = world.simulator.journal("getReport", Some(&seller.id)).await;
    assert_eq!(calls.expect("a journal"), [] as [Value; 0]);
    let emails = world.mailbox.all().await.expect("read");
    let emails: Vec<_> = emails
        .iter()
        .filter(|email| email.seller() == Some(&seller.id))
        .collect();
    assert_eq!(emails.len(), delivered.len());
    assert_eq!(world.objects(seller).await.len(), delivered.len());
    let executions = world.executions.names(&format!("{}_", seller.id)).await;
    let names: BTreeSet<_> = delivered
        .iter()
        .map(|report| format!("{}_{report}", seller.id))
        .collect();
    let executions: BTreeSet<_> = executions.expect("listed").into_iter().collect();
    match world.stack.has_express_lane() {
        // Only what had to be handed over has one.
        true => assert!(executions.is_subset(&names), "{executions:?}"),
        false => assert_eq!(executions, names),
    }
}
