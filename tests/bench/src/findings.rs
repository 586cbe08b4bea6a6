//! What a bench has found: tables for people, figures for programs, and how they compare with what was aimed at.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::table::Table;

/// A bench's result.
#[derive(Debug)]
pub struct Findings {
    /// The bench's name on the command line.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What was measured and how to read it.
    pub caption: String,
    /// For people.
    pub tables: Vec<Table>,
    /// For programs: every figure.
    pub figures: Value,
    /// What was aimed at.
    pub targets: Vec<Target>,
}

/// Something that was aimed at. Reported, never asserted: a figure depends on the machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// What should be so.
    pub aim: String,
    /// What was found, in words.
    pub found: String,
    /// Whether it is so; none if it could not be measured in this run.
    pub met: Option<bool>,
}

impl Target {
    /// `figure`, with its unit, must be at least `bound`.
    pub fn at_least(aim: impl Into<String>, figure: Option<f64>, bound: f64, unit: &str) -> Self {
        Self::compared(aim.into(), figure, unit, |figure| figure >= bound)
    }

    /// `figure`, with its unit, must be at most `bound`.
    pub fn at_most(aim: impl Into<String>, figure: Option<f64>, bound: f64, unit: &str) -> Self {
        Self::compared(aim.into(), figure, unit, |figure| figure <= bound)
    }

    /// One must be faster than the other: `ratio` is above 1.
    pub fn above(aim: impl Into<String>, ratio: Option<f64>) -> Self {
        Self::compared(aim.into(), ratio, " ×", |ratio| ratio > 1.0)
    }

    fn compared(aim: String, figure: Option<f64>, unit: &str, is_met: impl Fn(f64) -> bool) -> Self {
        Self {
            aim,
            found: figure.map_or_else(
                || "not measured".to_owned(),
                |figure| format!("{figure:.2}{unit}"),
            ),
            met: figure.map(is_met),
        }
    }
}

impl Findings {
    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({"caption": self.caption, "figures": self.figures, "targets": self.targets})
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n{}\n", self.title)?;
        writeln!(formatter, "{}", self.caption.trim_end())?;
        for table in &self.tables {
            writeln!(formatter, "\n{table}")?;
        }
        for target in &self.targets {
            let Some(is_met) = target.met else { continue };
            let mark = if is_met { "met" } else { "NOT MET" };
            writeln!(formatter, "{mark:<7}  {}: {}", target.aim, target.found)?;
        }
        match self.targets.iter().filter(|target| target.met.is_none()).count() {
            0 => Ok(()),
            unknown => writeln!(formatter, "         not measured in this run: {unknown} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_what_was_found() {
        let target = |figure| Target::at_least("fast", figure, 0.9, " ×");
        assert_eq!(target(Some(0.9)).met, Some(true));
        assert_eq!(target(Some(0.899)).met, Some(false));
        assert_eq!(target(Some(0.85)).found, "0.85 ×");
        assert_eq!(target(None).met, None);
        assert_eq!(
            Target::at_most("small", Some(64.1), 64.0, " MiB").met,
            Some(false)
        );
    }
}
