//! Waiting for Amazon within a request.

use std::time::Duration;

use crate::PipelineError;
use sp_api::SpApiError;
use tokio::time::{Instant, sleep, timeout_at};

/// Later attempts don't come less often.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How long a request may take, and how it waits.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// All in all.
    pub whole: Duration,
    /// Before the second attempt; each further pause is twice as long.
    pub first_pause: Duration,
}

impl Patience {
    /// What API Gateway waits for a function, less the time to start it and to answer.
    pub const BEHIND_THE_API: Self = Self {
        whole: Duration::from_secs(24),
        first_pause: Duration::from_millis(500),
    };

    /// A request begins now.
    #[must_use]
    pub fn begin(self) -> Request {
        Request {
            begun: Instant::now(),
            patience: self,
        }
    }
}

/// A request that is under way.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    begun: Instant,
    patience: Patience,
}

impl Request {
    /// Until when what was asked for is tried: what is left then is for undoing what was half done.
    pub(crate) fn trial(&self) -> Instant {
        self.begun + self.patience.whole.mul_f64(0.6)
    }

    /// Until when the answer must be known.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.begun + self.patience.whole
    }

    /// Whether there is time to try something that may have to be undone.
    pub(crate) fn is_young(&self) -> bool {
        Instant::now() < self.begun + self.patience.whole.mul_f64(0.4)
    }

    /// Makes `attempt` once, within the time that there is.
    pub(crate) async fn once<T>(
        &self,
        attempt: impl Future<Output = Result<T, PipelineError>>,
    ) -> Result<T, PipelineError> {
        let answer = timeout_at(self.end(), attempt).await;
        answer.unwrap_or_else(|_| Err(no_answer()))
    }

    /// Makes `attempt`, and again for errors that `passes` until `deadline`, with growing pauses.
    ///
    /// An attempt that is under way then is given up; Amazon may carry it out all the same.
    ///
    /// # Errors
    /// The last attempt's error, or that there was no answer in time.
    pub async fn persist<T, Attempt>(
        &self,
        deadline: Instant,
        passes: impl Fn(&PipelineError) -> bool,
        attempt: impl Fn() -> Attempt,
    ) -> Result<T, PipelineError>
    where
        Attempt: Future<Output = Result<T, PipelineError>>,
    {
        let mut pause = self.patience.first_pause;
        let mut last = None;
        loop {
            let error = match timeout_at(deadline, attempt()).await {
                Ok(Err(error)) if passes(&error) => error,
                Ok(result) => return result,
                Err(_) => return Err(last.unwrap_or_else(no_answer)),
            };
            tracing::info!("not yet: {error}");
            // Spread out, so that those who were refused together don't come back together.
            let spread = pause.mul_f64(0.75 + fastrand::f64() / 2.0);
            if Instant::now() + spread >= deadline {
                return Err(error);
            }
            last = Some(error);
            sleep(spread).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn no_answer() -> PipelineError {
    PipelineError::Amazon(SpApiError::Transient {
        call: "Amazon".to_owned(),
        message: "no answer within the time that a request has".to_owned(),
    })
}

/// Whether time alone may mend it. Amazon has been known to deny everybody for a while.
#[must_use]
pub fn is_passing(error: &PipelineError) -> bool {
    matches!(
        error,
        PipelineError::Amazon(
            SpApiError::Transient { .. }
                | SpApiError::Throttled { .. }
                | SpApiError::Unauthorized { .. }
                | SpApiError::UnexpectedAnswer { .. }
        ) | PipelineError::AwsTransient { .. }
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn patience(milliseconds: u64) -> Patience {
        Patience {
            whole: Duration::from_millis(milliseconds),
            first_pause: Duration::from_millis(1),
        }
    }

    #[tokio::test]
    async fn what_passes_is_tried_again() {
        let made = AtomicU32::new(0);
        let request = patience(60_000).begin();
        let result = request
            .persist(request.trial(), is_passing, || async {
                if made.fetch_add(1, Ordering::Relaxed) < 3 {
                    Err(no_answer())
                } else {
                    Ok(())
                }
            })
            .await;
        assert!(result.is_ok());
        assert_eq!(made.into_inner(), 4);
    }

    #[tokio::test]
    async fn what_does_not_pass_is_tried_once() {
        let made = AtomicU32::new(0);
        let request = patience(60_000).begin();
        let result: Result<(), _> = request
            .persist(request.trial(), is_passing, || async {
                made.fetch_add(1, Ordering::Relaxed);
                Err(PipelineError::InvalidInput("no".to_owned()))
            })
            .await;
        assert!(result.is_err());
        assert_eq!(made.into_inner(), 1);
    }

    #[tokio::test]
    async fn a_request_ends_whatever_amazon_does() {
        let request = patience(20).begin();
        let failing: Result<(), _> = request
            .persist(request.end(), is_passing, || async { Err(no_answer()) })
            .await;
        assert!(failing.is_err_and(|error| is_passing(&error)));
        let stalled = request
            .persist(request.end(), is_passing, std::future::pending::<Result<(), _>>)
            .await;
        assert!(stalled.is_err_and(|error| is_passing(&error)));
    }
}
