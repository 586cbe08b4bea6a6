use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use sp_api::SpApiError;

use crate::PipelineError;
use crate::domain::quota::{Bucket, MOST_REFUSALS, Quota, Reserved, Slot, backoff, interval};
use crate::metrics::{Line, Metric};

/// A row that nobody has touched for so long may go: its bucket is full.
const KEPT_SECONDS: i64 = 7 * 86_400;

/// Two writers that meet take turns; so many meetings in a row don't happen.
const MOST_ATTEMPTS: usize = 40;

/// Rates closer than this are the same: Amazon's header is rounded.
const SAME_RATE: f64 = 0.01;

type Row = HashMap<String, AttributeValue>;

/// The limiter that all functions share: a row for each quota, one conditional update for each
/// reservation.
#[derive(Debug)]
pub struct Quotas {
    client: aws_sdk_dynamodb::Client,
    table: String,
    /// What this process has seen of the rows: a first guess that saves a failed update.
    seen: Mutex<HashMap<Quota, Seen>>,
}

/// What a row says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seen {
    /// The theoretical arrival time; a row may lack it.
    arrival: Option<i64>,
    /// The interval that Amazon's answers have taught; absent where the published one holds.
    interval: Option<i64>,
}

impl Seen {
    fn of(row: &Row) -> Self {
        let number = |name: &str| row.get(name)?.as_n().ok()?.parse().ok();
        Self {
            arrival: number("theoreticalArrivalTime"),
            interval: number("intervalMilliseconds"),
        }
    }

    /// The condition that the row has this interval still: what was computed from it holds only then.
    fn same_pace(self) -> &'static str {
        match self.interval {
            Some(_) => "intervalMilliseconds = :interval",
            None => "attribute_not_exists(intervalMilliseconds)",
        }
    }

    fn bucket(self, quota: &Quota) -> Bucket {
        let published = Bucket::of(quota.operation.rate());
        self.interval
            .map_or(published, |interval| published.with_interval(interval))
    }
}

impl Quotas {
    /// The table of that name.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self {
            client,
            table,
            seen: Mutex::default(),
        }
    }

    /// Reserves one call: now if the quota allows it, otherwise as soon as it does.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn reserve(&self, quota: &Quota) -> Result<Slot, PipelineError> {
        let mut slots = self.reserve_many(quota, 1).await?;
        slots.pop().ok_or_else(contended)
    }

    /// Reserves `count` calls with one update, the earliest first.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn reserve_many(&self, quota: &Quota, count: u16) -> Result<Vec<Slot>, PipelineError> {
        let now = now();
        let (bucket, reserved) = self
            .update_arrival(quota, now, i64::from(count), None)
            .await?
            .ok_or_else(contended)?;
        let slots = (0..i64::from(count)).map(|index| slot(quota, bucket.slot(reserved, now, index), 0));
        let slots: Vec<_> = slots.collect();
        measure(quota, &slots);
        Ok(slots)
    }

    /// Reserves one call if it is free within `patience`, which the caller then has to wait.
    ///
    /// # Errors
    /// [`SpApiError::Throttled`], which says when to come back; then nothing is reserved. Or DynamoDB
    /// failed.
    pub async fn reserve_within(&self, quota: &Quota, patience: Duration) -> Result<Slot, PipelineError> {
        let now = now();
        let latest = now + i64::try_from(patience.as_millis()).unwrap_or(0);
        if let Some((bucket, reserved)) = self.update_arrival(quota, now, 1, Some(latest)).await? {
            let slot = slot(quota, bucket.slot(reserved, now, 0), 0);
            measure(quota, &[slot]);
            return Ok(slot);
        }
        let seen = self.seen(quota);
        let bucket = seen.bucket(quota);
        let free_at = bucket.slot(bucket.reserve(now, seen.arrival, 1), now, 0);
        let milliseconds = u64::try_from(free_at - now).unwrap_or(0);
        Err(SpApiError::Throttled {
            operation: quota.operation,
            message: format!(
                "the quota of {} for this selling partner is spent for now",
                quota.operation
            ),
            retry_after: Duration::from_secs(milliseconds.div_ceil(1000).max(1)),
        }
        .into())
    }

    /// Amazon refused a call that had its slot: somebody else calls, too. The bucket is empty, for
    /// everybody, and this caller gets another slot, with a little more distance each time.
    ///
    /// # Errors
    /// DynamoDB failed, or `refused` is the last of too many refusals in a row.
    pub async fn after_refusal(&self, quota: &Quota, refused: Slot) -> Result<Slot, PipelineError> {
        let refusals = refused.refusals + 1;
        if refusals > MOST_REFUSALS {
            return Err(SpApiError::Throttled {
                operation: quota.operation,
                message: format!("Amazon refused {refusals} times in a row"),
                retry_after: Duration::from_millis(self.seen(quota).bucket(quota).interval().unsigned_abs()),
            }
            .into());
        }
        self.push_back(quota).await?;
        let next = self.reserve(quota).await?;
        let interval = self.seen(quota).bucket(quota).interval();
        let jitter = backoff(interval, refusals, fastrand::f64());
        Ok(Slot {
            not_before: next.not_before + jitter,
            refusals,
            ..next
        })
    }

    /// Empties the bucket, unless calls are reserved beyond that already.
    async fn push_back(&self, quota: &Quota) -> Result<(), PipelineError> {
        let now = now();
        for _ in 0..MOST_ATTEMPTS {
            // How long an empty bucket takes to fill depends on the pace, which the row knows.
            let seen = self.seen(quota);
            let empty = seen.bucket(quota).empty(now);
            let mut update = self
                .update(quota)
                .update_expression("SET theoreticalArrivalTime = :empty, expiresAt = :expires")
                .condition_expression(format!(
                    "(attribute_not_exists(theoreticalArrivalTime) OR theoreticalArrivalTime < :empty) AND {}",
                    seen.same_pace()
                ))
                .expression_attribute_values(":empty", number(empty))
                .expression_attribute_values(":expires", expiry(empty))
                .return_values(ReturnValue::AllNew);
            if let Some(interval) = seen.interval {
                update = update.expression_attribute_values(":interval", number(interval));
            }
            let is_done = matches!(self.apply(quota, update).await?, Applied::Yes(_));
            if is_done || self.seen(quota).interval == seen.interval {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// What an answer said of the rate: `x-amzn-RateLimit-Limit`, in calls per second. Costs nothing
    /// while it is what is known already.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn learn(&self, quota: &Quota, per_second: f64) -> Result<(), PipelineError> {
        let published = quota.operation.rate().per_second;
        let is_published = (per_second / published - 1.0).abs() < SAME_RATE;
        let interval = interval(if is_published { published } else { per_second });
        let known = self.known(quota);
        if known.is_some_and(|seen| seen.bucket(quota).interval() == interval) {
            return Ok(());
        }
        let differs = "intervalMilliseconds <> :interval";
        let condition = if is_published {
            format!("attribute_exists(intervalMilliseconds) AND {differs}")
        } else {
            format!("attribute_not_exists(intervalMilliseconds) OR {differs}")
        };
        let update = self
            .update(quota)
            .update_expression(
                "SET intervalMilliseconds = :interval, expiresAt = if_not_exists(expiresAt, :expires)",
            )
            .condition_expression(condition)
            .expression_attribute_values(":interval", number(interval))
            .expression_attribute_values(":expires", expiry(now()))
            .return_values(ReturnValue::AllOld);
        let Applied::Yes(before) = self.apply(quota, update).await? else {
            return Ok(());
        };
        tracing::info!(
            operation = quota.operation.name(),
            per_second,
            "Amazon's rate is another than was known"
        );
        let before = Seen::of(&before);
        self.see(
            quota,
            Seen {
                interval: Some(interval),
                ..before
            },
        );
        self.rescale(quota, before, interval).await
    }

    /// Calls that were reserved at the old pace come back at the new one.
    async fn rescale(&self, quota: &Quota, before: Seen, interval: i64) -> Result<(), PipelineError> {
        let Some(arrival) = before.arrival else {
            return Ok(());
        };
        let Some(rescaled) = before.bucket(quota).rescaled(now(), arrival, interval) else {
            return Ok(());
        };
        let update = self
            .update(quota)
            .update_expression("SET theoreticalArrivalTime = :new")
            // Whoever reserved since has reserved at the new pace: then it stays as it is.
            .condition_expression("theoreticalArrivalTime = :old")
            .expression_attribute_values(":new", number(rescaled))
            .expression_attribute_values(":old", number(arrival))
            .return_values(ReturnValue::AllNew);
        self.apply(quota, update).await?;
        Ok(())
    }

    /// Moves the theoretical arrival time on by `count` calls, as one of two updates: from `now` if
    /// the bucket is full, otherwise from where it is. `None` if the call is not free by `latest`.
    async fn update_arrival(
        &self,
        quota: &Quota,
        now: i64,
        count: i64,
        latest: Option<i64>,
    ) -> Result<Option<(Bucket, Reserved)>, PipelineError> {
        for attempt in 0..MOST_ATTEMPTS {
            let seen = self.seen(quota);
            let bucket = seen.bucket(quota);
            let is_full = seen.arrival.is_none_or(|arrival| arrival <= now);
            let limit = latest.map(|latest| bucket.latest_arrival(latest));
            // What was seen before this reservation may be out of date; what an unmet condition has
            // just shown is not.
            if attempt > 0
                && let (Some(limit), Some(arrival)) = (limit, seen.arrival)
                && arrival > limit
            {
                return Ok(None);
            }
            let update = self.reservation(quota, seen, now, count, is_full, limit);
            if let Applied::Yes(row) = self.apply(quota, update).await? {
                let arrival = Seen::of(&row).arrival.unwrap_or(now);
                let base = arrival - count * bucket.interval();
                return Ok(Some((bucket, bucket.reserve(now, Some(base), count))));
            }
        }
        Err(contended())
    }

    fn reservation(
        &self,
        quota: &Quota,
        seen: Seen,
        now: i64,
        count: i64,
        is_full: bool,
        limit: Option<i64>,
    ) -> UpdateItemFluentBuilder {
        let step = count * seen.bucket(quota).interval();
        let (assignment, condition) = if is_full {
            (
                "theoreticalArrivalTime = :next",
                "(attribute_not_exists(theoreticalArrivalTime) OR theoreticalArrivalTime <= :now)",
            )
        } else {
            (
                "theoreticalArrivalTime = theoreticalArrivalTime + :step",
                "theoreticalArrivalTime > :now",
            )
        };
        let mut condition = format!("{condition} AND {}", seen.same_pace());
        let base = if is_full { now } else { seen.arrival.unwrap_or(now) };
        let mut update = self
            .update(quota)
            .update_expression(format!("SET {assignment}, expiresAt = :expires"))
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":expires", expiry(base + step))
            .return_values(ReturnValue::AllNew);
        update = if is_full {
            update.expression_attribute_values(":next", number(now + step))
        } else {
            update.expression_attribute_values(":step", number(step))
        };
        if let Some(interval) = seen.interval {
            update = update.expression_attribute_values(":interval", number(interval));
        }
        if let (Some(limit), false) = (limit, is_full) {
            condition.push_str(" AND theoreticalArrivalTime <= :limit");
            update = update.expression_attribute_values(":limit", number(limit));
        }
        update.condition_expression(condition)
    }

    fn update(&self, quota: &Quota) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(quota)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Sends an update, and remembers what the row says, also where the condition was not met.
    async fn apply(&self, quota: &Quota, update: UpdateItemFluentBuilder) -> Result<Applied, PipelineError> {
        match update.send().await {
            Ok(output) => {
                let row = attributes(output);
                self.see(quota, Seen::of(&row));
                Ok(Applied::Yes(row))
            }
            Err(error) => {
                let Some(row) = unmet(&error) else {
                    return Err(PipelineError::aws("DynamoDB", &error));
                };
                self.see(quota, Seen::of(row));
                Ok(Applied::No)
            }
        }
    }

    fn known(&self, quota: &Quota) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(quota).copied()
    }

    fn seen(&self, quota: &Quota) -> Seen {
        self.known(quota).unwrap_or_default()
    }

    fn see(&self, quota: &Quota, row: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(quota.clone(), row);
    }
}

/// Whether an update's condition was met.
enum Applied {
    /// Then the attributes it was asked for.
    Yes(Row),
    No,
}

fn attributes(output: UpdateItemOutput) -> Row {
    output.attributes.unwrap_or_default()
}

/// The row that did not meet a condition.
fn unmet<R>(error: &SdkError<UpdateItemError, R>) -> Option<&Row> {
    static NO_ROW: std::sync::LazyLock<Row> = std::sync::LazyLock::new(Row::new);
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(unmet)) => {
            Some(unmet.item().unwrap_or(&NO_ROW))
        }
        _ => None,
    }
}

fn contended() -> PipelineError {
    PipelineError::AwsTransient {
        service: "DynamoDB",
        message: "the quota's row changed too often while it was written".to_owned(),
    }
}

fn key(quota: &Quota) -> Row {
    let operation = format!("{}#{}", quota.region, quota.operation);
    HashMap::from([
        (
            "sellerId".to_owned(),
            AttributeValue::S(quota.seller_id.to_string()),
        ),
        ("operation".to_owned(), AttributeValue::S(operation)),
    ])
}

fn slot(quota: &Quota, at: i64, refusals: u32) -> Slot {
    Slot {
        operation: Some(quota.operation),
        not_before: Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX),
        refusals,
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn expiry(arrival: i64) -> AttributeValue {
    number(arrival / 1000 + KEPT_SECONDS)
}

/// Counts what is reserved, and how long the last of it has to wait.
fn measure(quota: &Quota, slots: &[Slot]) {
    let wait = slots.last().map(|slot| slot.wait(Timestamp::now()));
    Line::default()
        .with(
            Metric::QuotaSlots(quota.operation),
            slots.len().try_into().unwrap_or(0),
        )
        .with_any(
            Metric::QuotaWait,
            wait.and_then(|wait| wait.as_millis().try_into().ok()),
        )
        .emit();
}

#[cfg(test)]
mod tests;
