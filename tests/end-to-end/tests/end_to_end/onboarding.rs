//! Sellers who authorize the application in a browser: the whole way by plain HTTP, and the ways that are refused.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use end_to_end::sha256;
use reqwest::{Response, Url};
use serde_json::{Value, json};

use crate::aws_cli::aws;
use crate::world::{LISTINGS, Seller, World, new_seller_id};

/// The application, as the local stack knows it.
const APPLICATION: &str = "amzn1.sp.solution.local";

/// A browser that is at Amazon's consent page.
struct Visit {
    consent_page: String,
    cookie: String,
    state: String,
}

/// An invitation to `seller`, or to anybody.
pub async fn invite(world: &World, seller: Option<&str>) -> String {
    let mut body = json!({"RegionCode": "EU", "NotificationEmail": "joined@example.com"});
    if let Some(seller) = seller {
        body["SellerId"] = seller.into();
    }
    let answer = world.post("/onboardings", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["url"].as_str().expect("a URL").to_owned()
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), 303);
    response.headers()["location"].to_str().expect("ASCII").to_owned()
}

fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(known, _)| known == name).expect(name);
    value.into_owned()
}

/// The cookie of an answer, as a browser sends it back.
fn cookie_of(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().expect("ASCII");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(attribute), "{attribute}");
    }
    assert!(set.starts_with("__Host-"));
    set.split(';').next().expect("a pair").to_owned()
}

/// Follows an invitation to Amazon's consent page.
async fn begin(world: &World, invitation: &str) -> Visit {
    let answer = world.stack.visit(&format!("{invitation}/consent"), None).await;
    let answer = answer.expect("an answer");
    let consent_page = location(&answer);
    let simulator = world.stack.output("SP_API_SIMULATOR_URL").expect("set");
    assert!(
        consent_page.starts_with(&format!("{simulator}/eu/apps/authorize/consent?")),
        "{consent_page}"
    );
    Visit {
        state: parameter(&consent_page, "state"),
        cookie: cookie_of(&answer),
        consent_page,
    }
}

/// Where Amazon sends the browser once `seller` has decided.
async fn decide(world: &World, visit: &Visit, seller: &str, decision: &str) -> String {
    let answer = world.stack.decide(&visit.consent_page, seller, decision).await;
    location(&answer.expect("an answer"))
}

/// Status and text of a page.
async fn page(world: &World, url: &str, cookie: Option<&str>) -> (u16, String) {
    let answer = world.stack.visit(url, cookie).await.expect("an answer");
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// The seller's row.
async fn row(world: &World, seller: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let answer = world
        .stack
        .dynamodb()
        .get_item()
        .table_name(world.stack.output("SELLING_PARTNERS_TABLE").expect("set"))
        .key("sellerId", AttributeValue::S(seller.to_owned()))
        .consistent_read(true)
        .send()
        .await;
    answer.expect("the table can be read").item
}

/// Has what a secret stands for be over.
async fn end(world: &World, kind: &str, secret: &str) {
    let secret = URL_SAFE_NO_PAD.decode(secret).expect("a secret");
    let updated = world
        .stack
        .dynamodb()
        .update_item()
        .table_name(world.stack.output("ONBOARDINGS_TABLE").expect("set"))
        .key(
            "secretHash",
            AttributeValue::S(format!("{kind}/{}", sha256(&secret))),
        )
        .update_expression("SET expiresAt = :past")
        .condition_expression("attribute_exists(expiresAt)")
        .expression_attribute_values(":past", AttributeValue::N("1000".to_owned()))
        .send()
        .await;
    updated.expect("it is there");
}

fn secret_of(invitation: &str) -> &str {
    invitation.rsplit('/').next().expect("a secret")
}

/// No log group has any of these.
fn assert_not_logged(secrets: &[&str]) {
    let groups = aws(&["logs", "describe-log-groups"]);
    let mut lines = 0;
    for group in groups["logGroups"].as_array().expect("log groups") {
        let name = group["logGroupName"].as_str().expect("a name");
        let events = aws(&["logs", "filter-log-events", "--log-group-name", name]);
        for event in events["events"].as_array().expect("events") {
            let message = event["message"].as_str().unwrap_or_default();
            lines += 1;
            assert!(
                secrets.iter().all(|secret| !message.contains(secret)),
                "{name} holds a secret"
            );
        }
    }
    assert!(lines > 0, "the test looks in the wrong place");
}

#[tokio::test]
async fn an_invited_seller_joins_once_and_its_reports_arrive() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    let seller = Seller {
        id: new_seller_id(),
        refresh_token: String::new(),
    };
    let invitation = invite(&world, Some(&seller.id)).await;
    // Mail filters look, too.
    for _ in 0..2 {
        let (status, text) = page(&world, &invitation, None).await;
        assert_eq!(status, 200);
        assert!(text.contains("Local Reports &amp; Co asks for access"), "{text}");
    }
    let visit = begin(&world, &invitation).await;
    let callback = decide(&world, &visit, &seller.id, "confirm").await;
    let (status, text) = page(&world, &callback, Some(&visit.cookie)).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("Thank you, that is all"), "{text}");

    let kept = row(&world, &seller.id).await.expect("a row");
    assert_eq!(kept["regionCode"], AttributeValue::S("EU".to_owned()));
    assert!(kept["refreshTokenCiphertext"].is_b());
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;

    // All of it was good once.
    let (status, _) = page(&world, &callback, Some(&visit.cookie)).await;
    assert_eq!(status, 400);
    for used in [invitation.clone(), format!("{invitation}/consent")] {
        let (status, text) = page(&world, &used, None).await;
        assert_eq!(status, 404);
        assert!(text.contains("This invitation does not work"), "{text}");
    }
    let code = parameter(&callback, "spapi_oauth_code");
    let (_, cookie) = visit.cookie.split_once('=').expect("a value");
    assert_not_logged(&[secret_of(&invitation), &visit.state, cookie, &code, "Atzr|"]);
}

#[tokio::test]
async fn only_the_browser_that_began_can_finish() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    let seller = new_seller_id();
    let invitation = invite(&world, None).await;
    let (ours, others) = (begin(&world, &invitation).await, begin(&world, &invitation).await);
    let callback = decide(&world, &ours, &seller, "confirm").await;
    let without_state = callback.replace(&format!("state={}", ours.state), "state=");
    for (url, cookie) in [
        (&callback, None),
        (&callback, Some(others.cookie.as_str())),
        (&without_state, Some(ours.cookie.as_str())),
    ] {
        let (status, text) = page(&world, url, cookie).await;
        assert_eq!(status, 400);
        assert!(text.contains("This can’t be finished here"), "{text}");
    }
    assert_eq!(row(&world, &seller).await, None);
    // Nobody has spoilt it by that.
    let (status, text) = page(&world, &callback, Some(&ours.cookie)).await;
    assert_eq!(status, 200, "{text}");
    assert!(row(&world, &seller).await.is_some());
    // The other browser comes too late.
    let other = new_seller_id();
    let callback = decide(&world, &others, &other, "confirm").await;
    let (status, text) = page(&world, &callback, Some(&others.cookie)).await;
    assert_eq!(status, 404, "{text}");
    assert_eq!(row(&world, &other).await, None);
}

#[tokio::test]
async fn what_is_over_or_another_sellers_is_refused() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    let seller = new_seller_id();
    let invitation = invite(&world, Some(&seller)).await;

    // Another seller.
    let visit = begin(&world, &invitation).await;
    let stranger = new_seller_id();
    let callback = decide(&world, &visit, &stranger, "confirm").await;
    let (status, text) = page(&world, &callback, Some(&visit.cookie)).await;
    assert_eq!(status, 403);
    assert!(text.contains("That was another account"), "{text}");
    assert_eq!(row(&world, &stranger).await, None);

    // One that says no.
    let visit = begin(&world, &invitation).await;
    let callback = decide(&world, &visit, &seller, "cancel").await;
    let (status, text) = page(&world, &callback, Some(&visit.cookie)).await;
    assert_eq!(status, 400);
    assert!(text.contains("You have not given access"), "{text}");

    // One that comes back late.
    let visit = begin(&world, &invitation).await;
    let callback = decide(&world, &visit, &seller, "confirm").await;
    end(&world, "state", &visit.state).await;
    let (status, text) = page(&world, &callback, Some(&visit.cookie)).await;
    assert_eq!(status, 400);
    assert!(text.contains("This can’t be finished here"), "{text}");

    // The invitation is still there after all that, until it is over.
    let (status, _) = page(&world, &invitation, None).await;
    assert_eq!(status, 200);
    end(&world, "invitation", secret_of(&invitation)).await;
    let (status, text) = page(&world, &invitation, None).await;
    assert_eq!(status, 404);
    let guess = format!(
        "{}/{}",
        invitation.rsplit_once('/').expect("a path").0,
        "A".repeat(43)
    );
    assert_eq!(page(&world, &guess, None).await, (404, text));
    assert_eq!(row(&world, &seller).await, None);
}

#[tokio::test]
async fn a_seller_joins_from_the_appstore_and_nobody_is_sent_elsewhere() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    let seller = new_seller_id();
    let api = world.stack.output("REPORTS_API_URL").expect("set");
    let simulator = world.stack.output("SP_API_SIMULATOR_URL").expect("set");
    let login = format!("{}/onboarding/login", api.trim_end_matches('/'));
    let amazon_state = world.simulator.appstore_visit(&seller).await.expect("a visit");
    let address = |callback: &str| {
        let query = [
            ("amazon_callback_uri", callback),
            ("amazon_state", &amazon_state),
            ("selling_partner_id", &seller),
        ];
        Url::parse_with_params(&login, query).expect("a URL").to_string()
    };
    let path = format!("/apps/authorize/confirm/{APPLICATION}");
    for elsewhere in [
        format!("https://evil.example{path}"),
        format!("{simulator}{path}"),
        format!("{simulator}/eu/gp{path}"),
    ] {
        let answer = world
            .stack
            .visit(&address(&elsewhere), None)
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 400, "{elsewhere}");
        assert!(!answer.headers().contains_key("location"), "{elsewhere}");
    }
    let answer = world
        .stack
        .visit(&address(&format!("{simulator}/eu{path}")), None)
        .await;
    let answer = answer.expect("an answer");
    let (confirm, cookie) = (location(&answer), cookie_of(&answer));
    let confirmed = world.stack.visit(&confirm, None).await.expect("an answer");
    let callback = location(&confirmed);
    let (status, text) = page(&world, &callback, Some(&cookie)).await;
    assert_eq!(status, 200, "{text}");
    assert!(row(&world, &seller).await.is_some());
}

#[tokio::test]
async fn an_invitation_that_makes_no_sense_is_refused_by_name() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    for (body, field) in [
        (json!({}), "RegionCode"),
        (json!({"RegionCode": "EU", "Days": 31}), "Days"),
        (json!({"RegionCode": "EU", "Country": "US"}), "Country"),
    ] {
        let answer = world.post("/onboardings", &body).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &Value::from(field)));
    }
}
