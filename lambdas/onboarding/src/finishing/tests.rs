use std::time::Duration;

use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, ResourceNotFoundException};
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::operation::encrypt::EncryptOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_sns::operation::subscribe::SubscribeOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::MailSubscriptions;
use pipeline::subscriptions::Subscriptions;
use serde_json::json;
use test_doubles::token_server;
use wiremock::matchers::{body_string_contains, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const OURS: &str = "arn:aws:sqs:eu-west-1:1:ours";

/// AWS, as far as this function sees it.
struct Rules {
    /// Takes the state away.
    take: Rule,
    /// Claims the invitation.
    claim: Rule,
    /// Gives it back.
    release: Rule,
    encrypt: Rule,
    /// Whether the seller is known.
    known: Rule,
    /// Writes the seller's row.
    store: Rule,
    subscribe: Rule,
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// An update of a row that is or is not an onboarding's.
macro_rules! update {
    ($expression:literal) => {
        mock!(aws_sdk_dynamodb::Client::update_item).match_requests(|request| {
            request
                .update_expression()
                .is_some_and(|it| it.starts_with($expression))
        })
    };
}

/// Rows of a seller whose token is kept, or none.
fn known(is_known: bool) -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item)
        .match_requests(|request| request.projection_expression() == Some("updatedAt"))
        .then_output(move || {
            let row = GetItemOutput::builder();
            match is_known {
                true => row.item("updatedAt", text("2026-11-22T05:00:00Z")).build(),
                false => row.build(),
            }
        })
}

impl Rules {
    /// The browser began with an invitation for `seller`, if that is said.
    fn invited(seller: Option<&'static str>) -> Self {
        Self {
            take: mock!(aws_sdk_dynamodb::Client::delete_item).then_output(move || {
                let row = DeleteItemOutput::builder()
                    .attributes("regionCode", text("EU"))
                    .attributes("invitation", text("0f"))
                    .attributes("notificationEmail", text("ann@example.com"));
                match seller {
                    Some(seller) => row.attributes("sellerId", text(seller)).build(),
                    None => row.build(),
                }
            }),
            claim: update!("SET usedAt").then_output(|| UpdateItemOutput::builder().build()),
            release: update!("REMOVE usedAt").then_output(|| UpdateItemOutput::builder().build()),
            encrypt: mock!(aws_sdk_kms::Client::encrypt)
                .match_requests(|request| {
                    let context = request.encryption_context().and_then(|it| it.get("SellerId"));
                    let plaintext = request.plaintext().map(|it| it.as_ref().to_vec());
                    context.is_some_and(|it| it.starts_with("A3"))
                        && plaintext.as_deref() == Some(b"Atzr|new")
                })
                .then_output(|| {
                    EncryptOutput::builder()
                        .ciphertext_blob(Blob::new("sealed"))
                        .build()
                }),
            known: known(false),
            store: mock!(aws_sdk_dynamodb::Client::update_item)
                .match_requests(|request| request.table_name() == Some("partners"))
                .then_output(|| UpdateItemOutput::builder().build()),
            subscribe: mock!(aws_sdk_sns::Client::subscribe)
                .then_output(|| SubscribeOutput::builder().subscription_arn("arn:new").build()),
        }
    }

    fn finishing(&self, server: &MockServer) -> Finishing {
        let onboardings = mock_client!(
            aws_sdk_dynamodb,
            RuleMode::MatchAny,
            &[&self.take, &self.claim, &self.release]
        );
        let row = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            GetItemOutput::builder()
                .item("sellerId", text("A3"))
                .item("refreshTokenCiphertext", AttributeValue::B(Blob::new("sealed")))
                .build()
        });
        let dynamodb = mock_client!(
            aws_sdk_dynamodb,
            RuleMode::MatchAny,
            &[&self.known, &row, &self.store]
        );
        let decrypt = mock!(aws_sdk_kms::Client::decrypt)
            .then_output(|| DecryptOutput::builder().plaintext(Blob::new("Atzr|new")).build());
        let kms = mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[&self.encrypt, &decrypt]);
        let partners = SellingPartners::new(dynamodb, kms, "partners".into(), "arn:key".into());
        let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&self.subscribe]);
        let patience = Patience {
            whole: Duration::from_secs(60),
            first_pause: Duration::from_millis(1),
        };
        let amazon = || test_doubles::amazon(server, partners.clone());
        Finishing {
            onboardings: Onboardings::new(onboardings, "onboardings".into()),
            amazon: amazon(),
            mail: SellersMail::Sns(MailSubscriptions::new(sns, "arn:topic".into())),
            redeliveries: test_doubles::redeliveries(),
            subscriber: Subscriber {
                subscriptions: Subscriptions::new(amazon(), OURS.into()),
                partners: partners.clone(),
                patience,
                redeliveries: test_doubles::redeliveries(),
            },
            partners,
            patience,
        }
    }

    /// How often a token was encrypted, and a row of a seller's written.
    fn stored(&self) -> (usize, usize) {
        (self.encrypt.num_calls(), self.store.num_calls())
    }
}

/// Amazon, which gives a refresh token for the code, and has a subscription to `destination`.
async fn amazon(destination: &str) -> MockServer {
    let server = token_server().await;
    answer_code(
        &server,
        200,
        json!({"refresh_token": "Atzr|new", "access_token": "Atza|1"}),
    )
    .await;
    let destinations =
        json!({"payload": [{"destinationId": "d-ours", "name": "x", "resource": {"sqs": {"arn": OURS}}}]});
    Mock::given(method("GET"))
        .and(path("/eu/notifications/v1/destinations"))
        .respond_with(ResponseTemplate::new(200).set_body_json(destinations))
        .mount(&server)
        .await;
    let subscription =
        json!({"payload": {"subscriptionId": "s-1", "payloadVersion": "1.0", "destinationId": destination}});
    Mock::given(method("GET"))
        .and(path_regex("^/eu/notifications/v1/subscriptions/"))
        .respond_with(ResponseTemplate::new(200).set_body_json(subscription))
        .mount(&server)
        .await;
    server
}

async fn answer_code(server: &MockServer, status: u16, body: serde_json::Value) {
    Mock::given(path("/auth/o2/token"))
        .and(body_string_contains("grant_type=authorization_code"))
        .and(body_string_contains("code=ANDM"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(server)
        .await;
}

/// How often a code was sent to LWA.
async fn exchanges(server: &MockServer) -> usize {
    let requests = server.received_requests().await.expect("recorded");
    let is_one = |body: &[u8]| String::from_utf8_lossy(body).contains("authorization_code");
    requests.iter().filter(|request| is_one(&request.body)).count()
}

fn cookie() -> Option<Cookie> {
    Some(Cookie(LinkToken::random()))
}

async fn finish(
    rules: &Rules,
    server: &MockServer,
    changes: &[(&str, &str)],
) -> Result<Outcome, PipelineError> {
    let state = LinkToken::random().expose();
    let mut pairs = [
        ("state", state.as_str()),
        ("selling_partner_id", "A3"),
        ("spapi_oauth_code", "ANDM"),
    ];
    for (name, value) in changes {
        if let Some(pair) = pairs.iter_mut().find(|(known, _)| known == name) {
            pair.1 = value;
        }
    }
    let error = changes
        .iter()
        .find(|(name, _)| *name == "error")
        .map_or("", |(_, value)| value);
    let [state, seller, code] = pairs;
    let query = Query::from([state, seller, code, ("error", error)]);
    rules
        .finishing(server)
        .finish(&query, cookie(), Timestamp::now())
        .await
}

#[tokio::test]
async fn the_token_is_kept_and_reports_are_announced_here() {
    let server = amazon("d-ours").await;
    for seller in [Some("A3"), None] {
        let rules = Rules::invited(seller);
        let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
        assert_eq!(outcome, Outcome::Done { is_complete: true });
        assert_eq!((rules.take.num_calls(), rules.claim.num_calls()), (1, 1));
        assert_eq!((rules.encrypt.num_calls(), rules.release.num_calls()), (1, 0));
        assert!(rules.store.num_calls() >= 1);
        assert_eq!(rules.subscribe.num_calls(), 1);
    }
}

#[tokio::test]
async fn a_subscription_that_fails_leaves_the_token() {
    let server = amazon("d-other").await;
    let rules = Rules::invited(None);
    let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
    assert_eq!(outcome, Outcome::Done { is_complete: false });
    assert_eq!((rules.claim.num_calls(), rules.release.num_calls()), (1, 0));
    assert_eq!(rules.encrypt.num_calls(), 1);
}

#[tokio::test]
async fn what_is_foreign_old_or_comes_again_is_refused_and_nothing_is_stored() {
    let server = amazon("d-ours").await;
    let rules = Rules {
        take: mock!(aws_sdk_dynamodb::Client::delete_item).then_error(|| {
            let unmet = ConditionalCheckFailedException::builder().build();
            DeleteItemError::ConditionalCheckFailedException(unmet)
        }),
        ..Rules::invited(None)
    };
    let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
    assert_eq!(outcome, Outcome::NotBegunHere);
    assert_eq!((rules.stored(), exchanges(&server).await), ((0, 0), 0));
}

#[tokio::test]
async fn without_state_or_cookie_nothing_is_even_looked_for() {
    let server = amazon("d-ours").await;
    let rules = Rules::invited(None);
    for state in ["", "guessed"] {
        let outcome = finish(&rules, &server, &[("state", state)])
            .await
            .expect("an outcome");
        assert_eq!(outcome, Outcome::NotBegunHere);
    }
    let query = Query::from([
        ("state", LinkToken::random().expose().as_str()),
        ("selling_partner_id", "A3"),
        ("spapi_oauth_code", "ANDM"),
    ]);
    let outcome = rules
        .finishing(&server)
        .finish(&query, None, Timestamp::now())
        .await;
    assert_eq!(outcome.expect("an outcome"), Outcome::NotBegunHere);
    assert_eq!((rules.take.num_calls(), rules.stored()), (0, (0, 0)));
    assert_eq!(exchanges(&server).await, 0);
}

#[tokio::test]
async fn another_seller_than_the_invited_one_is_refused() {
    let server = amazon("d-ours").await;
    let rules = Rules::invited(Some("A4"));
    let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
    assert_eq!(outcome, Outcome::OtherSeller);
    assert_eq!((rules.claim.num_calls(), rules.stored()), (0, (0, 0)));
    assert_eq!(exchanges(&server).await, 0);
}

#[tokio::test]
async fn a_sellers_token_is_replaced_by_who_is_invited_by_name_only() {
    let server = amazon("d-ours").await;
    let from_appstore = mock!(aws_sdk_dynamodb::Client::delete_item).then_output(|| {
        DeleteItemOutput::builder()
            .attributes("regionCode", text("EU"))
            .attributes("sellerId", text("A3"))
            .build()
    });
    for rules in [
        Rules::invited(None),
        Rules {
            take: from_appstore,
            ..Rules::invited(None)
        },
    ] {
        let rules = Rules {
            known: known(true),
            ..rules
        };
        let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
        assert_eq!(outcome, Outcome::KnownSeller);
        assert_eq!((rules.claim.num_calls(), rules.stored()), (0, (0, 0)));
    }
    assert_eq!(exchanges(&server).await, 0);
    let named = Rules {
        known: known(true),
        ..Rules::invited(Some("A3"))
    };
    let outcome = finish(&named, &server, &[]).await.expect("an outcome");
    assert_eq!(outcome, Outcome::Done { is_complete: true });
}

#[tokio::test]
async fn amazons_refusals_become_words() {
    let server = amazon("d-ours").await;
    for (error, refusal) in [
        ("access_denied", Refusal::Denied),
        ("MD1000", Refusal::Draft),
        ("MD5101", Refusal::Redirect),
    ] {
        let rules = Rules::invited(None);
        let outcome = finish(&rules, &server, &[("error", error)])
            .await
            .expect("an outcome");
        assert_eq!(outcome, Outcome::RefusedByAmazon(refusal));
        assert_eq!((rules.take.num_calls(), rules.stored()), (1, (0, 0)));
    }
    for broken in [("spapi_oauth_code", ""), ("selling_partner_id", "A B")] {
        let rules = Rules::invited(None);
        let outcome = finish(&rules, &server, &[broken]).await.expect("an outcome");
        assert_eq!(outcome, Outcome::RefusedByAmazon(Refusal::Unknown));
        assert_eq!(rules.stored(), (0, 0));
    }
    assert_eq!(exchanges(&server).await, 0);
}

#[tokio::test]
async fn a_code_that_lwa_does_not_take_leaves_the_invitation() {
    let server = token_server().await;
    answer_code(&server, 400, json!({"error": "invalid_grant"})).await;
    let rules = Rules::invited(None);
    let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
    assert_eq!(outcome, Outcome::CodeNotTaken);
    assert_eq!((rules.claim.num_calls(), rules.stored()), (0, (0, 0)));
}

#[tokio::test]
async fn of_two_who_use_an_invitation_one_is_let_in() {
    let server = amazon("d-ours").await;
    let rules = Rules {
        claim: update!("SET usedAt").then_error(|| {
            let unmet = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(unmet)
        }),
        ..Rules::invited(None)
    };
    let outcome = finish(&rules, &server, &[]).await.expect("an outcome");
    assert_eq!(outcome, Outcome::NoInvitation);
    assert_eq!(rules.stored(), (0, 0));
}

#[tokio::test]
async fn an_invitation_is_given_back_where_the_token_could_not_be_kept() {
    let server = amazon("d-ours").await;
    let rules = Rules {
        store: mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let missing = ResourceNotFoundException::builder().build();
            UpdateItemError::ResourceNotFoundException(missing)
        }),
        ..Rules::invited(None)
    };
    assert!(finish(&rules, &server, &[]).await.is_err());
    assert_eq!((rules.claim.num_calls(), rules.release.num_calls()), (1, 1));
}
