//! Tables for people: text to the left, numbers to the right.

use std::fmt;

/// A table with a title.
#[derive(Clone, Debug, Default)]
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty one. The first column holds text, the others numbers.
    pub fn new<const N: usize>(title: impl Into<String>, columns: [&str; N]) -> Self {
        Self {
            title: title.into(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a row; empty cells at its end may be left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a line below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn widths(&self) -> Vec<usize> {
        let width = |index: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            cells
                .chain(self.columns.get(index))
                .map(|cell| cell.chars().count())
                .max()
        };
        (0..self.columns.len())
            .map(|index| width(index).unwrap_or(0))
            .collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.title.is_empty() {
            writeln!(formatter, "{}", self.title)?;
        }
        let widths = self.widths();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            let mut line = String::new();
            for (index, width) in widths.iter().copied().enumerate() {
                let cell = row.get(index).map_or("", String::as_str);
                if index == 0 {
                    line.push_str(&format!("  {cell:<width$}"));
                } else {
                    line.push_str(&format!("  {cell:>width$}"));
                }
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        for note in &self.notes {
            writeln!(formatter, "  {note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new("Speed", ["", "MiB/s", "CPU"]);
        table.row(["ours".to_owned(), "310".to_owned(), "1.5".to_owned()]);
        table.row(["the least — work".to_owned(), "9".to_owned()]);
        table.note("It rained.");
        let expected = "Speed\n                    MiB/s  CPU\n  ours                310  1.5\n  the least — work      9\n  It rained.\n";
        assert_eq!(table.to_string(), expected);
    }
}
