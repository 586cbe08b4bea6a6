use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How long links live where nobody says otherwise, and documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A link, in days.
    pub link_days: u32,
    /// Most documents, in days.
    pub document_days: u32,
}

/// When a link ends that is made `now` to live for `days`: never after its document, which is deleted
/// once it has been stored for `kept`. `None` where the document's time is over already.
#[must_use]
pub fn link_end(now: Timestamp, days: u32, stored_at: Timestamp, kept: Duration) -> Option<Timestamp> {
    let of_document = stored_at.checked_add(kept).ok()?;
    let of_link = now.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    (of_document > now).then(|| of_link.map_or(of_document, |end| end.min(of_document)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_link_ends_with_its_days_or_its_document() {
        let stored = at("2026-11-01T06:00:00Z");
        let end = |now: &str, days| link_end(at(now), days, stored, 30 * DAY);
        assert_eq!(end("2026-11-01T06:00:00Z", 7), Some(at("2026-11-08T06:00:00Z")));
        assert_eq!(end("2026-11-28T06:00:00Z", 7), Some(at("2026-12-01T06:00:00Z")));
        assert_eq!(end("2026-12-01T06:00:00Z", 7), None);
        assert_eq!(
            end("2026-11-01T06:00:00Z", u32::MAX),
            Some(at("2026-12-01T06:00:00Z"))
        );
    }
}
