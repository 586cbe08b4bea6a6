//! Compiles the workspace and lays the functions out as the deployment wants them.

use std::fs;

use anyhow::{Context, Result};

use crate::files::{EXECUTABLE, write_if_changed};
use crate::processes::run_logged;
use crate::progress::Step;
use crate::toolbox;
use crate::workspace::{FUNCTIONS, Workspace};

/// Builds all binaries. Cargo unifies features over what it builds, so these flags (and no
/// others) compile the AWS SDK once for everything.
pub fn build(workspace: &Workspace) -> Result<()> {
    let step = Step::start("Compiling the functions and their surroundings");
    let mut cargo = toolbox::cargo(workspace);
    cargo.args(["build", workspace.cargo_profile(), "--workspace", "--bins"]);
    show_progress(&mut cargo);
    run_logged(&mut cargo, &workspace.log("cargo-build"), |line| {
        if let Some(progress) = progress(line) {
            step.detail(&progress);
        }
    })?;
    step.done();
    Ok(())
}

/// Copies each function to `target/local/functions/<name>/bootstrap`.
pub fn lay_out(workspace: &Workspace) -> Result<()> {
    for name in FUNCTIONS {
        let binary = workspace.binary(name);
        let content = fs::read(&binary).with_context(|| {
            format!(
                "the function {name} was not built: no {}",
                workspace.shown(&binary)
            )
        })?;
        // The deployment's hash of it stays, too, if nothing changed.
        let bootstrap = workspace.local("functions").join(name).join("bootstrap");
        write_if_changed(&bootstrap, &content, EXECUTABLE)?;
    }
    Ok(())
}

/// Makes cargo draw its progress bar into a pipe.
pub fn show_progress(cargo: &mut std::process::Command) {
    cargo.envs([
        ("CARGO_TERM_PROGRESS_WHEN", "always"),
        ("CARGO_TERM_PROGRESS_WIDTH", "100"),
        ("CARGO_TERM_COLOR", "never"),
    ]);
}

/// What a line of cargo's says about how far it is.
pub fn progress(line: &str) -> Option<String> {
    let line = line.trim_start_matches("\u{1b}[K").trim();
    if let Some((_, rest)) = line
        .strip_prefix("Building [")
        .and_then(|bar| bar.split_once("] "))
    {
        return Some(rest.to_owned());
    }
    ["Downloading", "Downloaded", "Updating", "Blocking"]
        .iter()
        .any(|word| line.starts_with(word))
        .then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_progress_is_read_from_its_bar() {
        let bar = "    Building [=====>                   ] 12/345: aws-sdk-s3, ring(build)";
        assert_eq!(progress(bar).as_deref(), Some("12/345: aws-sdk-s3, ring(build)"));
        assert_eq!(progress("   Compiling serde v1.0.229"), None);
        assert!(progress("  Downloading 3 crates").is_some());
    }
}
