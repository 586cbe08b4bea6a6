//! Schedules, and the reports they make.

use serde_json::{Value, json};

use crate::common::{Amazon, code, wait_for};

const SCHEDULES: &str = "/reports/2021-06-30/schedules";
const TYPE: &str = "FEE_DISCOUNTS_REPORT";

fn schedule(marketplace_ids: &[&str], period: &str) -> Value {
    json!({ "reportType": TYPE, "marketplaceIds": marketplace_ids, "period": period })
}

#[tokio::test]
async fn the_same_type_and_marketplaces_replace_a_schedule() {
    let amazon = Amazon::with(sp_api_simulator::Options::default()).await;
    let token = amazon.seller_token().await;
    let create = async |wanted: Value| {
        let (status, answer) = amazon.post(SCHEDULES, &token, &wanted).await;
        assert_eq!(status, 201, "{answer}");
        answer["reportScheduleId"].as_str().expect("an id").to_owned()
    };
    let first = create(schedule(&["A", "B"], "P1D")).await;
    let other = create(schedule(&["A"], "P1D")).await;
    let second = create(schedule(&["B", "A"], "PT84H")).await;
    assert_eq!(amazon.get(&format!("{SCHEDULES}/{first}"), &token).await.0, 404);
    let (_, list) = amazon
        .get(&format!("{SCHEDULES}?reportTypes={TYPE}"), &token)
        .await;
    let list = list["reportSchedules"].as_array().expect("a list").clone();
    let ids = list
        .iter()
        .map(|schedule| schedule["reportScheduleId"].clone())
        .collect::<Vec<_>>();
    assert_eq!(ids, [json!(other), json!(second)]);
    assert_eq!(
        amazon.delete(&format!("{SCHEDULES}/{other}"), &token).await.0,
        200
    );
    assert_eq!(
        amazon.delete(&format!("{SCHEDULES}/{other}"), &token).await.0,
        404
    );
}

#[tokio::test]
async fn bad_schedules_are_refused() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let mut unschedulable = schedule(&["A"], "P1D");
    unschedulable["reportType"] = "GET_AFN_INVENTORY_DATA".into();
    for wanted in [
        schedule(&[], "P1D"),
        schedule(&["A"], "PT6M"),
        json!({}),
        unschedulable,
    ] {
        let (status, answer) = amazon.post(SCHEDULES, &token, &wanted).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "InvalidInput"),
            "{wanted}"
        );
    }
    assert_eq!(amazon.get(SCHEDULES, &token).await.0, 400);
}

#[tokio::test]
async fn a_schedule_makes_reports_until_it_is_cancelled() {
    // Five minutes are 30 ms.
    let options = sp_api_simulator::Options {
        speed_up: 10_000.0,
        ..Default::default()
    };
    let amazon = Amazon::with(options).await;
    let token = amazon.seller_token().await;
    let (_, answer) = amazon
        .post(SCHEDULES, &token, &schedule(&["ATVPDKIKX0DER"], "PT5M"))
        .await;
    let id = answer["reportScheduleId"].as_str().expect("an id");
    let reports = wait_for(async || {
        let reports = amazon.look("/reports").await["reports"]
            .as_array()
            .expect("a list")
            .clone();
        (reports.len() >= 2).then_some(reports)
    });
    for report in reports.await {
        assert_eq!(
            (&report["reportScheduleId"], &report["reportType"]),
            (&json!(id), &json!(TYPE))
        );
    }
    assert_eq!(amazon.delete(&format!("{SCHEDULES}/{id}"), &token).await.0, 200);
}
