use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::operation::put_secret_value::{PutSecretValueError, PutSecretValueOutput};
use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_secretsmanager::types::error::InternalServiceError;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::{LwaSecret, RejectedSecret, SecretRotations};
use serde_json::{Value, json};
use sp_api::{Endpoints, SpApiClient};
use wiremock::matchers::{body_string_contains, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const ROTATION: &str = "/clientSecret$";

/// So many days from now.
pub fn in_days(days: u64) -> Timestamp {
    Timestamp::now() + Duration::from_secs(days * 86_400)
}

/// What stands around a rotator: an Amazon that takes the secrets `old` and `new`, and an AWS that writes down
/// what it is told.
pub struct Stand {
    amazon: MockServer,
    get: Rule,
    /// The application's secret is replaced.
    replace: Rule,
    /// Something is kept aside.
    keep: Rule,
    row: Rule,
    claim: Rule,
    give_back: Rule,
    note: Rule,
}

impl Stand {
    /// The secret `old` is stored, and ends then as far as that is known.
    pub async fn new(ends_at: Option<Timestamp>) -> Self {
        Self::holding(
            json!({"ClientId": "id", "ClientSecret": "old", "SecretExpiresAt": ends_at}).to_string(),
        )
        .await
    }

    /// No secret is stored.
    pub async fn empty() -> Self {
        Self::holding(r#"{"ClientId": "", "ClientSecret": ""}"#.into()).await
    }

    async fn holding(content: String) -> Self {
        let amazon = MockServer::start().await;
        for secret in ["old", "new"] {
            Mock::given(path("/auth/o2/token"))
                .and(body_string_contains("client_credential%3Arotation"))
                .and(body_string_contains(format!("client_secret={secret}")))
                .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "Atc|1"})))
                .mount(&amazon)
                .await;
        }
        Mock::given(path("/auth/o2/token"))
            .respond_with(ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client"})))
            .with_priority(9)
            .mount(&amazon)
            .await;
        Mock::given(method("POST"))
            .and(path_regex(ROTATION))
            .respond_with(ResponseTemplate::new(204))
            .with_priority(9)
            .mount(&amazon)
            .await;
        let update = |expression: &'static str| {
            mock!(aws_sdk_dynamodb::Client::update_item)
                .match_requests(move |request| {
                    request
                        .update_expression()
                        .is_some_and(|it| it.starts_with(expression))
                })
                .then_output(|| UpdateItemOutput::builder().build())
        };
        Self {
            amazon,
            get: mock!(aws_sdk_secretsmanager::Client::get_secret_value).then_output(move || {
                GetSecretValueOutput::builder()
                    .secret_string(content.clone())
                    .version_id("v1")
                    .created_date(DateTime::from_secs(1_700_000_000))
                    .build()
            }),
            replace: put("lwa"),
            keep: put("rejected"),
            row: mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build()),
            claim: update("SET requestedAt"),
            give_back: update("REMOVE requestedAt"),
            note: update("SET endingVersion"),
        }
    }

    /// Amazon has told when the stored secret ends.
    pub fn with_noted_end(mut self, ends_at: Timestamp) -> Self {
        self.row = mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
            let end = AttributeValue::N(ends_at.as_second().to_string());
            GetItemOutput::builder()
                .item("endingVersion", AttributeValue::S("v1".into()))
                .item("endsAt", end)
                .build()
        });
        self
    }

    /// A rotation was asked for not long ago.
    pub fn claimed(mut self) -> Self {
        self.claim = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| request.condition_expression().is_some())
            .then_error(|| {
                let unmet = ConditionalCheckFailedException::builder().build();
                UpdateItemError::ConditionalCheckFailedException(unmet)
            });
        self
    }

    /// Secrets Manager stores nothing under that name.
    fn failing(mut self, name: &'static str) -> Self {
        let failing = mock!(aws_sdk_secretsmanager::Client::put_secret_value)
            .match_requests(move |request| request.secret_id() == Some(name))
            .then_error(|| {
                PutSecretValueError::InternalServiceError(InternalServiceError::builder().build())
            });
        match name {
            "lwa" => self.replace = failing,
            _ => self.keep = failing,
        }
        self
    }

    /// Amazon answers a call for a rotation with that status.
    pub async fn amazon_answers(&self, status: u16) {
        let answer = ResponseTemplate::new(status).set_body_json(json!({"errors": [{"code": "InvalidInput",
            "message": "Application is not enrolled for rotation notification."}]}));
        Mock::given(path_regex(ROTATION))
            .respond_with(answer)
            .mount(&self.amazon)
            .await;
    }

    /// Amazon knows the application in that region only.
    pub async fn known_in(&self, region: &str) {
        Mock::given(path_regex(format!("^{region}.*{ROTATION}")))
            .respond_with(ResponseTemplate::new(204))
            .with_priority(1)
            .mount(&self.amazon)
            .await;
        Mock::given(path_regex(ROTATION))
            .respond_with(ResponseTemplate::new(403))
            .with_priority(2)
            .mount(&self.amazon)
            .await;
    }

    pub fn rotator(&self) -> Rotator {
        let rules = [&self.get, &self.replace, &self.keep];
        let secrets = mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &rules);
        let rules = [&self.row, &self.claim, &self.give_back, &self.note];
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
        Rotator {
            client: SpApiClient::new(Endpoints::simulator(&self.amazon.uri()).expect("a URL")),
            secret: LwaSecret::new(secrets.clone(), "lwa".into()),
            rejected: RejectedSecret::new(secrets, "rejected".into()),
            rotations: SecretRotations::new(dynamodb, "quotas".into()),
            max_receive_count: 20,
        }
    }

    /// How often Amazon was asked for a rotation, in whatever region.
    pub async fn rotations_asked(&self) -> usize {
        let requests = self.amazon.received_requests().await.expect("recorded");
        let is_rotation = |request: &&wiremock::Request| request.url.path().ends_with("/clientSecret");
        requests.iter().filter(is_rotation).count()
    }

    pub fn given_back(&self) -> usize {
        self.give_back.num_calls()
    }

    /// A message that comes the `count`th time: whether it is done with, how many secrets were stored, and how
    /// many kept aside.
    async fn told(&self, body: &str, count: u32) -> (bool, usize, usize) {
        let mut message = SqsMessage::default();
        message.message_id = Some("1".into());
        message.body = Some(body.to_owned());
        message.attributes = HashMap::from([
            ("ApproximateReceiveCount".to_owned(), count.to_string()),
            (
                "SentTimestamp".to_owned(),
                Timestamp::now().as_millisecond().to_string(),
            ),
        ]);
        self.told_as(message).await
    }

    async fn told_as(&self, message: SqsMessage) -> (bool, usize, usize) {
        let mut batch = SqsEvent::default();
        batch.records.push(message);
        let response = self.rotator().process(batch, Timestamp::now()).await;
        let is_done = response.batch_item_failures.is_empty();
        (is_done, self.replace.num_calls(), self.keep.num_calls())
    }
}

/// Something is put into the secret of that name.
fn put(name: &'static str) -> Rule {
    mock!(aws_sdk_secretsmanager::Client::put_secret_value)
        .match_requests(move |request| request.secret_id() == Some(name))
        .then_output(|| PutSecretValueOutput::builder().build())
}

fn new_secret(client_id: &str, secret: &str, ends_at: Timestamp) -> String {
    let new = json!({"clientId": client_id, "newClientSecret": secret, "newClientSecretExpiryTime": ends_at});
    message("NEW_SECRET", "applicationOAuthClientNewSecret", &new)
}

fn ending(client_id: &str) -> String {
    let ending = json!({"clientId": client_id, "clientSecretExpiryTime": in_days(7)});
    message("SECRET_EXPIRY", "applicationOAuthClientSecretExpiry", &ending)
}

fn message(what: &str, field: &str, content: &Value) -> String {
    json!({"notificationType": format!("APPLICATION_OAUTH_CLIENT_{what}"), "payload": {field: content}})
        .to_string()
}

#[tokio::test]
async fn a_new_secret_that_works_is_stored() {
    let stand = Stand::new(None).await;
    let message = new_secret("id", "new", in_days(180));
    assert_eq!(stand.told(&message, 1).await, (true, 1, 0));
}

#[tokio::test]
async fn what_is_stored_already_or_older_than_that_changes_nothing() {
    let stand = Stand::new(Some(in_days(180))).await;
    for message in [
        new_secret("id", "old", in_days(180)),
        new_secret("id", "new", in_days(179)),
    ] {
        assert_eq!(stand.told(&message, 1).await, (true, 0, 0), "{message}");
    }
}

#[tokio::test]
async fn a_secret_that_does_not_work_is_tried_again_and_then_kept_aside() {
    let stand = Stand::new(None).await;
    let message = new_secret("id", "wrong", in_days(180));
    assert_eq!(stand.told(&message, 19).await, (false, 0, 0));
    assert_eq!(stand.told(&message, 20).await, (true, 0, 1));
}

#[tokio::test]
async fn another_applications_secret_and_what_can_not_be_read_are_kept_aside_at_once() {
    for message in [new_secret("another", "new", in_days(180)), "garbage".to_owned()] {
        let stand = Stand::new(None).await;
        assert_eq!(stand.told(&message, 1).await, (true, 0, 1), "{message}");
    }
}

#[tokio::test]
async fn a_secret_that_can_not_be_stored_is_not_lost() {
    let message = new_secret("id", "new", in_days(180));
    let stand = Stand::new(None).await.failing("lwa");
    assert!(!stand.told(&message, 1).await.0);
    let (is_done, _, kept) = stand.told(&message, 20).await;
    assert!(is_done && kept == 1);
    let stand = Stand::new(None).await.failing("lwa").failing("rejected");
    assert!(!stand.told(&message, 21).await.0);
}

#[tokio::test]
async fn an_ending_is_noted_and_a_new_secret_asked_for() {
    let stand = Stand::new(None).await;
    assert_eq!(stand.told(&ending("id"), 1).await, (true, 0, 0));
    assert_eq!((stand.rotations_asked().await, stand.note.num_calls()), (1, 1));
}

#[tokio::test]
async fn an_ending_of_another_applications_secret_or_of_the_one_before_is_ignored() {
    let stand = Stand::new(None).await;
    assert!(stand.told(&ending("another"), 1).await.0);
    let mut late = SqsMessage::default();
    late.body = Some(ending("id"));
    let before = ("SentTimestamp".to_owned(), "1699999999000".to_owned());
    late.attributes = HashMap::from([before]);
    assert!(stand.told_as(late).await.0);
    assert_eq!((stand.rotations_asked().await, stand.note.num_calls()), (0, 0));
}

#[tokio::test]
async fn an_ending_that_can_not_be_acted_upon_is_left_to_the_schedule_in_the_end() {
    let stand = Stand::new(None).await;
    stand.amazon_answers(400).await;
    assert!(!stand.told(&ending("id"), 1).await.0);
    assert_eq!(stand.told(&ending("id"), 20).await, (true, 0, 0));
    assert_eq!(stand.note.num_calls(), 2);
}

#[tokio::test]
async fn other_notifications_are_let_go() {
    let stand = Stand::new(None).await;
    let other = json!({"notificationType": "ANY_OFFER_CHANGED", "payload": {}}).to_string();
    assert_eq!(stand.told(&other, 1).await, (true, 0, 0));
}
