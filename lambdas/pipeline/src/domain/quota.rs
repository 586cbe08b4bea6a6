//! Amazon's quotas, as slots that callers reserve before they call.
//!
//! The limiter is the generic cell rate algorithm (GCRA): a token bucket in one number, the
//! *theoretical arrival time*. That is when the bucket will be full again; every reservation moves it
//! on by one interval. A caller whose slot lies in the future waits for it and then calls: nobody
//! tries his luck, so nothing is throttled but for calls that others make.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sp_api::RegionCode;
use sp_api::ids::SellerId;
use sp_api::rates::{Operation, Rate};

/// No wait after a refusal is longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(900);

/// After so many refusals in a row something is wrong that waiting does not mend.
pub const MOST_REFUSALS: u32 = 50;

/// A quota of Amazon's: that of one operation, for one selling partner in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Whose calls.
    pub seller_id: SellerId,
    /// Where; Amazon counts its regions' calls apart.
    pub region: RegionCode,
    /// Of which operation.
    pub operation: Operation,
}

/// The leave to go on, not before its time; and to make one call, if one is reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Slot {
    /// The operation that is reserved; null if it is only time to look again.
    #[serde(with = "operation_name")]
    pub operation: Option<Operation>,
    /// When.
    pub not_before: Timestamp,
    /// How many times in a row Amazon has refused the call all the same.
    pub refusals: u32,
}

impl Slot {
    /// It is time to go on, and nothing is reserved.
    #[must_use]
    pub fn at_once(now: Timestamp) -> Self {
        Self {
            operation: None,
            not_before: now,
            refusals: 0,
        }
    }

    /// How long it is until then.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.not_before - now).unwrap_or(Duration::ZERO)
    }
}

/// An operation as the name that Amazon gives it.
mod operation_name {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use sp_api::rates::Operation;

    pub fn serialize<S: Serializer>(operation: &Option<Operation>, serializer: S) -> Result<S::Ok, S::Error> {
        operation.map(Operation::name).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Operation>, D::Error> {
        let Some(name) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let operation = Operation::by_name(&name);
        operation
            .map(Some)
            .ok_or_else(|| D::Error::custom(format!("there is no operation {name}")))
    }
}

/// A token bucket's shape. Times are milliseconds since 1970, durations milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    interval: i64,
    burst: i64,
}

/// What a reservation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// When the first of the reserved calls may be made; the others follow.
    first: i64,
    /// The theoretical arrival time afterwards.
    pub arrival: i64,
}

impl Bucket {
    /// The bucket of a usage plan.
    ///
    /// One call of the burst is left in it: a call reaches Amazon a little after its slot, sooner or
    /// later than the one before did, and must not find the bucket a millisecond short of full.
    #[must_use]
    pub fn of(rate: Rate) -> Self {
        Self {
            interval: interval(rate.per_second),
            burst: i64::from(rate.burst.saturating_sub(1).max(1)),
        }
    }

    /// The same bucket, filled at another pace.
    #[must_use]
    pub fn with_interval(self, interval: i64) -> Self {
        Self { interval, ..self }
    }

    /// Milliseconds from one call to the next, once the burst is spent.
    #[must_use]
    pub fn interval(self) -> i64 {
        self.interval
    }

    /// Reserves `count` calls, where the bucket will be full at `arrival` (or is: `None`).
    #[must_use]
    pub fn reserve(self, now: i64, arrival: Option<i64>, count: i64) -> Reserved {
        let base = arrival.map_or(now, |arrival| arrival.max(now));
        Reserved {
            first: base - self.tolerance(),
            arrival: base + count * self.interval,
        }
    }

    /// When the `index`th call of a reservation may be made; the first is 0.
    #[must_use]
    pub fn slot(self, reserved: Reserved, now: i64, index: i64) -> i64 {
        (reserved.first + index * self.interval).max(now)
    }

    /// The theoretical arrival time up to which a call is free at `at`.
    #[must_use]
    pub fn latest_arrival(self, at: i64) -> i64 {
        at + self.tolerance()
    }

    /// The theoretical arrival time of a bucket that has just turned out to be empty.
    #[must_use]
    pub fn empty(self, now: i64) -> i64 {
        now + self.burst * self.interval
    }

    /// The theoretical arrival time when it turns out that the bucket is filled at another pace: what
    /// is missing in it takes that much longer or shorter. `None` while calls are reserved beyond the
    /// burst: their slots have been told to their callers and stay.
    #[must_use]
    pub fn rescaled(self, now: i64, arrival: i64, interval: i64) -> Option<i64> {
        let missing = arrival - now;
        (missing <= self.burst * self.interval)
            .then(|| now + (missing.max(0) as f64 / self.interval as f64 * interval as f64).ceil() as i64)
    }

    fn tolerance(self) -> i64 {
        (self.burst - 1) * self.interval
    }
}

/// The interval of so many calls per second, rounded up.
#[must_use]
pub fn interval(per_second: f64) -> i64 {
    (1000.0 / per_second).ceil() as i64
}

/// How long to stay away, after the slot that comes next, when Amazon has refused `refusals` times in
/// a row: twice as long each time, up to a quarter of an hour, and never quite as long as the others.
#[must_use]
pub fn backoff(interval: i64, refusals: u32, random: f64) -> Duration {
    let base = Duration::from_millis(interval.unsigned_abs());
    let most = base
        .saturating_mul(1 << refusals.clamp(1, 16).saturating_sub(1))
        .min(LONGEST_BACKOFF);
    // Whole milliseconds, as all slots are.
    Duration::from_millis(u64::try_from(most.mul_f64(random).as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents() -> Bucket {
        Bucket::of(Operation::GetReportDocument.rate())
    }

    /// Reserves one by one at `now`, and gives the slots.
    fn slots(bucket: Bucket, now: i64, arrival: &mut Option<i64>, count: usize) -> Vec<i64> {
        (0..count)
            .map(|_| {
                let reserved = bucket.reserve(now, *arrival, 1);
                *arrival = Some(reserved.arrival);
                bucket.slot(reserved, now, 0) - now
            })
            .collect()
    }

    #[test]
    fn a_burst_is_free_and_then_a_call_an_interval() {
        let (bucket, mut arrival) = (documents(), None);
        assert_eq!(bucket.interval(), 59_881);
        let slots = slots(bucket, 1_000_000, &mut arrival, 17);
        assert_eq!(slots[..14], [0; 14]);
        assert_eq!(slots[14..], [59_881, 2 * 59_881, 3 * 59_881]);
    }

    #[test]
    fn many_calls_are_reserved_at_once_as_one_by_one() {
        let (bucket, mut arrival) = (documents(), None);
        let one_by_one = slots(bucket, 5_000, &mut arrival, 100);
        let reserved = bucket.reserve(5_000, None, 100);
        let at_once: Vec<i64> = (0..100)
            .map(|index| bucket.slot(reserved, 5_000, index) - 5_000)
            .collect();
        assert_eq!(at_once, one_by_one);
        assert_eq!(Some(reserved.arrival), arrival);
    }

    #[test]
    fn what_time_gives_back_is_free_again() {
        let (bucket, mut arrival) = (documents(), None);
        slots(bucket, 0, &mut arrival, 14);
        assert_eq!(slots(bucket, 2 * 59_881, &mut arrival, 3), [0, 0, 59_881]);
        assert_eq!(slots(bucket, 100 * 59_881, &mut arrival, 14), [0; 14]);
    }

    /// However the calls are spread, no more are made than a real bucket, one call larger, holds.
    #[test]
    fn no_slot_overdraws_amazons_bucket() {
        let rate = Operation::GetReportDocument.rate();
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let bucket = Bucket::of(rate);
            let (mut now, mut arrival) = (0, None);
            let mut calls = Vec::new();
            for _ in 0..random.usize(1..80) {
                now += random.i64(0..90_000) * random.i64(0..2);
                let reserved = bucket.reserve(now, arrival, 1);
                arrival = Some(reserved.arrival);
                // Up to a second passes between a slot and Amazon's hearing of it.
                calls.push(bucket.slot(reserved, now, 0) + random.i64(0..1_000));
            }
            calls.sort_unstable();
            let (mut level, mut filled) = (f64::from(rate.burst), 0);
            for call in calls {
                level =
                    (level + (call - filled) as f64 / 1000.0 * rate.per_second).min(f64::from(rate.burst));
                filled = call;
                level -= 1.0;
                assert!(level >= 0.0, "a call at {call} finds the bucket at {level}");
            }
        }
    }

    #[test]
    fn an_empty_bucket_gives_its_next_call_after_an_interval() {
        let bucket = documents();
        let reserved = bucket.reserve(7_000, Some(bucket.empty(7_000)), 1);
        assert_eq!(bucket.slot(reserved, 7_000, 0), 7_000 + 59_881);
    }

    #[test]
    fn another_pace_changes_what_is_missing_but_no_slot_that_was_told() {
        let bucket = documents();
        let spent = bucket.reserve(0, None, 10).arrival;
        assert_eq!(bucket.rescaled(0, spent, 1_000), Some(10_000));
        let queued = bucket.reserve(0, None, 15).arrival;
        assert_eq!(bucket.rescaled(0, queued, 1_000), None);
        assert_eq!(bucket.rescaled(queued, queued - 1, 1_000), Some(queued));
    }

    #[test]
    fn staying_away_is_bounded_and_jittered() {
        assert_eq!(backoff(60_000, 1, 0.5), Duration::from_secs(30));
        assert_eq!(backoff(60_000, 3, 0.5), Duration::from_secs(120));
        assert_eq!(backoff(60_000, 50, 1.0), LONGEST_BACKOFF);
    }

    #[test]
    fn a_slot_is_a_part_of_the_workflows_state() {
        let slot = Slot {
            operation: Some(Operation::GetReportDocument),
            not_before: "2026-11-22T05:00:00.5Z".parse().expect("a time"),
            refusals: 2,
        };
        let json = serde_json::json!({
            "Operation": "getReportDocument", "NotBefore": "2026-11-22T05:00:00.5Z", "Refusals": 2,
        });
        assert_eq!(serde_json::to_value(slot).expect("JSON"), json);
        assert_eq!(serde_json::from_value::<Slot>(json).expect("a slot"), slot);
    }
}
