use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::{QueryError, QueryOutput};
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, ResourceNotFoundException};
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::operation::encrypt::EncryptOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_sesv2::operation::delete_suppressed_destination::{
    DeleteSuppressedDestinationError, DeleteSuppressedDestinationOutput,
};
use aws_sdk_sesv2::types::error::TooManyRequestsException;
use aws_sdk_sns::operation::subscribe::{SubscribeError, SubscribeOutput};
use aws_sdk_sns::operation::unsubscribe::UnsubscribeOutput;
use aws_sdk_sns::types::error::FilterPolicyLimitExceededException;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::{MailSubscriptions, SuppressionList};
use pipeline::api::respond;
use serde_json::{Value, json};
use test_doubles::{GRANTLESS_TOKEN, SELLER_TOKEN, answer, token_server};
use wiremock::matchers::{body_string_contains, header, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const OURS: &str = "arn:aws:sqs:eu-west-1:1:ours";
const KEPT: &str = "EU REPORT_PROCESSING_FINISHED s-kept";

/// AWS, as far as this function sees it.
struct Rules {
    row: Rule,
    update: Rule,
    delete: Rule,
    encrypt: Rule,
    links: Rule,
    revoke: Rule,
    subscribe: Rule,
    unsubscribe: Rule,
}

/// A seller's row with these subscriptions, in a region if there is one.
fn row(region: Option<&'static str>, subscriptions: &'static [&'static str]) -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let mut row = GetItemOutput::builder()
            .item("sellerId", text("A3"))
            .item("refreshTokenCiphertext", AttributeValue::B(Blob::new("sealed")));
        if let Some(region) = region {
            row = row.item("regionCode", text(region));
        }
        if !subscriptions.is_empty() {
            let texts = subscriptions.iter().map(|text| (*text).to_owned()).collect();
            row = row.item("subscriptions", AttributeValue::Ss(texts));
        }
        row.build()
    })
}

impl Rules {
    fn new(row: Rule) -> Self {
        Self {
            row,
            update: test_doubles::written(),
            delete: mock!(aws_sdk_dynamodb::Client::delete_item)
                .then_output(|| DeleteItemOutput::builder().build()),
            subscribe: mock!(aws_sdk_sns::Client::subscribe)
                .then_output(|| SubscribeOutput::builder().subscription_arn("arn:new").build()),
            unsubscribe: mock!(aws_sdk_sns::Client::unsubscribe)
                .then_output(|| UnsubscribeOutput::builder().build()),
            encrypt: mock!(aws_sdk_kms::Client::encrypt).then_output(|| {
                EncryptOutput::builder()
                    .ciphertext_blob(Blob::new("sealed"))
                    .build()
            }),
            links: mock!(aws_sdk_dynamodb::Client::query).then_output(|| {
                let hash = AttributeValue::S("0f".to_owned());
                QueryOutput::builder()
                    .items([("tokenHash".to_owned(), hash)].into())
                    .build()
            }),
            revoke: mock!(aws_sdk_dynamodb::Client::delete_item)
                .then_output(|| DeleteItemOutput::builder().build()),
        }
    }

    fn storage(&self, server: &MockServer) -> TokenStorage {
        let decrypt = mock!(aws_sdk_kms::Client::decrypt).then_output(|| {
            DecryptOutput::builder()
                .plaintext(Blob::new("Atzr|token"))
                .build()
        });
        let nowhere = test_doubles::no_further_account();
        let dynamodb = [&nowhere, &self.row, &self.update, &self.delete];
        let partners = SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &dynamodb),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[&self.encrypt, &decrypt]),
            "partners".into(),
            "arn:key".into(),
        );
        let amazon = test_doubles::amazon(server, partners.clone());
        let links = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&self.links, &self.revoke]);
        TokenStorage {
            partners,
            links: Links::new(links, "links".into()),
            subscriptions: Subscriptions::new(amazon, OURS.into()),
            redeliveries: test_doubles::redeliveries(),
            mail: SellersMail::Sns(MailSubscriptions::new(
                mock_client!(
                    aws_sdk_sns,
                    RuleMode::MatchAny,
                    &[&self.subscribe, &self.unsubscribe]
                ),
                "arn:topic".into(),
            )),
        }
    }

    /// What `DELETE /tokens/A3` answers, and whether the row is gone then.
    async fn forget(&self, server: &MockServer) -> (u16, Value, bool) {
        let parameters = Parameters::new([("SellerId", "A3")]);
        let (status, body) = answer(self.storage(server).forget(parameters).await);
        (status, body, self.delete.num_calls() == 1)
    }
}

fn forgotten() -> (u16, Value, bool) {
    (200, json!({"sellerId": "A3", "status": "SUCCESS"}), true)
}

async fn answers(server: &MockServer, verb: &str, at: &str, token: &str, status: u16, body: Value) {
    Mock::given(method(verb))
        .and(path_regex(at))
        .and(header("x-amz-access-token", token))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(server)
        .await;
}

fn refusal(code: &str) -> Value {
    json!({"errors": [{"code": code, "message": "no"}]})
}

/// Amazon that lists these subscriptions and destinations `d-ours` and `d-other`.
async fn amazon(listed: Value) -> MockServer {
    let server = token_server().await;
    let queue = |id: &str, arn: &str| json!({"destinationId": id, "resource": {"sqs": {"arn": arn}}});
    let destinations =
        json!({"payload": [queue("d-ours", OURS), queue("d-other", "arn:aws:sqs:eu-west-1:1:other")]});
    answers(
        &server,
        "GET",
        "/destinations$",
        GRANTLESS_TOKEN,
        200,
        destinations,
    )
    .await;
    answers(
        &server,
        "GET",
        "/subscriptions/",
        SELLER_TOKEN,
        404,
        refusal("NotFound"),
    )
    .await;
    let listed = json!({"payload": {"subscriptions": listed}});
    answers(&server, "GET", "/subscriptions$", SELLER_TOKEN, 200, listed).await;
    server
}

/// The subscriptions that Amazon was asked to delete, each with the token.
async fn deletions(server: &MockServer) -> Vec<(String, String)> {
    let requests = server.received_requests().await.expect("recorded");
    let deletions = requests
        .iter()
        .filter(|request| request.method.as_str() == "DELETE");
    deletions
        .map(|request| {
            let id = request.url.path().rsplit('/').next().expect("an id").to_owned();
            let token = request.headers["x-amz-access-token"].to_str().expect("a text");
            (id, token.to_owned())
        })
        .collect()
}

fn deleted(id: &str, token: &str) -> (String, String) {
    (id.to_owned(), token.to_owned())
}

async fn deletable(server: &MockServer) {
    answers(
        server,
        "DELETE",
        "/subscriptions/",
        GRANTLESS_TOKEN,
        200,
        json!({}),
    )
    .await;
}

async fn authorization_is_revoked(server: &MockServer) {
    Mock::given(path("/auth/o2/token"))
        .and(body_string_contains("grant_type=refresh_token"))
        .respond_with(ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"})))
        .with_priority(1)
        .mount(server)
        .await;
}

#[tokio::test]
async fn only_a_valid_body_is_stored() {
    let rules = Rules {
        update: mock!(aws_sdk_dynamodb::Client::update_item)
            .then_output(|| UpdateItemOutput::builder().build()),
        ..Rules::new(row(None, &[]))
    };
    let storage = rules.storage(&token_server().await);
    let invalid = storage
        .store_token(br#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":""}"#)
        .await;
    assert!(invalid.is_err());
    assert_eq!((rules.encrypt.num_calls(), rules.update.num_calls()), (0, 0));

    let body = br#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":"Atzr|IwEBI"}"#;
    assert_eq!(
        answer(storage.store_token(body).await),
        (200, json!({"sellerId": "A3TH9S8BH6GOGM", "status": "SUCCESS"}))
    );
    assert_eq!(rules.update.num_calls(), 1);
}

/// Whether a token that comes with that time is kept as of an authorization that was given then.
async fn is_kept_as_given_at(time: &'static str) -> (u16, usize) {
    let rules = Rules {
        update: mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let values = request.expression_attribute_values().expect("values");
                values[":authorized"] == AttributeValue::S(time.to_owned())
            })
            .then_output(|| UpdateItemOutput::builder().build()),
        ..Rules::new(row(None, &[]))
    };
    let storage = rules.storage(&token_server().await);
    let body = json!({"SellerId": "A3", "RefreshToken": "Atzr|IwEBI", "AuthorizedAt": time});
    let (status, _) = answer(storage.store_token(body.to_string().as_bytes()).await);
    (status, rules.encrypt.num_calls())
}

#[tokio::test]
async fn an_authorization_from_elsewhere_keeps_its_age_and_none_is_of_the_future() {
    assert_eq!(is_kept_as_given_at("2026-01-22T00:00:00Z").await, (200, 1));
    assert_eq!(is_kept_as_given_at("2999-01-22T00:00:00Z").await, (400, 0));
}

#[tokio::test]
async fn a_seller_who_never_subscribed_is_forgotten_once_and_amazon_not_asked() {
    let delete = mock!(aws_sdk_dynamodb::Client::delete_item)
        .sequence()
        .output(|| DeleteItemOutput::builder().build())
        .error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            DeleteItemError::ConditionalCheckFailedException(error)
        })
        .build();
    let rules = Rules {
        delete,
        ..Rules::new(row(None, &[]))
    };
    let server = token_server().await;
    let storage = rules.storage(&server);
    let ask =
        async |pairs: &[(&str, &str)]| answer(storage.forget(Parameters::new(pairs.iter().copied())).await);
    let (status, body, _) = forgotten();
    assert_eq!(ask(&[("SellerId", "A3")]).await, (status, body));
    let (status, refusal) = ask(&[("SellerId", "A3")]).await;
    assert_eq!((status, &refusal["code"]), (404, &json!("SellerNotFound")));
    let (status, refusal) = ask(&[("SellerId", "A B")]).await;
    assert_eq!((status, &refusal["field"]), (400, &json!("SellerId")));
    assert!(server.received_requests().await.expect("recorded").is_empty());
}

/// The case "a seller who was forgotten is announced again": the subscription is gone.
#[tokio::test]
async fn who_is_forgotten_is_unsubscribed_first() {
    let server = amazon(json!([
        {"subscriptionId": "s-ours", "destinationId": "d-ours"},
        {"subscriptionId": "s-other", "destinationId": "d-other"},
    ]))
    .await;
    deletable(&server).await;
    // A row of the time when subscriptions were not kept.
    let rules = Rules::new(row(Some("EU"), &[]));
    assert_eq!(rules.forget(&server).await, forgotten());
    assert_eq!(deletions(&server).await, [deleted("s-ours", GRANTLESS_TOKEN)]);
    assert_eq!(rules.revoke.num_calls(), 1);
}

#[tokio::test]
async fn links_that_can_not_be_revoked_keep_the_token_so_that_the_call_can_be_repeated() {
    let rules = Rules {
        links: mock!(aws_sdk_dynamodb::Client::query).then_error(|| {
            QueryError::ResourceNotFoundException(ResourceNotFoundException::builder().build())
        }),
        ..Rules::new(row(None, &[]))
    };
    let (status, _, is_gone) = rules.forget(&token_server().await).await;
    assert_eq!((status, is_gone), (503, false));
}

#[tokio::test]
async fn a_revoked_authorization_does_not_keep_a_kept_subscription_alive() {
    let server = amazon(json!([])).await;
    authorization_is_revoked(&server).await;
    deletable(&server).await;
    assert_eq!(
        Rules::new(row(Some("EU"), &[KEPT])).forget(&server).await,
        forgotten()
    );
    assert_eq!(deletions(&server).await, [deleted("s-kept", GRANTLESS_TOKEN)]);
}

#[tokio::test]
async fn a_subscription_that_nobody_can_find_any_more_is_said() {
    let server = amazon(json!([])).await;
    authorization_is_revoked(&server).await;
    let (status, body, is_gone) = Rules::new(row(Some("EU"), &[])).forget(&server).await;
    assert_eq!((status, is_gone), (200, true));
    let note = body["note"].as_str().expect("a note");
    assert!(
        note.contains("could not be found out") && note.contains("revoked"),
        "{note}"
    );
}

#[tokio::test]
async fn a_subscription_that_is_gone_already_is_no_failure() {
    let server = amazon(json!([])).await;
    answers(
        &server,
        "DELETE",
        "/subscriptions/",
        GRANTLESS_TOKEN,
        404,
        refusal("NotFound"),
    )
    .await;
    assert_eq!(
        Rules::new(row(Some("EU"), &[KEPT])).forget(&server).await,
        forgotten()
    );
}

#[tokio::test]
async fn what_amazon_refuses_the_application_is_deleted_with_the_sellers_own_token() {
    let server = amazon(json!([])).await;
    answers(
        &server,
        "DELETE",
        "/subscriptions/",
        GRANTLESS_TOKEN,
        403,
        refusal("Unauthorized"),
    )
    .await;
    answers(&server, "DELETE", "/subscriptions/", SELLER_TOKEN, 200, json!({})).await;
    assert_eq!(
        Rules::new(row(Some("EU"), &[KEPT])).forget(&server).await,
        forgotten()
    );
    let with_sellers_token = deleted("s-kept", SELLER_TOKEN);
    assert!(deletions(&server).await.contains(&with_sellers_token));
}

#[tokio::test]
async fn what_passes_keeps_the_token_so_that_the_call_can_be_repeated() {
    for (listed, deleted) in [(200, 500), (503, 200), (403, 200)] {
        let server = token_server().await;
        let queue = json!({"destinationId": "d-ours", "resource": {"sqs": {"arn": OURS}}});
        answers(
            &server,
            "GET",
            "/destinations$",
            GRANTLESS_TOKEN,
            200,
            json!({"payload": [queue]}),
        )
        .await;
        let subscription = json!({"subscriptionId": "s-ours", "destinationId": "d-ours"});
        let payload = json!({"payload": subscription, "errors": [{"code": "x", "message": "no"}]});
        answers(&server, "GET", "/subscriptions/", SELLER_TOKEN, listed, payload).await;
        answers(
            &server,
            "DELETE",
            "/subscriptions/",
            GRANTLESS_TOKEN,
            deleted,
            refusal("x"),
        )
        .await;
        let rules = Rules::new(row(Some("EU"), &[]));
        let response = respond(
            rules
                .storage(&server)
                .forget(Parameters::new([("SellerId", "A3")]))
                .await,
        );
        assert_eq!(
            (response.status().as_u16(), rules.delete.num_calls()),
            (503, 0),
            "{listed} {deleted}"
        );
        assert!(response.headers().contains_key("retry-after"));
        let body: Value = serde_json::from_slice(response.body()).expect("JSON");
        assert_eq!(body["code"], "StillSubscribed");
    }
}

/// A seller whose news an address gets.
fn mailed() -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        GetItemOutput::builder()
            .item("sellerId", text("A3"))
            .item("mailSubscription", text("arn:old"))
            .build()
    })
}

const WITH_ADDRESS: &[u8] =
    br#"{"SellerId": "A3", "RefreshToken": "Atzr|IwEBI", "NotificationEmail": "ann@example.com"}"#;

#[tokio::test]
async fn an_address_takes_the_place_of_an_earlier_one() {
    let server = token_server().await;
    let mut rules = Rules::new(mailed());
    rules.unsubscribe = mock!(aws_sdk_sns::Client::unsubscribe)
        .match_requests(|request| request.subscription_arn() == Some("arn:old"))
        .then_output(|| UnsubscribeOutput::builder().build());
    let stored = rules.storage(&server).store_token(WITH_ADDRESS).await;
    stored.expect("stored");
    // The token and the address are written.
    assert_eq!(
        (
            rules.subscribe.num_calls(),
            rules.unsubscribe.num_calls(),
            rules.update.num_calls()
        ),
        (1, 1, 2)
    );
    let without = br#"{"SellerId": "A3", "RefreshToken": "Atzr|IwEBI"}"#;
    rules.storage(&server).store_token(without).await.expect("stored");
    assert_eq!(
        (rules.subscribe.num_calls(), rules.unsubscribe.num_calls()),
        (1, 1)
    );
}

#[tokio::test]
async fn where_sns_has_no_room_the_way_on_is_named() {
    let server = token_server().await;
    let mut rules = Rules::new(row(None, &[]));
    rules.subscribe = mock!(aws_sdk_sns::Client::subscribe).then_error(|| {
        let error = FilterPolicyLimitExceededException::builder().build();
        SubscribeError::FilterPolicyLimitExceededException(error)
    });
    let (status, body) = answer(rules.storage(&server).store_token(WITH_ADDRESS).await);
    assert_eq!((status, &body["code"]), (409, &json!("MailSubscriptionsFull")));
    assert_eq!(body["field"], "NotificationEmail");
    let message = body["message"].as_str().expect("words");
    assert!(
        message.contains("is stored") && message.contains("quota"),
        "{message}"
    );
}

#[tokio::test]
async fn who_is_forgotten_is_mailed_no_more() {
    let server = token_server().await;
    let rules = Rules::new(mailed());
    assert_eq!(rules.forget(&server).await, forgotten());
    assert_eq!(rules.unsubscribe.num_calls(), 1);
}

/// The same where SES sends.
fn with_ses(storage: TokenStorage, release: &Rule) -> TokenStorage {
    let client = mock_client!(aws_sdk_sesv2, RuleMode::MatchAny, &[release]);
    TokenStorage {
        mail: SellersMail::Ses(SuppressionList::new(client)),
        ..storage
    }
}

#[tokio::test]
async fn where_ses_sends_an_address_is_kept_and_nobody_is_subscribed() {
    let server = token_server().await;
    let rules = Rules::new(mailed());
    let release = mock!(aws_sdk_sesv2::Client::delete_suppressed_destination)
        .match_requests(|request| request.email_address() == Some("ann@example.com"))
        .then_output(|| DeleteSuppressedDestinationOutput::builder().build());
    let storage = with_ses(rules.storage(&server), &release);
    storage.store_token(WITH_ADDRESS).await.expect("stored");
    // The token and the address are written.
    assert_eq!((release.num_calls(), rules.update.num_calls()), (1, 2));
    let parameters = Parameters::new([("SellerId", "A3")]);
    storage.forget(parameters).await.expect("forgotten");
    assert_eq!(
        (rules.subscribe.num_calls(), rules.unsubscribe.num_calls()),
        (0, 0)
    );
}

#[tokio::test]
async fn an_address_that_ses_would_not_send_to_is_not_kept() {
    let server = token_server().await;
    let rules = Rules::new(mailed());
    let busy = mock!(aws_sdk_sesv2::Client::delete_suppressed_destination).then_error(|| {
        let error = TooManyRequestsException::builder().build();
        DeleteSuppressedDestinationError::TooManyRequestsException(error)
    });
    let storage = with_ses(rules.storage(&server), &busy);
    let (status, _) = answer(storage.store_token(WITH_ADDRESS).await);
    // The token is written, and the call can be repeated.
    assert_eq!((status, rules.update.num_calls()), (503, 1));
}
