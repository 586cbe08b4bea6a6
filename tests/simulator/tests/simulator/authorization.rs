//! Tokens: how they are got, what they open, and how they die.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use sp_api_simulator::{ClientCredentials, Options, StoredTokens};
use std::sync::Arc;

use crate::common::{Amazon, LISTINGS, REFRESH_TOKEN, RESTRICTED, SELLER, code, listings_report, wait_for};

const REPORT: &str = "/reports/2021-06-30/reports/1";

fn refresh<'a>(refresh_token: &'a str, secret: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", "id"),
        ("client_secret", secret),
    ]
}

#[tokio::test]
async fn lwa_refuses_as_lwa_does() {
    let amazon = Amazon::start().await;
    let known = [("client_id", "id"), ("client_secret", "s")];
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "nonsense")],
            "invalid_grant",
        ),
        (
            &[("grant_type", "client_credentials"), ("scope", "profile")],
            "invalid_scope",
        ),
        (&[("grant_type", "client_credentials")], "invalid_request"),
        (
            &[("grant_type", "authorization_code"), ("code", "nonsense")],
            "invalid_grant",
        ),
    ];
    for (form, error) in cases {
        let (status, answer) = amazon.login(&[form, &known].concat()).await;
        assert_eq!(
            (status.as_u16(), answer["error"].as_str()),
            (400, Some(error)),
            "{form:?}"
        );
        assert!(answer["error_description"].is_string());
    }
}

#[tokio::test]
async fn credentials_are_enforced_where_they_are_configured_and_can_be_rotated() {
    let credentials = ClientCredentials {
        client_id: "id".into(),
        client_secret: SecretString::from("old"),
    };
    let amazon = Amazon::with(Options {
        credentials: Some(credentials),
        ..Options::default()
    })
    .await;
    let login = async |secret| amazon.login(&refresh(REFRESH_TOKEN, secret)).await;
    assert_eq!(login("old").await.0, 200);
    let (status, answer) = login("wrong").await;
    assert_eq!(
        (status.as_u16(), answer["error"].as_str()),
        (401, Some("invalid_client"))
    );
    amazon
        .control("/rotate-client-secret", &json!({ "clientSecret": "new" }))
        .await;
    assert_eq!(login("old").await.0, 401);
    assert_eq!(login("new").await.0, 200);
    amazon.control("/reset", &json!({})).await;
    assert_eq!(login("old").await.0, 200);
}

#[tokio::test]
async fn an_old_secret_is_good_for_as_long_as_the_rotation_says() {
    let credentials = ClientCredentials {
        client_id: "id".into(),
        client_secret: SecretString::from("old"),
    };
    let amazon = Amazon::with(Options {
        credentials: Some(credentials),
        ..Options::default()
    })
    .await;
    let login = async |secret| amazon.login(&refresh(REFRESH_TOKEN, secret)).await.0;
    let rotation = json!({ "clientSecret": "new", "keepOldSeconds": 3600 });
    amazon.control("/rotate-client-secret", &rotation).await;
    assert_eq!(login("old").await, 200);
    assert_eq!(login("new").await, 200);
    let rotation = json!({ "clientSecret": "newer", "keepOldSeconds": 1 });
    amazon.control("/rotate-client-secret", &rotation).await;
    assert_eq!(login("newer").await, 200);
    wait_for(async || (login("new").await == 401).then_some(())).await;
    assert_eq!(login("old").await, 200, "its own hour is not over");
}

#[tokio::test]
async fn every_unfit_token_is_answered_alike() {
    let amazon = Amazon::start().await;
    let (seller, application) = (amazon.seller_token().await, amazon.grantless_token().await);
    for token in ["", "Atza|unknown", &application] {
        let (status, answer) = amazon.get(REPORT, token).await;
        assert_eq!((status.as_u16(), code(&answer)), (403, "Unauthorized"));
        assert_eq!(
            answer["errors"][0]["message"],
            "Access to requested resource is denied."
        );
    }
    assert_eq!(amazon.get("/notifications/v1/destinations", &seller).await.0, 403);
    assert_eq!(amazon.get(REPORT, &seller).await.0, 404);
    amazon.control("/expire-access-tokens", &json!({})).await;
    let (status, answer) = amazon.get(REPORT, &seller).await;
    assert_eq!(status, 403);
    assert_eq!(
        answer["errors"][0]["details"],
        "The access token you provided has expired."
    );
    let kinds = amazon.journal("operation=getReport").await;
    let kinds = kinds
        .iter()
        .filter_map(|entry| entry["token"].as_str())
        .collect::<Vec<_>>();
    assert_eq!(kinds, ["none", "unknown", "grantless", "seller", "seller"]);
}

#[tokio::test]
async fn revoking_kills_the_refresh_token_and_what_came_of_it() {
    let amazon = Amazon::start().await;
    for what in [
        json!({ "refreshToken": REFRESH_TOKEN }),
        json!({ "sellerId": SELLER }),
    ] {
        let token = amazon.seller_token().await;
        amazon.control("/revoke", &what).await;
        let (status, answer) = amazon.login(&refresh(REFRESH_TOKEN, "s")).await;
        assert_eq!(
            (status.as_u16(), answer["error"].as_str()),
            (400, Some("invalid_grant"))
        );
        assert_eq!(amazon.get(REPORT, &token).await.0, 403);
        amazon.control("/unrevoke", &what).await;
        assert_eq!(amazon.login(&refresh(REFRESH_TOKEN, "s")).await.0, 200);
    }
}

#[tokio::test]
async fn an_authorization_code_is_good_once() {
    let amazon = Amazon::start().await;
    let code = amazon
        .control("/authorization-codes", &json!({ "sellerId": SELLER }))
        .await["code"]
        .clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str().expect("a code")),
        ("client_id", "id"),
        ("client_secret", "s"),
    ];
    let (status, answer) = amazon.login(&form).await;
    assert_eq!(status, 200);
    let refresh_token = answer["refresh_token"].as_str().expect("a refresh token");
    amazon.token_of(refresh_token).await;
    assert_eq!(amazon.login(&form).await.1["error"], "invalid_grant");
}

struct Stored;

impl StoredTokens for Stored {
    fn seller_of<'a>(
        &'a self,
        refresh_token: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<String>, String>> {
        Box::pin(async move {
            match refresh_token {
                "Atzr|stored" => Ok(Some("A2STOREDSELLER".to_owned())),
                "Atzr|broken" => Err("the table is gone".to_owned()),
                _ => Ok(None),
            }
        })
    }
}

#[tokio::test]
async fn the_seller_is_registered_named_stored_or_made_up() {
    let options = Options {
        stored_tokens: Some(Arc::new(Stored)),
        ..Options::default()
    };
    let amazon = Amazon::with(options).await;
    let registration = json!({ "refreshToken": "Atzr|A1NAMEDINTOKEN|y", "sellerId": "amzn1.vg.6213651" });
    amazon.control("/sellers", &registration).await;
    for token in [
        "Atzr|A1NAMEDINTOKEN|y",
        "Atzr|A1NAMEDINTOKEN|x",
        "Atzr|stored",
        "Atzr|anything",
    ] {
        amazon.token_of(token).await;
    }
    let (status, answer) = amazon.login(&refresh("Atzr|broken", "s")).await;
    assert_eq!(
        (status.as_u16(), answer["error"].as_str()),
        (500, Some("server_error"))
    );
    let entries = amazon.journal("operation=lwa").await;
    let sellers = entries
        .iter()
        .map(|entry| entry["sellerId"].as_str())
        .collect::<Vec<_>>();
    assert_eq!(
        sellers[..3],
        [
            Some("amzn1.vg.6213651"),
            Some("A1NAMEDINTOKEN"),
            Some("A2STOREDSELLER")
        ]
    );
    assert!(sellers[3].is_some_and(|seller| seller.starts_with('A') && seller.len() == 14));
    assert_eq!(entries[4]["detail"], "the table is gone");
}

async fn rdt(amazon: &Amazon, path: &str) -> String {
    let wanted = json!({ "restrictedResources": [{ "method": "GET", "path": path }] });
    let token = amazon.seller_token().await;
    let (status, answer) = amazon
        .post("/tokens/2021-03-01/restrictedDataToken", &token, &wanted)
        .await;
    assert_eq!(status, 200, "{answer}");
    answer["restrictedDataToken"]
        .as_str()
        .expect("a token")
        .to_owned()
}

#[tokio::test]
async fn personal_data_needs_a_restricted_data_token_for_just_that_document() {
    let amazon = Amazon::start().await;
    let report = amazon.finished_report(RESTRICTED, &json!({})).await;
    let path = amazon.document_path(&report).await;
    let (status, answer) = amazon.get(&path, &amazon.seller_token().await).await;
    assert_eq!((status.as_u16(), code(&answer)), (403, "Unauthorized"));
    assert_eq!(
        amazon
            .get(&path, &rdt(&amazon, &format!("{path}x")).await)
            .await
            .0,
        403
    );
    assert_eq!(amazon.get(&path, &rdt(&amazon, &path).await).await.0, 200);
    let any_document = "/reports/2021-06-30/documents/{reportDocumentId}";
    let token = rdt(&amazon, any_document).await;
    assert_eq!(amazon.get(&path, &token).await.0, 200);
    assert_eq!(amazon.get(REPORT, &token).await.0, 403, "it opens documents only");
    amazon.control("/expire-access-tokens", &json!({})).await;
    assert_eq!(amazon.get(&path, &token).await.0, 403);
}

#[tokio::test]
async fn a_document_of_somebody_else_does_not_exist() {
    let amazon = Amazon::start().await;
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    let path = amazon.document_path(&report).await;
    assert_eq!(
        amazon
            .get(&path, &amazon.token_of("Atzr|A2OTHERSELLER|x").await)
            .await
            .0,
        404
    );
    let elsewhere = amazon.endpoint.replace("/na", "/eu");
    let other_region = Amazon {
        endpoint: elsewhere,
        ..amazon
    };
    assert_eq!(
        other_region
            .get(&path, &other_region.seller_token().await)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn quotas_are_amazons_and_each_sellers_own() {
    let amazon = Amazon::with(Options::default()).await;
    let token = amazon.seller_token().await;
    let path = "/reports/2021-06-30/reports";
    for _ in 0..15 {
        let response = amazon
            .send(Method::POST, path, &token, Some(&listings_report()))
            .await;
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers()["x-amzn-ratelimit-limit"], "0.0167");
    }
    let response = amazon
        .send(Method::POST, path, &token, Some(&listings_report()))
        .await;
    assert_eq!(response.status(), 429);
    assert!(!response.headers().contains_key("x-amzn-ratelimit-limit"));
    assert!(!response.headers().contains_key("retry-after"));
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let answer: Value = response.json().await.expect("JSON");
    let message = "You exceeded your quota for the requested resource.";
    assert_eq!(
        answer["errors"][0],
        json!({ "code": "QuotaExceeded", "message": message, "details": "" })
    );
    let other = amazon.token_of("Atzr|A2OTHERSELLER|x").await;
    assert_eq!(amazon.post(path, &other, &listings_report()).await.0, 202);
}
