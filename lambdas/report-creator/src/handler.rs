//! Orders: at once if the quota allows it, otherwise by the workflow.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use pipeline::adapters::{
    Accepted, KnownAccount, NewOrder, OrderRow, OrderState, SellingPartners, StateMachine, or_warn,
};
use pipeline::answers::{OrderAnswer, Ordered, Queued, QueuedOrders, QueuedStatus, Warned};
use pipeline::api::ApiError;
use pipeline::domain::Account;
use pipeline::domain::order::{Order, OrderToPlace, Placement, RequestId};
use pipeline::domain::quota::{Quota, Slot};
use pipeline::logging::About;
use pipeline::ordering::{OrderDesk, Placing};
use pipeline::requests::{OrderReport, OrderReports};
use pipeline::{PipelineError, persistently};
use sp_api::RegionCode;
use sp_api::ids::ReportId;
use sp_api::rates::Operation;

use crate::warnings;

/// API Gateway and Lambda end a request sooner: who placed an order that long ago is dead.
const LONGEST_REQUEST: Duration = Duration::from_secs(35);

/// What ordering needs.
pub struct ReportCreator {
    pub desk: OrderDesk,
    pub workflow: StateMachine,
    pub partners: SellingPartners,
}

fn ordered(order: &Order, report_id: ReportId) -> OrderAnswer {
    OrderAnswer::Ordered(Ordered {
        report_id,
        reference: order.reference.clone(),
    })
}

fn queued(order: &Order, not_before: Timestamp) -> Queued {
    Queued {
        request_id: order.request_id.clone(),
        status: QueuedStatus::Queued,
        not_before,
        reference: order.reference.clone(),
    }
}

impl ReportCreator {
    /// Carries out the orders of `body`, or sees to it that they are carried out.
    ///
    /// With an idempotency key, the same body gives the same answer, however often it is sent.
    pub async fn order(&self, body: &[u8], key: Option<&str>) -> Result<Warned<OrderAnswer>, ApiError> {
        let (orders, is_one) = match OrderReports::parse(body)? {
            OrderReports::One(order) => (vec![order], true),
            OrderReports::Many(orders) => (orders, false),
        };
        let (orders, unknown) = self.named(orders, key).await?;
        let answer = if is_one {
            self.one(&orders[0], key.is_some()).await?
        } else {
            let orders = self.many(&orders, key.is_some()).await?;
            OrderAnswer::Accepted(QueuedOrders { orders })
        };
        if let (OrderAnswer::Ordered(_), Some((account, region))) = (&answer, unknown.first()) {
            or_warn(self.partners.learn_region(account, *region).await);
        }
        let accounts = orders.into_iter().map(|order| (order.seller_id, order.region));
        let warnings = warnings::of_unannounced(&self.partners, accounts, self.desk.overdue).await;
        Ok(Warned { answer, warnings })
    }

    /// The orders with their accounts, and names to remember them by; and the accounts whose region is not
    /// known yet, with that in which something is ordered.
    async fn named(
        &self,
        orders: Vec<OrderReport>,
        key: Option<&str>,
    ) -> Result<(Vec<Order>, Vec<(Account, RegionCode)>), ApiError> {
        let (mut accounts, mut unknown) = (BTreeMap::new(), Vec::new());
        let mut named = Vec::new();
        for (index, order) in orders.into_iter().enumerate() {
            let OrderReport {
                seller_id,
                region,
                order,
                reference,
            } = order;
            let place = (seller_id, region);
            let account = match accounts.get(&place) {
                Some(account) => Account::clone(account),
                None => match self.partners.account(&place.0, region).await {
                    Ok(KnownAccount {
                        account,
                        region: None,
                    }) => {
                        unknown.push((account.clone(), region));
                        account
                    }
                    Ok(known) => known.account,
                    // Who has no token yet is told so in its place.
                    Err(PipelineError::SellerNotFound(seller)) => Account::first(seller),
                    Err(error) => return Err(error.into()),
                },
            };
            accounts.insert(place, account.clone());
            let request_id = match key {
                Some(key) => RequestId::of_key(&account, key, index),
                None => RequestId::random(),
            };
            named.push(Order {
                request_id,
                seller_id: account,
                region,
                report: order,
                reference,
            });
        }
        Ok((named, unknown))
    }

    async fn one(&self, order: &Order, has_key: bool) -> Result<OrderAnswer, ApiError> {
        let (seller, request) = (&order.seller_id, &order.request_id);
        if has_key && self.remember(order, None).await? == Accepted::Known {
            return self.answer_again(order).await;
        }
        let placing = match self.desk.place(order, None).await {
            Ok(placing) => placing,
            Err(error) => {
                if has_key {
                    // Mended, it may come again under the same key.
                    self.desk.ledger.forget_order(seller, request).await?;
                }
                return Err(error.into());
            }
        };
        match placing {
            Placing::Placed(report_id) => {
                if has_key {
                    let ledger = &self.desk.ledger;
                    let recorded = persistently(|| ledger.record_placement(seller, request, &report_id));
                    if let Err(error) = recorded.await {
                        // What is not remembered can't be said again: the workflow finds it out.
                        return self.doubt(order, has_key, &error).await;
                    }
                }
                let about = about(order).placed_as(&report_id);
                let report_type = order.report.report_type.as_str();
                about
                    .span()
                    .in_scope(|| tracing::info!("{about} is ordered: {report_type} as {}", order.request_id));
                Ok(ordered(order, report_id))
            }
            Placing::Wait(slot) => {
                if has_key {
                    let overdue = self.desk.overdue;
                    self.desk.ledger.requeue(seller, request, slot, overdue).await?;
                } else {
                    self.remember(order, Some(slot)).await?;
                }
                Ok(OrderAnswer::Queued(self.enqueue(order, slot).await))
            }
            Placing::InDoubt(error) => self.doubt(order, has_key, &error).await,
        }
    }

    /// Amazon may have taken the order. The workflow finds out, and orders again if it must.
    async fn doubt(
        &self,
        order: &Order,
        has_key: bool,
        error: &PipelineError,
    ) -> Result<OrderAnswer, ApiError> {
        let about = about(order);
        about
            .span()
            .in_scope(|| tracing::warn!("{about} is in doubt: {error}"));
        let ledger = &self.desk.ledger;
        let remembered = if has_key {
            ledger.record_doubt(&order.seller_id, &order.request_id).await
        } else {
            self.remember(order, None).await.map(drop)
        };
        if let Err(problem) = remembered {
            // Not a status that invites a repetition: that might order a second report.
            let message = format!(
                "Amazon may have taken the order, but it could not be recorded here: {problem}; should Amazon have \
                 taken it, the report is announced like one that was ordered elsewhere"
            );
            return Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "OrderNotRecorded",
                message,
            ));
        }
        let at_once = Slot::at_once(Timestamp::now());
        Ok(OrderAnswer::Queued(self.enqueue(order, at_once).await))
    }

    async fn many(&self, orders: &[Order], has_key: bool) -> Result<Vec<Queued>, ApiError> {
        // First, because slots that are reserved for a repetition would be lost.
        if has_key && self.is_known(&orders[0]).await? {
            return self.accept_again(orders).await;
        }
        let slots = self.reserve(orders).await?;
        let pairs = || orders.iter().zip(&slots);
        let new: Vec<NewOrder<'_>> = pairs()
            .map(|(order, slot)| NewOrder {
                order,
                slot: Some(*slot),
            })
            .collect();
        if self.desk.ledger.accept(&new, self.desk.overdue).await? == Accepted::Known {
            return self.accept_again(orders).await;
        }
        let mut answers = Vec::new();
        for (order, slot) in pairs() {
            answers.push(self.enqueue(order, *slot).await);
        }
        Ok(answers)
    }

    /// One reservation for each seller and region, whose slots go to its orders as they stand.
    async fn reserve(&self, orders: &[Order]) -> Result<Vec<Slot>, PipelineError> {
        let mut counts: BTreeMap<(&Account, &str), (RegionCode, u16)> = BTreeMap::new();
        for order in orders {
            let count = counts
                .entry((&order.seller_id, order.region.as_str()))
                .or_insert((order.region, 0));
            count.1 += 1;
        }
        let mut slots = BTreeMap::new();
        for ((seller, region), (code, count)) in counts {
            let quota = Quota {
                seller_id: seller.seller().clone(),
                region: code,
                operation: Operation::CreateReport,
            };
            let reserved = self.desk.amazon.quotas().reserve_many(&quota, count).await?;
            slots.insert((seller, region), reserved.into_iter());
        }
        let mut ordered = Vec::new();
        for order in orders {
            let reserved = slots.get_mut(&(&order.seller_id, order.region.as_str()));
            let slot = reserved.and_then(Iterator::next);
            ordered.push(slot.ok_or_else(|| PipelineError::InvalidInput("an order has no slot".to_owned()))?);
        }
        Ok(ordered)
    }

    async fn remember(&self, order: &Order, slot: Option<Slot>) -> Result<Accepted, PipelineError> {
        let new = NewOrder { order, slot };
        self.desk.ledger.accept(&[new], self.desk.overdue).await
    }

    async fn is_known(&self, order: &Order) -> Result<bool, PipelineError> {
        let row = self
            .desk
            .ledger
            .order(&order.seller_id, &order.request_id)
            .await?;
        Ok(row.is_some())
    }

    /// Starts the workflow for an order that is remembered. Should that fail, the reconciler finds the
    /// order's row overdue and starts it.
    async fn enqueue(&self, order: &Order, slot: Slot) -> Queued {
        let input = OrderToPlace {
            seller_id: order.seller_id.clone(),
            request_id: order.request_id.clone(),
            region_code: order.region,
            report_type: order.report.report_type.clone(),
            placement: Placement::waiting(slot),
        };
        let started = self.workflow.start(order.request_id.as_str(), &input).await;
        let about = about(order);
        let _span = about.span().entered();
        if let Err(error) = started {
            tracing::warn!("{about} is queued, and its execution not started yet: {error}");
        } else {
            tracing::info!("{about} is queued until {:.0}", slot.not_before);
        }
        queued(order, slot.not_before)
    }

    /// The first answer once more.
    async fn answer_again(&self, order: &Order) -> Result<OrderAnswer, ApiError> {
        let row = self.known(order).await?;
        if row.was_queued {
            return Ok(OrderAnswer::Queued(again(order, &row)));
        }
        match row.state {
            OrderState::Placed(report_id) => Ok(ordered(order, report_id)),
            OrderState::Placing { since } if is_recent(since) => Err(ApiError::new(
                StatusCode::CONFLICT,
                "OrderInProgress",
                "the first request with this Idempotency-Key is not answered yet",
            )
            .retry_after(5)),
            _ => {
                let died = PipelineError::InvalidInput("its first request was never answered".to_owned());
                self.doubt(order, true, &died).await
            }
        }
    }

    async fn accept_again(&self, orders: &[Order]) -> Result<Vec<Queued>, ApiError> {
        let mut answers = Vec::new();
        for order in orders {
            let row = self.known(order).await?;
            answers.push(again(order, &row));
        }
        Ok(answers)
    }

    /// What is remembered of an order whose key has been used.
    async fn known(&self, order: &Order) -> Result<OrderRow, ApiError> {
        let row = self
            .desk
            .ledger
            .order(&order.seller_id, &order.request_id)
            .await?;
        match row {
            Some(row) if row.fingerprint == order.fingerprint() => Ok(row),
            Some(_) => Err(ApiError::new(
                StatusCode::CONFLICT,
                "IdempotencyKeyReused",
                "this Idempotency-Key came with another order before",
            )
            .about("Idempotency-Key")),
            None => Err(ApiError::new(
                StatusCode::CONFLICT,
                "IdempotencyKeyReused",
                "this Idempotency-Key came with another list of orders before, or with one that was just refused",
            )
            .about("Idempotency-Key")),
        }
    }
}

fn about(order: &Order) -> About<'_> {
    About::order(&order.seller_id, &order.request_id).in_region(order.region)
}

fn again(order: &Order, row: &OrderRow) -> Queued {
    queued(order, row.not_before.unwrap_or_else(Timestamp::now))
}

fn is_recent(since: Timestamp) -> bool {
    since + LONGEST_REQUEST > Timestamp::now()
}
