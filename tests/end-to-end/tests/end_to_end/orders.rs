//! Orders: one report for each, whatever goes wrong, and however often it is sent.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use end_to_end::Email;
use serde_json::{Value, json};

use crate::world::{LISTINGS, PATIENCE, Seller, World};

/// A quota that is spent gives the next call after a minute.
const UNTIL_PLACED: Duration = Duration::from_secs(150);

/// The body of an order.
pub fn order(seller: &Seller) -> Value {
    json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": "A1PA6795UKMFR9",
    })
}

/// The orders of a 202 to a list of them: `{requestId, status, notBefore}`.
pub fn accepted(answer: &end_to_end::Answer) -> &[Value] {
    assert_eq!(answer.status, 202, "{}", answer.body);
    let orders = answer.body["orders"].as_array().expect("a list");
    assert!(orders.iter().all(|it| it["status"] == "QUEUED"), "{orders:?}");
    orders
}

/// The id of an order that is answered for.
pub fn request_id(order: &Value) -> &str {
    order["requestId"].as_str().expect("a request id")
}

/// Waits until Amazon has taken an order; the id of its report.
pub async fn placed(world: &World, seller: &Seller, request: &str) -> String {
    let deadline = Instant::now() + UNTIL_PLACED;
    loop {
        let shown = world.shown(seller, request).await;
        let id = shown["reportId"].as_str().expect("an id");
        if id != request {
            assert_eq!(shown["requestId"], request, "{shown}");
            return id.to_owned();
        }
        assert_ne!(shown["status"], "FAILED", "{shown}");
        assert!(Instant::now() < deadline, "not placed: {shown}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The ids of all reports that Amazon has of a seller.
pub async fn made(world: &World, seller: &Seller) -> BTreeSet<String> {
    let reports = world.simulator.reports(false).await.expect("it answers");
    let ids = reports.iter().filter(|report| report["sellerId"] == seller.id);
    ids.map(|report| report["reportId"].as_str().expect("an id").to_owned())
        .collect()
}

/// What Amazon answered to a seller's calls of an operation, one after the other; 0 for nothing.
pub async fn answers(world: &World, seller: &Seller, operation: &str) -> Vec<u64> {
    let journal = world.simulator.journal(operation, Some(&seller.id)).await;
    let journal = journal.expect("a journal");
    journal
        .iter()
        .map(|call| call["status"].as_u64().expect("a status"))
        .collect()
}

async fn post_once(world: &World, key: &str, body: &Value) -> end_to_end::Answer {
    let answer = world.api.post_once(&world.role, "/reports", key, body).await;
    answer.expect("the API answers")
}

#[tokio::test]
async fn an_order_that_is_sent_twice_is_one_report() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let body = order(&seller);
    let first = post_once(&world, "first-of-the-month", &body).await;
    let second = post_once(&world, "first-of-the-month", &body).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!((second.status, &second.body), (200, &first.body));
    let report = first.body["reportId"].as_str().expect("a report id").to_owned();

    let mut other = body.clone();
    other["MarketplaceIds"] = json!("A1F83G8C2ARO7P");
    let refused = post_once(&world, "first-of-the-month", &other).await;
    assert_eq!(
        (refused.status, &refused.body["code"], &refused.body["field"]),
        (409, &json!("IdempotencyKeyReused"), &json!("Idempotency-Key")),
        "{}",
        refused.body
    );
    assert_eq!(answers(&world, &seller, "createReport").await, [202]);
    assert_eq!(made(&world, &seller).await, BTreeSet::from([report]));
}

#[tokio::test]
async fn a_list_of_orders_that_is_sent_twice_is_one_report_each() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let body = json!({"Orders": [order(&seller), order(&seller)]});
    let first = post_once(&world, "both", &body).await;
    let second = post_once(&world, "both", &body).await;
    let requests: Vec<&str> = accepted(&first).iter().map(request_id).collect();
    let again: Vec<&str> = accepted(&second).iter().map(request_id).collect();
    assert_eq!(requests, again);
    assert_eq!(requests.len(), 2);
    let mut reports = BTreeSet::new();
    for request in requests {
        let report = placed(&world, &seller, request).await;
        world.delivered(&seller, &report).await;
        reports.insert(report);
    }
    assert_eq!(reports.len(), 2, "each order has a report of its own");
    assert_eq!(made(&world, &seller).await, reports);
    assert_eq!(answers(&world, &seller, "createReport").await, [202, 202]);
}

#[tokio::test]
async fn a_list_with_an_order_that_is_wrong_orders_nothing() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let mut wrong = order(&seller);
    wrong["RegionCode"] = json!("US");
    let body = json!({"Orders": [order(&seller), wrong]});
    let answer = world.post("/reports", &body).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (400, &json!("Orders[1].RegionCode")),
        "{}",
        answer.body
    );
    // What is not in the ledger is ordered by nobody later.
    let listed = world.get_ok("/reports", &[("SellerId", &seller.id)]).await;
    assert_eq!(listed, json!({"reports": []}));
    assert_eq!(answers(&world, &seller, "createReport").await, [] as [u64; 0]);
}

/// Amazon has made the report and its answer was lost: the report is found, not ordered once more.
#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_again() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let lost = json!({"operation": "createReport", "sellerId": seller.id, "kind": "lostAnswer"});
    world.simulator.fault(&lost).await.expect("scripted");
    let answer = world.post("/reports", &order(&seller)).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (202, &json!("QUEUED")),
        "{}",
        answer.body
    );
    let request = request_id(&answer.body);
    let report = placed(&world, &seller, request).await;
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
    let shown = world.shown(&seller, request).await;
    assert_eq!(
        (&shown["reportId"], &shown["status"]),
        (&json!(report), &json!("ANNOUNCED")),
        "{shown}"
    );
    assert_eq!(made(&world, &seller).await, BTreeSet::from([report]));
    assert_eq!(answers(&world, &seller, "createReport").await, [0]);
}

/// Nothing tells a failure before the report was made from one after it; Amazon's list does.
#[tokio::test]
async fn an_order_that_amazon_fails_to_take_is_one_report_in_the_end() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let failure =
        json!({"operation": "createReport", "sellerId": seller.id, "kind": "status", "status": 503});
    world.simulator.fault(&failure).await.expect("scripted");
    let answer = world.post("/reports", &order(&seller)).await;
    let report = match answer.status {
        200 => answer.body["reportId"].as_str().expect("a report id").to_owned(),
        202 => placed(&world, &seller, request_id(&answer.body)).await,
        status => panic!("{status}: {}", answer.body),
    };
    world.delivered(&seller, &report).await;
    assert_eq!(made(&world, &seller).await, BTreeSet::from([report]));
    assert_eq!(answers(&world, &seller, "createReport").await, [503, 202]);
}

/// Its caller has long been told that it is queued, so its end comes by e-mail.
#[tokio::test]
async fn a_queued_order_that_amazon_refuses_is_told_of() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let refusal = json!({
        "operation": "createReport", "sellerId": seller.id, "kind": "status", "status": 400,
        "message": "This report type is not for you.",
    });
    world.simulator.fault(&refusal).await.expect("scripted");
    let answer = world.post("/reports", &json!({"Orders": [order(&seller)]})).await;
    let request = request_id(&accepted(&answer)[0]);
    let email = told_of_order(&world, &seller, request).await;
    assert!(
        email
            .subject
            .starts_with("Amazon report not ordered: All listings, "),
        "{}",
        email.subject
    );
    assert!(
        email.text.contains("This report type is not for you."),
        "{}",
        email.text
    );
    let shown = world.shown(&seller, request).await;
    assert_eq!(
        (&shown["status"], &shown["error"]),
        (&json!("FAILED"), &json!("Rejected")),
        "{shown}"
    );
    assert_eq!(answers(&world, &seller, "createReport").await, [400]);
    assert_eq!(made(&world, &seller).await, BTreeSet::new());
}

/// Waits for the e-mail about an order that is no report.
async fn told_of_order(world: &World, seller: &Seller, request: &str) -> Email {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let emails = world.mailbox.all().await.expect("read");
        let email = emails
            .into_iter()
            .find(|email| email.seller() == Some(&seller.id) && email.fact("Request id") == Some(request));
        if let Some(email) = email {
            return email;
        }
        assert!(Instant::now() < deadline, "no e-mail about {request}");
    }
}
