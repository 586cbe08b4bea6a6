//! Reports that were made elsewhere and that nobody announced.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::Discovering;
use pipeline::domain::ledger::Stage;
use pipeline::domain::{Account, FinishedReport};
use pipeline::logging::About;
use sp_api::ids::ReportType;
use sp_api::rates::Operation;
use sp_api::{ListedSince, ProcessingStatus, RegionCode, Report, ReportsFilter, ReportsQuery, SpApiError};

use crate::overdue::{PATIENCE, Reconciler};

/// How long before the last search a report may have been ordered that is finished only now.
const LONGEST_MAKING: Duration = Duration::from_secs(24 * 3600);

/// Amazon's limit for a page.
const PAGE: u8 = 100;

impl Reconciler {
    /// Asks Amazon, for each of these sellers, which reports are finished, and delivers those that the ledger
    /// does not know. Gives how many they were.
    pub async fn discover(&self, sellers: &[Discovering], until: SystemTime) -> usize {
        let mut discovered = 0;
        for seller in sellers {
            if SystemTime::now() > until {
                tracing::warn!("not all sellers were searched; the next run goes on");
                break;
            }
            // One seller's trouble, or spent quota, is not the others'.
            match self.discover_for(seller).await {
                Ok(count) => discovered += count,
                Err(error) => tracing::warn!(
                    seller = %seller.seller_id,
                    "reports of {} are not searched for: {error}",
                    seller.seller_id
                ),
            }
        }
        discovered
    }

    async fn discover_for(&self, seller: &Discovering) -> Result<usize, PipelineError> {
        let now = Timestamp::now();
        let since = seller
            .until
            .map_or(seller.since, |until| (until - LONGEST_MAKING).max(seller.since));
        let since = ListedSince::within_reach(since, now);
        let (reports, is_complete) = self.finished_reports(seller, since).await?;
        let mut discovered = 0;
        for report in reports {
            if seller.is_history(&report.report_type, report.created_time) {
                continue;
            }
            let Some(finished) = FinishedReport::of(seller.seller_id.clone(), report) else {
                continue;
            };
            discovered += usize::from(self.deliver_unless_known(finished, seller.region).await?);
        }
        // Otherwise the next run searches the same time once more.
        if is_complete {
            let (gap, seller_id) = (since.gap(), &seller.seller_id);
            self.partners.record_discovery(seller_id, now, gap).await?;
            if let Some(gap) = gap {
                tracing::warn!(
                    seller = %seller_id,
                    from = %gap.from,
                    until = %gap.until,
                    "reports of {seller_id} are not searched for: Amazon does not list such old ones any more"
                );
            }
        }
        Ok(discovered)
    }

    /// Has a report delivered that the ledger does not know. Whether it is one.
    pub(super) async fn deliver_unless_known(
        &self,
        report: FinishedReport,
        region: RegionCode,
    ) -> Result<bool, PipelineError> {
        let (seller, id) = (&report.seller_id, &report.report_id);
        if self.is_elsewhere(&report, region).await? {
            return Ok(false);
        }
        let row = self.workflows.ledger.row(seller, id.as_str()).await?;
        if row.is_some_and(|row| row.progress() >= Stage::Notified.progress()) {
            return Ok(false);
        }
        let about = About::report(seller, id).in_region(region);
        about
            .span()
            .in_scope(|| tracing::info!("{about} is discovered, and its delivery begins"));
        self.deliver(report, region).await?;
        Ok(true)
    }

    /// Whether a report of a further account stands under the seller's first one: from before each region
    /// had an account.
    pub(super) async fn is_elsewhere(
        &self,
        report: &FinishedReport,
        region: RegionCode,
    ) -> Result<bool, PipelineError> {
        if report.seller_id.further_region().is_none() {
            return Ok(false);
        }
        let first = Account::first(report.seller_id.seller().clone());
        let row = self
            .workflows
            .ledger
            .row(&first, report.report_id.as_str())
            .await?;
        Ok(row
            .is_some_and(|row| row.region() == Some(region) && row.progress() >= Stage::Notified.progress()))
    }

    /// All of them since the last search, and whether these are all. Should Amazon refuse to list one of
    /// the types, as it may one that it has removed, the others are listed all the same.
    async fn finished_reports(
        &self,
        seller: &Discovering,
        since: ListedSince,
    ) -> Result<(Vec<Report>, bool), PipelineError> {
        let (mut reports, mut is_complete) = (Vec::new(), true);
        let mut to_ask = vec![seller.report_types.clone()];
        while let Some(types) = to_ask.pop() {
            match self.finished_reports_of(seller, &types, since).await {
                Ok(found) => reports.extend(found),
                Err(PipelineError::Amazon(refusal @ SpApiError::Rejected { .. })) => {
                    let (one, other) = types.split_at(types.len() / 2);
                    if one.is_empty() {
                        is_complete = false;
                        tracing::warn!(
                            seller = %seller.seller_id,
                            types = listed(&types),
                            "Amazon does not list reports of {}: {refusal}",
                            seller.seller_id
                        );
                    } else {
                        to_ask.extend([one.to_vec(), other.to_vec()]);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok((reports, is_complete))
    }

    /// Those of some types, page by page.
    async fn finished_reports_of(
        &self,
        seller: &Discovering,
        types: &[ReportType],
        since: ListedSince,
    ) -> Result<Vec<Report>, PipelineError> {
        let filter = ReportsFilter::new(types.to_vec())
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
                    seller.seller_id.seller(),
                    seller.region,
                    Operation::GetReports,
                    PATIENCE,
                    |client, token| async move { client.get_reports(seller.region, &token, asked).await },
                )
                .await?;
            for unreadable in &page.unreadable {
                tracing::warn!(
                    "a report in Amazon's list could not be read: {}",
                    unreadable.problem
                );
            }
            reports.extend(page.reports);
            match page.next_token {
                Some(token) => query = ReportsQuery::Next(token),
                None => return Ok(reports),
            }
        }
    }
}

/// Types in words.
pub(super) fn listed(types: &[ReportType]) -> String {
    let names: Vec<_> = types.iter().map(ReportType::as_str).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
