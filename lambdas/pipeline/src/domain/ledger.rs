//! A report's life, as the ledger keeps it.

use std::time::Duration;

use jiff::Timestamp;

use super::FinalStatus;

/// How long Amazon is not asked again about a report that it is still working on, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// A station of a report's life. Later ones are never overwritten by earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Amazon took the order.
    Ordered,
    /// Amazon is done with it, and the delivery begins.
    Notified,
    /// Amazon told where the document is.
    Retrieved,
    /// The document is in the bucket.
    Stored,
    /// There is a link to it.
    Linked,
    /// The seller has been told how it ended.
    Ended(FinalStatus),
}

impl Stage {
    /// Its number in the ledger; a write applies to a row that is no further.
    #[must_use]
    pub fn progress(self) -> u8 {
        match self {
            Self::Ordered => 10,
            Self::Notified => 20,
            Self::Retrieved => 30,
            Self::Stored => 40,
            Self::Linked => 50,
            Self::Ended(_) => FINAL_PROGRESS,
        }
    }

    /// Its name in the ledger.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Ordered => "ORDERED",
            Self::Notified => "NOTIFIED",
            Self::Retrieved => "RETRIEVED",
            Self::Stored => "STORED",
            Self::Linked => "LINKED",
            Self::Ended(FinalStatus::Done) => "ANNOUNCED",
            Self::Ended(other) => other.as_str(),
        }
    }

    /// The attribute that holds when it was reached first.
    #[must_use]
    pub fn time_attribute(self) -> &'static str {
        match self {
            Self::Ordered => "orderedAt",
            Self::Notified => "notifiedAt",
            Self::Retrieved => "retrievedAt",
            Self::Stored => "storedAt",
            Self::Linked => "linkedAt",
            Self::Ended(_) => "announcedAt",
        }
    }
}

/// The number of a report that needs nothing more.
pub const FINAL_PROGRESS: u8 = 60;

/// The status of a report that was announced, and that nobody wants here.
pub const SKIPPED: &str = "SKIPPED";

/// The number of such a report: whoever wants it after all takes it further.
pub const SKIPPED_PROGRESS: u8 = 5;

/// The number of a delivery that failed: a repeated notification does not move it, a delivery that is
/// started again does.
pub const FAILED_PROGRESS: u8 = 25;

/// When to look again after a report that has not come although it is overdue: at first soon, then
/// ever more rarely, as reports that take long take longer.
#[must_use]
pub fn look_again(since: Timestamp, now: Timestamp, overdue: Duration) -> Timestamp {
    let age = Duration::try_from(now - since).unwrap_or_default();
    now + (age / 2).max(overdue).min(LONGEST_PAUSE.max(overdue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other() {
        let life = [
            Stage::Ordered,
            Stage::Notified,
            Stage::Retrieved,
            Stage::Stored,
            Stage::Linked,
            Stage::Ended(FinalStatus::Done),
        ];
        assert!(
            life.windows(2)
                .all(|pair| pair[0].progress() < pair[1].progress())
        );
        assert!(SKIPPED_PROGRESS < Stage::Notified.progress());
        assert!(Stage::Notified.progress() < FAILED_PROGRESS);
        assert!(FAILED_PROGRESS < Stage::Retrieved.progress());
    }

    #[test]
    fn a_late_report_is_asked_about_ever_more_rarely() {
        let ordered: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
        let minutes = |age: u64| {
            let now = ordered + Duration::from_secs(age * 60);
            let next = look_again(ordered, now, Duration::from_secs(1800));
            (next - now).total(jiff::Unit::Minute).expect("minutes").round() as u64
        };
        assert_eq!(minutes(30), 30);
        assert_eq!(minutes(120), 60);
        assert_eq!(minutes(60 * 24 * 10), 360);
    }
}
