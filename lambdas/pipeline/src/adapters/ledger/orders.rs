use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use jiff::Timestamp;
use sp_api::ids::ReportId;

use super::order_row::{Kept, OrderRow};
use super::queries::due_at;
use super::row::{Attributes, number, particulars, text, time};
use super::{DUE, Ledger, Written, key, send};
use crate::PipelineError;
use crate::domain::obstacle::WAITING_FOR_OWNER;
use crate::domain::order::{Order, RequestId};
use crate::domain::quota::Slot;
use crate::domain::{Account, Particulars};

/// How long an order's row stays: as long as an idempotency key is remembered.
const KEPT_SECONDS: i64 = 90 * 86_400;

/// An order to be remembered.
#[derive(Clone, Debug)]
pub struct NewOrder<'a> {
    /// The order.
    pub order: &'a Order,
    /// When its quota allows it; `None` while it is being placed right now.
    pub slot: Option<Slot>,
}

/// Whether orders are new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// All of them are remembered.
    New,
    /// At least one was there before; nothing has been written.
    Known,
}

/// What the cancellation of an order came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// It will not be placed.
    Cancelled,
    /// Too late; the row says why.
    TooLate(String),
}

impl Ledger {
    /// Remembers orders: all of them, or none.
    ///
    /// # Errors
    /// DynamoDB failed; then none is remembered.
    pub async fn accept(
        &self,
        orders: &[NewOrder<'_>],
        overdue: Duration,
    ) -> Result<Accepted, PipelineError> {
        let now = Timestamp::now();
        let items = orders.iter().map(|order| {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item(order, now, overdue)))
                .condition_expression("attribute_not_exists(reportId)")
                .build()
                .expect("table and item are given");
            TransactWriteItem::builder().put(put).build()
        });
        let result = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items.collect()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Accepted::New),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let codes: Vec<&str> = cancelled
                        .cancellation_reasons()
                        .iter()
                        .filter_map(|reason| reason.code())
                        .collect();
                    if codes.contains(&"ConditionalCheckFailed") {
                        return Ok(Accepted::Known);
                    }
                    // Another transaction on the same rows, or too many of them: passes.
                    Err(PipelineError::AwsTransient {
                        service: "DynamoDB",
                        message: format!("the transaction was cancelled: {}", codes.join(", ")),
                    })
                }
                _ => Err(PipelineError::aws("DynamoDB", &error)),
            },
        }
    }

    /// What is remembered of an order.
    ///
    /// # Errors
    /// DynamoDB failed, or the row is no order's.
    pub async fn order(
        &self,
        seller: &Account,
        request: &RequestId,
    ) -> Result<Option<OrderRow>, PipelineError> {
        let row = self.row(seller, request.as_str()).await?;
        row.map(|row| OrderRow::read(seller, request, &row)).transpose()
    }

    /// Takes an order from the queue to Amazon's counter; `execution` does so. `false` if it is not in the queue
    /// (any more).
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn begin_placing(
        &self,
        seller: &Account,
        request: &RequestId,
        execution: Option<&str>,
    ) -> Result<bool, PipelineError> {
        let update = self
            .transition(seller, request, "QUEUED", "PLACING")
            .update_expression("SET #status = :to, placingAt = :now, execution = :execution")
            .expression_attribute_values(":execution", text(execution.unwrap_or(request.as_str())))
            .expression_attribute_values(":now", time(Timestamp::now()));
        Ok(matches!(send(update).await?, Written::Yes(_)))
    }

    /// Takes an order that Amazon had not taken, although it was asked at `since`, to Amazon's counter
    /// once more. `false` if somebody else has done so, or more.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn place_again(
        &self,
        seller: &Account,
        request: &RequestId,
        since: Timestamp,
    ) -> Result<bool, PipelineError> {
        let update = self
            .transition(seller, request, "PLACING", "PLACING")
            .update_expression("SET #status = :to, placingAt = :now")
            .condition_expression("#status = :from AND placingAt = :since")
            .expression_attribute_values(":since", time(since))
            .expression_attribute_values(":now", time(Timestamp::now()));
        Ok(matches!(send(update).await?, Written::Yes(_)))
    }

    /// Notes that the caller of an order in doubt is told that it is queued: the workflow finds out.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_doubt(&self, seller: &Account, request: &RequestId) -> Result<(), PipelineError> {
        let update = self
            .transition(seller, request, "PLACING", "PLACING")
            .update_expression("SET #status = :to, queuedAt = :now, notBefore = :now, execution = if_not_exists(execution, :execution)")
            .expression_attribute_values(":execution", text(request.as_str()))
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Puts an order that Amazon certainly did not take back into the queue, for `slot`.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn requeue(
        &self,
        seller: &Account,
        request: &RequestId,
        slot: Slot,
        overdue: Duration,
    ) -> Result<(), PipelineError> {
        let update = self
            .transition(seller, request, "PLACING", "QUEUED")
            .update_expression(
                "SET #status = :to, notBefore = :slot, queuedAt = if_not_exists(queuedAt, :now), dueAt = :dueAt, \
                 execution = if_not_exists(execution, :execution)",
            )
            .expression_attribute_values(":execution", text(request.as_str()))
            .expression_attribute_values(":slot", time(slot.not_before))
            .expression_attribute_values(":now", time(Timestamp::now()))
            .expression_attribute_values(":dueAt", due_at(slot.not_before, overdue));
        send(update).await.map(drop)
    }

    /// Writes that Amazon makes the report of an order.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_placement(
        &self,
        seller: &Account,
        request: &RequestId,
        report: &ReportId,
    ) -> Result<(), PipelineError> {
        let update = self
            .transition(seller, request, "PLACING", "PLACED")
            .update_expression(
                "SET #status = :to, placedAs = :report, orderedAt = :now REMOVE due, dueAt, waitingSince",
            )
            .expression_attribute_values(":report", text(report.as_str()))
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Takes an order out of the queue for good.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn cancel_order(
        &self,
        seller: &Account,
        request: &RequestId,
    ) -> Result<Cancellation, PipelineError> {
        let update = self
            .transition(seller, request, "QUEUED", "CANCELLED")
            .update_expression(
                "SET #status = :to, cancelRequestedAt = :now REMOVE due, dueAt, waitingAs, waitingFor",
            )
            .condition_expression("#status = :from OR (#status = :waiting AND waitingAs = :from)")
            .expression_attribute_values(":waiting", text(WAITING_FOR_OWNER))
            .expression_attribute_values(":now", time(Timestamp::now()));
        Ok(match send(update).await? {
            Written::Yes(_) => Cancellation::Cancelled,
            Written::No(row) if row.status() == "CANCELLED" => Cancellation::Cancelled,
            Written::No(row) => Cancellation::TooLate(row.status().to_owned()),
        })
    }

    /// Forgets an order that Amazon refused, so that it can be mended and sent again under the same key.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn forget_order(&self, seller: &Account, request: &RequestId) -> Result<(), PipelineError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(seller, request.as_str())))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    fn transition(
        &self,
        seller: &Account,
        request: &RequestId,
        from: &str,
        to: &str,
    ) -> UpdateItemFluentBuilder {
        self.update(seller, request.as_str())
            .condition_expression("#status = :from")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
    }
}

fn item(new: &NewOrder<'_>, now: Timestamp, overdue: Duration) -> Attributes {
    let order = new.order;
    let kept = Kept {
        region: order.region,
        report: order.report.clone(),
    };
    let kept = serde_json::to_string(&kept).expect("an order is a struct of texts");
    let mut item = key(&order.seller_id, order.request_id.as_str());
    let due_from = new.slot.map_or(now, |slot| slot.not_before);
    let mut more = vec![
        ("requestId", text(order.request_id.as_str())),
        ("regionCode", text(order.region.as_str())),
        ("reportType", text(order.report.report_type.as_str())),
        ("order", text(kept)),
        ("fingerprint", text(order.fingerprint())),
        ("due", text(DUE)),
        ("dueAt", due_at(due_from, overdue)),
        ("expiresAt", number(now.as_second() + KEPT_SECONDS)),
    ];
    more.extend(particulars(&Particulars::of_order(
        &order.report,
        order.reference.as_ref(),
    )));
    match new.slot {
        Some(slot) => more.extend([
            ("status", text("QUEUED")),
            ("queuedAt", time(now)),
            ("notBefore", time(slot.not_before)),
            // The first execution that carries it out is called like it.
            ("execution", text(order.request_id.as_str())),
        ]),
        None => more.extend([("status", text("PLACING")), ("placingAt", time(now))]),
    }
    item.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    item
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, TransactionCanceledException};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use sp_api::RegionCode;
    use sp_api::rates::Operation;

    use super::super::OrderState;
    use super::*;
    use crate::domain::Reference;

    const OVERDUE: Duration = Duration::from_secs(60);

    fn order() -> Order {
        Order {
            request_id: RequestId::random(),
            seller_id: Account::parse("A3").expect("valid"),
            region: RegionCode::Eu,
            report: serde_json::from_value(serde_json::json!({
                "reportType": "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"],
                "dataStartTime": "2024-03-10T20:11:24.000Z", "reportOptions": {"reportPeriod": "WEEK"},
            }))
            .expect("an order"),
            reference: Reference::parse("Monday's listings").ok(),
        }
    }

    fn slot() -> Slot {
        Slot {
            operation: Some(Operation::CreateReport),
            not_before: "2026-11-22T05:00:00Z".parse().expect("a time"),
            refusals: 0,
        }
    }

    fn ledger(rule: &Rule) -> Ledger {
        Ledger::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[rule]),
            "reports".into(),
        )
    }

    #[tokio::test]
    async fn an_order_in_doubt_is_placed_again_by_one_only() {
        let since = "2026-11-22T05:00:00.123Z".parse().expect("a time");
        let again = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.condition_expression() == Some("#status = :from AND placingAt = :since")
                    && values[":from"] == text("PLACING")
                    && values[":since"] == text("2026-11-22T05:00:00.123Z")
            })
            .sequence()
            .output(|| UpdateItemOutput::builder().build())
            .error(|| {
                let error = ConditionalCheckFailedException::builder().build();
                UpdateItemError::ConditionalCheckFailedException(error)
            })
            .build();
        let (order, ledger) = (order(), ledger(&again));
        let place_again = async || {
            let placed = ledger.place_again(&order.seller_id, &order.request_id, since);
            placed.await.expect("asked")
        };
        assert!(place_again().await);
        assert!(!place_again().await);
    }

    async fn read_back(order: &Order, slot: Option<Slot>) -> OrderRow {
        let kept = item(&NewOrder { order, slot }, Timestamp::now(), OVERDUE);
        let get = mock!(aws_sdk_dynamodb::Client::get_item)
            .then_output(move || GetItemOutput::builder().set_item(Some(kept.clone())).build());
        let row = ledger(&get).order(&order.seller_id, &order.request_id).await;
        row.expect("readable").expect("there")
    }

    #[tokio::test]
    async fn an_order_comes_back_as_it_was_remembered() {
        let order = order();
        let queued = read_back(&order, Some(slot())).await;
        assert_eq!(queued.order, order);
        assert_eq!(queued.state, OrderState::Queued);
        assert_eq!(queued.fingerprint, order.fingerprint());
        assert!(queued.was_queued && queued.not_before == Some(slot().not_before));
        let placing = read_back(&order, None).await;
        assert!(matches!(placing.state, OrderState::Placing { .. }) && !placing.was_queued);
    }

    fn cancelled(code: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::transact_write_items).then_error(move || {
            let reasons = ["None", code].map(|code| CancellationReason::builder().code(code).build());
            let error = TransactionCanceledException::builder()
                .set_cancellation_reasons(Some(reasons.to_vec()))
                .build();
            TransactWriteItemsError::TransactionCanceledException(error)
        })
    }

    #[tokio::test]
    async fn orders_are_remembered_all_or_none() {
        let (one, two) = (order(), order());
        let orders = [&one, &two].map(|order| NewOrder {
            order,
            slot: Some(slot()),
        });
        let written = mock!(aws_sdk_dynamodb::Client::transact_write_items)
            .match_requests(|request| request.transact_items().len() == 2)
            .then_output(|| TransactWriteItemsOutput::builder().build());
        assert_eq!(
            ledger(&written).accept(&orders, OVERDUE).await.expect("accepted"),
            Accepted::New
        );
        let known = cancelled("ConditionalCheckFailed");
        assert_eq!(
            ledger(&known).accept(&orders, OVERDUE).await.expect("known"),
            Accepted::Known
        );
        let conflict = cancelled("TransactionConflict");
        let error = ledger(&conflict)
            .accept(&orders, OVERDUE)
            .await
            .expect_err("passes");
        assert_eq!(error.name(), "Transient");
    }
}
