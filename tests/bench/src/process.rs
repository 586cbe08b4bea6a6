//! Processes whose CPU time and memory are measured, as Linux counts them.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::time::ClockId;
use serde::Serialize;
use tokio::process::{Child, Command};

/// The kernel counts CPU time for other processes in these, whatever its own ticks.
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Of all its threads and of the children it has waited for; to a hundredth of a second.
    #[serde(skip)]
    pub cpu: Duration,
    /// The largest resident memory that it ever had, in bytes.
    pub peak_memory: u64,
}

/// A running process. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    id: u32,
    name: String,
    started: Instant,
}

impl Process {
    /// Starts it. What it writes to standard error is shown unless the command says otherwise.
    pub fn start(mut command: Command) -> Result<Self> {
        let name = file_name(command.as_std().get_program());
        command.kill_on_drop(true);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("`{name}` can't be started"))?;
        let id = child.id().with_context(|| format!("`{name}` ended at once"))?;
        Ok(Self {
            child,
            id,
            name,
            started,
        })
    }

    /// The moment before it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The process itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The CPU time that it has used so far, in all its threads, also those that have ended.
    pub fn cpu_clock(&self) -> Result<Duration> {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.id)?);
        let now = ClockId::pid_cpu_clock_id(id).and_then(ClockId::now);
        Ok(now.with_context(|| format!("`{}` has ended", self.name))?.into())
    }

    /// What it has used so far, and what its memory's peak was. It must still run.
    pub fn usage(&self) -> Result<Usage> {
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{}/{file}", self.id))
                .with_context(|| format!("`{}` has ended", self.name))
        };
        Ok(Usage {
            cpu: cpu(&read("stat")?).context("an odd /proc/PID/stat")?,
            peak_memory: peak_memory(&read("status")?)
                .with_context(|| format!("`{}` has ended", self.name))?,
        })
    }

    /// Waits until it ends by itself.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Kills it, and waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// A command without this process's environment and standard input.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    for name in ["PATH", "HOME", "LANG", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

fn file_name(program: &OsStr) -> String {
    let path = std::path::Path::new(program);
    path.file_name().unwrap_or(program).to_string_lossy().into_owned()
}

/// User and system time, of the process and of children it has waited for.
fn cpu(stat: &str) -> Option<Duration> {
    // After the name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let times = fields.split(' ').skip(11).take(4);
    let ticks: u64 = times.map(|time| time.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// The "high water mark" of resident memory. A process that has ended shows none.
fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_in_what_linux_shows() {
        let stat = "4711 (a ) name) S 1 4711 4711 0 -1 4194560 1 0 0 0 120 30 4 6 20 0 5 0 99 1 2 18446744073709551615";
        assert_eq!(cpu(stat), Some(Duration::from_millis(1600)));
        assert_eq!(cpu("4711 (cut) S 1"), Some(Duration::ZERO));
        assert_eq!(
            peak_memory("Name:\tx\nVmHWM:\t    5120 kB\nVmRSS:\t 1 kB\n"),
            Some(5 << 20)
        );
        assert_eq!(peak_memory("Name:\tx\nState:\tZ (zombie)\n"), None);
    }

    #[tokio::test]
    async fn a_process_is_measured_while_it_runs() -> Result<()> {
        let mut sleep = command("sleep");
        sleep.arg("60");
        let process = Process::start(sleep)?;
        assert!(process.usage()?.peak_memory > 0);
        process.kill().await?;
        let mut process = Process::start(command("true"))?;
        assert!(process.wait().await?.success());
        assert!(process.usage().is_err());
        Ok(())
    }
}
