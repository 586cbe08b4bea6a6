//! Having deliveries begin again that stopped, page by page.

use std::time::{Duration, SystemTime};

use pipeline::PipelineError;
use pipeline::domain::stopped::Stopped;

use crate::worker::{Progress, Worker};

/// This much of an invocation's time is left unused, so that it ends by itself.
const RESERVE: Duration = Duration::from_secs(20);

impl Worker {
    /// Goes on with the job called `job`. What it has begun is in the ledger, so that another invocation
    /// goes on where this one ends.
    pub async fn begin_again(
        &self,
        which: &Stopped,
        job: &str,
        deadline: SystemTime,
    ) -> Result<Progress, PipelineError> {
        let ledger = self.ledger();
        // Somebody may have started the execution without the API.
        ledger.begin_job(job, which).await?;
        let row = ledger.job(job).await?;
        let mut next = row.as_ref().and_then(|row| row.next_page());
        while SystemTime::now() + RESERVE < deadline {
            let (rows, after) = ledger.stopped(which, next.as_ref()).await?;
            let matched = rows.len();
            let mut started = 0;
            for row in rows {
                started += u64::from(self.workflows.begin_again(&row, which.status).await?);
            }
            let matched = u64::try_from(matched).unwrap_or(u64::MAX);
            ledger.record_page(job, matched, started, after.as_ref()).await?;
            if after.is_none() {
                return Ok(Progress::DONE);
            }
            next = after;
        }
        Ok(Progress::wait(1))
    }
}
