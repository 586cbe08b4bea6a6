//! What is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Verdict;
use crate::evidence::{Evidence, Kind, report_of};

/// Times of uploads have no more than seconds.
const RESOLUTION: Duration = Duration::from_secs(1);

impl Verdict {
    /// Whatever is there that belongs to nothing.
    pub(super) fn judge_strangers(&mut self, evidence: &Evidence) {
        let known: BTreeSet<_> = evidence
            .reports
            .iter()
            .map(|report| (report.seller.as_str(), report.id.as_str()))
            .collect();
        for object in &evidence.objects {
            if !report_of(&object.key).is_some_and(|report| known.contains(&report)) {
                self.complain(format!("the object {} belongs to no report", object.key));
            }
        }
        for mail in &evidence.mails {
            let about = (mail.seller.as_str(), mail.about.as_str());
            if !known.contains(&about) && mail.kind != Kind::Obstacle {
                self.complain(format!(
                    "an e-mail is about nothing: {} ({})",
                    mail.subject, mail.about
                ));
            }
        }
        for row in evidence.rows.iter().filter(|row| !row.is_order()) {
            if !known.contains(&(row.seller.as_str(), row.id.as_str())) {
                self.complain(format!(
                    "the ledger knows a report {} that Amazon does not",
                    row.id
                ));
            }
        }
        for row in evidence
            .rows
            .iter()
            .filter(|row| row.is_order() && !row.is_final())
        {
            self.complain(format!("the order {} is {} still", row.id, row.status));
        }
        if !evidence.some_made_elsewhere {
            for report in evidence.reports.iter().filter(|report| report.order.is_none()) {
                self.complain(format!(
                    "nobody ordered report {} of {}",
                    report.id, report.seller
                ));
            }
        }
    }

    /// Whether uploads were ended. Those of a killed function can't be, nor those whose beginning nobody
    /// heard of because S3's answer was lost.
    pub(super) fn judge_uploads(&mut self, evidence: &Evidence) {
        let mut unheard = evidence.uploads_without_answer;
        for upload in &evidence.uploads {
            let killed_later = |begun: Timestamp| {
                let kills = evidence
                    .kills
                    .iter()
                    .filter(|kill| kill.function == "report-document-storage");
                kills.into_iter().any(|kill| kill.at >= begun - RESOLUTION)
            };
            if upload.begun_at.is_some_and(killed_later) {
                self.uploads_left_behind += 1;
            } else if unheard > 0 {
                unheard -= 1;
                self.uploads_left_behind += 1;
            } else {
                self.complain(format!("an upload to {} was never ended", upload.key));
            }
        }
    }

    /// Whether the dead-letter queue holds the garbage and nothing else.
    pub(super) fn judge_dead_letters(&mut self, evidence: &Evidence) {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for letter in &evidence.dead_letters {
            if !evidence.garbage.contains(&letter.body) {
                self.complain(format!(
                    "the dead-letter queue holds what is no garbage: {:.200}",
                    letter.body
                ));
            } else if letter.error_type.is_none() {
                self.complain(format!(
                    "a dead letter does not say why it is there: {:.200}",
                    letter.body
                ));
            }
            *found.entry(&letter.body).or_default() += 1;
        }
        for piece in &evidence.garbage {
            if !found.contains_key(piece.as_str()) {
                self.complain(format!("garbage is not in the dead-letter queue: {piece:.200}"));
            }
        }
    }
}
