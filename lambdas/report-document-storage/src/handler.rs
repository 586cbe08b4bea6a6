use std::time::{Duration, Instant, SystemTime};

use pipeline::adapters::or_warn;
use pipeline::domain::stages::{DocumentToStore, StoredDocument};
use pipeline::logging::About;
use pipeline::transfer::Transfer;
use pipeline::{PipelineError, StageError};

/// Before its end an invocation stops beginning new parts, so that those under way can arrive.
const RESERVE: Duration = Duration::from_secs(60);

/// What storing needs.
pub struct Storage {
    pub transfer: Transfer,
}

impl Storage {
    /// Transfers the document into the bucket, whole or not at all, and notes it in the ledger. An
    /// invocation that ends at `deadline` before the document does leaves it to be continued.
    pub async fn store(
        &self,
        input: DocumentToStore,
        deadline: SystemTime,
    ) -> Result<StoredDocument, StageError> {
        let (seller, report) = (&input.seller_id, &input.report_id);
        let about = About::report(seller, report)
            .in_region(input.document.region_code)
            .in_execution(input.execution.as_deref());
        about.is_all_of_the_invocation();
        let ledger = &self.transfer.ledger;
        let stored = self
            .transfer
            .run(&input, until(deadline, input.seconds_at_most))
            .await;
        if let Err(error @ PipelineError::DocumentUnfinished { .. }) = stored {
            // To be expected: nothing to be noted as an error.
            return Err(error.into());
        }
        let stored = ledger.noting(seller, report.as_str(), stored).await?;
        // The announcement writes all of this, too; a note is not worth another transfer.
        or_warn(ledger.record_storage(seller, report, &stored).await);
        tracing::info!(
            bytes = stored.bytes,
            object_key = stored.object_key,
            "{about} is stored: {}",
            stored.in_words()
        );
        Ok(stored)
    }
}

/// When a transfer has to stop.
fn until(deadline: SystemTime, seconds_at_most: Option<u64>) -> Instant {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    let left = seconds_at_most.map_or(left, |seconds| left.min(Duration::from_secs(seconds)));
    Instant::now() + left.saturating_sub(RESERVE.min(left / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_minute_is_for_what_is_under_way() {
        let within = |seconds, at_most| {
            until(SystemTime::now() + Duration::from_secs(seconds), at_most) - Instant::now()
        };
        let left = |seconds| within(seconds, None);
        let of = |expected: u64| Duration::from_secs(expected - 1)..=Duration::from_secs(expected);
        assert!(of(840).contains(&left(900)));
        assert!(of(30).contains(&left(40)), "a short one uses most of its time");
        assert!(
            of(30).contains(&within(900, Some(40))),
            "and so does one that was told to be short"
        );
    }
}
