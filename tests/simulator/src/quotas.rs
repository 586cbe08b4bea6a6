//! Amazon's usage plans, enforced with token buckets.

use std::collections::HashMap;
use std::time::Instant;

use sp_api::RegionCode;
use sp_api::rates::Operation;

/// Whose bucket: a selling partner's, or the application's own for grantless operations.
type Holder = Option<String>;

#[derive(Debug)]
struct Bucket {
    level: f64,
    filled: Instant,
}

/// The buckets of every operation, region and selling partner.
#[derive(Debug)]
pub(crate) struct Quotas {
    buckets: HashMap<(Operation, RegionCode, Holder), Bucket>,
    speed_up: f64,
}

impl Quotas {
    pub(crate) fn new(speed_up: f64) -> Self {
        Self {
            buckets: HashMap::new(),
            speed_up,
        }
    }

    /// Takes one call out of the bucket; false if there is none left.
    pub(crate) fn take(
        &mut self,
        operation: Operation,
        region: RegionCode,
        holder: Holder,
        now: Instant,
    ) -> bool {
        let rate = operation.rate();
        let burst = f64::from(rate.burst);
        let key = (operation, region, holder);
        let bucket = self.buckets.entry(key).or_insert(Bucket {
            level: burst,
            filled: now,
        });
        let gained = now.duration_since(bucket.filled).as_secs_f64() * rate.per_second * self.speed_up;
        bucket.level = (bucket.level + gained).min(burst);
        bucket.filled = now;
        if bucket.level < 1.0 {
            return false;
        }
        bucket.level -= 1.0;
        true
    }

    /// What `x-amzn-RateLimit-Limit` says: the rate that is really applied.
    pub(crate) fn header(&self, operation: Operation) -> String {
        let text = format!("{:.6}", operation.rate().per_second * self.speed_up);
        let text = text.trim_end_matches('0');
        // Amazon writes `2.0`, not `2.` or `2`.
        if text.ends_with('.') {
            format!("{text}0")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn take(quotas: &mut Quotas, seller: &str, now: Instant) -> bool {
        quotas.take(
            Operation::CreateReport,
            RegionCode::Na,
            Some(seller.to_owned()),
            now,
        )
    }

    #[test]
    fn a_burst_is_followed_by_one_call_a_minute() {
        let mut quotas = Quotas::new(1.0);
        let start = Instant::now();
        assert!((0..15).all(|_| take(&mut quotas, "A", start)));
        assert!(!take(&mut quotas, "A", start));
        assert!(
            take(&mut quotas, "B", start),
            "another seller has a bucket of its own"
        );
        assert!(!take(&mut quotas, "A", start + Duration::from_secs(30)));
        assert!(take(&mut quotas, "A", start + Duration::from_secs(61)));
    }

    #[test]
    fn speeding_up_fills_buckets_faster() {
        let mut quotas = Quotas::new(60.0);
        let start = Instant::now();
        assert!((0..15).all(|_| take(&mut quotas, "A", start)));
        assert!(take(&mut quotas, "A", start + Duration::from_secs(1)));
        assert_eq!(quotas.header(Operation::GetReport), "120.0");
        assert_eq!(Quotas::new(1.0).header(Operation::CreateReport), "0.0167");
    }
}
