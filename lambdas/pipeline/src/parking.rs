//! Work that stops, because what stands in its way is somebody else's to mend.

use std::time::Duration;

use sp_api::ids::ReportType;

use crate::adapters::Ledger;
use crate::domain::obstacle::Obstacle;
use crate::domain::order::OrderToPlace;
use crate::domain::{Account, AnnouncedReport};
use crate::logging::About;
use crate::{PipelineError, persistently};

/// How long an obstacle is left alone after it was met first. Whoever mends it knows of it, often.
const FIRST_LOOK: Duration = Duration::from_secs(60);

/// After so many retries a 403 is no mood of Amazon's that passes within a minute.
const RETRIES_BEFORE: u32 = 3;

/// How often a report may be denied what others of its type were not, before that is its own affair.
const MOST_DENIALS: u64 = 3;

impl Ledger {
    /// Has a report wait if the error is none of its own. `None` if it waits now, otherwise the error.
    /// `retries`: how often the workflow has tried again already.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn park_report_after(
        &self,
        report: &AnnouncedReport,
        error: PipelineError,
        retries: u32,
    ) -> Result<Option<PipelineError>, PipelineError> {
        let report_type = report.report_type.as_ref();
        let Some(obstacle) = in_the_way(&error, &report.seller_id, report_type, retries) else {
            return Ok(Some(error));
        };
        if obstacle.may_pass() && self.is_denied_alone(report).await? {
            return Ok(Some(error));
        }
        if !self.park_report(report, &obstacle, &error).await? {
            return Ok(Some(error));
        }
        let about = About::report(&report.seller_id, &report.report_id);
        tracing::warn!(%obstacle, "{about} waits for its owner: {error}");
        persistently(|| self.meet(&obstacle, &error, FIRST_LOOK)).await?;
        Ok(None)
    }

    /// Has an order wait if the error is none of its own. `None` if it waits now, otherwise the error.
    /// `retries`: how often the workflow has tried again already.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn park_order_after(
        &self,
        order: &OrderToPlace,
        error: PipelineError,
        retries: u32,
    ) -> Result<Option<PipelineError>, PipelineError> {
        let report_type = Some(&order.report_type);
        let Some(obstacle) = in_the_way(&error, &order.seller_id, report_type, retries) else {
            return Ok(Some(error));
        };
        if !self
            .park_order(&order.seller_id, &order.request_id, &obstacle, &error)
            .await?
        {
            return Ok(Some(error));
        }
        let about = About::order(&order.seller_id, &order.request_id);
        tracing::warn!(%obstacle, "{about} waits for its owner: {error}");
        persistently(|| self.meet(&obstacle, &error, FIRST_LOOK)).await?;
        Ok(None)
    }

    /// Whether others of the same type have gone on again and again, and this one was denied each time.
    async fn is_denied_alone(&self, report: &AnnouncedReport) -> Result<bool, PipelineError> {
        let row = self.row(&report.seller_id, report.report_id.as_str()).await?;
        let denials = row.and_then(|row| row.number("provenReleases")).unwrap_or(0);
        Ok(denials >= MOST_DENIALS)
    }
}

/// What the work is to wait for. Of a 403 that is nothing yet while the workflow tries again, as it does
/// with no other error that is mended outside.
fn in_the_way(
    error: &PipelineError,
    seller: &Account,
    report_type: Option<&ReportType>,
    retries: u32,
) -> Option<Obstacle> {
    let is_tried_again = error.name() == "AccessDenied" && retries < RETRIES_BEFORE;
    if is_tried_again {
        return None;
    }
    Obstacle::of(error, seller, report_type)
}
