use std::collections::HashMap;
use std::sync::mpsc::channel;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
use aws_sdk_sns::operation::publish::PublishOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::{Ledger, SellingPartners, StateMachine};
use pipeline::domain::Account;
use pipeline::workflows::Workflows;
use serde_json::{Value, json};
use sp_api::RegionCode;
use sp_api::ids::ReportType;
use test_doubles::{execution, metered_amazon, token_server, written};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::slow::SlowReports;

const REPORTS: &str = "/eu/reports/2021-06-30/reports";

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn report_type(name: &str) -> ReportType {
    ReportType::parse(name).expect("valid")
}

fn window(types: &[&str]) -> Window {
    Window {
        report_types: types.iter().map(|name| report_type(name)).collect(),
        since: Timestamp::now() - SignedDuration::from_hours(80 * 24),
        until: Timestamp::now(),
    }
}

fn backfill(found: u64, done: u64, windows: Vec<Window>) -> Backfill {
    Backfill {
        id: BackfillId::named("A3-1"),
        seller_id: Account::parse("A3").expect("valid"),
        region: RegionCode::Eu,
        windows,
        refused: Vec::new(),
        found,
        done,
        progress: Timestamp::now(),
        is_closed: false,
        is_told: false,
    }
}

/// A run at Amazon's `server`.
fn reconciler(server: &MockServer, ledger: &[&Rule], start: &Rule, publish: &Rule) -> Reconciler {
    let workflow = || {
        let client = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[start]);
        StateMachine::new(client, "arn:workflow".into())
    };
    let ledger = Ledger::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, ledger),
        "reports".into(),
    );
    Reconciler {
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
            publisher: test_doubles::publisher(publish, ledger),
            after: Duration::from_secs(86_400),
        },
        partners: SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[]),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[]),
            "partners".into(),
            "arn:key".into(),
        ),
    }
}

fn started() -> Rule {
    mock!(aws_sdk_sfn::Client::start_execution).then_output(execution)
}

fn published() -> Rule {
    mock!(aws_sdk_sns::Client::publish).then_output(|| PublishOutput::builder().build())
}

/// Reports that were created a day after the other, the newest first, beginning with number `first`.
fn listed(first: i64, count: i64) -> Value {
    let report = |number: i64| {
        let created = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (20_000 - number));
        json!({
            "reportId": number.to_string(), "reportType": "GET_A", "processingStatus": "DONE",
            "reportDocumentId": "d", "createdTime": created.to_string(),
        })
    };
    let reports: Vec<_> = (first..first + count).map(report).collect();
    json!({ "reports": reports })
}

/// Amazon, which answers the list so.
async fn amazon(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = token_server().await;
    Mock::given(path(REPORTS))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

fn in_time() -> SystemTime {
    SystemTime::now() + Duration::from_secs(600)
}

fn found() -> Rule {
    mock!(aws_sdk_dynamodb::Client::transact_write_items)
        .then_output(|| TransactWriteItemsOutput::builder().build())
}

/// Every report is known, or the backfill closed.
fn unmet(number: usize) -> Rule {
    mock!(aws_sdk_dynamodb::Client::transact_write_items).then_error(move || {
        let mut codes = ["None"; 2];
        codes[number] = "ConditionalCheckFailed";
        let reasons = codes.map(|code| CancellationReason::builder().code(code).build());
        let error = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons.to_vec()));
        TransactWriteItemsError::TransactionCanceledException(error.build())
    })
}

#[tokio::test]
async fn a_run_begins_as_many_as_may_be_under_way_and_the_next_goes_on_there() {
    let server = amazon(|_| ResponseTemplate::new(200).set_body_json(listed(0, 40))).await;
    let (found, start, update) = (found(), started(), written());
    let run = reconciler(&server, &[&found, &update], &start, &published());
    let mut backfill = backfill(20, 10, vec![window(&["GET_A"])]);
    assert_eq!(run.search(&mut backfill, in_time()).await.expect("searched"), 5);
    assert_eq!(
        (found.num_calls(), start.num_calls(), update.num_calls()),
        (5, 5, 1)
    );
    let next = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (20_000 - 5));
    assert_eq!(backfill.windows[0].until, next + SECOND);
}

#[tokio::test]
async fn what_is_known_begins_nothing_and_a_window_without_more_is_done() {
    let server = amazon(|_| ResponseTemplate::new(200).set_body_json(listed(0, 40))).await;
    let (known, start, update) = (unmet(0), started(), written());
    let run = reconciler(&server, &[&known, &update], &start, &published());
    let mut backfill = backfill(0, 0, vec![window(&["GET_A"])]);
    assert_eq!(run.search(&mut backfill, in_time()).await.expect("searched"), 0);
    assert_eq!((known.num_calls(), start.num_calls()), (40, 0));
    assert_eq!(backfill.windows, []);
}

#[tokio::test]
async fn what_is_found_after_the_seller_was_told_is_delivered_by_itself() {
    let server = amazon(|_| ResponseTemplate::new(200).set_body_json(listed(0, 1))).await;
    let (closed, start, update) = (unmet(1), started(), written());
    let unknown = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
    let run = reconciler(&server, &[&closed, &update, &unknown], &start, &published());
    let mut backfill = backfill(0, 0, vec![window(&["GET_A"])]);
    assert_eq!(run.search(&mut backfill, in_time()).await.expect("searched"), 1);
    assert_eq!((unknown.num_calls(), start.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_type_that_amazon_refuses_costs_the_others_nothing() {
    let server = amazon(|request| {
        let is_refused = request.url.query().is_some_and(|it| it.contains("GET_REFUSED"));
        match is_refused {
            true => {
                let error = json!({"errors": [{"code": "InvalidInput", "message": "no"}]});
                ResponseTemplate::new(400).set_body_json(error)
            }
            false => ResponseTemplate::new(200).set_body_json(listed(0, 1)),
        }
    })
    .await;
    let (found, start, update) = (found(), started(), written());
    let run = reconciler(&server, &[&found, &update], &start, &published());
    let mut backfill = backfill(0, 0, vec![window(&["GET_A", "GET_B", "GET_REFUSED"])]);
    run.search(&mut backfill, in_time()).await.expect("searched");
    assert_eq!(backfill.windows, []);
    assert_eq!(backfill.refused, [report_type("GET_REFUSED")]);
    assert!(found.num_calls() > 0);
}

#[test]
fn what_waits_does_not_hold_up_the_rest_for_ever() {
    let now = Timestamp::now();
    let underway = backfill(20, 5, Vec::new());
    assert_eq!(budget(&underway, now), 0);
    assert_eq!(budget(&underway, now + SignedDuration::from_mins(61)), AHEAD);
    assert_eq!(budget(&backfill(20, 12, Vec::new()), now), 7);
}

/// How a run sees to the end of a backfill: what it writes, and how many e-mails it sends.
async fn end(backfill: Backfill, is_wanted: bool, is_silent: bool) -> (Vec<String>, usize) {
    let (sender, receiver) = channel();
    let update = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(move |request| {
            let expression = request.update_expression().expect("an update");
            let name = expression.split(' ').nth(1).expect("an assignment").to_owned();
            let is_end = expression.contains("endedAt");
            sender
                .send(if is_end { "endedAt".to_owned() } else { name })
                .is_ok()
        })
        .then_output(|| UpdateItemOutput::builder().build());
    let rows = mock!(aws_sdk_dynamodb::Client::query).then_output(|| {
        let row = |id: &str, status: &str| {
            let row = [
                ("reportId", id),
                ("status", status),
                ("endedIn", "A3-1"),
                ("objectKey", "key"),
            ];
            row.map(|(name, value)| (name.to_owned(), text(value))).into()
        };
        QueryOutput::builder()
            .items(row("1", "ANNOUNCED"))
            .items(row("2", "FAILED"))
            .build()
    });
    let publish = mock!(aws_sdk_sns::Client::publish)
        .match_requests(|request| {
            let attributes = request.message_attributes().expect("attributes");
            request.subject() == Some("Amazon reports from before: 1 delivered (A3)")
                && attributes["SellerId"].string_value() == Some("A3")
        })
        .then_output(|| PublishOutput::builder().build());
    let server = MockServer::start().await;
    let run = reconciler(&server, &[&update, &rows], &started(), &publish);
    run.see_to_the_end(backfill, is_wanted, is_silent)
        .await
        .expect("seen to");
    (receiver.try_iter().collect(), publish.num_calls())
}

#[tokio::test]
async fn when_all_has_come_the_seller_is_told_once() {
    // With a slot for the seller's e-mail and one for the owner's.
    let told = ["closedAt", "announcingUntil", "slot1", "slot1", "announcedAt"];
    let (writes, emails) = end(backfill(2, 2, vec![]), true, false).await;
    assert_eq!(writes, [&told[..], &["endedAt"]].concat());
    assert_eq!(emails, 1);
    // While some are under way, or the search goes on, nobody is.
    for waits in [backfill(2, 1, vec![]), backfill(2, 2, vec![window(&["GET_A"])])] {
        assert_eq!(end(waits, true, false).await, (vec![], 0));
    }
    // After a day of silence, and the search goes on.
    let silent = backfill(2, 1, vec![window(&["GET_A"])]);
    let (writes, emails) = end(silent.clone(), true, true).await;
    assert_eq!((&writes[..], emails), (&told.map(str::to_owned)[..], 1));
    // Who died after it was closed is followed by one who tells.
    let closed = Backfill {
        is_closed: true,
        ..silent.clone()
    };
    assert_eq!(end(closed, true, false).await.1, 1);
    let told = Backfill {
        is_told: true,
        is_closed: true,
        ..silent
    };
    assert_eq!(end(told.clone(), true, true).await, (vec![], 0));
    let searched = Backfill {
        windows: vec![],
        ..told
    };
    assert_eq!(end(searched, true, false).await, (vec!["endedAt".to_owned()], 0));
}

#[tokio::test]
async fn of_nothing_nobody_is_told_and_who_is_forgotten_has_no_more_of_it() {
    let ended = vec!["endedAt".to_owned()];
    assert_eq!(end(backfill(0, 0, vec![]), true, false).await, (ended.clone(), 0));
    assert_eq!(end(backfill(5, 0, vec![]), false, false).await, (ended, 0));
    assert_eq!(end(backfill(5, 0, vec![]), true, true).await, (vec![], 0));
    assert_eq!(end(backfill(5, 2, vec![]), false, false).await.1, 1);
}

/// What a row with these attributes says.
async fn fate(row: &[(&str, &str)]) -> Option<Fate> {
    let attributes = [("reportId", "1")];
    let attributes = attributes.iter().chain(row);
    let item: HashMap<_, _> = attributes
        .map(|(name, value)| ((*name).to_owned(), text(*value)))
        .collect();
    let get = mock!(aws_sdk_dynamodb::Client::get_item)
        .then_output(move || GetItemOutput::builder().set_item(Some(item.clone())).build());
    let ledger = Ledger::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]),
        "reports".into(),
    );
    let row = ledger.row(&Account::parse("A3").expect("valid"), "1").await;
    backfilled(&row.expect("read").expect("there")).map(|report| report.fate)
}

#[tokio::test]
async fn a_row_says_what_became_of_its_report() {
    let delivered = fate(&[("status", "ANNOUNCED"), ("endedIn", "A3-1"), ("objectKey", "k")]).await;
    assert_eq!(delivered, Some(Fate::Delivered("k".into())));
    assert_eq!(fate(&[("status", "ANNOUNCED"), ("objectKey", "k")]).await, None);
    let failed = fate(&[
        ("status", "FAILED"),
        ("endedIn", "A3-1"),
        ("error", "E"),
        ("errorCause", "c"),
    ]);
    assert_eq!(failed.await, Some(Fate::NotDelivered("E: c".into())));
    let cancelled = fate(&[("status", "CANCELLED"), ("endedIn", "A3-1")]).await;
    assert_eq!(cancelled, Some(Fate::NotDelivered("CANCELLED".into())));
    let waits = fate(&[("status", "WAITING_FOR_OWNER"), ("waitingFor", "AccessDenied")]).await;
    assert_eq!(waits, Some(Fate::ToCome(Some("waits: AccessDenied".into()))));
    let again = fate(&[("status", "NOTIFIED"), ("endedIn", "A3-1")]).await;
    assert_eq!(again, Some(Fate::ToCome(None)));
    assert_eq!(fate(&[("status", "STORED")]).await, Some(Fate::ToCome(None)));
}
