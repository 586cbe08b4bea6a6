//! Reports that were made elsewhere and that nobody announced.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::Discovering;
use pipeline::domain::FinishedReport;
use pipeline::domain::ledger::Stage;
use sp_api::rates::Operation;
use sp_api::{ProcessingStatus, Report, ReportsFilter, ReportsQuery};

use crate::overdue::{PATIENCE, Reconciler};

/// How long before the last search a report may have been ordered that is finished only now.
const LONGEST_MAKING: Duration = Duration::from_secs(24 * 3600);

/// Amazon's limit for a page.
const PAGE: u8 = 100;

impl Reconciler {
    /// Asks Amazon, for every seller who wants that, which reports are finished, and delivers those
    /// that the ledger does not know. Gives how many they were.
    pub async fn discover(&self, until: SystemTime) -> Result<usize, PipelineError> {
        let mut discovered = 0;
        for seller in self.partners.discovering().await? {
            if SystemTime::now() > until {
                tracing::warn!("not all sellers were searched; the next run goes on");
                break;
            }
            // One seller's trouble, or spent quota, is not the others'.
            match self.discover_for(&seller).await {
                Ok(count) => discovered += count,
                Err(error) => tracing::warn!(seller_id = %seller.seller_id, "not searched: {error}"),
            }
        }
        Ok(discovered)
    }

    async fn discover_for(&self, seller: &Discovering) -> Result<usize, PipelineError> {
        let now = Timestamp::now();
        let reports = self.finished_reports(seller).await?;
        let mut discovered = 0;
        for report in reports {
            let known = self
                .ledger
                .row(&seller.seller_id, report.report_id.as_str())
                .await?
                .is_some_and(|row| row.progress() >= Stage::Notified.progress());
            if known {
                continue;
            }
            let Some(finished) = FinishedReport::of(seller.seller_id.clone(), report) else {
                continue;
            };
            tracing::info!(
                seller_id = %seller.seller_id,
                report_id = %finished.report_id,
                "discovered"
            );
            self.deliver(finished, seller.region).await?;
            discovered += 1;
        }
        self.partners.record_discovery(&seller.seller_id, now).await?;
        Ok(discovered)
    }

    /// All of them since the last search, page by page.
    async fn finished_reports(&self, seller: &Discovering) -> Result<Vec<Report>, PipelineError> {
        let since = seller
            .until
            .map_or(seller.since, |until| (until - LONGEST_MAKING).max(seller.since));
        let filter = ReportsFilter::new(seller.report_types.clone())
            .and_then(|filter| filter.page_size(PAGE))
            .map_err(|error| PipelineError::InvalidInput(error.to_string()))?
            .processing_statuses(vec![
                ProcessingStatus::Done,
                ProcessingStatus::Cancelled,
                ProcessingStatus::Fatal,
            ])
            .created_since(since);
        let mut query = ReportsQuery::Filter(filter);
        let mut reports = Vec::new();
        loop {
            let asked = &query;
            let page = self
                .amazon
                .if_free(
                    &seller.seller_id,
                    seller.region,
                    Operation::GetReports,
                    PATIENCE,
                    |client, token| async move { client.get_reports(seller.region, &token, asked).await },
                )
                .await?;
            for unreadable in &page.unreadable {
                tracing::warn!(?unreadable, "a report in Amazon's list could not be read");
            }
            reports.extend(page.reports);
            match page.next_token {
                Some(token) => query = ReportsQuery::Next(token),
                None => return Ok(reports),
            }
        }
    }
}
