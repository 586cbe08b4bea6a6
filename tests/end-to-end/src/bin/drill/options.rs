//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::faults::Fault;

/// Breaks the stack in each way that the runbook speaks of, and mends it by the runbook.
#[derive(Debug, Parser)]
#[command(name = "cargo local drill", version)]
pub struct Options {
    /// Which faults, with commas between; all if left out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub faults: Vec<Fault>,
    /// How many orders wait at once in the fault `crowd`
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub orders: u32,
    /// The runbook
    #[arg(long, value_name = "FILE")]
    pub runbook: PathBuf,
    /// The folder that has the AWS CLI
    #[arg(long, value_name = "FOLDER")]
    pub tools: PathBuf,
    /// Where what the commands print goes to, a file for each fault
    #[arg(long, value_name = "FOLDER")]
    pub logs: PathBuf,
    /// Print the result as JSON, and nothing else on standard output
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// In their order, each once.
    pub fn chosen(&self) -> impl Iterator<Item = Fault> {
        Fault::ALL
            .into_iter()
            .filter(|fault| self.faults.is_empty() || self.faults.contains(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(faults: &str) -> Option<Vec<Fault>> {
        let line = format!("drill --runbook r --tools t --logs l {faults}");
        let options = Options::try_parse_from(line.split_whitespace()).ok()?;
        Some(options.chosen().collect())
    }

    #[test]
    fn faults_are_chosen_by_name() {
        assert_eq!(parsed(""), Some(Fault::ALL.to_vec()));
        assert_eq!(
            parsed("--faults poison,secret"),
            Some(vec![Fault::Secret, Fault::Poison])
        );
        assert_eq!(parsed("--faults weather"), None);
    }
}
