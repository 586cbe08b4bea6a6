//! Whose logs there are.

use std::str::FromStr;

use crate::workspace::FUNCTIONS;

/// Whose log.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A function's, by its name.
    Function(&'static str),
    /// The local AWS's.
    Emulator,
    /// The SP-API simulator's.
    Simulator,
    /// The fault proxy's.
    FaultProxy,
    /// The state machines' executions.
    Workflow,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "emulator" => Ok(Self::Emulator),
            "simulator" => Ok(Self::Simulator),
            "fault-proxy" => Ok(Self::FaultProxy),
            "workflow" => Ok(Self::Workflow),
            _ => FUNCTIONS
                .iter()
                .find(|function| **function == name)
                .map(|function| Self::Function(function))
                .ok_or_else(|| {
                    format!(
                        "there are emulator, simulator, fault-proxy, workflow and the functions {}",
                        FUNCTIONS.join(", ")
                    )
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_name() {
        assert_eq!("emulator".parse(), Ok(Source::Emulator));
        assert_eq!("report-creator".parse(), Ok(Source::Function("report-creator")));
        assert!(Source::from_str("reports").is_err_and(|message| message.contains("report-creator")));
    }
}
