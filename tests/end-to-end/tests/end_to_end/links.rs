//! Links of our own: what they lead to, who counts, and that one which leads nowhere tells nothing.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use end_to_end::{Email, sha256};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

use crate::world::{LISTINGS, PATIENCE, Seller, World};

/// How many guesses are compared with links that once were.
const SAMPLE: usize = 50;

/// A report that was delivered, with its e-mail.
pub async fn delivered(world: &World) -> (Seller, String, Email) {
    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    (seller, report, email)
}

fn link(email: &Email) -> &str {
    email.link().expect("a link")
}

/// The rows of the links to a report.
async fn rows(world: &World, seller: &Seller, report: &str) -> Vec<HashMap<String, AttributeValue>> {
    let table = world.stack.output("LINKS_TABLE").expect("set");
    let index = world
        .stack
        .dynamodb()
        .query()
        .table_name(&table)
        .index_name("byReport")
        .key_condition_expression("sellerId = :seller AND reportId = :report")
        .expression_attribute_values(":seller", AttributeValue::S(seller.id.clone()))
        .expression_attribute_values(":report", AttributeValue::S(report.to_owned()))
        .send()
        .await
        .expect("the index can be queried");
    let mut rows = Vec::new();
    for entry in index.items() {
        let row = world
            .stack
            .dynamodb()
            .get_item()
            .table_name(&table)
            .key("tokenHash", entry["tokenHash"].clone())
            .consistent_read(true)
            .send()
            .await
            .expect("the table can be read");
        rows.extend(row.item);
    }
    rows
}

/// How often the links to a report were opened.
async fn opened(world: &World, seller: &Seller, report: &str) -> u32 {
    let rows = rows(world, seller, report).await;
    assert!(!rows.is_empty());
    let opened = rows.iter().map(|row| row["opened"].as_n().expect("a number"));
    opened
        .map(|opened| opened.parse::<u32>().expect("a number"))
        .sum()
}

/// What opening a link answers, but for what differs from answer to answer by nature.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Opened {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Opened {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

async fn open(world: &World, method: Method, link: &str, language: &str) -> Opened {
    let response = world.stack.ask(method, link, language).await.expect("an answer");
    let status = response.status().as_u16();
    let mut headers: Vec<_> = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date" && !name.as_str().starts_with("x-amz"))
        .map(|(name, value)| {
            let value = value.to_str().expect("ASCII").to_owned();
            (name.to_string(), value)
        })
        .collect();
    headers.sort();
    let body = response.text().await.expect("a text");
    Opened {
        status,
        headers,
        body,
    }
}

/// The page that is shown for a link that leads nowhere.
async fn page(world: &World, link: &str) -> Opened {
    let page = open(world, Method::GET, link, "en").await;
    assert_eq!(page.status, 404, "{page:?}");
    page
}

/// The address of a link with that token.
pub fn with_token(world: &World, token: &str) -> String {
    let api = world.stack.output("REPORTS_API_URL").expect("set");
    format!("{api}/links/{token}")
}

#[tokio::test]
async fn a_link_leads_to_the_bytes_and_only_who_gets_them_is_counted() {
    let Some(world) = World::with_own_links().await else {
        return;
    };
    let (seller, report, email) = delivered(&world).await;
    let link = link(&email);
    assert!(link.starts_with(&with_token(&world, "")), "{}", email.text);
    assert_eq!(opened(&world, &seller, &report).await, 0);

    let looked_at = open(&world, Method::HEAD, link, "en").await;
    assert_eq!((looked_at.status, looked_at.body.as_str()), (302, ""));
    // Who follows it so finds the document there, too.
    let place = looked_at.header("location").expect("a place");
    assert_eq!(open(&world, Method::HEAD, place, "en").await.status, 200);
    assert_eq!(opened(&world, &seller, &report).await, 0);

    let redirect = open(&world, Method::GET, link, "en").await;
    assert_eq!(redirect.status, 302);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
    ] {
        assert_eq!(redirect.header(name), Some(value), "{name}");
        assert_eq!(looked_at.header(name), Some(value), "{name}");
    }
    assert_eq!(opened(&world, &seller, &report).await, 1);
    world.assert_linked(&email, &seller, &report).await;
    assert_eq!(opened(&world, &seller, &report).await, 2);
    // Of the token itself nothing is kept.
    let (_, token) = link.rsplit_once('/').expect("a token");
    for row in rows(&world, &seller, &report).await {
        assert!(!format!("{row:?}").contains(token));
        assert!(row["lastOpenedAt"].is_s());
    }
}

/// Unknown, ended, revoked and mutilated links, and those of deleted documents, are not to be told apart.
#[tokio::test]
async fn what_leads_nowhere_looks_the_same_whatever_the_cause() {
    let Some(world) = World::with_own_links().await else {
        return;
    };
    let unknown = page(&world, &with_token(&world, &"A".repeat(43))).await;
    assert!(unknown.body.contains("ask whoever sent it"), "{}", unknown.body);

    let (ended, revoked, deleted) = tokio::join!(delivered(&world), delivered(&world), delivered(&world));
    end(&world, &ended.0, &ended.1).await;
    assert_eq!(page(&world, link(&ended.2)).await, unknown, "ended");

    let (seller, report, email) = revoked;
    let path = format!("/reports/{report}/links");
    let answer = world.delete(&path, &[("SellerId", &seller.id)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // One, or two if the owner had so many e-mails at that time that this was gathered.
    assert!(answer.body["revoked"].as_u64() >= Some(1), "{}", answer.body);
    assert_eq!(page(&world, link(&email)).await, unknown, "revoked");
    let again = world.delete(&path, &[("SellerId", &seller.id)]).await;
    assert_eq!((again.status, again.body), (200, json!({"revoked": 0})));

    let (seller, _, email) = deleted;
    for key in world.objects(&seller).await {
        let bucket = world.stack.output("REPORTS_BUCKET").expect("set");
        let deletion = world.stack.s3().delete_object().bucket(bucket).key(key);
        deletion.send().await.expect("deleted");
    }
    assert_eq!(page(&world, link(&email)).await, unknown, "deleted");

    // Who guesses finds nothing out by a sample either.
    for _ in 0..SAMPLE {
        let guess = URL_SAFE_NO_PAD.encode(std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(..)));
        for tried in [&with_token(&world, &guess), link(&ended.2)] {
            assert_eq!(page(&world, tried).await, unknown);
        }
    }

    let (_, token) = link(&ended.2).rsplit_once('/').expect("a token");
    for odd in [
        "x".to_owned(),
        format!("{token}."),
        format!("{token}/"),
        format!("{token}="),
        format!("a/{token}"),
        "%E2%80%A6".to_owned(),
        "%00".to_owned(),
        "A".repeat(3000),
    ] {
        assert_eq!(
            page(&world, &with_token(&world, &odd)).await,
            unknown,
            "{odd:.60}"
        );
    }
    let looked_at = open(&world, Method::HEAD, link(&ended.2), "en").await;
    assert_eq!((looked_at.status, looked_at.body.as_str()), (404, ""));
}

/// Lets every link to a report end.
pub async fn end(world: &World, seller: &Seller, report: &str) {
    let rows = rows(world, seller, report).await;
    assert!(!rows.is_empty());
    let now = Timestamp::now().as_second().to_string();
    for row in rows {
        world
            .stack
            .dynamodb()
            .update_item()
            .table_name(world.stack.output("LINKS_TABLE").expect("set"))
            .key("tokenHash", row["tokenHash"].clone())
            .update_expression("SET expiresAt = :now")
            .expression_attribute_values(":now", AttributeValue::N(now.clone()))
            .send()
            .await
            .expect("written");
    }
}

#[tokio::test]
async fn the_page_is_in_the_readers_language() {
    let Some(world) = World::with_own_links().await else {
        return;
    };
    let nowhere = with_token(&world, "nowhere");
    let mut pages = BTreeSet::new();
    for (accepted, language) in [
        ("en-GB,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("ja", "ja"),
        ("es-419", "es"),
        ("fr-FR,fr;q=0.9", "fr"),
        ("it", "it"),
        ("pl,zh;q=0.5", "en"),
    ] {
        let page = open(&world, Method::GET, &nowhere, accepted).await;
        assert_eq!(page.header("content-language"), Some(language), "{accepted}");
        let tag = format!("<html lang=\"{language}\">");
        assert!(page.body.contains(&tag), "{accepted}: {}", page.body);
        pages.insert(page.body);
    }
    assert_eq!(pages.len(), 6);
}

#[tokio::test]
async fn a_link_is_made_on_request_and_dies_with_its_seller() {
    let Some(world) = World::with_own_links().await else {
        return;
    };
    let (seller, report, email) = delivered(&world).await;
    let path = format!("/reports/{report}/links?SellerId={}", seller.id);
    let made = world.post(&path, &json!({"Days": 2})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let ends: Timestamp = made.body["expiresAt"]
        .as_str()
        .and_then(|it| it.parse().ok())
        .expect("a time");
    let left = ends.duration_since(Timestamp::now());
    let (day, two_days) = (SignedDuration::from_hours(24), SignedDuration::from_hours(48));
    assert!(day < left && left <= two_days, "{left}");
    let made = made.body["link"].as_str().expect("a link").to_owned();
    let response = world.stack.open(&made).await.expect("opens");
    let bytes = response.bytes().await.expect("the bytes arrive");
    if !world.stack.stores_utf8() {
        assert_eq!(sha256(&bytes), world.served_sha256(&seller, &report).await);
    }

    for days in [json!(0), json!(541), json!("7"), json!(1.5)] {
        let refused = world.post(&path, &json!({"Days": days})).await;
        assert_eq!((refused.status, &refused.body["field"]), (400, &json!("Days")));
    }
    let forgotten = world.forget(&seller, &[]).await;
    assert_eq!(forgotten.status, 200, "{}", forgotten.body);
    for link in [made.as_str(), link(&email)] {
        page(&world, link).await;
    }
}

#[tokio::test]
async fn the_api_says_where_a_document_is_now() {
    let Some(world) = World::find().await else { return };
    let (seller, report, _) = delivered(&world).await;
    let query = [("SellerId", seller.id.as_str())];
    let document = world.get_ok(&format!("/reports/{report}/document"), &query).await;
    let url = document["url"].as_str().expect("a URL");
    let response = world.stack.open(url).await.expect("opens");
    let headers = response.headers().clone();
    let bytes = response.bytes().await.expect("the bytes arrive");
    if !world.stack.stores_utf8() {
        assert_eq!(sha256(&bytes), world.served_sha256(&seller, &report).await);
    }
    assert_eq!(document["bytes"], bytes.len(), "{document}");
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(document["contentType"].as_str(), header("content-type"));
    assert_eq!(document["contentEncoding"].as_str(), header("content-encoding"));
    let name = document["fileName"].as_str().expect("a name");
    assert!(
        header("content-disposition").is_some_and(|it| it.contains(name)),
        "{name}"
    );
    let row = world.shown(&seller, &report).await;
    for field in ["objectKey", "bytes", "crc64nvme"] {
        assert_eq!(document[field], row[field], "{field}");
    }
    assert_eq!(row["bucket"], world.stack.output("REPORTS_BUCKET").expect("set"));
    // Fresh each time: a signature has its second.
    let ends: Timestamp = document["expiresAt"]
        .as_str()
        .and_then(|it| it.parse().ok())
        .expect("a time");
    assert!(ends > Timestamp::now());
}

#[tokio::test]
async fn without_a_document_it_is_said_why() {
    let Some(world) = World::find().await else { return };
    let seller = world.silent_seller("EU").await;
    let ordered = world.order(&seller, "EU", LISTINGS).await;
    let other = world.subscribed_seller("EU").await;
    let cancelled = json!({"status": "CANCELLED"});
    world
        .simulator
        .script(&other.id, cancelled)
        .await
        .expect("scripted");
    let cancelled = world.order(&other, "EU", LISTINGS).await;
    world.delivered(&other, &cancelled).await;
    for (seller, report, status, code) in [
        (&seller, ordered.as_str(), 409, "NotDelivered"),
        (&other, cancelled.as_str(), 404, "NoDocument"),
        (&other, "1", 404, "ReportNotFound"),
    ] {
        let path = format!("/reports/{report}/document");
        let answer = world.get(&path, &[("SellerId", &seller.id)]).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)));
    }
}

/// Nobody gets a second e-mail, so the answer has the new link.
#[tokio::test]
async fn a_delivery_that_is_repeated_on_purpose_has_a_new_link() {
    let Some(world) = World::with_own_links().await else {
        return;
    };
    let (seller, report, email) = delivered(&world).await;
    let path = format!("/reports/{report}/delivery?SellerId={}", seller.id);
    let answer = world.post(&path, &json!({})).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("ANNOUNCED"))
    );
    let new = answer.body["link"].as_str().expect("a link");
    assert_ne!(new, link(&email));
    assert_eq!(world.stack.open(new).await.expect("opens").status(), 200);
    let emails = world.mailbox.all_about(&seller.id, &report).await.expect("read");
    assert_eq!(emails.len(), 1, "{emails:?}");
}

/// By type and time, the newest first, page by page.
#[tokio::test]
async fn finished_reports_are_listed_by_type_and_time() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let inventory = "GET_AFN_INVENTORY_DATA";
    let mut ordered = Vec::new();
    for report_type in [LISTINGS, inventory, LISTINGS, LISTINGS] {
        let report = world.order(&seller, "EU", report_type).await;
        world.delivered(&seller, &report).await;
        ordered.push((report_type, report));
    }
    let newest_first = |wanted: &str| -> Vec<String> {
        let of_type = ordered
            .iter()
            .rev()
            .filter(|(report_type, _)| *report_type == wanted);
        of_type.map(|(_, report)| report.clone()).collect()
    };
    for report_type in [LISTINGS, inventory] {
        let listed = listed(&world, &seller, &[("ReportType", report_type)]).await;
        assert_eq!(listed, newest_first(report_type));
    }
    let (early, late) = ("2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let all: Vec<_> = ordered.iter().rev().map(|(_, report)| report.clone()).collect();
    assert_eq!(
        listed(&world, &seller, &[("Since", early), ("Until", late)]).await,
        all
    );
    assert!(listed(&world, &seller, &[("Since", late)]).await.is_empty());
    assert!(listed(&world, &seller, &[("Until", early)]).await.is_empty());
    let fatal = listed(&world, &seller, &[("Since", early), ("status", "FATAL")]).await;
    assert!(fatal.is_empty());
}

/// The ids on all pages of two.
async fn listed(world: &World, seller: &Seller, more: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut query = [&[("SellerId", seller.id.as_str()), ("limit", "2")], more].concat();
        query.extend(token.as_deref().map(|token| ("nextToken", token)));
        let page = world.get_ok("/reports", &query).await;
        let rows = page["reports"].as_array().expect("a list");
        assert!(rows.len() <= 2, "{page}");
        let ids = rows.iter().filter_map(|row| row["reportId"].as_str());
        found.extend(ids.map(str::to_owned));
        match page["nextToken"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => return found,
        }
    }
}

/// On a stack that keeps to them, the e-mail says that they may end early, and links are made all the same.
#[tokio::test]
async fn a_presigned_url_is_honest_about_its_end() {
    let Some(world) = World::with_presigned_urls().await else {
        return;
    };
    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world
        .mailbox
        .wait_for(&seller.id, &report, PATIENCE)
        .await
        .expect("an e-mail comes");
    assert!(link(&email).contains("X-Amz-Expires="));
    assert!(email.text.contains("AWS may end it earlier"), "{}", email.text);
    world.assert_linked(&email, &seller, &report).await;
    let path = format!("/reports/{report}/links?SellerId={}", seller.id);
    let made = world.post(&path, &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.body["link"].as_str().expect("a link");
    assert_eq!(world.stack.open(made).await.expect("opens").status(), 200);
}
