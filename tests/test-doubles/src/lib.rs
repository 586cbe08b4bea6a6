//! Stand-ins for Amazon and AWS that several functions' unit tests need: Amazon is a mock server, and
//! the AWS clients are real ones that are answered by rules.

mod log;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_sfn::operation::start_execution::StartExecutionOutput;
use aws_sdk_sfn::primitives::DateTime;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::{
    Amazon, EventBus, Ledger, LwaSecret, MeteredAmazon, Quotas, SellingPartners, StateMachine, Topic,
};
use pipeline::api::{ApiError, respond};
use pipeline::mailing::{Mailer, Mailing};
use pipeline::redelivery::Redeliveries;
use pipeline::telling::Publisher;
use serde::Serialize;
use serde_json::{Value, json};
use sp_api::Endpoints;
use wiremock::matchers::{body_string_contains, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub use log::{invoked, lines_about};

/// The access token of a seller.
pub const SELLER_TOKEN: &str = "Atza|1";
/// The access token for calls in nobody's name.
pub const GRANTLESS_TOKEN: &str = "Atc|1";

/// Amazon, as far as tokens go: [`SELLER_TOKEN`] and [`GRANTLESS_TOKEN`].
pub async fn token_server() -> MockServer {
    let server = MockServer::start().await;
    for (grant, token) in [
        ("refresh_token", SELLER_TOKEN),
        ("client_credentials", GRANTLESS_TOKEN),
    ] {
        let token = json!({"access_token": token, "expires_in": 3600});
        Mock::given(path("/auth/o2/token"))
            .and(body_string_contains(format!("grant_type={grant}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(token))
            .mount(&server)
            .await;
    }
    server
}

/// Tells news, written down in `ledger`; SNS answers `publish`, and there are no events.
#[must_use]
pub fn publisher(publish: &Rule, ledger: Ledger) -> Publisher {
    publisher_by(mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[publish]), ledger)
}

/// The same, by that SNS.
#[must_use]
pub fn publisher_by(sns: aws_sdk_sns::Client, ledger: Ledger) -> Publisher {
    let started = mock!(aws_sdk_sfn::Client::start_execution).then_output(execution);
    let sfn = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[&started]);
    let workflow = StateMachine::new(sfn, "arn:mail".into());
    let mailing = Mailing::new(workflow, ledger.clone(), Duration::from_secs(60));
    let mailer = Mailer::new(Topic::new(sns, "arn:topic".into()), None);
    Publisher::new(mailer, EventBus::none(), mailing, ledger)
}

/// The table of selling partners, in which everybody has a refresh token. `written` answers updates.
#[must_use]
pub fn selling_partners(written: &Rule) -> SellingPartners {
    let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
        GetItemOutput::builder()
            .item("refreshTokenCiphertext", AttributeValue::B(Blob::new("sealed")))
            .build()
    });
    let rules = [&no_further_account(), &get, written];
    selling_partners_in(mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules))
}

/// The table of selling partners as that client has it.
#[must_use]
pub fn selling_partners_in(dynamodb: aws_sdk_dynamodb::Client) -> SellingPartners {
    let decrypt = mock!(aws_sdk_kms::Client::decrypt).then_output(|| {
        DecryptOutput::builder()
            .plaintext(Blob::new("Atzr|token"))
            .build()
    });
    let kms = mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[&decrypt]);
    SellingPartners::new(dynamodb, kms, "partners".into(), "arn:key".into())
}

/// Before other rules: nobody has anything in a further region.
#[must_use]
pub fn no_further_account() -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item)
        .match_requests(|request| {
            let seller = request.key().and_then(|key| key.get("sellerId"));
            seller.is_some_and(|id| id.as_s().is_ok_and(|id| id.contains('_')))
        })
        .then_output(|| GetItemOutput::builder().build())
}

/// Amazon at `server`, for the sellers of `partners`.
#[must_use]
pub fn amazon(server: &MockServer, partners: SellingPartners) -> Amazon {
    let secret = mock!(aws_sdk_secretsmanager::Client::get_secret_value).then_output(|| {
        GetSecretValueOutput::builder()
            .secret_string(r#"{"ClientId": "id", "ClientSecret": "secret"}"#)
            .build()
    });
    let secret = mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &[&secret]);
    let endpoints = Endpoints::simulator(&server.uri()).expect("a URL");
    Amazon::new(endpoints, LwaSecret::new(secret, "lwa".into()), partners)
}

/// Amazon at `server`, where `quota` answers reservations.
#[must_use]
pub fn metered_amazon(server: &MockServer, quota: &Rule) -> MeteredAmazon {
    let quotas = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[quota]);
    let amazon = amazon(server, selling_partners(&written()));
    MeteredAmazon::new(amazon, Quotas::new(quotas, "quotas".into()))
}

/// Redeliveries of which there are none to make.
#[must_use]
pub fn redeliveries() -> Redeliveries {
    let nothing = mock!(aws_sdk_dynamodb::Client::query).then_output(|| QueryOutput::builder().build());
    let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&nothing]);
    let workflow = StateMachine::new(
        mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[]),
        "arn:redelivery".into(),
    );
    Redeliveries::new(workflow, Ledger::new(dynamodb, "reports".into()))
}

/// An execution that was started.
///
/// # Panics
/// Never: it is complete.
#[must_use]
pub fn execution() -> StartExecutionOutput {
    let output = StartExecutionOutput::builder().execution_arn("arn");
    output
        .start_date(DateTime::from_secs(0))
        .build()
        .expect("complete")
}

/// Every update is written; a quota whose rows can be written is free.
#[must_use]
pub fn written() -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
}

/// A quota that is spent until the year 2096.
#[must_use]
pub fn spent() -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
        let arrival = AttributeValue::N("4000000000000".to_owned());
        unmet(Some(HashMap::from([(
            "theoreticalArrivalTime".to_owned(),
            arrival,
        )])))
    })
}

/// An update's condition is not met, by this row.
#[must_use]
pub fn unmet(row: Option<HashMap<String, AttributeValue>>) -> UpdateItemError {
    let error = ConditionalCheckFailedException::builder().set_item(row).build();
    UpdateItemError::ConditionalCheckFailedException(error)
}

/// What a caller of the API sees: status and body.
///
/// # Panics
/// If the body is not JSON.
pub fn answer<T: Serialize>(result: Result<T, ApiError>) -> (u16, Value) {
    let response = respond(result);
    let body = serde_json::from_slice(response.body()).expect("JSON");
    (response.status().as_u16(), body)
}
