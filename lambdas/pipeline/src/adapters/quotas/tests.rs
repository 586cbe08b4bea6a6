use std::sync::Arc;

use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use sp_api::RegionCode;
use sp_api::rates::Operation;

use super::*;

use sp_api::ids::SellerId;

/// A row as DynamoDB would keep it, with just the expressions that the limiter uses.
fn table(row: &Arc<Mutex<Row>>) -> [Rule; 2] {
    let meets = |row: &Row, request: &aws_sdk_dynamodb::operation::update_item::UpdateItemInput| {
        let value = |name: &str| -> Option<i64> {
            let values = request.expression_attribute_values()?;
            values.get(name)?.as_n().ok()?.parse().ok()
        };
        let seen = Seen::of(row);
        let condition = request.condition_expression().expect("always conditional");
        condition.split(" AND ").all(|term| {
            let term = term.trim_matches(['(', ')']);
            let mut options = term.split(" OR ");
            options.any(|option| match option.trim_end_matches(')') {
                "attribute_not_exists(theoreticalArrivalTime" => seen.arrival.is_none(),
                "attribute_not_exists(intervalMilliseconds" => seen.interval.is_none(),
                "attribute_exists(intervalMilliseconds" => seen.interval.is_some(),
                "theoreticalArrivalTime <= :now" => seen.arrival.is_some_and(|it| Some(it) <= value(":now")),
                "theoreticalArrivalTime > :now" => seen.arrival.is_some_and(|it| Some(it) > value(":now")),
                "theoreticalArrivalTime <= :limit" => {
                    seen.arrival.is_some_and(|it| Some(it) <= value(":limit"))
                }
                "theoreticalArrivalTime < :empty" => {
                    seen.arrival.is_some_and(|it| Some(it) < value(":empty"))
                }
                "theoreticalArrivalTime = :old" => seen.arrival == value(":old"),
                "intervalMilliseconds = :interval" => seen.interval == value(":interval"),
                "intervalMilliseconds <> :interval" => seen.interval != value(":interval"),
                other => panic!("the limiter has learned a new condition: {other}"),
            })
        })
    };
    let (checked, refused) = (row.clone(), row.clone());
    let unmet = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(move |request| !meets(&checked.lock().expect("alive"), request))
        .then_error(move || {
            let row = refused.lock().expect("alive").clone();
            let error = ConditionalCheckFailedException::builder()
                .set_item(Some(row))
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
    let written = row.clone();
    let answer = Arc::new(Mutex::new(Row::new()));
    let answered = answer.clone();
    let met = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(move |request| {
            let mut row = written.lock().expect("alive");
            let before = row.clone();
            let values = request.expression_attribute_values().expect("values");
            let expression = request.update_expression().expect("an update");
            for assignment in expression.trim_start_matches("SET ").split(", ") {
                let Some((name, value)) = assignment.split_once(" = ") else {
                    continue;
                };
                if value.starts_with("if_not_exists") || value.starts_with(":expires") {
                    continue;
                }
                let value = if value == "theoreticalArrivalTime + :step" {
                    let step: i64 = values[":step"]
                        .as_n()
                        .expect("a number")
                        .parse()
                        .expect("a number");
                    number(Seen::of(&row).arrival.expect("there") + step)
                } else {
                    values[value].clone()
                };
                row.insert(name.to_owned(), value);
            }
            let wants_old = request.return_values() == Some(&ReturnValue::AllOld);
            *answer.lock().expect("alive") = if wants_old { before } else { row.clone() };
            true
        })
        .then_output(move || {
            let answer = answered.lock().expect("alive").clone();
            UpdateItemOutput::builder().set_attributes(Some(answer)).build()
        });
    [unmet, met]
}

fn quotas(rules: &[Rule; 2]) -> Quotas {
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&rules[0], &rules[1]]);
    Quotas::new(client, "quotas".into())
}

fn quota() -> Quota {
    Quota {
        seller_id: SellerId::parse("A3").expect("valid"),
        region: RegionCode::Eu,
        operation: Operation::GetReportDocument,
    }
}

fn waits(slots: &[Slot], since: Timestamp) -> Vec<u64> {
    slots
        .iter()
        .map(|slot| (slot.wait(since).as_secs() + 30) / 60)
        .collect()
}

#[tokio::test]
async fn functions_that_know_nothing_of_each_other_never_share_a_slot() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let since = Timestamp::now();
    let mut slots = Vec::new();
    for _ in 0..17 {
        // Another process each time, which has not seen the row.
        slots.push(quotas(&rules).reserve(&quota()).await.expect("reserved"));
    }
    assert_eq!(waits(&slots[..14], since), [0; 14]);
    assert_eq!(waits(&slots[14..], since), [1, 2, 3]);
}

#[tokio::test]
async fn a_batch_takes_one_update() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let since = Timestamp::now();
    let slots = quotas(&rules).reserve_many(&quota(), 16).await.expect("reserved");
    assert_eq!(waits(&slots, since)[13..], [0, 1, 2]);
    assert_eq!((rules[0].num_calls(), rules[1].num_calls()), (0, 1));
}

#[tokio::test]
async fn who_does_not_want_to_wait_reserves_nothing() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let patience = Duration::from_secs(2);
    for _ in 0..14 {
        quotas(&rules)
            .reserve_within(&quota(), patience)
            .await
            .expect("free");
    }
    let before = row.lock().expect("alive").clone();
    let error = quotas(&rules)
        .reserve_within(&quota(), patience)
        .await
        .expect_err("spent");
    match error {
        PipelineError::Amazon(SpApiError::Throttled { retry_after, .. }) => {
            assert!((58..=60).contains(&retry_after.as_secs()), "{retry_after:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(*row.lock().expect("alive"), before);
}

#[tokio::test]
async fn a_refusal_empties_the_bucket_for_everybody() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let one = quotas(&rules);
    let since = Timestamp::now();
    let refused = one.reserve(&quota()).await.expect("reserved");
    let again = one.after_refusal(&quota(), refused).await.expect("another slot");
    assert_eq!(again.refusals, 1);
    assert!((59..=121).contains(&again.wait(since).as_secs()), "{again:?}");
    let other = quotas(&rules).reserve(&quota()).await.expect("reserved");
    assert_eq!(waits(&[other], since), [2]);
}

/// The function that is refused may hold a slot that another one reserved: it has not seen the row.
#[tokio::test]
async fn a_refusal_keeps_to_the_pace_that_was_learned() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let one = quotas(&rules);
    let refused = one.reserve(&quota()).await.expect("reserved");
    one.learn(&quota(), 1.0).await.expect("learned");
    let since = Timestamp::now();
    let other = quotas(&rules);
    let again = other.after_refusal(&quota(), refused).await.expect("a slot");
    assert!(again.wait(since).as_secs() <= 2, "{again:?}");
}

#[tokio::test]
async fn refusals_without_end_are_an_error() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let mut slot = quotas(&rules).reserve(&quota()).await.expect("reserved");
    slot.refusals = MOST_REFUSALS;
    let error = quotas(&rules)
        .after_refusal(&quota(), slot)
        .await
        .expect_err("enough");
    assert_eq!(error.name(), "Throttled");
}

#[tokio::test]
async fn a_rate_that_amazon_tells_holds_for_everybody() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let one = quotas(&rules);
    for _ in 0..10 {
        one.reserve(&quota()).await.expect("reserved");
    }
    one.learn(&quota(), 1.0).await.expect("learned");
    let writes = rules[1].num_calls();
    one.learn(&quota(), 1.0).await.expect("known");
    assert_eq!(rules[1].num_calls(), writes, "what is known is not written again");
    let since = Timestamp::now();
    let slots = quotas(&rules).reserve_many(&quota(), 7).await.expect("reserved");
    let waits: Vec<u64> = slots
        .iter()
        .map(|slot| slot.wait(since).as_millis().div_ceil(500) as u64)
        .collect();
    // Ten of fourteen were taken, and come back a second each.
    assert!(waits[..4].iter().all(|wait| *wait == 0), "{waits:?}");
    assert!(
        (1..=2).contains(&waits[4]) && (5..=6).contains(&waits[6]),
        "{waits:?}"
    );
}

#[tokio::test]
async fn the_published_rate_is_nothing_to_learn() {
    let row = Arc::new(Mutex::new(Row::new()));
    let rules = table(&row);
    let one = quotas(&rules);
    one.reserve(&quota()).await.expect("reserved");
    let writes = rules[1].num_calls();
    one.learn(&quota(), 0.0167).await.expect("known");
    assert_eq!((rules[0].num_calls(), rules[1].num_calls()), (0, writes));
}
