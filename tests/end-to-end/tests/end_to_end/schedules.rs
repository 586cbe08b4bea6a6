use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World};

/// A type that Amazon schedules.
const RETURNS: &str = "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE";

fn schedule(seller: &Seller) -> Value {
    json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": RETURNS, "MarketplaceIds": "A1PA6795UKMFR9",
        "Period": "P1D",
    })
}

async fn list(world: &World, seller: &Seller) -> Vec<Value> {
    let types = format!("{RETURNS},{LISTINGS}");
    let query = [
        ("SellerId", seller.id.as_str()),
        ("RegionCode", "EU"),
        ("ReportTypes", &types),
    ];
    let listed = world.get_ok("/schedules", &query).await;
    listed["reportSchedules"].as_array().expect("a list").clone()
}

/// What a schedule makes reaches the seller, and a cancelled schedule is gone.
#[tokio::test]
async fn a_schedules_report_flows_like_any_other() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    assert_eq!(list(&world, &seller).await, [] as [Value; 0]);
    let mut body = schedule(&seller);
    // Late enough to be in the future yet when Amazon hears of it.
    let next = jiff::Timestamp::now() + Duration::from_secs(15);
    body["NextReportCreationTime"] = json!(next.to_string());
    let made = world.post_ok("/schedules", &body).await;
    let id = made["reportScheduleId"].as_str().expect("an id");

    let listed = list(&world, &seller).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    for (field, value) in [
        ("reportScheduleId", json!(id)),
        ("reportType", json!(RETURNS)),
        ("marketplaceIds", json!(["A1PA6795UKMFR9"])),
        ("period", json!("P1D")),
    ] {
        assert_eq!(listed[0][field], value, "{field} in {}", listed[0]);
    }

    let report = world
        .amazon_has("report of the schedule", |report| {
            report["sellerId"] == seller.id && report["reportScheduleId"] == id
        })
        .await;
    let report = report["reportId"].as_str().expect("an id");
    let email = world.delivered(&seller, report).await;
    world.assert_linked(&email, &seller, report).await;
    assert_eq!(world.shown(&seller, report).await["status"], "ANNOUNCED");

    let query = [("SellerId", seller.id.as_str()), ("RegionCode", "EU")];
    let path = format!("/schedules/{id}");
    let answer = world.delete(&path, &query).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"reportScheduleId": id}))
    );
    assert_eq!(list(&world, &seller).await, [] as [Value; 0]);
    let answer = world.delete(&path, &query).await;
    assert_eq!(answer.status, 404, "{}", answer.body);
}

/// Amazon cancels a schedule of the same type and marketplaces; the answer says so.
#[tokio::test]
async fn a_schedule_that_replaces_another_says_so() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let first = world.post_ok("/schedules", &schedule(&seller)).await;
    assert_eq!(first["replaced"], Value::Null);
    let second = world.post_ok("/schedules", &schedule(&seller)).await;
    assert_eq!(second["replaced"]["reportScheduleId"], first["reportScheduleId"]);
    assert_eq!(second["replaced"]["period"], "P1D");
    let listed = list(&world, &seller).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["reportScheduleId"], second["reportScheduleId"]);
}

/// What Amazon would refuse is refused here, and costs no call.
#[tokio::test]
async fn the_field_at_fault_is_named() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    for (field, value) in [
        ("RegionCode", json!("US")),
        ("ReportType", json!(LISTINGS)),
        ("MarketplaceIds", json!([])),
        ("Period", json!("P1W")),
        ("NextReportCreationTime", json!("tomorrow")),
        ("ReportOptions", json!("not json")),
        ("ReportDataStartTime", json!("2024-03-10T20:11:24.000Z")),
    ] {
        let mut body = schedule(&seller);
        body[field] = value;
        let answer = world.post("/schedules", &body).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (400, &json!(field)),
            "{body} answered {}",
            answer.body
        );
    }
    let types = ["GET_A"; 11].join(",");
    let seller_id = ("SellerId", seller.id.as_str());
    for (query, field) in [
        (
            vec![seller_id, ("RegionCode", "US"), ("ReportTypes", RETURNS)],
            "RegionCode",
        ),
        (
            vec![seller_id, ("RegionCode", "EU"), ("ReportTypes", &types)],
            "ReportTypes",
        ),
    ] {
        let answer = world.get("/schedules", &query).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (400, &json!(field)),
            "{query:?} answered {}",
            answer.body
        );
    }
    for operation in ["createReportSchedule", "getReportSchedules"] {
        let calls = world.simulator.journal(operation, Some(&seller.id)).await;
        assert_eq!(calls.expect("a journal"), [] as [Value; 0]);
    }
}

#[tokio::test]
async fn an_unknown_seller_is_not_found() {
    let Some(world) = World::find().await else { return };
    let stranger = Seller {
        id: crate::world::new_seller_id(),
        refresh_token: String::new(),
    };
    let answer = world.post("/schedules", &schedule(&stranger)).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (404, &json!("SellerNotFound")),
        "{}",
        answer.body
    );
}
