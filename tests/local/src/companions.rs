//! The programs of `tests/end-to-end`, which work on a running stack as a user would.

use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Result, bail};

use crate::stack_env::{self, Variables};
use crate::toolbox;
use crate::workspace::Workspace;

/// A program that sees the stack.
pub fn command(workspace: &Workspace, name: &str, variables: &Variables) -> Result<Command> {
    let binary = workspace.binary(name);
    if !binary.exists() {
        bail!("`{name}` was not built: no {}", workspace.shown(&binary));
    }
    let mut command = toolbox::command(&binary);
    stack_env::apply(&mut command, variables);
    Ok(command)
}

/// The runner ends as the program did.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn an_end_by_a_signal_is_a_failure() {
        let shown = |status| format!("{:?}", exit_code(ExitStatus::from_raw(status)));
        assert_eq!(shown(0), format!("{:?}", ExitCode::SUCCESS));
        assert_eq!(shown(3 << 8), format!("{:?}", ExitCode::from(3)));
        assert_eq!(shown(9), format!("{:?}", ExitCode::FAILURE));
    }
}
