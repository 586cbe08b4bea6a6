//! Compiles the workspace and lays the functions out as the deployment wants them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::processes::run_logged;
use crate::progress::Step;
use crate::toolbox;
use crate::workspace::{FUNCTIONS, Workspace};

/// Builds all binaries. Cargo unifies features over what it builds, so these flags (and no
/// others) compile the AWS SDK once for everything.
pub fn build(workspace: &Workspace) -> Result<()> {
    let step = Step::start("Compiling functions, simulator and demo");
    let mut cargo = toolbox::cargo(workspace);
    cargo.args(["build", "--release", "--workspace", "--bins"]);
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
        write_if_changed(
            &workspace.local("functions").join(name).join("bootstrap"),
            &content,
        )?;
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

/// Keeps the file, and so the deployment's hash of it, if nothing changed.
fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let context = || format!("{} can't be written", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o755)
        .open(&new)
        .with_context(context)?;
    file.write_all(content).with_context(context)?;
    fs::rename(&new, path).with_context(context)
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

    #[test]
    fn unchanged_functions_are_left_alone() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("report-creator/bootstrap");
        write_if_changed(&path, b"one")?;
        let written = fs::metadata(&path)?.modified()?;
        write_if_changed(&path, b"one")?;
        assert_eq!(fs::metadata(&path)?.modified()?, written);
        write_if_changed(&path, b"two")?;
        assert_eq!(fs::read(&path)?, b"two");
        Ok(())
    }
}
