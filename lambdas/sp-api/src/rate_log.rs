use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

use crate::rates::Operation;

/// The header in which Amazon says which rate it applied. Best effort: not on every answer, and
/// hardly ever on a 429.
const RATE_HEADER: &str = "x-amzn-ratelimit-limit";

/// The rates, in calls per second, that Amazon's answers named, in the order they came.
///
/// Amazon gives busy selling partners more than its usage plans say. Clones share one log.
#[derive(Clone, Debug, Default)]
pub struct RateLog {
    rates: Arc<Mutex<Vec<(Operation, f64)>>>,
}

impl RateLog {
    /// Hands out what was written since the last time, and forgets it.
    #[must_use]
    pub fn take(&self) -> Vec<(Operation, f64)> {
        std::mem::take(&mut *self.lock())
    }

    /// Writes down the rate that an answer's headers name, if they name one that can be.
    pub(crate) fn note(&self, operation: Operation, headers: &HeaderMap) {
        let text = headers.get(RATE_HEADER).and_then(|value| value.to_str().ok());
        let rate = text.and_then(|text| text.trim().parse::<f64>().ok());
        if let Some(rate) = rate.filter(|rate| rate.is_finite() && *rate > 0.0) {
            self.lock().push((operation, rate));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Operation, f64)>> {
        // A panic elsewhere leaves the list whole: every change to it is one call.
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn noted(value: &'static str) -> Vec<(Operation, f64)> {
        let log = RateLog::default();
        let headers = HeaderMap::from_iter([(
            "x-amzn-RateLimit-Limit".parse().expect("a name"),
            HeaderValue::from_static(value),
        )]);
        log.note(Operation::GetReport, &headers);
        log.take()
    }

    #[test]
    fn a_rate_is_handed_out_once() {
        assert_eq!(noted("0.0167"), [(Operation::GetReport, 0.0167)]);
        let log = RateLog::default();
        log.note(Operation::GetReport, &HeaderMap::new());
        assert_eq!(log.take(), []);
    }

    #[test]
    fn what_is_no_rate_is_not_written() {
        for value in ["", "0", "-1", "NaN", "inf", "two"] {
            assert_eq!(noted(value), [], "{value:?}");
        }
    }
}
