//! Finding out whether an obstacle is gone, and having everything go on that it stopped.
//!
//! First LWA is asked, if it can tell. Then one that waits goes ahead; if it comes through, all others
//! follow, those first that have waited longest. Everything is written down before it is done, so that
//! any invocation can go on where another died.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Due, Going, LedgerRow, Standing, Teller};
use pipeline::domain::ledger::{Stage, look_again};
use pipeline::domain::obstacle::{Obstacle, WAITING_FOR_OWNER};
use pipeline::metrics::Metric;
use pipeline::workflows::{GivenUp, report_type};
use sp_api::report_types;

use crate::worker::{Progress, Worker};

/// This much of an invocation's time is left unused, so that it ends by itself.
const RESERVE: Duration = Duration::from_secs(15);

/// How many rows are asked for at once.
const PAGE: u16 = 100;

/// Among so many that have waited longest the one that goes ahead is chosen, each in its turn: one may be
/// denied for a reason of its own.
const MAY_GO_AHEAD: u16 = 10;

/// How often it is looked how the one is getting on that went ahead, in seconds.
const WATCH_SECONDS: u32 = 5;

/// How long one is watched that went ahead, before the reconciler's next run is left to look again.
const LONGEST_WATCH: Duration = Duration::from_secs(600);

/// How long an obstacle is left alone at most, by what it is.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// The invocation that sees to an obstacle.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// Its request id.
    pub name: &'a str,
    /// When it ends.
    pub deadline: SystemTime,
}

impl<'a> Invocation<'a> {
    fn teller(self) -> Result<Teller<'a>, PipelineError> {
        Teller::of_invocation(self.name, self.deadline)
    }
}

/// How the one is getting on that went ahead.
enum Ahead {
    /// It is on its way still.
    Underway,
    /// It came through.
    Through,
    /// It waits again.
    Stopped,
}

impl Worker {
    /// Finds out whether an obstacle is gone, and has everything go on if it is.
    pub async fn see_to(
        &self,
        obstacle: &Obstacle,
        started_at: Timestamp,
        invocation: Invocation<'_>,
    ) -> Result<Progress, PipelineError> {
        let Some(standing) = self.ledger().obstacle(obstacle).await? else {
            return Ok(Progress::DONE);
        };
        if let Some(gone) = standing.gone {
            return self.have_all_go_on(&standing, gone, invocation).await;
        }
        let Some(ahead) = &standing.ahead else {
            return self.try_it(&standing, invocation).await;
        };
        match self.how_fares(ahead).await? {
            Ahead::Through => {
                let gone = Timestamp::now();
                self.ledger().overcome(obstacle, gone).await?;
                self.have_all_go_on(&standing, gone, invocation).await
            }
            Ahead::Stopped => self.stands(&standing, invocation).await,
            Ahead::Underway if started_at + LONGEST_WATCH > Timestamp::now() => {
                Ok(Progress::wait(WATCH_SECONDS))
            }
            Ahead::Underway => Ok(Progress::DONE),
        }
    }

    /// Asks LWA, then has one go ahead.
    async fn try_it(
        &self,
        standing: &Standing,
        invocation: Invocation<'_>,
    ) -> Result<Progress, PipelineError> {
        let obstacle = &standing.obstacle;
        let asked = match obstacle {
            Obstacle::Credentials => self.amazon.check_credentials().await,
            Obstacle::Authorization(seller) | Obstacle::Role(seller, _) => {
                self.amazon.check_authorization(seller).await
            }
        };
        if let Err(error) = asked {
            tracing::info!(%obstacle, "stands: {error}");
            return self.stands(standing, invocation).await;
        }
        let waiting = self.ledger().waiting(obstacle, MAY_GO_AHEAD).await?;
        let Some(turn) = usize::try_from(standing.attempts)
            .ok()
            .and_then(|it| it.checked_rem(waiting.len()))
        else {
            // Nothing waits. Whoever parks a row notes the obstacle afterwards.
            return self.is_gone(standing, Timestamp::now(), invocation).await;
        };
        self.ledger().send_ahead(obstacle, &waiting[turn]).await?;
        self.workflows.go_on(&waiting[turn], Going::Ahead).await?;
        Ok(Progress::wait(WATCH_SECONDS))
    }

    async fn how_fares(&self, ahead: &Due) -> Result<Ahead, PipelineError> {
        let row = self.ledger().row(&ahead.seller_id, &ahead.id).await?;
        Ok(match row {
            // Expired: it tells nothing.
            None => Ahead::Stopped,
            Some(row) if row.status() == WAITING_FOR_OWNER => Ahead::Stopped,
            Some(row) if is_underway(&row) => Ahead::Underway,
            Some(_) => Ahead::Through,
        })
    }

    /// It stands still: its owner is told if he is not yet, and what has waited for too long is given up.
    async fn stands(
        &self,
        standing: &Standing,
        invocation: Invocation<'_>,
    ) -> Result<Progress, PipelineError> {
        let (obstacle, now, overdue) = (&standing.obstacle, Timestamp::now(), self.workflows.overdue);
        if *obstacle == Obstacle::Credentials {
            Metric::CredentialsRefused.count();
        }
        self.give_up_the_oldest(standing).await?;
        // What may be Amazon's mood has two hours to pass, with the usual half hour.
        let patience = if obstacle.may_pass() {
            overdue * 4
        } else {
            Duration::ZERO
        };
        if !standing.is_told && standing.since + patience <= now {
            self.tell_of(standing, invocation.teller()?).await?;
        }
        let next = match obstacle {
            // It stops everybody, and to ask costs nothing.
            Obstacle::Credentials => now + overdue.min(Duration::from_secs(600)),
            _ => look_again(standing.since, now, overdue).min(now + LONGEST_PAUSE),
        };
        self.ledger().look_at_obstacle(obstacle, next).await?;
        Ok(Progress::DONE)
    }

    /// Ends what waits for something that Amazon does not keep any more.
    async fn give_up_the_oldest(&self, standing: &Standing) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        for due in self.ledger().waiting(&standing.obstacle, PAGE).await? {
            let Some(row) = self.ledger().row(&due.seller_id, &due.id).await? else {
                continue;
            };
            let since = ["notifiedAt", "queuedAt", "placingAt"]
                .into_iter()
                .find_map(|at| row.time(at));
            let kept = report_types::kept(report_type(&row).as_ref());
            if since.is_none_or(|since| since + kept > now) {
                break;
            }
            let days = kept.as_secs() / 86_400;
            let cause = format!(
                "{} It waited for that to be put right for the {days} days that Amazon keeps the report.",
                standing.cause
            );
            let why = GivenUp {
                error: &standing.error,
                cause: &cause,
            };
            self.workflows.give_up(&due, &why).await?;
        }
        Ok(())
    }

    /// Everything that waited goes on, those first that have waited longest.
    async fn have_all_go_on(
        &self,
        standing: &Standing,
        gone: Timestamp,
        invocation: Invocation<'_>,
    ) -> Result<Progress, PipelineError> {
        let obstacle = &standing.obstacle;
        let mut done = HashSet::new();
        while SystemTime::now() + RESERVE < invocation.deadline {
            let mut waiting = self.ledger().waiting(obstacle, PAGE).await?;
            if waiting.is_empty() {
                return self.is_gone(standing, gone, invocation).await;
            }
            // It has come back: what has gone on meanwhile would stop again.
            if self.is_back(obstacle, gone).await? {
                return self.stands(standing, invocation).await;
            }
            // The index follows the table after a moment.
            waiting.retain(|row| done.insert(row.id.clone()));
            if waiting.is_empty() {
                return Ok(Progress::wait(1));
            }
            for row in waiting {
                self.workflows.go_on(&row, Going::After).await?;
            }
        }
        Ok(Progress::wait(1))
    }

    async fn is_back(&self, obstacle: &Obstacle, gone: Timestamp) -> Result<bool, PipelineError> {
        let standing = self.ledger().obstacle(obstacle).await?;
        Ok(standing.is_some_and(|standing| standing.met > gone))
    }

    /// Nothing waits any more, and the obstacle was gone at `gone`.
    async fn is_gone(
        &self,
        standing: &Standing,
        gone: Timestamp,
        invocation: Invocation<'_>,
    ) -> Result<Progress, PipelineError> {
        let obstacle = &standing.obstacle;
        if self.is_back(obstacle, gone).await? {
            return self.stands(standing, invocation).await;
        }
        if standing.is_told {
            self.tell_of_end(standing, invocation.teller()?).await?;
        }
        if !self.ledger().remove_obstacle(obstacle, gone).await? {
            // Met again in this very moment: that is a new one.
            self.ledger().renew_obstacle(obstacle).await?;
        }
        Ok(Progress::DONE)
    }
}

/// Whether Amazon has not been asked yet.
fn is_underway(row: &LedgerRow) -> bool {
    match row.status() {
        "QUEUED" | "PLACING" => true,
        status => status == Stage::Notified.status(),
    }
}

#[cfg(test)]
mod tests;
