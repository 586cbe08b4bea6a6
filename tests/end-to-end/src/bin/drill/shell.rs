//! The runbook's commands, run as they are printed, in one shell as an operator's.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::faults::Fault;
use crate::runbook::{Phase, Runbook, Section};
use crate::scene::Scene;

/// Longer than the commands of a phase take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Said by the shell when a phase is over. It then waits for a line.
const PAUSE: &str = "── drill: what comes next?";
const PHASES: [Phase; 3] = [Phase::Look, Phase::Mend, Phase::See];

/// A shell in which a section is worked off.
pub struct Shell {
    child: Child,
    stdin: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
    log_file: File,
    /// The last lines, for when it fails.
    tail: Vec<String>,
}

impl Shell {
    /// Opens it, with everything that is typed once.
    pub async fn open(scene: &Scene<'_>, fault: Fault, runbook: &Runbook, section: &Section) -> Result<Self> {
        let phases = PHASES.map(|phase| section.commands(phase));
        let logs = &scene.options.logs;
        std::fs::create_dir_all(logs).with_context(|| format!("{} can't be made", logs.display()))?;
        let log = logs.join(format!("{fault}.log"));
        let log_file = File::create(&log).with_context(|| format!("{} can't be written", log.display()))?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(scene.options.tools.clone()).chain(std::env::split_paths(&path));
        let mut child = Command::new("bash")
            .args(["-c", &script(&runbook.preamble()?, &phases)])
            .env("PATH", std::env::join_paths(folders)?)
            .env(
                "CURL_CA_BUNDLE",
                std::env::var_os("AWS_CA_BUNDLE").unwrap_or_default(),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("bash can't be started")?;
        let stdin = child.stdin.take().context("bash listens")?;
        let output = child.stdout.take().context("bash speaks")?;
        let mut shell = Self {
            child,
            stdin,
            output: BufReader::new(output).lines(),
            log,
            log_file,
            tail: Vec::new(),
        };
        shell.until_pause().await?;
        Ok(shell)
    }

    /// Runs the next phase, and types these lines where it asks.
    pub async fn next(&mut self, lines: &[String]) -> Result<()> {
        let typed: String = std::iter::once("").chain(lines.iter().map(String::as_str)).fold(
            String::new(),
            |mut typed, line| {
                let _ = writeln!(typed, "{line}");
                typed
            },
        );
        self.stdin.write_all(typed.as_bytes()).await?;
        self.stdin.flush().await?;
        self.until_pause().await
    }

    /// Fails if the shell ends instead: the first command that fails ends it.
    async fn until_pause(&mut self) -> Result<()> {
        let paused = tokio::time::timeout(PATIENCE, self.read_until_pause()).await;
        if paused.with_context(|| format!("the commands take too long, see {}", self.log.display()))?? {
            return Ok(());
        }
        let status = self.child.wait().await?;
        bail!(
            "the runbook's commands fail ({status}), see {}:\n    {}",
            self.log.display(),
            self.tail.join("\n    ")
        );
    }

    /// Whether it pauses; otherwise it has ended.
    async fn read_until_pause(&mut self) -> Result<bool> {
        const TAIL: usize = 12;
        self.tail.clear();
        while let Some(line) = self.output.next_line().await? {
            if line == PAUSE {
                return Ok(true);
            }
            writeln!(self.log_file, "{line}")?;
            self.tail.push(line);
            let surplus = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..surplus);
        }
        Ok(false)
    }
}

/// All that is typed, with a pause before each phase and one at the end.
fn script(preamble: &[&str], phases: &[Vec<&str>]) -> String {
    let mut script = "set -euo pipefail\nexec 2>&1\n".to_owned();
    let mut blocks = |blocks: &[&str]| {
        for block in blocks {
            let _ = writeln!(script, "{block}");
        }
        let _ = writeln!(script, "echo '{PAUSE}'\nread -r");
    };
    blocks(preamble);
    for phase in phases {
        blocks(phase);
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What bash prints for these blocks, with these lines typed.
    fn printed(phases: &[Vec<&str>], typed: &str) -> Result<(bool, Vec<String>)> {
        let mut child = std::process::Command::new("bash")
            .args(["-c", &script(&["twice() { echo $1$1; }"], phases)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        child
            .stdin
            .take()
            .context("it listens")?
            .write_all(typed.as_bytes())?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8(output.stdout)?;
        let lines = said.lines().filter(|line| *line != PAUSE).map(str::to_owned);
        Ok((output.status.success(), lines.collect()))
    }

    #[test]
    fn phases_share_a_shell_and_get_what_is_typed() -> Result<()> {
        let phases = [vec!["x=a"], vec!["read -rp 'Who? ' who", "twice $who$x"], vec![]];
        let (is_good, lines) = printed(&phases, "\n\nme\n\n\n")?;
        assert!(is_good, "{lines:?}");
        assert_eq!(lines, ["meamea"]);
        Ok(())
    }

    /// Nothing is run: only whether bash understands what is printed.
    #[test]
    fn the_runbook_s_commands_are_shell() -> Result<()> {
        let runbook = Runbook::of_checkout()?;
        let preamble = runbook.preamble()?;
        for section in runbook.with_commands() {
            let script = script(&preamble, &PHASES.map(|phase| section.commands(phase)));
            let output = std::process::Command::new("bash")
                .args(["-n", "-c", &script])
                .output()?;
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {complaint}", section.anchor);
        }
        Ok(())
    }

    #[test]
    fn the_first_failure_ends_it_and_is_told() -> Result<()> {
        let phases = [vec!["echo one >&2", "false | cat", "echo two"], vec![], vec![]];
        let (is_good, lines) = printed(&phases, "\n\n\n\n")?;
        assert!(!is_good);
        assert_eq!(lines, ["one"]);
        Ok(())
    }
}
