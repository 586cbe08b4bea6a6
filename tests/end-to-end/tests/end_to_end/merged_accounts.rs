//! One merchant token in several regions: each has a refresh token, subscriptions, quotas and reports of
//! its own. The simulator gives reports of both the same ids.

use std::time::{Duration, Instant};

use end_to_end::{Email, sha256};
use serde_json::{Value, json};

use crate::world::{LISTINGS, PATIENCE, Seller, World, marketplace_of, new_seller_id};

const SETTLEMENT: &str = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2";

/// Tokens, orders, settlements, objects and e-mails of two regions don't get in each other's way.
#[tokio::test]
async fn one_merchant_token_in_two_regions_is_two_accounts() {
    let Some(world) = World::find().await else { return };
    let seller = merged(&world, &["NA", "EU"]).await;
    for region in ["NA", "EU"] {
        world.subscribe(&seller, region).await;
    }
    let mut reports = Vec::new();
    for region in ["NA", "EU"] {
        reports.push((region, world.order(&seller, region, LISTINGS).await));
        let made = world
            .simulator
            .report_made_elsewhere(&seller.id, region, SETTLEMENT, json!({}));
        reports.push((region, made.await.expect("made")));
    }
    assert_eq!(reports[0].1, reports[2].1, "the same ids in both regions");
    let delivered = if world.stack.delivers_all() {
        &reports[..]
    } else {
        &[reports[0].clone(), reports[2].clone()]
    };
    for (region, report) in delivered {
        let email = email_from(&world, &seller, region, report).await;
        assert_linked(&world, &email, &seller, region, report).await;
    }
    assert_each_told_once(&world, &seller).await;

    // Each account has its rows and objects; callers see one seller and its regions.
    let keys = world.objects(&seller).await;
    assert_eq!(keys.len(), delivered.len() / 2, "{keys:?}");
    let in_eu = Seller {
        id: format!("{}_EU", seller.id),
        refresh_token: String::new(),
    };
    let keys = world.objects(&in_eu).await;
    assert_eq!(keys.len(), delivered.len() / 2, "{keys:?}");
    assert_eq!(listed(&world, &seller, None).await.len(), 4);
    for region in ["NA", "EU"] {
        let rows = listed(&world, &seller, Some(region)).await;
        assert_eq!(rows.len(), 2, "{rows:?}");
        for row in rows {
            assert_eq!(
                [&row["sellerId"], &row["regionCode"]],
                [&json!(seller.id), &json!(region)]
            );
        }
    }

    // Of two reports of the same id the caller says which.
    let path = format!("/reports/{}", reports[0].1);
    let answer = world.get(&path, &[("SellerId", &seller.id)]).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (400, &json!("RegionCode")),
        "{}",
        answer.body
    );
    for region in ["NA", "EU"] {
        let query = [("SellerId", seller.id.as_str()), ("RegionCode", region)];
        assert_eq!(world.get_ok(&path, &query).await["regionCode"], region);
    }

    // A token without its region could be either's.
    let body = json!({"SellerId": seller.id, "RefreshToken": token(&seller, "NA")});
    let answer = world.post("/tokens", &body).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (400, &json!("RegionCode")),
        "{}",
        answer.body
    );

    // One region is forgotten, the other goes on.
    let answer = world.forget(&seller, &[("RegionCode", "EU")]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.post_ok("/tokens", &body).await;
    let report = world.order(&seller, "NA", LISTINGS).await;
    email_from(&world, &seller, "NA", &report).await;
}

/// What Amazon announces without saying the region is found where it is.
#[tokio::test]
async fn a_report_that_is_announced_without_a_region_is_looked_for_where_its_seller_sells() {
    let Some(world) = World::find().await else { return };
    if !world.stack.delivers_all() {
        return;
    }
    let seller = merged(&world, &["NA", "EU"]).await;
    // So that the ids of the regions differ.
    let other = world
        .simulator
        .report_made_elsewhere(&seller.id, "NA", SETTLEMENT, json!({"notify": false}));
    other.await.expect("made");
    for region in ["EU", "NA"] {
        let report = announced_barely(&world, &seller, region).await;
        let email = email_from(&world, &seller, region, &report).await;
        assert_linked(&world, &email, &seller, region, &report).await;
    }
    assert_each_told_once(&world, &seller).await;
}

/// A token without a region is good somewhere: the first call finds out where.
#[tokio::test]
async fn the_first_call_finds_the_region_of_a_seller_who_never_told_it() {
    let Some(world) = World::find().await else { return };
    if !world.stack.delivers_all() {
        return;
    }
    let seller = Seller {
        id: new_seller_id(),
        refresh_token: String::new(),
    };
    let body = json!({"SellerId": seller.id, "RefreshToken": token(&seller, "FE")});
    world.post_ok("/tokens", &body).await;
    let first = announced_barely(&world, &seller, "FE").await;
    let email = email_from(&world, &seller, "FE", &first).await;
    assert_linked(&world, &email, &seller, "FE", &first).await;
    let second = announced_barely(&world, &seller, "FE").await;
    email_from(&world, &seller, "FE", &second).await;
    // The second time it was known.
    let asked = world.simulator.journal("getReport", Some(&seller.id)).await;
    let asked = asked.expect("a journal");
    let denied = |report: &str| {
        let is_about_it = |call: &&Value| call["path"].as_str().is_some_and(|path| path.ends_with(report));
        asked.iter().filter(is_about_it).any(|call| call["status"] == 403)
    };
    assert!(denied(&first) && !denied(&second), "{asked:?}");
}

/// A token of another region is Amazon's to refuse, and the refusal says what is wrong.
#[tokio::test]
async fn a_refusal_in_the_wrong_region_names_both() {
    let Some(world) = World::find().await else { return };
    let seller = merged(&world, &["NA"]).await;
    let answer = world.post("/reports", &order_of(&seller, "EU")).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("AccessDenied")),
        "{}",
        answer.body
    );
    let message = answer.body["message"].as_str().expect("a message");
    assert!(
        message.contains("is for NA") && message.contains("RegionCode EU"),
        "{message}"
    );

    let body = json!({"SellerId": seller.id, "RefreshToken": token(&seller, "EU"), "RegionCode": "EU"});
    world.post_ok("/tokens", &body).await;
    world.order(&seller, "EU", LISTINGS).await;
}

/// One region's authorization ends: its orders wait, and the other's do not.
#[tokio::test]
async fn what_stops_one_region_stops_the_other_not() {
    let Some(world) = World::find().await else { return };
    let seller = merged(&world, &["NA", "EU"]).await;
    for region in ["NA", "EU"] {
        world.subscribe(&seller, region).await;
    }
    world
        .simulator
        .revoke(&token(&seller, "EU"))
        .await
        .expect("revoked");
    let report = world.order(&seller, "NA", LISTINGS).await;
    email_from(&world, &seller, "NA", &report).await;
    let refused = world.post("/reports", &order_of(&seller, "EU")).await;
    assert_eq!(refused.body["code"], "AuthorizationRevoked", "{}", refused.body);
}

/// A seller with a refresh token for each of these regions.
async fn merged(world: &World, regions: &[&str]) -> Seller {
    let seller = Seller {
        id: new_seller_id(),
        refresh_token: String::new(),
    };
    for region in regions {
        let body =
            json!({"SellerId": seller.id, "RefreshToken": token(&seller, region), "RegionCode": region});
        world.post_ok("/tokens", &body).await;
    }
    seller
}

/// Good in that region only.
fn token(seller: &Seller, region: &str) -> String {
    format!("Atzr|{}|{region}|end-to-end", seller.id)
}

fn order_of(seller: &Seller, region: &str) -> Value {
    json!({
        "SellerId": seller.id, "RegionCode": region, "ReportType": LISTINGS, "MarketplaceIds": marketplace_of(region),
    })
}

/// A report that Amazon makes by itself and announces to somebody else, who passes on what he deems
/// worth it.
async fn announced_barely(world: &World, seller: &Seller, region: &str) -> String {
    let made =
        world
            .simulator
            .report_made_elsewhere(&seller.id, region, SETTLEMENT, json!({"notify": false}));
    let report = made.await.expect("made");
    let finished = world
        .amazon_has("finished report", |it| {
            it["sellerId"] == seller.id
                && it["reportId"] == report
                && it["region"] == region
                && it["status"] == "DONE"
        })
        .await;
    let message = json!({
        "sellerId": seller.id, "reportId": report, "reportType": SETTLEMENT, "processingStatus": "DONE",
        "reportDocumentId": finished["documentId"],
    });
    let message = json!({"notificationType": "REPORT_PROCESSING_FINISHED", "payload": message});
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    world
        .simulator
        .send_message(&queue, &message.to_string())
        .await
        .expect("sent");
    report
}

/// Waits for the e-mail about a report of that region.
pub async fn email_from(world: &World, seller: &Seller, region: &str, report: &str) -> Email {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let emails = world
            .mailbox
            .all_about(&seller.id, report)
            .await
            .expect("a mailbox");
        let is_it = |email: &Email| email.region() == Some(region);
        if let Some(email) = emails.into_iter().find(is_it) {
            return email;
        }
        assert!(Instant::now() < deadline, "no e-mail about {report} in {region}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The link leads to what Amazon served in that region.
async fn assert_linked(world: &World, email: &Email, seller: &Seller, region: &str, report: &str) {
    let (_, bytes) = world.follow(email).await;
    let truth = world
        .simulator
        .document_in(region, &seller.id, report)
        .await
        .expect("a document");
    if !world.stack.stores_utf8() {
        assert_eq!(
            sha256(&bytes),
            truth["sha256"].as_str().expect("a checksum"),
            "{report} in {region}"
        );
    }
}

pub async fn assert_each_told_once(world: &World, seller: &Seller) {
    let emails = world.mailbox.all().await.expect("a mailbox");
    let mut told: Vec<_> = emails
        .iter()
        .filter(|email| email.seller() == Some(&seller.id))
        .map(|email| (email.region(), email.fact("Report id"), &email.message_id))
        .collect();
    told.sort_unstable();
    told.dedup();
    let count = told.len();
    told.dedup_by_key(|(region, report, _)| (*region, *report));
    assert_eq!(told.len(), count, "told twice: {told:?}");
}

async fn listed(world: &World, seller: &Seller, region: Option<&str>) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut token = Value::Null;
    loop {
        // Two at a time, so that pages end within accounts and between them.
        let mut query = vec![("SellerId", seller.id.as_str()), ("limit", "2")];
        query.extend(region.map(|region| ("RegionCode", region)));
        query.extend(token.as_str().map(|token| ("nextToken", token)));
        let page = world.get_ok("/reports", &query).await;
        rows.extend(page["reports"].as_array().expect("a list").iter().cloned());
        token = page["nextToken"].clone();
        if token.is_null() {
            return rows;
        }
    }
}
