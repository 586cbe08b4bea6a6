//! What callers can see of their reports and orders.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World, new_seller_id};

/// Every station of a delivered report is there, with its time, and nothing of the pipeline's own.
#[tokio::test]
async fn a_reports_life_can_be_read() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;
    let row = world.shown(&seller, &report).await;
    for (field, value) in [
        ("reportId", report.as_str()),
        ("sellerId", seller.id.as_str()),
        ("regionCode", "EU"),
        ("reportType", LISTINGS),
        ("status", "ANNOUNCED"),
        ("processingStatus", "DONE"),
        ("execution", format!("{}_{report}", seller.id).as_str()),
    ] {
        assert_eq!(row[field], value, "{field} in {row}");
    }
    assert_eq!(row["marketplaceIds"], json!(["A1PA6795UKMFR9"]));
    assert_eq!(json!([row["objectKey"]]), json!(world.objects(&seller).await));
    assert!(row["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{row}");
    assert!(row["attempts"].as_u64().is_some_and(|count| count > 0), "{row}");
    assert!(
        row["requestId"].is_string() && row["orderedAt"].is_string(),
        "{row}"
    );
    let stations = ["notifiedAt", "retrievedAt", "storedAt", "linkedAt", "announcedAt"];
    let times = stations.map(|station| row[station].as_str().unwrap_or_default());
    assert!(
        times.is_sorted() && times.iter().all(|time| !time.is_empty()),
        "{row}"
    );
    for hidden in ["progress", "due", "dueAt", "error", "lastError", "expiresAt"] {
        assert!(row[hidden].is_null(), "{hidden} in {row}");
    }
}

/// A report that was made elsewhere has a row, too, without an order.
#[tokio::test]
async fn a_report_made_elsewhere_is_in_the_ledger() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("NA").await;
    let report = world
        .simulator
        .report_made_elsewhere(&seller.id, "NA", LISTINGS, json!({}))
        .await
        .expect("made");
    world.delivered(&seller, &report).await;
    let row = world.shown(&seller, &report).await;
    assert_eq!(row["status"], "ANNOUNCED", "{row}");
    assert!(
        row["orderedAt"].is_null() && row["notifiedAt"].is_string(),
        "{row}"
    );
}

/// An order under an idempotency key is the report that it has become, by either name.
#[tokio::test]
async fn a_placed_order_is_shown_as_its_report() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let body = json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": "A1PA6795UKMFR9",
    });
    let ordered = world
        .api
        .post_once(&world.role, "/reports", "first-of-the-month", &body)
        .await
        .expect("the API answers");
    assert_eq!(ordered.status, 200, "{}", ordered.body);
    let report = ordered.body["reportId"].as_str().expect("a report id");
    let placed = list(&world, &seller, &[("status", "PLACED")]).await;
    assert_eq!(placed.len(), 1, "{placed:?}");
    assert_eq!(placed[0]["placedAs"], report);
    let request = placed[0]["reportId"].as_str().expect("a request id");
    assert!(request.starts_with("order-"), "{request}");
    let row = world.shown(&seller, request).await;
    assert_eq!(
        (&row["reportId"], &row["requestId"]),
        (&json!(report), &json!(request))
    );
    assert_eq!(row, world.shown(&seller, report).await);
}

/// Page by page, every row comes once; a status chooses among them.
#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let fatal = json!({"status": "FATAL"});
    world.simulator.script(&seller.id, fatal).await.expect("scripted");
    let failed = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &failed).await;
    let mut good = BTreeSet::new();
    for _ in 0..4 {
        good.insert(world.order(&seller, "EU", LISTINGS).await);
    }
    for report in &good {
        world.delivered(&seller, report).await;
    }

    let announced = pages(&world, &seller, Some("ANNOUNCED")).await;
    assert_eq!(announced, good);
    let fatal = pages(&world, &seller, Some("FATAL")).await;
    assert_eq!(fatal, BTreeSet::from([failed.clone()]));
    let mut all = good;
    all.insert(failed);
    assert_eq!(pages(&world, &seller, None).await, all);
    let undivided = list(&world, &seller, &[]).await;
    assert_eq!(undivided.len(), all.len());
}

/// The report ids on all pages of two.
async fn pages(world: &World, seller: &Seller, status: Option<&str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut token: Option<String> = None;
    loop {
        let mut query = vec![("SellerId", seller.id.as_str()), ("limit", "2")];
        query.extend(status.map(|status| ("status", status)));
        query.extend(token.as_deref().map(|token| ("nextToken", token)));
        let page = world.get_ok("/reports", &query).await;
        let rows = page["reports"].as_array().expect("a list");
        assert!(rows.len() <= 2, "{page}");
        for row in rows {
            let id = row["reportId"].as_str().expect("an id").to_owned();
            assert!(found.insert(id), "{row} comes twice");
        }
        match page["nextToken"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => return found,
        }
    }
}

async fn list(world: &World, seller: &Seller, more: &[(&str, &str)]) -> Vec<Value> {
    let query = [&[("SellerId", seller.id.as_str())], more].concat();
    let listed = world.get_ok("/reports", &query).await;
    assert!(listed["nextToken"].is_null(), "{listed}");
    listed["reports"].as_array().expect("a list").clone()
}

/// What is not known is said to be so, and another seller's report is not known.
#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let Some(world) = World::find().await else { return };
    let (seller, other) = (world.seller().await, new_seller_id());
    let report = world.order(&seller, "EU", LISTINGS).await;
    let unknown_order = format!("/reports/order-{:032x}", 7);
    for (path, seller) in [
        ("/reports/1", seller.id.as_str()),
        (unknown_order.as_str(), seller.id.as_str()),
        (&format!("/reports/{report}x"), seller.id.as_str()),
        ("/reports/54517018502", other.as_str()),
    ] {
        let answer = world.get(path, &[("SellerId", seller)]).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("ReportNotFound")),
            "{path} answered {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn the_parameter_at_fault_is_named() {
    let Some(world) = World::find().await else { return };
    let seller = ("SellerId", "A3TH9S8BH6GOGM");
    for (path, query, field) in [
        ("/reports", vec![("SellerId", "A B")], "SellerId"),
        ("/reports", vec![seller, ("status", "DONE")], "status"),
        ("/reports", vec![seller, ("limit", "0")], "limit"),
        ("/reports", vec![seller, ("limit", "101")], "limit"),
        (
            "/reports",
            vec![seller, ("nextToken", "bm90IG91cnM")],
            "nextToken",
        ),
        ("/reports", vec![seller, ("Status", "STORED")], "Status"),
        ("/reports/order-7", vec![seller], "reportId"),
    ] {
        let answer = world.get(path, &query).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (400, &json!(field)),
            "{path} {query:?} answered {}",
            answer.body
        );
    }
}
