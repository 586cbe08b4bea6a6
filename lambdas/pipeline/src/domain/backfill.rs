//! What Amazon had of a seller's reports before the seller joined: which of it is looked for.

use std::collections::BTreeSet;
use std::fmt;

use super::Account;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sp_api::RegionCode;
use sp_api::ids::ReportType;

/// How far back Amazon lists reports.
pub const REACH: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The name of a backfill.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BackfillId(String);

impl BackfillId {
    /// A new one of `seller`.
    #[must_use]
    pub fn random(seller: &Account) -> Self {
        Self(format!("{seller}-{:032x}", fastrand::u128(..)))
    }

    /// The one that a row names.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackfillId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A time of which reports are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Of these types.
    #[serde(rename = "types")]
    pub report_types: Vec<ReportType>,
    /// Created then or later.
    pub since: Timestamp,
    /// Created then or earlier; it moves back as they are found, the newest first.
    pub until: Timestamp,
}

/// What a seller who joins is to get of what Amazon has already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBackfill {
    /// Its name.
    pub id: BackfillId,
    /// Where.
    pub region: RegionCode,
    /// What is looked for.
    pub windows: Vec<Window>,
}

/// Since when a type is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Which.
    pub report_type: ReportType,
    /// When that was switched on: what is created then or later is no history.
    pub at: Timestamp,
    /// How far back its history has been asked for.
    pub since: Timestamp,
}

impl Joined {
    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (report_type, at, since) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            report_type: ReportType::parse(report_type).ok()?,
            at: at.parse().ok()?,
            since: since.parse().ok()?,
        })
    }
}

impl fmt::Display for Joined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.report_type, self.at, self.since)
    }
}

/// What becomes of the types that are looked for, `before`, when a call at `now` names `types`, and which
/// history that asks for: all of a type that is new, and what lies before of one whose history was not
/// asked for so far back.
#[must_use]
pub fn join(
    before: &[Joined],
    types: &BTreeSet<ReportType>,
    since: Option<Timestamp>,
    now: Timestamp,
) -> (Vec<Joined>, Vec<Window>) {
    let mut windows: Vec<Window> = Vec::new();
    let mut ask = |report_type: &ReportType, since: Timestamp, until: Timestamp| {
        let same = windows
            .iter_mut()
            .find(|window| (window.since, window.until) == (since, until));
        match same {
            Some(window) => window.report_types.push(report_type.clone()),
            None => windows.push(Window {
                report_types: vec![report_type.clone()],
                since,
                until,
            }),
        }
    };
    let joined = types.iter().map(|report_type| {
        let known = before.iter().find(|known| known.report_type == *report_type);
        let Some(known) = known else {
            let since = since.unwrap_or(now - REACH);
            ask(report_type, since, now);
            return Joined {
                report_type: report_type.clone(),
                at: now,
                since,
            };
        };
        let since = since.filter(|since| *since < known.since);
        if let Some(since) = since {
            ask(report_type, since, known.since);
        }
        Joined {
            since: since.unwrap_or(known.since),
            ..known.clone()
        }
    });
    let joined = joined.collect();
    (joined, windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn types(names: &[&str]) -> BTreeSet<ReportType> {
        let parse = |name: &&str| ReportType::parse(name).expect("valid");
        names.iter().map(parse).collect()
    }

    fn window(names: &[&str], since: &str, until: &str) -> Window {
        Window {
            report_types: types(names).into_iter().collect(),
            since: at(since),
            until: at(until),
        }
    }

    const JOINED: &str = "2026-11-22T05:00:00Z";
    const LATER: &str = "2026-11-25T05:00:00Z";

    #[test]
    fn who_joins_gets_ninety_days_or_what_was_asked_for() {
        let (joined, windows) = join(&[], &types(&["GET_A", "GET_B"]), None, at(JOINED));
        assert_eq!(
            windows,
            [window(&["GET_A", "GET_B"], "2026-08-24T05:00:00Z", JOINED)]
        );
        assert_eq!(joined.len(), 2);
        let since = at("2026-11-01T00:00:00Z");
        let (_, windows) = join(&[], &types(&["GET_A"]), Some(since), at(JOINED));
        assert_eq!(windows, [window(&["GET_A"], "2026-11-01T00:00:00Z", JOINED)]);
    }

    #[test]
    fn the_same_again_asks_for_nothing_and_a_further_type_for_its_own() {
        let (joined, _) = join(&[], &types(&["GET_A"]), None, at(JOINED));
        let (same, windows) = join(&joined, &types(&["GET_A"]), None, at(LATER));
        assert_eq!((&same, windows), (&joined, vec![]));
        let (two, windows) = join(&joined, &types(&["GET_A", "GET_B"]), None, at(LATER));
        assert_eq!(windows, [window(&["GET_B"], "2026-08-27T05:00:00Z", LATER)]);
        assert_eq!(two[0], joined[0]);
        assert_eq!(two[1].at, at(LATER));
        // What is switched off and on again has joined anew.
        let (none, _) = join(&two, &types(&["GET_B"]), None, at(LATER));
        assert_eq!(join(&none, &types(&["GET_A"]), None, at(LATER)).1.len(), 1);
    }

    #[test]
    fn only_an_earlier_time_goes_back_further() {
        let since = |text: &str| Some(at(text));
        let a = types(&["GET_A"]);
        let (joined, _) = join(&[], &a, since("2026-11-01T00:00:00Z"), at(JOINED));
        for later in ["2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z"] {
            let (same, windows) = join(&joined, &a, since(later), at(LATER));
            assert_eq!((&same, windows), (&joined, vec![]), "{later}");
        }
        let (further, windows) = join(&joined, &a, since("2026-10-01T00:00:00Z"), at(LATER));
        assert_eq!(
            windows,
            [window(&["GET_A"], "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")]
        );
        assert_eq!(
            (further[0].at, further[0].since),
            (at(JOINED), at("2026-10-01T00:00:00Z"))
        );
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let (joined, _) = join(&[], &types(&["GET_A"]), None, at(JOINED));
        assert_eq!(Joined::parse(&joined[0].to_string()).as_ref(), Some(&joined[0]));
        assert_eq!(Joined::parse("GET_A yesterday"), None);
    }
}
