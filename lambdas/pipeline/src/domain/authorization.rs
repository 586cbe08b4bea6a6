//! How long sellers' authorizations last, and when sellers are reminded that one ends.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use sp_api::RegionCode;

use super::Account;

const DAY: Duration = Duration::from_secs(86_400);

/// How many days before the end sellers are reminded, the last one first.
const REMINDERS: [u16; 3] = [1, 7, 30];

/// Longer terms are a slip of the pen.
const LONGEST_DAYS: u16 = 9999;

/// How many days after it was given an authorization ends: a public application's after a year. `0` for those
/// that don't end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizationTerm(u16);

impl FromStr for AuthorizationTerm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let days = text.parse().ok().filter(|days| *days <= LONGEST_DAYS);
        days.map(Self)
            .ok_or("no whole number of days from 0, which is none, to 9999")
    }
}

impl AuthorizationTerm {
    /// When an authorization ends that was given then; `None` if none does.
    #[must_use]
    pub fn end(self, authorized_at: Timestamp) -> Option<Timestamp> {
        (self.0 > 0).then(|| authorized_at + DAY * u32::from(self.0))
    }

    /// Between which times those authorizations were given that end soon, and have not yet at `now`.
    #[must_use]
    pub fn ending(self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let first = self.reminders().max()?;
        Some((
            now - DAY * u32::from(self.0),
            now - DAY * u32::from(self.0 - first),
        ))
    }

    /// The reminder that is due at `now`, by how many days before the end it is; the last one of several.
    #[must_use]
    pub fn reminder(self, authorized_at: Timestamp, now: Timestamp) -> Option<u16> {
        let end = self.end(authorized_at).filter(|end| *end > now)?;
        self.reminders().find(|days| end - DAY * u32::from(*days) <= now)
    }

    /// None is due when the authorization is given.
    fn reminders(self) -> impl Iterator<Item = u16> {
        REMINDERS.into_iter().filter(move |days| *days < self.0)
    }
}

/// An authorization that ends soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingAuthorization {
    /// Whose.
    pub account: Account,
    /// Where, if that is known.
    pub region: Option<RegionCode>,
    /// When it was given.
    pub authorized_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// The reminder that is due: how many days before the end.
    pub reminder: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(days: &str) -> AuthorizationTerm {
        days.parse().expect("valid")
    }

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    const GIVEN: &str = "2026-01-01T00:00:00Z";

    fn due(days: &str, now: &str) -> Option<u16> {
        term(days).reminder(at(GIVEN), at(now))
    }

    #[test]
    fn reminders_are_due_thirty_seven_and_one_days_before_the_end() {
        assert_eq!(term("365").end(at(GIVEN)), Some(at("2027-01-01T00:00:00Z")));
        for (now, expected) in [
            ("2026-01-01T00:00:00Z", None),
            ("2026-12-01T23:59:59Z", None),
            ("2026-12-02T00:00:00Z", Some(30)),
            ("2026-12-24T23:59:59Z", Some(30)),
            ("2026-12-25T00:00:00Z", Some(7)),
            ("2026-12-31T00:00:00Z", Some(1)),
            ("2026-12-31T23:59:59Z", Some(1)),
            // What is over, Amazon says by itself.
            ("2027-01-01T00:00:00Z", None),
        ] {
            assert_eq!(due("365", now), expected, "{now}");
            let (from, until) = term("365").ending(at(now)).expect("some end");
            assert_eq!(
                (from < at(GIVEN) && at(GIVEN) <= until),
                expected.is_some(),
                "{now}"
            );
        }
    }

    #[test]
    fn a_short_term_has_no_reminder_at_its_beginning_and_none_has_none_at_all() {
        assert_eq!(due("10", "2026-01-02T00:00:00Z"), None);
        assert_eq!(due("10", "2026-01-04T00:00:00Z"), Some(7));
        assert_eq!(term("1").ending(at(GIVEN)), None);
        assert_eq!(term("0").end(at(GIVEN)), None);
        assert_eq!(term("0").ending(at(GIVEN)), None);
        for text in ["", "-1", "365.5", "a year", "10000"] {
            assert!(text.parse::<AuthorizationTerm>().is_err(), "{text}");
        }
    }
}
