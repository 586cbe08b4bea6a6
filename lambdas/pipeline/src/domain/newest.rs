//! The newest reports of a selling partner, whose accounts are each kept by themselves.

use std::collections::VecDeque;

/// A report that Amazon is done with, where it stands among those of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedKey {
    /// The report's id.
    pub id: String,
    /// When Amazon said so, as the ledger writes it: such times sort as texts.
    pub notified_at: String,
}

/// How far an account has been read, from the newest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Not at all.
    Start,
    /// Up to this report.
    After(FinishedKey),
    /// To its end.
    End,
}

/// What follows a position, the newest first. Empty only at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The reports.
    pub keys: VecDeque<FinishedKey>,
    /// Whether there are no more.
    pub is_last: bool,
}

/// Chooses the newest of what follows the accounts' positions, `most` at most, and moves the positions
/// behind them. Each comes with its account's number.
#[must_use]
pub fn newest(
    positions: &mut [Position],
    mut stretches: Vec<Stretch>,
    most: usize,
) -> Vec<(usize, FinishedKey)> {
    let mut chosen = Vec::new();
    while chosen.len() < most {
        // Where one is used up, what follows may be newer than what the others have.
        if stretches.iter().any(|it| it.keys.is_empty() && !it.is_last) {
            break;
        }
        let heads = stretches.iter().enumerate();
        let heads = heads.filter_map(|(account, it)| Some((account, &it.keys.front()?.notified_at)));
        let Some((account, _)) = heads.max_by_key(|(_, notified_at)| *notified_at) else {
            break;
        };
        let Some(key) = stretches[account].keys.pop_front() else {
            break;
        };
        positions[account] = Position::After(key.clone());
        chosen.push((account, key));
    }
    for (position, stretch) in positions.iter_mut().zip(stretches) {
        if stretch.is_last && stretch.keys.is_empty() {
            *position = Position::End;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(day: u8) -> FinishedKey {
        FinishedKey {
            id: day.to_string(),
            notified_at: format!("2026-11-{day:02}T05:00:00.000Z"),
        }
    }

    fn stretch(days: &[u8], is_last: bool) -> Stretch {
        Stretch {
            keys: days.iter().copied().map(key).collect(),
            is_last,
        }
    }

    fn days(chosen: &[(usize, FinishedKey)]) -> Vec<(usize, &str)> {
        chosen
            .iter()
            .map(|(account, key)| (*account, key.id.as_str()))
            .collect()
    }

    #[test]
    fn accounts_are_merged_by_time() {
        let mut positions = [Position::Start, Position::Start, Position::Start];
        let stretches = vec![
            stretch(&[9, 4, 2], true),
            stretch(&[], true),
            stretch(&[8, 7, 1], true),
        ];
        let chosen = newest(&mut positions, stretches, 4);
        assert_eq!(days(&chosen), [(0, "9"), (2, "8"), (2, "7"), (0, "4")]);
        let expected = [Position::After(key(4)), Position::End, Position::After(key(7))];
        assert_eq!(positions, expected);
    }

    #[test]
    fn nothing_is_chosen_over_what_has_not_been_read() {
        let mut positions = [Position::Start, Position::Start];
        let stretches = vec![stretch(&[9, 8], false), stretch(&[5], true)];
        let chosen = newest(&mut positions, stretches, 10);
        assert_eq!(days(&chosen), [(0, "9"), (0, "8")]);
        assert_eq!(positions, [Position::After(key(8)), Position::Start]);
        let chosen = newest(&mut positions, vec![stretch(&[7], true), stretch(&[5], true)], 10);
        assert_eq!(days(&chosen), [(0, "7"), (1, "5")]);
        assert_eq!(positions, [Position::End, Position::End]);
    }
}
