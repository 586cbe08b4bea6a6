//! The tools that the runner brings itself: a Python environment and the npm packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::prerequisites::Tools;
use crate::processes::{capture, run_logged};
use crate::progress::Step;
use crate::stamp::{Fingerprint, Stamp};
use crate::workspace::Workspace;

/// A command that sees the user's environment (proxies, registries), but not what `cargo run`
/// tells the runner about the runner's own package: build scripts would take it for theirs.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let is_of_our_package = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
                || matches!(name, "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
        });
        if is_of_our_package {
            command.env_remove(name);
        }
    }
    command
}

/// `cargo`, the one that runs us.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root());
    command
}

/// A Python environment of the runner's own.
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// The environment with the emulator, the AWS CLI and the validators, made already or not.
    pub fn of(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.local("venv"),
        }
    }

    /// Makes it, unless it is there and up to date.
    pub fn prepare(workspace: &Workspace, tools: &Tools) -> Result<Self> {
        Self::of(workspace).made(workspace, tools, "Python tools", "tests/local/requirements.txt")
    }

    /// Makes the environment of the benches' peers, unless it is there and up to date.
    pub fn prepare_peers(workspace: &Workspace, tools: &Tools) -> Result<Self> {
        let venv = Self {
            folder: workspace.local("bench-venv"),
        };
        venv.made(
            workspace,
            tools,
            "Python packages of the peers",
            "tests/bench/peers/requirements.txt",
        )
    }

    fn made(self, workspace: &Workspace, tools: &Tools, title: &str, requirements: &str) -> Result<Self> {
        let step = Step::start(title);
        let venv = self;
        let requirements = workspace.root().join(requirements);
        let version = capture(Command::new(tools.python).arg("--version"))?;
        // A moved checkout breaks the environment's own paths, another Python its packages.
        let fingerprint = Fingerprint::default()
            .file(&requirements)?
            .text("folder", &venv.folder.to_string_lossy())
            .text("python", version.trim())
            .finish();
        let stamp = Stamp::of(&venv.folder);
        if stamp.matches(&fingerprint) {
            step.done_with("up to date");
            return Ok(venv);
        }
        stamp.remove();
        step.detail("making a virtual environment");
        let log = workspace.log("pip");
        run_logged(
            command(tools.python)
                .args(["-m", "venv", "--clear"])
                .arg(&venv.folder),
            &log,
            |line| step.detail(line),
        )?;
        run_logged(
            command(venv.python())
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--disable-pip-version-check",
                    "--no-input",
                    "--retries",
                    "2",
                    "-r",
                ])
                .arg(&requirements),
            &log,
            |line| step.detail(line),
        )?;
        stamp.write(&fingerprint)?;
        step.done();
        Ok(venv)
    }

    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// A module, run with `python -m`.
    pub fn module(&self, name: &str) -> Command {
        let mut command = command(self.python());
        command.args(["-m", name]);
        command
    }

    /// A script of a package. Not by its own first line, which long folder names break.
    pub fn script(&self, name: &str) -> Command {
        let mut command = command(self.python());
        command.arg(self.folder.join("bin").join(name));
        command
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// `npm ci` in a folder of the checkout, unless its packages are what the lock file says.
pub fn npm_ci(workspace: &Workspace, folder: &str) -> Result<()> {
    let step = Step::start(format!("npm packages of {folder}/"));
    let path = workspace.root().join(folder);
    let lock = path.join("package-lock.json");
    fs::metadata(&lock).with_context(|| format!("{} is missing", workspace.shown(&lock)))?;
    let fingerprint = Fingerprint::default().file(&lock)?.finish();
    let stamp = Stamp::of(&path.join("node_modules"));
    if stamp.matches(&fingerprint) {
        step.done_with("up to date");
        return Ok(());
    }
    stamp.remove();
    let arguments = [
        "ci",
        "--no-audit",
        "--no-fund",
        "--fetch-retries",
        "2",
        "--fetch-retry-mintimeout",
        "1000",
        "--fetch-retry-maxtimeout",
        "5000",
    ];
    let log = workspace.log(&format!("npm-{}", folder.replace('/', "-")));
    run_logged(command("npm").args(arguments).current_dir(&path), &log, |line| {
        step.detail(line);
    })?;
    stamp.write(&fingerprint)?;
    step.done();
    Ok(())
}
