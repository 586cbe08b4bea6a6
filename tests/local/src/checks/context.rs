//! What checks share: the checkout, the stack that one starts for those after it, and ways to
//! run a command and keep what it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use crate::ports::PortOptions;
use crate::processes::{CommandFailed, run_logged};
use crate::progress::say;
use crate::stack::Stack;
use crate::toolbox;
use crate::workspace::Workspace;

/// What the checks share.
pub struct Context<'a> {
    /// The checkout.
    pub workspace: &'a Workspace,
    /// Where servers are to listen.
    pub ports: PortOptions,
    /// The stack, while one is up.
    pub stack: Option<Stack>,
}

impl<'a> Context<'a> {
    /// Nothing done yet.
    pub fn new(workspace: &'a Workspace, ports: PortOptions) -> Self {
        Self {
            workspace,
            ports,
            stack: None,
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.workspace.log(&format!("test/{name}"))
    }

    /// Runs a command quietly.
    pub fn quiet(&self, log: &str, command: &mut Command) -> Result<()> {
        run_logged(command, &self.log(log), |_| {})
    }

    /// Runs a command, and shows what it says from the line with `heading` on.
    pub fn summed_up(&self, log: &str, command: &mut Command, heading: &str) -> Result<()> {
        let mut is_summary = false;
        run_logged(command, &self.log(log), |line| {
            is_summary |= line.contains(heading);
            if is_summary {
                say(line);
            }
        })
    }

    /// Runs `cargo test`, and shows what it says but the names of the crates that it compiles.
    pub fn cargo_test(&self, log: &str, command: &mut Command) -> Result<()> {
        let result = run_logged(command, &self.log(log), |line| {
            const NOISE: [&str; 5] = [
                "Compiling ",
                "Downloading ",
                "Downloaded ",
                "Locking ",
                "Updating ",
            ];
            if !NOISE.iter().any(|word| line.trim_start().starts_with(word)) {
                say(line);
            }
        });
        result.map_err(|error| match error.downcast_ref::<CommandFailed>() {
            Some(failed) => anyhow!(failed.in_short()),
            None => error,
        })
    }

    /// Runs a script of a folder's `package.json`.
    pub fn npm_run(&self, log: &str, folder: &str, script: &str) -> Result<()> {
        let mut command = toolbox::command("npm");
        self.quiet(
            log,
            command
                .args(["run", script])
                .current_dir(self.workspace.root().join(folder)),
        )
    }

    /// A program that npm has installed for the tests.
    pub fn npm_tool(&self, name: &str) -> Command {
        toolbox::command(self.workspace.root().join("tests/node_modules/.bin").join(name))
    }

    /// The stack that is up.
    pub fn stack(&self) -> Result<&Stack> {
        self.stack.as_ref().context("no stack is up: don't skip stack-up")
    }

    /// The files of a folder of the checkout whose names end like this.
    pub fn files(&self, folder: &str, suffix: &str) -> Result<Vec<PathBuf>> {
        files_in(&self.workspace.root().join(folder), suffix)
    }
}

/// The files of a folder whose names end like this; none if there is no such folder.
pub fn files_in(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(suffix) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
