use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World, new_seller_id};

fn token() -> Value {
    json!({"SellerId": new_seller_id(), "RefreshToken": "Atzr|x"})
}

fn subscription() -> Value {
    json!({"SellerId": new_seller_id(), "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED"})
}

fn order() -> Value {
    json!({
        "SellerId": new_seller_id(), "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": "A1PA6795UKMFR9",
    })
}

/// Every field that is missing, empty, of a wrong type, unknown or senseless is named.
#[tokio::test]
async fn the_field_at_fault_is_named() {
    let Some(world) = World::find().await else { return };
    let cases = [
        ("/tokens", token(), "SellerId", Value::Null),
        ("/tokens", token(), "SellerId", json!(7)),
        ("/tokens", token(), "RefreshToken", json!("")),
        ("/tokens", token(), "RefreshToken", json!("Atza|x")),
        ("/tokens", token(), "RefreshToken", json!("\"Atzr|x\"")),
        ("/tokens", token(), "Region", json!("EU")),
        ("/notifications", subscription(), "RegionCode", json!("US")),
        ("/notifications", subscription(), "NotificationType", Value::Null),
        ("/reports", order(), "RegionCode", json!("")),
        ("/reports", order(), "ReportType", Value::Null),
        (
            "/reports",
            order(),
            "ReportType",
            json!("GET_FBA_SNS_FORECAST_DATA"),
        ),
        ("/reports", order(), "MarketplaceIds", json!([])),
        ("/reports", order(), "MarketplaceIds", json!("ATVPDKIKX0DER")),
        ("/reports", order(), "ReportDataStartTime", json!("tomorrow")),
        ("/reports", order(), "ReportOptions", json!("not json")),
    ];
    for (path, mut body, field, value) in cases {
        body[field] = value;
        let answer = world.post(path, &body).await;
        assert_eq!(answer.status, 400, "{path} {body} answered {}", answer.body);
        assert_eq!(
            answer.body["field"], field,
            "{path} {body} answered {}",
            answer.body
        );
        assert!(
            answer.body["code"].is_string() && answer.body["message"].is_string(),
            "{}",
            answer.body
        );
    }
    let mut backwards = order();
    backwards["ReportDataStartTime"] = json!("2024-03-10T00:00:00Z");
    backwards["ReportDataEndTime"] = json!("2024-03-09T00:00:00Z");
    let answer = world.post("/reports", &backwards).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (400, &json!("ReportDataEndTime"))
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let Some(world) = World::find().await else { return };
    for path in ["/tokens", "/notifications", "/reports"] {
        for body in ["", "SellerId=A3", "[]", "{"] {
            let answer = world
                .api
                .post_text(&world.role, path, body)
                .await
                .expect("the API answers");
            assert_eq!(answer.status, 400, "{path} {body:?} answered {}", answer.body);
            assert!(
                answer.body["code"].is_string() && answer.body["message"].is_string(),
                "{}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_seller_is_not_found_and_amazon_is_not_asked() {
    let Some(world) = World::find().await else { return };
    for (path, body) in [("/notifications", subscription()), ("/reports", order())] {
        let answer = world.post(path, &body).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (404, &json!("SellerId")),
            "{}",
            answer.body
        );
        let seller = body["SellerId"].as_str().expect("an id");
        assert!(
            world
                .simulator
                .journal("createReport", Some(seller))
                .await
                .expect("a journal")
                .is_empty()
        );
    }
}

/// What Amazon is known to refuse is refused here with the reason, costs no call, and leaves no row:
/// neither alone nor among others.
#[tokio::test]
async fn what_amazon_does_not_make_for_orders_is_refused_at_once() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let mut listings = order();
    listings["SellerId"] = json!(seller.id);
    let mut settlement = listings.clone();
    settlement["ReportType"] = json!("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2");
    for (body, field) in [
        (settlement.clone(), "ReportType"),
        (json!({"Orders": [listings, settlement]}), "Orders[1].ReportType"),
    ] {
        let answer = world.post("/reports", &body).await;
        assert_eq!(
            (answer.status, &answer.body["code"], &answer.body["field"]),
            (400, &json!("InvalidRequest"), &json!(field)),
            "{}",
            answer.body
        );
        assert!(
            answer.body["message"]
                .as_str()
                .is_some_and(|it| it.contains("Amazon makes these reports itself")),
            "{}",
            answer.body
        );
    }
    assert_eq!(rows(&world, &seller).await, 0);
    let calls = world.simulator.journal("createReport", Some(&seller.id)).await;
    assert!(calls.expect("a journal").is_empty());
}

/// What Amazon refuses of what is not known here comes through with Amazon's words, and leaves no row.
#[tokio::test]
async fn amazons_refusals_come_through() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let mut order = order();
    order["SellerId"] = json!(seller.id);
    order["ReportType"] = json!("BAD_FEE_DISCOUNTS_REPORT");
    let answer = world.post("/reports", &order).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (400, &json!("InvalidInput")),
        "{}",
        answer.body
    );
    assert!(rows(&world, &seller).await == 0);
}

#[tokio::test]
async fn a_revoked_authorization_is_said_to_be_revoked() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    world
        .simulator
        .revoke(&seller.refresh_token)
        .await
        .expect("revoked");
    let mut order = order();
    order["SellerId"] = json!(seller.id);
    let answer = world.post("/reports", &order).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.body["code"], "AuthorizationRevoked");
    assert!(
        answer.body["message"]
            .as_str()
            .is_some_and(|it| it.contains("invalid_grant")),
        "{}",
        answer.body
    );
    assert!(rows(&world, &seller).await == 0);
}

/// Amazon's 429 is not the caller's: the order waits.
#[tokio::test]
async fn an_order_that_amazon_throttles_is_queued() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let fault = json!({
        "operation": "createReport", "sellerId": seller.id, "kind": "status", "status": 429,
        "code": "QuotaExceeded", "message": "You exceeded your quota for the requested resource.",
    });
    world.simulator.fault(&fault).await.expect("scripted");
    let mut order = order();
    order["SellerId"] = json!(seller.id);
    let answer = world.post("/reports", &order).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (202, &json!("QUEUED")),
        "{}",
        answer.body
    );
    let request = answer.body["requestId"].as_str().expect("a request id");
    let row = world.row(&seller, request).await;
    assert_eq!(row.text("status"), Some("QUEUED"));
    assert_eq!(row.text("notBefore"), answer.body["notBefore"].as_str());
}

/// How many rows the reports table has of a seller.
async fn rows(world: &World, seller: &Seller) -> i32 {
    use aws_sdk_dynamodb::types::AttributeValue;
    let answer = world
        .stack
        .dynamodb()
        .query()
        .table_name(world.stack.output("REPORTS_TABLE").expect("set"))
        .key_condition_expression("sellerId = :seller")
        .expression_attribute_values(":seller", AttributeValue::S(seller.id.clone()))
        .send()
        .await
        .expect("the table can be queried");
    answer.count()
}
