//! How a failed command is told.

use std::path::PathBuf;
use std::process::ExitStatus;

/// A command ended with an error. Shown, it is short and names the log.
#[derive(Debug)]
pub struct CommandFailed {
    pub(super) command: String,
    pub(super) status: ExitStatus,
    pub(super) output: String,
    pub(super) log: PathBuf,
}

impl CommandFailed {
    /// With its whole output.
    pub fn in_full(&self) -> String {
        format!("{}\n{}", self.output, self.in_short())
    }

    /// Without its output.
    pub fn in_short(&self) -> String {
        format!(
            "`{}` failed ({}); log: {}",
            self.command,
            self.status,
            self.log.display()
        )
    }
}

impl std::fmt::Display for CommandFailed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            status,
            output,
            log,
            ..
        } = self;
        write!(
            formatter,
            "`{command}` failed ({status}):\n\n{}\n\n",
            excerpt(output)
        )?;
        if let Some(hint) = network_hint(output) {
            writeln!(formatter, "{hint}")?;
        }
        write!(formatter, "log: {}", log.display())
    }
}

impl std::error::Error for CommandFailed {}

/// The part of a failed command's output worth showing: from its first error on, else its end.
pub fn excerpt(output: &str) -> String {
    const FROM_ERROR: usize = 60;
    const END: usize = 20;
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_error = |line: &&str| {
        line.trim_start_matches(['\u{1b}', '[', '0', '1', '3', ';', 'm'])
            .starts_with("error")
    };
    let (from, count) = match lines.iter().position(is_error) {
        Some(first) => (first, FROM_ERROR),
        None => (lines.len().saturating_sub(END), END),
    };
    lines
        .iter()
        .skip(from)
        .take(count)
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// What to say when the output looks like a missing network.
fn network_hint(output: &str) -> Option<&'static str> {
    const SIGNS: [&str; 12] = [
        "Temporary failure in name resolution",
        "Name or service not known",
        "nodename nor servname",
        "Could not resolve host",
        "Couldn't resolve host",
        "NewConnectionError",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ETIMEDOUT",
        "Network is unreachable",
        "spurious network error",
        "Connection timed out",
    ];
    SIGNS
        .iter()
        .any(|sign| output.contains(sign))
        .then_some("This step downloads packages, and the network (or a proxy setting) seems to be missing.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_begins_at_the_first_error() {
        let output = "Compiling a\nCompiling b\nerror[E0425]: no such thing\n --> src/main.rs\n\nerror: could not compile";
        assert_eq!(
            excerpt(output),
            "error[E0425]: no such thing\n --> src/main.rs\nerror: could not compile"
        );
        let long = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        assert!(excerpt(&long).starts_with("80\n"));
    }

    #[test]
    fn a_missing_network_is_recognised() {
        assert!(network_hint("npm error code EAI_AGAIN").is_some());
        assert!(network_hint("error: expected `;`").is_none());
    }
}
