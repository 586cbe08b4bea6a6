//! Sends the orders, as a careful caller would.

use std::time::{Duration, Instant};

use end_to_end::Answer;
use serde_json::{Value, json};

use crate::plan::{PlannedOrder, Post};
use crate::scene::{Account, Scene, id_of};

/// How long an order with a key is sent again.
const PATIENCE: Duration = Duration::from_secs(240);

const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What an order got for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is this report at Amazon.
    Report(String),
    /// It waits under this request id.
    Request(String),
}

/// An order and what became of it, as far as the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The order's number.
    pub order: usize,
    /// Whose.
    pub seller: String,
    /// Of what.
    pub report_type: String,
    /// Whether it has an idempotency key.
    pub has_key: bool,
    /// Its answers: one for each time that it was accepted.
    pub receipts: Vec<Receipt>,
    /// Why it was not accepted, the last time that it was not.
    pub refusal: Option<String>,
}

/// Sends one request until it is accepted, if that is safe, and once more if that is planned.
pub async fn send(scene: &Scene, accounts: &[Account], orders: &[PlannedOrder], post: &Post) -> Vec<Sent> {
    let mut sent: Vec<_> = post
        .orders
        .iter()
        .map(|number| Sent {
            order: *number,
            seller: accounts[orders[*number].account].seller.clone(),
            report_type: orders[*number].report_type.to_owned(),
            has_key: post.key.is_some(),
            receipts: Vec::new(),
            refusal: None,
        })
        .collect();
    let body = body(accounts, orders, post);
    let times = if post.is_repeated { 2 } else { 1 };
    for time in 0..times {
        if time > 0 {
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
        match accepted(scene, post, &body).await {
            Ok(receipts) => {
                for (sent, receipt) in sent.iter_mut().zip(receipts) {
                    sent.receipts.push(receipt);
                }
            }
            Err(refusal) => {
                for sent in &mut sent {
                    sent.refusal = Some(refusal.clone());
                }
                return sent;
            }
        }
    }
    sent
}

fn body(accounts: &[Account], orders: &[PlannedOrder], post: &Post) -> Value {
    let mut bodies = post.orders.iter().map(|number| {
        let order = &orders[*number];
        let account = &accounts[order.account];
        order.body(id_of(&account.seller), &account.plan)
    });
    match post.is_batch {
        true => json!({"Orders": bodies.collect::<Vec<_>>()}),
        false => bodies.next().unwrap_or_default(),
    }
}

/// Sends the request until it is accepted; without a key, once.
async fn accepted(scene: &Scene, post: &Post, body: &Value) -> Result<Vec<Receipt>, String> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(500);
    loop {
        let answer = match &post.key {
            Some(key) => scene.api.post_once(&scene.role, "/reports", key, body).await,
            None => scene.api.post(&scene.role, "/reports", body).await,
        };
        let refusal = match answer {
            Ok(answer) => match receipts(&answer, post.orders.len()) {
                Some(receipts) => return Ok(receipts),
                None => {
                    let refusal = format!("{}: {}", answer.status, answer.body);
                    if !may_pass(answer.status) {
                        return Err(refusal);
                    }
                    refusal
                }
            },
            Err(error) => format!("{error:#}"),
        };
        if post.key.is_none() || Instant::now() > deadline {
            return Err(refusal);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether it makes sense to come back: 409 is for a key whose first request is still being handled.
fn may_pass(status: u16) -> bool {
    status >= 500 || status == 429 || status == 409
}

/// What the answer says about each order; `None` if it does not accept them all.
fn receipts(answer: &Answer, orders: usize) -> Option<Vec<Receipt>> {
    let request = |order: &Value| {
        order["requestId"]
            .as_str()
            .map(|id| Receipt::Request(id.to_owned()))
    };
    let receipts = match (answer.status, answer.body["orders"].as_array()) {
        (200, _) => vec![Receipt::Report(answer.body["reportId"].as_str()?.to_owned())],
        (202, Some(orders)) => orders.iter().map(request).collect::<Option<_>>()?,
        (202, None) => vec![request(&answer.body)?],
        _ => return None,
    };
    (receipts.len() == orders).then_some(receipts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            body,
            retry_after: None,
        }
    }

    #[test]
    fn every_accepting_answer_is_understood() {
        let report = answer(200, json!({"reportId": "500"}));
        assert_eq!(receipts(&report, 1), Some(vec![Receipt::Report("500".into())]));
        let request = answer(202, json!({"requestId": "order-1", "status": "QUEUED"}));
        assert_eq!(
            receipts(&request, 1),
            Some(vec![Receipt::Request("order-1".into())])
        );
        let batch = answer(
            202,
            json!({"orders": [{"requestId": "order-1"}, {"requestId": "order-2"}]}),
        );
        assert_eq!(receipts(&batch, 2).map(|all| all.len()), Some(2));
        assert_eq!(receipts(&batch, 3), None, "an order without an answer is none");
        assert_eq!(receipts(&answer(503, json!({"code": "X"})), 1), None);
    }

    #[test]
    fn only_what_can_pass_is_tried_again() {
        assert!(may_pass(500) && may_pass(429) && may_pass(409));
        assert!(!may_pass(400) && !may_pass(403) && !may_pass(404));
    }
}
