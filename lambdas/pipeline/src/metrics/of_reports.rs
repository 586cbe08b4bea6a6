use std::time::Duration;

use jiff::Timestamp;

use super::{Line, Metric, Outcome};
use crate::adapters::LedgerRow;
use crate::domain::FinalStatus;
use crate::domain::ledger::Stage;

/// What is measured of a report whose reader has been told of its end, as its `row` was before that.
#[must_use]
pub fn of_delivery(row: &LedgerRow, ended: FinalStatus, bytes: Option<u64>, now: Timestamp) -> Line {
    let outcome = match ended {
        FinalStatus::Done => Outcome::Delivered,
        FinalStatus::Cancelled => Outcome::Cancelled,
        FinalStatus::Fatal => Outcome::Failed,
        FinalStatus::Dropped => Outcome::Dropped,
    };
    let line = Line::default()
        .with(Metric::Reports(outcome), 1)
        .with_any(Metric::DocumentBytes, bytes);
    // How long its owner took to mend something is no time of ours, nor is that in which history gives way to what
    // is announced today.
    if row.releases() > 0 || row.backfill().is_some() {
        return line;
    }
    let at = |stage: Stage| row.time(stage.time_attribute());
    let mut line = line.with_any(Metric::TimeToMail, milliseconds(at(Stage::Notified), Some(now)));
    let mut before = at(Stage::Notified);
    for (stage, metric) in [
        (Stage::Retrieved, Metric::RetrievalTime),
        (Stage::Stored, Metric::StorageTime),
        (Stage::Linked, Metric::LinkTime),
    ] {
        line = line.with_any(metric, milliseconds(before, at(stage)));
        before = at(stage).or(before);
    }
    line.with_any(Metric::NotificationTime, milliseconds(before, Some(now)))
}

fn milliseconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<u64> {
    // Clocks differ: what ended before it began took no time.
    let took = Duration::try_from(to? - from?).unwrap_or_default();
    u64::try_from(took.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKED: [(&str, &str); 4] = [
        ("notifiedAt", "2026-11-22T08:00:00.000Z"),
        ("retrievedAt", "2026-11-22T08:00:01.500Z"),
        ("storedAt", "2026-11-22T08:00:03.500Z"),
        ("linkedAt", "2026-11-22T08:00:03.600Z"),
    ];

    fn measured(texts: &[(&str, &str)], ended: FinalStatus, bytes: Option<u64>) -> Line {
        let now = "2026-11-22T08:00:04Z".parse().expect("a time");
        of_delivery(&LedgerRow::of_texts(texts), ended, bytes, now)
    }

    #[test]
    fn a_delivery_is_measured_as_a_whole_and_by_its_stages() {
        let expected = Line::default()
            .with(Metric::Reports(Outcome::Delivered), 1)
            .with(Metric::DocumentBytes, 7)
            .with(Metric::TimeToMail, 4000)
            .with(Metric::RetrievalTime, 1500)
            .with(Metric::StorageTime, 2000)
            .with(Metric::LinkTime, 100)
            .with(Metric::NotificationTime, 400);
        assert_eq!(measured(&LINKED, FinalStatus::Done, Some(7)), expected);
    }

    #[test]
    fn what_has_no_document_or_no_announcement_has_no_times_of_them() {
        let cancelled = Line::default()
            .with(Metric::Reports(Outcome::Cancelled), 1)
            .with(Metric::TimeToMail, 4000)
            .with(Metric::NotificationTime, 4000);
        assert_eq!(measured(&LINKED[..1], FinalStatus::Cancelled, None), cancelled);
        let backfilled = [&LINKED[..], &[("backfill", "A3-1")]].concat();
        let history = Line::default().with(Metric::Reports(Outcome::Dropped), 1);
        assert_eq!(measured(&backfilled, FinalStatus::Dropped, None), history);
        let by_hand = Line::default().with(Metric::Reports(Outcome::Failed), 1);
        assert_eq!(measured(&[], FinalStatus::Fatal, None), by_hand);
    }
}
