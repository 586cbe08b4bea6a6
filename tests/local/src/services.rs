//! The servers that outlive a step: the emulator, the simulator and, if wanted, the fault proxy.
//! Each has a file with its process id, through which another `cargo local` finds it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::files::{self, PRIVATE};
use crate::interrupt;
use crate::processes::{create, end_group, excerpt, is_alive};
use crate::workspace::Workspace;

const START_LIMIT: Duration = Duration::from_secs(60);

/// What the process id's file says.
#[derive(Serialize, Deserialize)]
struct Running {
    id: u32,
    /// Words of its command line, so that another process under the same id isn't taken for it.
    marker: String,
}

/// A server of the stack, running or not.
pub struct Service {
    name: &'static str,
    file: PathBuf,
    log: PathBuf,
}

impl Service {
    /// The emulator of a checkout.
    pub fn emulator(workspace: &Workspace) -> Self {
        Self::named("emulator", workspace)
    }

    /// The simulator of a checkout.
    pub fn simulator(workspace: &Workspace) -> Self {
        Self::named("simulator", workspace)
    }

    /// The fault proxy of a checkout.
    pub fn fault_proxy(workspace: &Workspace) -> Self {
        Self::named("fault-proxy", workspace)
    }

    fn named(name: &'static str, workspace: &Workspace) -> Self {
        Self {
            name,
            file: workspace.local("run").join(format!("{name}.pid")),
            log: workspace.log(name),
        }
    }

    /// What it is.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Starts it in the background; what it prints goes to its log.
    pub fn start(&self, command: &mut Command, marker: &str) -> Result<()> {
        use std::os::unix::process::CommandExt;

        let log = create(&self.log)?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let mut child = command
            .spawn()
            .with_context(|| format!("the {} can't be started", self.name))?;
        let running = Running {
            id: child.id(),
            marker: marker.to_owned(),
        };
        // Ended processes stay listed until somebody waits for them.
        std::thread::spawn(move || child.wait());
        files::write(&self.file, &serde_json::to_vec(&running)?, PRIVATE)
    }

    /// Waits until it is up, or says why it isn't.
    pub fn wait_until(&self, is_up: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            // First: what answers on the port might be somebody else.
            if !self.is_running() {
                bail!("the {} ended:\n\n{}", self.name, self.end_of_log());
            }
            if is_up() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!(
                    "the {} doesn't answer after {} s:\n\n{}",
                    self.name,
                    START_LIMIT.as_secs(),
                    self.end_of_log()
                );
            }
            interrupt::sleep(Duration::from_millis(50))?;
        }
    }

    /// Whether it runs, whoever started it.
    pub fn is_running(&self) -> bool {
        self.running()
            .is_some_and(|running| is_alive(running.id, &running.marker))
    }

    /// Whether somebody started it and nobody stopped it: it runs, or it crashed.
    pub fn is_wanted(&self) -> bool {
        self.file.exists()
    }

    /// Stops it, if it runs.
    pub fn stop(&self) {
        if let Some(running) = self.running() {
            // First, so that who watches it knows that this end is wanted.
            let _ = fs::remove_file(&self.file);
            if is_alive(running.id, &running.marker) {
                end_group(running.id, &running.marker);
            }
        }
    }

    /// The last lines of its log, and where to read on.
    pub fn end_of_log(&self) -> String {
        let output = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = output.lines().collect();
        let end = lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n");
        format!("{}\n\nlog: {}", excerpt(&end), self.log.display())
    }

    fn running(&self) -> Option<Running> {
        serde_json::from_str(&fs::read_to_string(&self.file).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_its_file_and_stopped() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::at(folder.path());
        let service = Service::emulator(&workspace);
        assert!(!service.is_running() && !service.is_wanted());
        let seconds = format!("31558{}", std::process::id());
        service.start(Command::new("sleep").arg(&seconds), &seconds)?;
        assert!(Service::emulator(&workspace).is_running());
        assert!(!Service::simulator(&workspace).is_running());
        Service::emulator(&workspace).stop();
        assert!(!service.is_running() && !service.is_wanted());
        Ok(())
    }

    #[test]
    fn a_service_that_ends_at_once_shows_its_log() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let service = Service::simulator(&Workspace::at(folder.path()));
        service.start(
            Command::new("sh").args(["-c", "echo no such option"]),
            "no such option",
        )?;
        let message = service
            .wait_until(|| false)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            message.contains("ended") && message.contains("no such option"),
            "{message}"
        );
        assert!(!service.is_running() && service.is_wanted());
        Ok(())
    }

    #[test]
    fn a_file_of_a_crashed_machine_is_no_service() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let service = Service::emulator(&Workspace::at(folder.path()));
        fs::create_dir_all(folder.path().join("target/local/run"))?;
        let stale = Running {
            id: std::process::id(),
            marker: "an emulator of last week".to_owned(),
        };
        fs::write(&service.file, serde_json::to_string(&stale)?)?;
        assert!(!service.is_running());
        service.stop();
        assert!(!service.is_wanted());
        Ok(())
    }
}
