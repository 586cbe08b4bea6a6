use std::collections::HashMap;

use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use jiff::SignedDuration;
use pipeline::adapters::{Ledger, SellingPartners, StateMachine};
use pipeline::workflows::Workflows;
use serde_json::json;
use test_doubles::{metered_amazon, token_server, written};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::slow::SlowReports;

const REPORTS: &str = "/eu/reports/2021-06-30/reports";

/// A seller whose reports of these types are looked for, since `days` ago.
fn searched(types: &'static [&'static str], days: i64) -> Rule {
    let since = Timestamp::now() - SignedDuration::from_hours(days * 24);
    mock!(aws_sdk_dynamodb::Client::scan).then_output(move || {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        let row = [
            ("sellerId", text("A3")),
            ("regionCode", text("EU")),
            ("discoverReportTypes", AttributeValue::Ss(types)),
            ("discoverSince", text(&since.to_string())),
        ];
        let row: HashMap<_, _> = row.map(|(name, value)| (name.to_owned(), value)).into();
        ScanOutput::builder().items(row).build()
    })
}

/// Searches at `server`; `partners` answers the table of selling partners.
async fn discover(server: &MockServer, partners: &[&Rule]) {
    let workflow = || {
        let client = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[]);
        StateMachine::new(client, "arn:workflow".into())
    };
    let ledger = Ledger::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[]),
        "reports".into(),
    );
    let silent = mock!(aws_sdk_sns::Client::publish).then_output(|| unreachable!("nothing is told"));
    let reconciler = Reconciler {
        amazon: metered_amazon(server, &written()),
        workflows: Workflows {
            ledger: ledger.clone(),
            deliveries: workflow(),
            orders: workflow(),
            overdue: Duration::from_secs(60),
        },
        reports_bucket: "bucket".into(),
        redeliveries: test_doubles::redeliveries(),
        slow: SlowReports {
            publisher: test_doubles::publisher(&silent, ledger),
            after: Duration::from_secs(86_400),
        },
        partners: SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, partners),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[]),
            "partners".into(),
            "arn:key".into(),
        ),
    };
    let until = SystemTime::now() + Duration::from_secs(600);
    let sellers = reconciler.partners.discovering().await.expect("read");
    assert_eq!(reconciler.discover(&sellers, until).await, 0);
}

fn refusal() -> ResponseTemplate {
    let error = json!({"errors": [{"code": "InvalidInput", "message": "no"}]});
    ResponseTemplate::new(400).set_body_json(error)
}

fn parameter(request: &Request, wanted: &str) -> String {
    let pair = request.url.query_pairs().find(|(name, _)| name == wanted);
    pair.expect(wanted).1.into_owned()
}

/// Amazon, which lists no report, and refuses what `is_wrong`.
async fn amazon(is_wrong: fn(&Request) -> bool) -> MockServer {
    let server = token_server().await;
    Mock::given(path(REPORTS))
        .respond_with(move |request: &Request| {
            if is_wrong(request) {
                refusal()
            } else {
                ResponseTemplate::new(200).set_body_json(json!({"reports": []}))
            }
        })
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_seller_who_was_not_searched_for_longer_than_90_days_is_searched_and_the_gap_is_noted() {
    let server = amazon(|request| {
        let since: Timestamp = parameter(request, "createdSince").parse().expect("a time");
        since < Timestamp::now() - SignedDuration::from_hours(90 * 24)
    })
    .await;
    let noted = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| {
            request
                .update_expression()
                .is_some_and(|it| it.contains("discoveryGaps"))
        })
        .then_output(|| UpdateItemOutput::builder().build());
    discover(&server, &[&searched(&["GET_A"], 100), &noted]).await;
    assert_eq!(noted.num_calls(), 1);
}

#[tokio::test]
async fn a_search_within_90_days_leaves_no_gap() {
    let server = amazon(|_| false).await;
    let noted = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| request.update_expression() == Some("SET discoveredUntil = :until"))
        .then_output(|| UpdateItemOutput::builder().build());
    discover(&server, &[&searched(&["GET_A"], 80), &noted]).await;
    assert_eq!(noted.num_calls(), 1);
}

#[tokio::test]
async fn a_type_that_amazon_refuses_costs_the_others_nothing() {
    let server = amazon(|request| parameter(request, "reportTypes").contains("GET_REFUSED")).await;
    let noted = written();
    let types = &["GET_A", "GET_B", "GET_REFUSED"];
    discover(&server, &[&searched(types, 1), &noted]).await;
    let requests = server.received_requests().await.expect("recorded");
    let lists = requests.iter().filter(|it| it.url.path() == REPORTS);
    let listed: Vec<String> = lists.map(|it| parameter(it, "reportTypes")).collect();
    for name in ["GET_A", "GET_B"] {
        assert!(
            listed
                .iter()
                .any(|types| types.contains(name) && !types.contains("GET_REFUSED")),
            "{listed:?}"
        );
    }
    // The time is searched once more: what is refused now may be listed then.
    assert_eq!(noted.num_calls(), 0);
}
