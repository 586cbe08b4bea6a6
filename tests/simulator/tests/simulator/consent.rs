//! The consent page, and what an application gets from it.

use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use serde_json::json;
use sp_api_simulator::{Application, Options};

use crate::common::{Amazon, SELLER};

const APPLICATION: &str = "amzn1.sp.solution.1";
const CALLBACK: &str = "https://localhost:4566/restapis/a/prod/_user_request_/onboarding/callback";

async fn start() -> Amazon {
    let mut amazon = Amazon::with(Options {
        application: Some(Application {
            id: APPLICATION.into(),
            redirect_uris: vec![CALLBACK.into()],
            is_draft: false,
        }),
        ..Options::default()
    })
    .await;
    amazon.http = reqwest::Client::builder()
        .redirect(Policy::none())
        .build()
        .expect("a client");
    amazon
}

/// A page of the application, with some parameters changed.
fn page(amazon: &Amazon, path: &str, changes: &[(&str, &str)]) -> Url {
    let mut parameters = vec![
        ("application_id", APPLICATION),
        ("state", "s&1"),
        ("redirect_uri", CALLBACK),
    ];
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        parameters.push((name, value));
    }
    let url = format!("{}{path}", amazon.simulator.base_url());
    Url::parse_with_params(&url, parameters).expect("a URL")
}

async fn decide(amazon: &Amazon, decision: &str) -> Response {
    let form = [("decision", decision), ("selling_partner_id", SELLER)];
    let url = page(amazon, "/eu/apps/authorize/consent", &[]);
    amazon.http.post(url).form(&form).send().await.expect("an answer")
}

/// What the application is told.
fn told(response: &Response) -> Vec<(String, String)> {
    assert_eq!(response.status(), 303);
    let location = response.headers()["location"].to_str().expect("ASCII");
    let url = Url::parse(location).expect("a URL");
    assert_eq!(url.as_str().split('?').next(), Some(CALLBACK));
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_code_is_exchanged_once_for_a_token_of_who_confirmed() {
    let amazon = start().await;
    let asked = amazon
        .http
        .get(page(&amazon, "/apps/authorize/consent", &[]))
        .send()
        .await
        .expect("a page");
    assert_eq!(asked.status(), 200);
    let text = asked.text().await.expect("text");
    assert!(
        text.contains(APPLICATION) && text.contains("value=\"confirm\""),
        "{text}"
    );

    let told = told(&decide(&amazon, "confirm").await);
    let [(_, state), (_, seller), (name, code)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        (state.as_str(), seller.as_str(), name.as_str()),
        ("s&1", SELLER, "spapi_oauth_code")
    );
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "id"),
        ("client_secret", "secret"),
    ];
    let (status, answer) = amazon.login(&form).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["refresh_token"].as_str().expect("a token");
    assert!(token.starts_with(&format!("Atzr|{SELLER}|")), "{token}");
    let (status, answer) = amazon.login(&form).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]),
        (400, &json!("invalid_grant"))
    );
}

#[tokio::test]
async fn who_declines_is_sent_back_without_a_code() {
    let amazon = start().await;
    let told = told(&decide(&amazon, "cancel").await);
    assert!(
        told.contains(&("error".into(), "access_denied".into())),
        "{told:?}"
    );
    assert!(told.contains(&("state".into(), "s&1".into())), "{told:?}");
    assert!(
        told.iter().all(|(name, _)| name != "spapi_oauth_code"),
        "{told:?}"
    );
}

#[tokio::test]
async fn what_is_not_registered_may_not_ask() {
    let amazon = start().await;
    let refused = async |changes: &[(&str, &str)], code: &str| {
        let url = page(&amazon, "/apps/authorize/consent", changes);
        for request in [
            amazon.http.get(url.clone()),
            amazon.http.post(url).form(&[("decision", "confirm")]),
        ] {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 400, "{changes:?}");
            assert!(answer.text().await.expect("text").contains(code), "{changes:?}");
        }
    };
    refused(&[("application_id", "amzn1.sp.solution.2")], "MD1000").await;
    refused(&[("redirect_uri", "https://evil.example/")], "MD5101").await;
    refused(&[("state", "")], "There is no state").await;
    let changed = amazon.control("/application", &json!({"draft": true})).await;
    assert_eq!(changed["draft"], true);
    refused(&[], "MD1000").await;
    let url = page(&amazon, "/apps/authorize/consent", &[("version", "beta")]);
    assert_eq!(amazon.http.get(url).send().await.expect("a page").status(), 200);
}

#[tokio::test]
async fn who_comes_from_the_appstore_is_confirmed_once() {
    let amazon = start().await;
    let visit = amazon
        .control("/appstore-visits", &json!({"sellerId": SELLER}))
        .await;
    let amazon_state = visit["amazonState"].as_str().expect("a state");
    let path = format!("/na/apps/authorize/confirm/{APPLICATION}");
    let url = page(&amazon, &path, &[("amazon_state", amazon_state)]);
    let told = told(&amazon.http.get(url.clone()).send().await.expect("an answer"));
    assert!(
        told.contains(&("selling_partner_id".into(), SELLER.into())),
        "{told:?}"
    );
    assert_eq!(
        amazon.http.get(url).send().await.expect("an answer").status(),
        400
    );
}
