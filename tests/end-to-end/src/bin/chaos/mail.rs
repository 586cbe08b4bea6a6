//! Notifications that the storm sends in Amazon's stead: late ones, and some once more.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use crate::evidence::truth::TrueReport;
use crate::plan::Letter;
use crate::scene::{Scene, id_of};

/// The letters that have not been sent, and since when their reports are known to be finished.
#[derive(Debug, Default)]
pub struct Mail {
    waiting: Vec<Letter>,
    finished: HashMap<usize, Instant>,
    /// How many were sent that were late.
    pub late: u64,
    /// How many were sent once more.
    pub repeated: u64,
}

impl Mail {
    /// Letters to be sent.
    pub fn of(letters: &[Letter]) -> Self {
        Self {
            waiting: letters.to_vec(),
            ..Self::default()
        }
    }

    /// How many letters wait for reports that are there.
    pub fn waiting(&self, reports: &[TrueReport]) -> usize {
        let is_there = |letter: &&Letter| reports.iter().any(|report| report.order == Some(letter.order));
        self.waiting.iter().filter(is_there).count()
    }

    /// Sends what is due by now.
    pub async fn send_due(&mut self, scene: &Scene, reports: &[TrueReport]) -> Result<()> {
        let now = Instant::now();
        for report in reports.iter().filter(|report| report.is_final()) {
            if let Some(order) = report.order {
                self.finished.entry(order).or_insert(now);
            }
        }
        for letter in self.take_due(now) {
            let Some(report) = reports.iter().find(|report| report.order == Some(letter.order)) else {
                continue;
            };
            scene
                .simulator
                .announce(id_of(&report.seller), &report.region, &report.id, letter.copies)
                .await?;
            if letter.is_late {
                self.late += 1;
            } else {
                self.repeated += letter.copies;
            }
        }
        Ok(())
    }

    fn take_due(&mut self, now: Instant) -> Vec<Letter> {
        let is_due = |letter: &Letter| {
            let finished = self.finished.get(&letter.order);
            finished.is_some_and(|finished| now.duration_since(*finished) >= letter.after)
        };
        let (mut due, waiting): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(is_due);
        self.waiting = waiting;
        // The last first: nobody promises an order.
        due.reverse();
        due
    }
}

/// The reports of this run's sellers, without checksums.
pub async fn look(scene: &Scene, sellers: &[&str]) -> Result<Vec<TrueReport>> {
    let reports: Vec<Value> = scene.simulator.reports(false).await?;
    Ok(TrueReport::of(&reports, sellers))
}

/// How often the simulator is looked at.
pub const PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_due_after_their_report_and_the_last_comes_first() {
        let letter = |order, after| Letter {
            order,
            after: Duration::from_secs(after),
            copies: 1,
            is_late: true,
        };
        let mut mail = Mail::of(&[letter(1, 5), letter(2, 5), letter(3, 60), letter(4, 0)]);
        let now = Instant::now();
        mail.finished.extend([1, 2, 3].map(|order| (order, now)));
        assert!(mail.take_due(now).is_empty());
        let due = mail.take_due(now + Duration::from_secs(6));
        assert_eq!(due.iter().map(|letter| letter.order).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(mail.waiting.len(), 2);
    }
}
