use sp_api::{Callee, Observer, SpApiError};

use super::{Line, Metric};
use crate::error::name_of;

/// Counts the calls to Amazon, each attempt for itself: what is tried again is called again.
#[derive(Debug)]
pub(crate) struct AmazonMetrics;

impl Observer for AmazonMetrics {
    fn called(&self, callee: Callee, answer: Result<(), &SpApiError>) {
        counted(callee, answer).emit();
    }
}

fn counted(callee: Callee, answer: Result<(), &SpApiError>) -> Line {
    let line = Line::default().with(
        match callee {
            Callee::Operation(operation) => Metric::AmazonCalls(operation),
            Callee::Lwa => Metric::TokenCalls,
        },
        1,
    );
    match answer {
        Ok(()) => line,
        Err(SpApiError::Throttled { operation, .. }) => line.with(Metric::AmazonThrottles(*operation), 1),
        Err(error) => line.with(Metric::AmazonRefusals(name_of(error)), 1),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sp_api::rates::Operation;

    use super::*;

    #[test]
    fn a_call_is_counted_with_what_came_of_it() {
        let operation = Operation::GetReport;
        let made = Line::default().with(Metric::AmazonCalls(operation), 1);
        assert_eq!(counted(Callee::Operation(operation), Ok(())), made);
        let throttled = SpApiError::Throttled {
            operation,
            message: String::new(),
            retry_after: Duration::ZERO,
        };
        assert_eq!(
            counted(Callee::Operation(operation), Err(&throttled)),
            made.with(Metric::AmazonThrottles(operation), 1)
        );
        let revoked = SpApiError::AuthorizationRevoked {
            message: String::new(),
        };
        assert_eq!(
            counted(Callee::Lwa, Err(&revoked)),
            Line::default()
                .with(Metric::TokenCalls, 1)
                .with(Metric::AmazonRefusals("AuthorizationRevoked"), 1)
        );
    }
}
