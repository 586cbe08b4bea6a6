//! Amazon's quotas at the published pace: fifteen calls, then one a minute. The pipeline keeps one of
//! the fifteen in reserve.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::orders::{accepted, answers, made, order, placed, request_id};
use crate::world::{LISTINGS, PATIENCE, Seller, World};

/// Calls that the pipeline makes at once.
const AT_ONCE: usize = 14;

/// Each takes more than a minute, for which it only waits; so they wait together.
#[tokio::test]
async fn what_is_beyond_a_quota_waits_for_it() {
    let Some(world) = World::find().await else { return };
    let world = &world;
    tokio::join!(
        orders_beyond_the_quota_wait(world),
        documents_beyond_the_quota_wait(world),
        an_order_that_was_taken_back_is_not_placed_when_its_time_comes(world)
    );
}

/// Sixteen orders: fourteen at once, one after a minute; the last is taken back before its time.
async fn orders_beyond_the_quota_wait(world: &World) {
    let seller = &world.subscribed_seller("EU").await;
    let answer = world
        .post("/reports", &json!({"Orders": vec![order(seller); AT_ONCE + 2]}))
        .await;
    let orders = accepted(&answer);
    let times: Vec<Timestamp> = orders.iter().map(|order| time(&order["notBefore"])).collect();
    assert_eq!(times[..AT_ONCE], vec![times[0]; AT_ONCE], "at once");
    for (earlier, later) in [(AT_ONCE - 1, AT_ONCE), (AT_ONCE, AT_ONCE + 1)] {
        let wait = times[later].duration_since(times[earlier]);
        assert!(is_about_a_minute(wait), "{wait}");
    }
    let requests: Vec<&str> = orders.iter().map(request_id).collect();
    let (last, others) = requests.split_last().expect("sixteen");
    assert_eq!(world.shown(seller, others[AT_ONCE]).await["status"], "QUEUED");
    let taken_back = world.cancel(seller, last).await;
    assert_eq!(
        (taken_back.status, taken_back.body),
        (200, json!({"reportId": last, "status": "CANCELLED"}))
    );

    let mut reports = BTreeSet::new();
    for request in others {
        let report = placed(world, seller, request).await;
        world.delivered(seller, &report).await;
        reports.insert(report);
    }
    assert_eq!(reports.len(), AT_ONCE + 1);
    assert_eq!(made(world, seller).await, reports);
    let calls = call_times(world, seller, "createReport").await;
    assert!(calls[AT_ONCE] >= times[AT_ONCE], "not before its time");
    assert_eq!(answers(world, seller, "createReport").await, [202; AT_ONCE + 1]);
    assert_eq!(world.shown(seller, last).await["status"], "CANCELLED");
}

/// Fifteen reports that are finished at the same time: the last one's document is asked for a minute
/// after the others'.
async fn documents_beyond_the_quota_wait(world: &World) {
    let seller = &world.subscribed_seller("EU").await;
    let mut reports = Vec::new();
    for _ in 0..=AT_ONCE {
        let made = world
            .simulator
            .report_made_elsewhere(&seller.id, "EU", LISTINGS, json!({}))
            .await;
        reports.push(made.expect("made"));
    }
    for report in &reports {
        let email = world.delivered(seller, report).await;
        world.assert_linked(&email, seller, report).await;
    }
    assert_eq!(
        answers(world, seller, "getReportDocument").await,
        [200; AT_ONCE + 1]
    );
    let calls = call_times(world, seller, "getReportDocument").await;
    let wait = calls[AT_ONCE].duration_since(calls[0]);
    // A little may pass between a slot and its call.
    assert!(wait > SignedDuration::from_secs(45), "{wait}");
}

/// The execution that waits with an order finds nothing left to do.
async fn an_order_that_was_taken_back_is_not_placed_when_its_time_comes(world: &World) {
    let seller = &world.seller().await;
    // What becomes of the others is told elsewhere.
    let endless = json!({"always": true, "delayMilliseconds": 3_600_000});
    world
        .simulator
        .script(&seller.id, endless)
        .await
        .expect("scripted");
    let answer = world
        .post("/reports", &json!({"Orders": vec![order(seller); AT_ONCE + 1]}))
        .await;
    let request = request_id(accepted(&answer).last().expect("fifteen"));
    let taken_back = world.cancel(seller, request).await;
    assert_eq!(taken_back.status, 200, "{}", taken_back.body);

    let executions = world.stack.order_executions().expect("the workflow is described");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ended = executions.in_state(ExecutionStatus::Succeeded).await;
        if ended.expect("listed").iter().any(|name| name == request) {
            break;
        }
        assert!(Instant::now() < deadline, "the execution {request} has not ended");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(answers(world, seller, "createReport").await, [202; AT_ONCE]);
    assert_eq!(made(world, seller).await.len(), AT_ONCE);
    assert_eq!(world.shown(seller, request).await["status"], "CANCELLED");
}

fn is_about_a_minute(wait: SignedDuration) -> bool {
    (SignedDuration::from_secs(55)..SignedDuration::from_secs(65)).contains(&wait)
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

/// When Amazon was called, in order.
async fn call_times(world: &World, seller: &Seller, operation: &str) -> Vec<Timestamp> {
    let journal = world.simulator.journal(operation, Some(&seller.id)).await;
    let mut times: Vec<Timestamp> = journal
        .expect("a journal")
        .iter()
        .map(|call| time(&call["time"]))
        .collect();
    times.sort();
    times
}
