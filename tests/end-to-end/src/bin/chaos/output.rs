//! What is shown on the way.

use std::io::{self, Write as _};

/// Where people look.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    /// Standard output belongs to a machine.
    pub to_stderr: bool,
}

impl Printer {
    /// Shows a line.
    pub fn line(self, text: &str) {
        // Nobody can be told that nobody reads.
        let _ = if self.to_stderr {
            writeln!(io::stderr(), "{text}")
        } else {
            writeln!(io::stdout(), "{text}")
        };
    }
}
