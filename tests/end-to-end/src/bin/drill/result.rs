//! What a drill came to, for people and for programs.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use crate::faults::Fault;

/// One fault.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its name.
    pub fault: String,
    /// Who was told, and how.
    pub signal: Option<String>,
    /// The runbook's section.
    pub section: Option<String>,
    /// What mended it.
    pub cure: Option<&'static str>,
    /// How long all of it took.
    pub seconds: u64,
    /// What was otherwise than it should be.
    pub failure: Option<String>,
}

impl Line {
    /// Nothing known yet.
    pub fn of(fault: Fault) -> Self {
        Self {
            fault: fault.to_string(),
            signal: None,
            section: None,
            cure: None,
            seconds: 0,
            failure: None,
        }
    }

    fn cells(&self) -> [String; 5] {
        let cell = |text: Option<&str>| text.unwrap_or("–").to_owned();
        let section = self.section.as_ref().map(|anchor| format!("#{anchor}"));
        let result = match &self.failure {
            None => format!("✓ {} s", self.seconds),
            Some(failure) => format!("✗ {}", failure.lines().next().unwrap_or_default()),
        };
        [
            self.fault.clone(),
            cell(self.signal.as_deref()),
            cell(section.as_deref()),
            cell(self.cure),
            result,
        ]
    }
}

/// A row for each fault.
pub fn table(lines: &[Line]) -> String {
    let heading = ["fault", "signal", "runbook", "cure", "result"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(heading)
        .chain(lines.iter().map(Line::cells))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3].map(width);
    let mut table = String::new();
    for [fault, signal, section, cure, result] in &rows {
        let [first, second, third, fourth] = widths;
        let _ = writeln!(
            table,
            "{fault:<first$}  {signal:<second$}  {section:<third$}  {cure:<fourth$}  {result}"
        );
    }
    let bad = lines.iter().filter(|line| line.failure.is_some()).count();
    let _ = write!(
        table,
        "\n{} of {} faults were told of, looked into and mended by the runbook",
        lines.len() - bad,
        lines.len()
    );
    table
}

/// The same for programs.
pub fn json(lines: &[Line]) -> Result<String> {
    Ok(serde_json::to_string_pretty(lines)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_fault() {
        let good = Line {
            signal: Some("alarm X".to_owned()),
            section: Some("x".to_owned()),
            cure: Some("a new secret"),
            seconds: 42,
            ..Line::of(Fault::Secret)
        };
        let bad = Line {
            failure: Some("nobody is told\nat all".to_owned()),
            ..Line::of(Fault::Poison)
        };
        let table = table(&[good, bad]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "fault   signal   runbook  cure          result");
        assert_eq!(lines[1], "secret  alarm X  #x       a new secret  ✓ 42 s");
        assert_eq!(
            lines[2],
            "poison  –        –        –             ✗ nobody is told"
        );
        assert!(lines[4].starts_with("1 of 2 faults"));
    }
}
