use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::operation::start_execution::StartExecutionOutput;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sns::operation::publish::PublishOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::{Ledger, StateMachine};
use pipeline::workflows::Workflows;
use serde_json::json;
use test_doubles::{amazon, selling_partners, token_server, written};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const OBSTACLE: &str = "authorization/A3";

type Row = HashMap<String, AttributeValue>;

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn row(fields: &[(&str, &str)]) -> Row {
    let fields = fields.iter();
    fields
        .map(|(name, value)| ((*name).to_owned(), text(*value)))
        .collect()
}

fn standing(more: Row) -> Row {
    let mut standing = row(&[
        ("obstacle", OBSTACLE),
        ("since", "2026-11-22T05:00:00Z"),
        ("metAt", "2026-11-22T05:00:00Z"),
        ("error", "AuthorizationRevoked"),
    ]);
    standing.extend(more);
    standing
}

fn started() -> StartExecutionOutput {
    let output = StartExecutionOutput::builder().execution_arn("arn");
    output
        .start_date(DateTime::from_secs(0))
        .build()
        .expect("complete")
}

/// What the worker finds: its obstacle, the row that went ahead or waits, and which rows wait.
struct Scene {
    lwa: u16,
    obstacle: Row,
    row: Row,
    waiting: Vec<Row>,
    executions: Rule,
    messages: Rule,
    /// Takes the turn to ask the seller.
    asked: Rule,
    removals: Rule,
}

impl Scene {
    fn new(lwa: u16, obstacle: Row, found: &[(&str, &str)], waiting: &[&str]) -> Self {
        let waits = |id: &&str| row(&[("sellerId", "A3"), ("reportId", id)]);
        Self {
            lwa,
            obstacle,
            row: row(found),
            waiting: waiting.iter().map(waits).collect(),
            executions: mock!(aws_sdk_sfn::Client::start_execution)
                .match_requests(|request| request.name().is_some_and(|name| name.ends_with("_released1")))
                .then_output(started),
            messages: mock!(aws_sdk_sns::Client::publish).then_output(|| PublishOutput::builder().build()),
            asked: written(),
            removals: mock!(aws_sdk_dynamodb::Client::delete_item)
                .then_output(|| DeleteItemOutput::builder().build()),
        }
    }

    async fn server(&self) -> MockServer {
        if self.lwa == 200 {
            return token_server().await;
        }
        let server = MockServer::start().await;
        let refusal = ResponseTemplate::new(self.lwa).set_body_json(json!({"error": "invalid_grant"}));
        Mock::given(path("/auth/o2/token"))
            .respond_with(refusal)
            .mount(&server)
            .await;
        server
    }

    async fn see_to(&self) -> Progress {
        let (obstacle, found) = (self.obstacle.clone(), self.row.clone());
        let is_obstacle = |row: &Row| row["sellerId"] == text(format!("obstacle/{OBSTACLE}"));
        let obstacle = mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(move |request| request.key().is_some_and(is_obstacle))
            .then_output(move || GetItemOutput::builder().set_item(Some(obstacle.clone())).build());
        let found = mock!(aws_sdk_dynamodb::Client::get_item)
            .then_output(move || GetItemOutput::builder().set_item(Some(found.clone())).build());
        let pages = [self.waiting.clone(), Vec::new()];
        let page = |rows: Vec<Row>| move || QueryOutput::builder().set_items(Some(rows.clone())).build();
        let [first, last] = pages.map(page);
        let waiting = mock!(aws_sdk_dynamodb::Client::query)
            .sequence()
            .output(first)
            .output(last)
            .build();
        let released = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                request
                    .update_expression()
                    .is_some_and(|it| it.contains("ADD releases"))
            })
            .then_output(|| {
                let releases = AttributeValue::N("1".into());
                UpdateItemOutput::builder()
                    .attributes("releases", releases)
                    .build()
            });
        let written = written();
        // Of the rows that are updated, only this one's answer may differ.
        let asked = &self.asked;
        let rules = [
            &obstacle,
            &found,
            &waiting,
            &released,
            asked,
            &written,
            &self.removals,
        ];
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
        let sfn = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[&self.executions]);
        let machine = StateMachine::new(sfn, "arn:machine".into());
        let ledger = Ledger::new(dynamodb, "reports".into());
        let server = self.server().await;
        let worker = Worker {
            amazon: amazon(&server, selling_partners(&written)),
            publisher: test_doubles::publisher(&self.messages, ledger.clone()),
            workflows: Workflows {
                ledger,
                deliveries: machine.clone(),
                orders: machine,
                overdue: Duration::from_secs(60),
            },
        };
        let request = json!({
            "Task": {"Obstacle": OBSTACLE}, "StartedAt": Timestamp::now().to_string(), "Name": "execution",
        });
        let request = serde_json::from_value(request).expect("a request");
        let deadline = SystemTime::now() + Duration::from_secs(60);
        worker.work(request, "request-1", deadline).await.expect("worked")
    }
}

/// No turn is to be had to ask the seller.
fn asked_before() -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| {
            let partition = request.key().expect("a key")["sellerId"].as_s().expect("a text");
            partition.starts_with("authorization-lost/")
        })
        .then_error(|| test_doubles::unmet(Some(row(&[("failureAnnouncedAt", "2026-11-22T05:00:00Z")]))))
}

/// A message of that type.
fn message(outcome: &'static str) -> Rule {
    mock!(aws_sdk_sns::Client::publish)
        .match_requests(move |request| {
            let attributes = request.message_attributes().expect("attributes");
            attributes["Outcome"].string_value() == Some(outcome)
        })
        .then_output(|| PublishOutput::builder().build())
}

#[tokio::test]
async fn while_it_stands_nothing_goes_on_and_its_owner_is_told_once() {
    let missing = row(&[("error", "SellerNotFound")]);
    let mut scene = Scene::new(400, standing(missing), &[], &[]);
    scene.messages = message("ReportsWaiting");
    assert_eq!(scene.see_to().await, Progress::DONE);
    assert_eq!((scene.messages.num_calls(), scene.executions.num_calls()), (1, 0));
    scene.obstacle = standing(row(&[("failureAnnouncedAt", "2026-11-22T05:01:00Z")]));
    assert_eq!(scene.see_to().await, Progress::DONE);
    assert_eq!((scene.messages.num_calls(), scene.executions.num_calls()), (1, 0));
}

#[tokio::test]
async fn the_seller_whose_authorization_is_gone_is_asked_for_another() {
    let scene = Scene::new(400, standing(Row::new()), &[], &[]);
    assert_eq!(scene.see_to().await, Progress::DONE);
    assert_eq!(scene.messages.num_calls(), 2, "the owner's and the seller's");
    let mut scene = Scene::new(400, standing(Row::new()), &[], &[]);
    scene.asked = asked_before();
    scene.messages = message("ReportsWaiting");
    assert_eq!(scene.see_to().await, Progress::DONE);
    assert_eq!(scene.messages.num_calls(), 1, "the seller was asked before");
}

#[tokio::test]
async fn when_lwa_answers_again_one_goes_ahead() {
    let scene = Scene::new(200, standing(Row::new()), &[], &["1"]);
    assert_eq!(scene.see_to().await, Progress::wait(WATCH_SECONDS));
    assert_eq!((scene.executions.num_calls(), scene.removals.num_calls()), (1, 0));
}

fn ahead() -> Row {
    let ahead = AttributeValue::M(row(&[("sellerId", "A3"), ("reportId", "1")]));
    standing(Row::from([
        ("ahead".to_owned(), ahead),
        ("failureAnnouncedAt".to_owned(), text("2026-11-22T05:01:00Z")),
    ]))
}

#[tokio::test]
async fn one_that_went_ahead_is_watched() {
    let on_its_way = Scene::new(200, ahead(), &[("status", "NOTIFIED")], &[]);
    assert_eq!(on_its_way.see_to().await, Progress::wait(WATCH_SECONDS));
    let stopped = Scene::new(200, ahead(), &[("status", "WAITING_FOR_OWNER")], &[]);
    assert_eq!(stopped.see_to().await, Progress::DONE);
    assert_eq!(stopped.removals.num_calls(), 0);
    assert_eq!(stopped.messages.num_calls(), 0, "told before");
}

#[tokio::test]
async fn when_one_comes_through_all_go_on_and_the_owner_is_told() {
    let scene = Scene::new(200, ahead(), &[("status", "RETRIEVED")], &["2", "3"]);
    assert_eq!(scene.see_to().await, Progress::DONE);
    assert_eq!((scene.executions.num_calls(), scene.removals.num_calls()), (2, 1));
    assert_eq!(scene.messages.num_calls(), 1);
}

#[tokio::test]
async fn what_amazon_keeps_no_more_is_given_up() {
    let old = [
        ("status", "WAITING_FOR_OWNER"),
        ("notifiedAt", "2026-01-01T00:00:00Z"),
    ];
    let mut scene = Scene::new(400, standing(Row::new()), &old, &["1"]);
    scene.executions = mock!(aws_sdk_sfn::Client::start_execution)
        .match_requests(|request| {
            let input = request.input().unwrap_or_default();
            input.contains(r#""Error":"AuthorizationRevoked""#) && input.contains("90 days")
        })
        .then_output(started);
    assert_eq!(scene.see_to().await, Progress::DONE);
    assert_eq!(scene.executions.num_calls(), 1);
}
