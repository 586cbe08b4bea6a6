use serde_json::{Value, json};

use crate::world::{LISTINGS, World};

/// Amazon cancels it, and the seller is told as of any other cancelled report.
#[tokio::test]
async fn a_report_in_amazons_queue_is_cancelled() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    // So long that it stays in the queue for as long as the test takes.
    let slow = json!({"delayMilliseconds": 3_600_000});
    world.simulator.script(&seller.id, slow).await.expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let answer = world.cancel(&seller, &report).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"reportId": report, "status": "CANCELLING"}))
    );
    let email = world.delivered(&seller, &report).await;
    assert!(
        email.subject.starts_with("Amazon report cancelled"),
        "{}",
        email.subject
    );
    let row = world.shown(&seller, &report).await;
    assert_eq!(row["status"], "CANCELLED", "{row}");
    assert!(row["cancelRequestedAt"].is_string(), "{row}");

    let again = world.cancel(&seller, &report).await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("NotCancellable")),
        "{}",
        again.body
    );
    let calls = world.simulator.journal("cancelReport", Some(&seller.id)).await;
    assert_eq!(calls.expect("a journal").len(), 1);
}

/// Amazon is asked about a report that was made elsewhere, and its refusal comes in its own words.
#[tokio::test]
async fn a_finished_report_made_elsewhere_is_refused_by_amazon() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("FE").await;
    let report = world
        .simulator
        .report_made_elsewhere(&seller.id, "FE", LISTINGS, json!({"notify": false}))
        .await
        .expect("made");
    world.finished(&seller, &report).await;
    let answer = world.cancel(&seller, &report).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (400, &json!("InvalidInput")),
        "{}",
        answer.body
    );
    let message = answer.body["message"].as_str().expect("a text");
    assert!(message.contains("not IN_QUEUE"), "{message}");
}

/// The last of more orders than the quota allows at once waits here, and is taken back here.
#[tokio::test]
async fn an_order_that_waits_for_its_quota_never_gets_to_amazon() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let order = json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": "A1PA6795UKMFR9",
    });
    // Fifteen at once, and then one a minute: the last one's turn is in three minutes.
    let answer = world.post("/reports", &json!({"Orders": vec![order; 18]})).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let orders = answer.body["orders"].as_array().expect("a list");
    let last = orders.last().and_then(|it| it["requestId"].as_str());
    let last = last.expect("a request id");
    assert_eq!(world.shown(&seller, last).await["status"], "QUEUED");

    // Twice is as good as once.
    for _ in 0..2 {
        let answer = world.cancel(&seller, last).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, json!({"reportId": last, "status": "CANCELLED"}))
        );
    }
    let query = [("SellerId", seller.id.as_str()), ("status", "CANCELLED")];
    let listed = world.get_ok("/reports", &query).await;
    let ids: Vec<&Value> = listed["reports"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["reportId"])
        .collect();
    assert_eq!(ids, [&json!(last)]);
    let calls = world.simulator.journal("cancelReport", Some(&seller.id)).await;
    assert_eq!(calls.expect("a journal"), [] as [Value; 0]);
}

#[tokio::test]
async fn what_is_not_known_is_not_cancelled() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let order = format!("order-{:032x}", 7);
    for (id, status, code) in [
        (order.as_str(), 404, "ReportNotFound"),
        // Never ordered here, and the seller never subscribed here.
        ("54517018502", 409, "RegionUnknown"),
        ("order-7", 400, "InvalidRequest"),
    ] {
        let answer = world.cancel(&seller, id).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code)),
            "{id} answered {}",
            answer.body
        );
    }
    let calls = world.simulator.journal("cancelReport", Some(&seller.id)).await;
    assert_eq!(calls.expect("a journal"), [] as [Value; 0]);
}
