//! What Amazon had of a seller's reports before the seller joined: found, the newest first, delivered like
//! any other, and told of all at once.
//!
//! Everything is written down before it is done, so that any run can go on where another died: which times
//! are still to be searched, and, with each report's row, how many were found and how many have ended.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use pipeline::adapters::{AnnouncementKind, Backfill, Discovering, Found, LedgerRow, Traits};
use pipeline::domain::backfill::{BackfillId, Window};
use pipeline::domain::backfill_news::{BackfillNews, BackfilledReport, Fate};
use pipeline::domain::news::News;
use pipeline::domain::obstacle::WAITING_FOR_OWNER;
use pipeline::domain::{AnnouncedReport, Announcement, FinishedReport};
use pipeline::logging::About;
use pipeline::workflows::report_type;
use pipeline::{PipelineError, persistently};
use sp_api::rates::Operation;
use sp_api::{ListedSince, ProcessingStatus, Report, ReportsFilter, ReportsPage, ReportsQuery, SpApiError};

use crate::discovery::listed;
use crate::overdue::{PATIENCE, Reconciler};
use crate::slow::{teller, teller_name};

/// So many deliveries of history are under way at a time. Each reserves a slot of Amazon's quota, and what
/// is announced today must not queue behind ninety days.
const AHEAD: u64 = 15;

/// When none has ended for so long, they wait for something else than the quota, and others may begin.
const STALLED: SignedDuration = SignedDuration::from_hours(1);

/// When nothing has happened for so long, the seller is told of what there is.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(24);

/// Amazon's limit for a page.
const PAGE: u8 = 100;

/// Amazon says to the second when a report was created.
const SECOND: Duration = Duration::from_secs(1);

/// How a search of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Searched {
    /// There is more, for the next run.
    ToBeContinued,
    /// This window is done.
    Done,
}

impl Reconciler {
    /// Begins what was asked for, and goes on with every backfill that is not over. Gives how many reports
    /// were found.
    pub async fn backfill(&self, until: SystemTime) -> Result<u64, PipelineError> {
        let (ledger, sellers) = (&self.workflows.ledger, self.partners.discovering().await?);
        for seller in &sellers {
            for backfill in &seller.backfills {
                ledger.begin_backfill(&seller.seller_id, backfill).await?;
                self.partners.record_begun(&seller.seller_id, backfill).await?;
            }
        }
        let mut found = 0;
        for id in ledger.backfills().await? {
            if SystemTime::now() > until {
                tracing::warn!("not all backfills went on; the next run goes on");
                break;
            }
            // One seller's trouble, or spent quota, is not the others'.
            match self.go_on_with(&id, &sellers, until).await {
                Ok(count) => found += count,
                Err(error) => tracing::warn!(backfill = %id, "does not go on: {error}"),
            }
        }
        Ok(found)
    }

    async fn go_on_with(
        &self,
        id: &BackfillId,
        sellers: &[Discovering],
        until: SystemTime,
    ) -> Result<u64, PipelineError> {
        let ledger = &self.workflows.ledger;
        let Some(mut backfill) = ledger.backfill(id).await? else {
            return Ok(0);
        };
        let before = backfill.progress;
        // Who was forgotten, or looks for these types no more, gets no more of them.
        let seller = sellers.iter().find(|it| it.seller_id == backfill.seller_id);
        let is_wanted = seller.is_some();
        let types = seller.map_or(&[][..], |seller| &seller.report_types);
        for window in &mut backfill.windows {
            window.report_types.retain(|it| types.contains(it));
        }
        backfill.windows.retain(|window| !window.report_types.is_empty());
        let found = self.search(&mut backfill, until).await?;
        let Some(now) = ledger.backfill(id).await? else {
            return Ok(found);
        };
        let backfill = Backfill {
            windows: backfill.windows,
            refused: backfill.refused,
            ..now
        };
        let is_silent = found == 0 && before + LONGEST_SILENCE < Timestamp::now();
        self.see_to_the_end(backfill, is_wanted, is_silent).await?;
        Ok(found)
    }

    /// Tells the seller when all has come, or nothing comes, and ends what is over.
    async fn see_to_the_end(
        &self,
        backfill: Backfill,
        is_wanted: bool,
        is_silent: bool,
    ) -> Result<(), PipelineError> {
        let (ledger, id) = (&self.workflows.ledger, &backfill.id);
        let is_searched = backfill.windows.is_empty();
        let has_all = is_searched && backfill.done == backfill.found;
        let is_time = has_all || !is_wanted || is_silent;
        // Of nothing there is nothing to tell, and nothing is held back.
        if !backfill.is_told && backfill.done > 0 && (is_time || backfill.is_closed) {
            ledger.close_backfill(id).await?;
            self.tell_of_backfill(&backfill).await?;
            if is_searched {
                ledger.end_backfill(id).await?;
            }
            return Ok(());
        }
        let is_over = has_all || !is_wanted || (backfill.is_told && is_searched);
        if is_over {
            ledger.end_backfill(id).await?;
        }
        Ok(())
    }

    async fn tell_of_backfill(&self, backfill: &Backfill) -> Result<(), PipelineError> {
        let (ledger, id, name) = (&self.workflows.ledger, &backfill.id, teller_name());
        let turn = self
            .slow
            .publisher
            .take_turn(id, AnnouncementKind::End, teller(&name));
        let Some(turn) = turn.await? else {
            return Ok(());
        };
        let rows = match ledger.rows_of_backfill(backfill).await {
            Ok(rows) => rows,
            Err(error) => {
                turn.give_back().await;
                return Err(error);
            }
        };
        let told = BackfillNews {
            seller_id: &backfill.seller_id,
            region: backfill.region,
            reports: rows.iter().filter_map(backfilled).collect(),
            is_searching: !backfill.windows.is_empty(),
            refused: &backfill.refused,
        };
        let news = News::of_backfill(&told, &self.reports_bucket, &id.to_string(), Timestamp::now());
        turn.publish(&news, &Announcement::of_backfill(&told)).await?;
        persistently(|| ledger.record_backfill_told(id)).await
    }

    /// Searches on, as far as the quotas and the time allow. Gives how many reports were found.
    async fn search(&self, backfill: &mut Backfill, until: SystemTime) -> Result<u64, PipelineError> {
        let mut budget = budget(backfill, Timestamp::now());
        let most = budget;
        while budget > 0 && SystemTime::now() < until {
            let Some(newest) = backfill.windows.iter().enumerate().max_by_key(|(_, it)| it.until) else {
                break;
            };
            let (index, window) = (newest.0, newest.1.clone());
            match self
                .search_window(backfill, index, window, &mut budget, until)
                .await
            {
                Ok(Searched::ToBeContinued) => break,
                Ok(Searched::Done) => {
                    backfill.windows.remove(index);
                    self.workflows.ledger.record_search(backfill).await?;
                }
                Err(PipelineError::Amazon(refusal @ SpApiError::Rejected { .. })) => {
                    let types = backfill.windows[index].report_types.clone();
                    tracing::warn!(
                        backfill = %backfill.id,
                        types = listed(&types),
                        "Amazon does not list what was there before: {refusal}"
                    );
                    put_aside_or_split(backfill, index);
                    self.workflows.ledger.record_search(backfill).await?;
                }
                // It may wait for the quota, or for its owner. What has come meanwhile can be told.
                Err(error) => {
                    tracing::info!(backfill = %backfill.id, "is searched on later: {error}");
                    break;
                }
            }
        }
        Ok(most - budget)
    }

    /// Searches a window page by page, and writes after each how far that is.
    async fn search_window(
        &self,
        backfill: &mut Backfill,
        index: usize,
        window: Window,
        budget: &mut u64,
        until: SystemTime,
    ) -> Result<Searched, PipelineError> {
        let since = ListedSince::within_reach(window.since, Timestamp::now());
        let filter = ReportsFilter::new(window.report_types)
            .and_then(|filter| filter.page_size(PAGE))
            .map_err(|error| PipelineError::InvalidInput(error.to_string()))?
            .processing_statuses(vec![ProcessingStatus::Done])
            .created_since(since)
            .created_until(window.until);
        let mut query = ReportsQuery::Filter(filter);
        loop {
            let page = self.page(backfill, &query).await?;
            for unreadable in &page.unreadable {
                tracing::warn!(
                    "a report in Amazon's list could not be read: {}",
                    unreadable.problem
                );
            }
            for report in page.reports {
                // Should this be the last one of this run, the next begins with it.
                backfill.windows[index].until = (report.created_time + SECOND).min(window.until);
                if *budget == 0 || SystemTime::now() > until {
                    self.workflows.ledger.record_search(backfill).await?;
                    return Ok(Searched::ToBeContinued);
                }
                *budget -= u64::from(self.find(backfill, report).await?);
            }
            let Some(next) = page.next_token else {
                return Ok(Searched::Done);
            };
            self.workflows.ledger.record_search(backfill).await?;
            query = ReportsQuery::Next(next);
        }
    }

    async fn page(&self, backfill: &Backfill, query: &ReportsQuery) -> Result<ReportsPage, PipelineError> {
        let region = backfill.region;
        self.amazon
            .if_free(
                backfill.seller_id.seller(),
                region,
                Operation::GetReports,
                PATIENCE,
                |client, token| async move { client.get_reports(region, &token, query).await },
            )
            .await
    }

    /// Has a report delivered that the ledger does not know. Whether it is one.
    async fn find(&self, backfill: &Backfill, report: Report) -> Result<bool, PipelineError> {
        let traits = Traits {
            created: report.created_time,
            data_start: report.data_start_time,
            data_end: report.data_end_time,
        };
        let Some(finished) = FinishedReport::of(backfill.seller_id.clone(), report) else {
            return Ok(false);
        };
        if backfill.is_closed {
            return self.deliver_unless_known(finished, backfill.region).await;
        }
        if self.is_elsewhere(&finished, backfill.region).await? {
            return Ok(false);
        }
        let announced = AnnouncedReport::from(finished.clone());
        let (ledger, overdue) = (&self.workflows.ledger, self.workflows.overdue);
        match ledger.record_found(backfill, &announced, traits, overdue).await? {
            Found::Known => Ok(false),
            Found::Closed => self.deliver_unless_known(finished, backfill.region).await,
            Found::New => {
                let about =
                    About::report(&announced.seller_id, &announced.report_id).in_region(backfill.region);
                let span = about.span();
                span.in_scope(|| tracing::info!("{about} was there before, and its delivery begins"));
                // Should that fail, its row is overdue soon.
                let name = announced.execution_name();
                if let Err(error) = self.workflows.deliveries.start(&name, &announced).await {
                    span.in_scope(|| {
                        tracing::warn!("{about} is found, and its execution not started yet: {error}");
                    });
                }
                Ok(true)
            }
        }
    }
}

/// How many deliveries may begin.
fn budget(backfill: &Backfill, now: Timestamp) -> u64 {
    let underway = backfill.found.saturating_sub(backfill.done);
    if backfill.is_closed || backfill.progress + STALLED < now {
        return AHEAD;
    }
    AHEAD.saturating_sub(underway)
}

/// Amazon refuses to list these types together: one by one it may not. One that it refuses by itself is put
/// aside.
fn put_aside_or_split(backfill: &mut Backfill, index: usize) {
    let window = backfill.windows.remove(index);
    let (one, other) = window.report_types.split_at(window.report_types.len() / 2);
    if one.is_empty() {
        backfill.refused.extend(window.report_types);
        return;
    }
    for types in [one, other] {
        backfill.windows.push(Window {
            report_types: types.to_vec(),
            ..window
        });
    }
}

/// What there is to tell of a row; `None` if it has been told by itself.
fn backfilled(row: &LedgerRow) -> Option<BackfilledReport> {
    let has_ended_in_it = row.text("endedIn").is_some();
    let fate = match (row.status(), has_ended_in_it) {
        ("ANNOUNCED", true) => Fate::Delivered(row.text("objectKey").unwrap_or_default().to_owned()),
        ("ANNOUNCED", false) => return None,
        ("FAILED", true) => {
            let [error, cause] = ["error", "errorCause"].map(|name| row.text(name).unwrap_or_default());
            Fate::NotDelivered(format!("{error}: {cause}"))
        }
        (status @ ("CANCELLED" | "FATAL" | "DROPPED"), true) => Fate::NotDelivered(status.to_owned()),
        (WAITING_FOR_OWNER, _) => {
            let waits_for = row.text("waitingFor").unwrap_or_default();
            Fate::ToCome(Some(format!("waits: {waits_for}")))
        }
        // Also one that had failed and has begun again.
        _ => Fate::ToCome(None),
    };
    Some(BackfilledReport {
        report_id: row.text("reportId")?.to_owned(),
        report_type: report_type(row),
        created: row.time("createdTime"),
        period: row.time("dataStartTime").zip(row.time("dataEndTime")),
        fate,
    })
}

#[cfg(test)]
mod tests;
