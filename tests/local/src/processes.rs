//! Child processes. Each runs in a process group of its own: a terminal's Ctrl-C reaches only
//! the runner, which then ends the whole group, with everything the child started itself.

mod failure;

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::interrupt;

pub use failure::{CommandFailed, excerpt};

const POLL: Duration = Duration::from_millis(30);
/// How long a group may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// A running child. Dropped, it is ended.
pub struct Child {
    inner: std::process::Child,
    ended: bool,
}

impl Child {
    /// Starts a command in a process group of its own.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        // A background group that reads from the terminal would be stopped by it.
        let inner = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("`{program}` can't be started"))?;
        Ok(Self { inner, ended: false })
    }

    /// Waits for the end, unless the user wants to stop.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            interrupt::sleep(POLL)?;
        }
    }

    fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.inner.try_wait()?;
        if status.is_some() {
            self.ended = true;
            // What the child left behind.
            let _ = killpg(self.group(), Signal::SIGTERM);
        }
        Ok(status)
    }

    fn group(&self) -> Pid {
        pid(self.inner.id())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let group = self.group();
        let _ = killpg(group, Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && matches!(self.inner.try_wait(), Ok(None)) {
            std::thread::sleep(POLL);
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.inner.wait();
    }
}

/// Runs a command to its end; its output goes to a log file and, line by line, to `on_line`.
pub fn run_logged(command: &mut Command, log: &Path, mut on_line: impl FnMut(&str)) -> Result<()> {
    let shown = shown(command);
    let mut file = create(log)?;
    writeln!(file, "$ {shown}")?;
    // One pipe for both, so that lines keep their order.
    let (output, input) = std::io::pipe()?;
    let mut child = Child::spawn(command.stdout(input.try_clone()?).stderr(input))?;
    // The command holds its ends of the pipe open otherwise.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let lines = lines_of(output);
    let mut take = |line: Line| -> Result<()> {
        on_line(&line.text);
        if !line.is_overwritten {
            writeln!(file, "{}", line.text).with_context(|| format!("{} can't be written", log.display()))?;
        }
        Ok(())
    };
    let status = loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => take(line)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(POLL),
        }
        interrupt::check()?;
        if let Some(status) = child.try_wait()? {
            break status;
        }
    };
    // A grandchild that lives on may hold the pipes open: what comes late is not waited for.
    while let Ok(line) = lines.recv_timeout(Duration::from_millis(300)) {
        take(line)?;
    }
    if status.success() {
        return Ok(());
    }
    let output = std::fs::read_to_string(log).unwrap_or_default();
    Err(CommandFailed {
        command: shown,
        status,
        output,
        log: log.to_owned(),
    }
    .into())
}

/// Runs a command to its end and returns what it printed.
pub fn capture(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let mut child = Child::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let stdout = child.inner.stdout.take().map(read_all);
    let stderr = child.inner.stderr.take().map(read_all);
    let status = child.wait()?;
    let text = |output: Option<Receiver<String>>| {
        output
            .and_then(|text| text.recv_timeout(GRACE).ok())
            .unwrap_or_default()
    };
    if !status.success() {
        bail!("`{shown}` failed ({status}): {}", text(stderr).trim());
    }
    Ok(text(stdout))
}

/// Runs a command that shows its output itself.
pub fn run_shown(command: &mut Command) -> Result<ExitStatus> {
    Child::spawn(command)?.wait()
}

/// Runs a command that writes its result to standard output; what else it says is shown.
pub fn result_of(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let mut child = Child::spawn(command.stdout(Stdio::piped()))?;
    let stdout = child.inner.stdout.take().map(read_all);
    let status = child.wait()?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    let text = stdout.and_then(|text| text.recv_timeout(GRACE).ok());
    Ok(text.unwrap_or_default())
}

/// Opens a new log file, with the folders above it.
pub fn create(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    }
    File::create(log).with_context(|| format!("{} can't be written", log.display()))
}

/// Whether a process lives, and was started with these words in its command line: process ids
/// are used again after a crash.
pub fn is_alive(id: u32, marker: &str) -> bool {
    kill(pid(id), None) != Err(Errno::ESRCH) && command_line(id).is_some_and(|line| line.contains(marker))
}

/// Ends a process group, politely at first.
pub fn end_group(leader: u32, marker: &str) {
    let group = pid(leader);
    let _ = killpg(group, Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && is_alive(leader, marker) {
        std::thread::sleep(POLL);
    }
    let _ = killpg(group, Signal::SIGKILL);
    // The kernel takes a moment to free the ports.
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && is_alive(leader, marker) {
        std::thread::sleep(POLL);
    }
}

/// The command line of a process, none or empty for one that has ended.
fn command_line(id: u32) -> Option<String> {
    if !Path::new("/proc/self/cmdline").exists() {
        let output = Command::new("ps")
            .args(["-o", "command=", "-p", &id.to_string()])
            .output()
            .ok()?;
        return Some(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // Linux shows an empty one between a program's start and its first instruction, too.
    let deadline = Instant::now() + POLL * 10;
    loop {
        let bytes = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        if !bytes.is_empty() || has_ended(id) || Instant::now() > deadline {
            return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a process listed under `/proc` only waits to be waited for.
fn has_ended(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // After the name in parentheses, which may hold anything.
    stat.rsplit_once(") ")
        .is_none_or(|(_, state)| state.starts_with(['Z', 'X']))
}

fn pid(id: u32) -> Pid {
    // Process ids are below 2^22.
    Pid::from_raw(i32::try_from(id).unwrap_or(i32::MAX))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

struct Line {
    text: String,
    /// Ended by a carriage return: a progress display draws over it.
    is_overwritten: bool,
}

fn lines_of(output: impl Read + Send + 'static) -> Receiver<Line> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || send_lines(output, &sender));
    receiver
}

fn send_lines(output: impl Read, sender: &Sender<Line>) {
    let mut bytes = BufReader::new(output).bytes();
    let mut line = Vec::new();
    let send = |line: &mut Vec<u8>, is_overwritten| {
        let text = String::from_utf8_lossy(line).into_owned();
        line.clear();
        sender.send(Line { text, is_overwritten }).is_ok()
    };
    while let Some(Ok(byte)) = bytes.next() {
        if byte != b'\n' && byte != b'\r' {
            line.push(byte);
        } else if !send(&mut line, byte == b'\r') {
            return;
        }
    }
    if !line.is_empty() {
        send(&mut line, false);
    }
}

fn read_all(mut output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_captured_and_logged() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("logs/step.log");
        let mut lines = Vec::new();
        let script = r"echo one >&2; printf 'drawn\rover\r'; echo two; exit 3";
        let result = run_logged(Command::new("sh").args(["-c", script]), &log, |line| {
            lines.push(line.to_owned());
        });
        let message = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            message.contains("exit status: 3") && message.contains("two") && message.contains("step.log")
        );
        assert_eq!(lines, ["one", "drawn", "over", "two"]);
        assert!(!std::fs::read_to_string(&log)?.lines().any(|line| line == "drawn"));
        assert_eq!(capture(Command::new("echo").arg("hello"))?, "hello\n");
        assert!(capture(Command::new("sh").args(["-c", "echo no >&2; exit 1"])).is_err());
        Ok(())
    }

    #[test]
    fn a_dropped_child_is_ended_with_what_it_started() -> Result<()> {
        let marker = format!("31557{}", std::process::id());
        let script = format!("sleep {marker} & echo $!; wait");
        let mut child = Child::spawn(Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()))?;
        let output = child.inner.stdout.take().context("no output")?;
        let started = lines_of(output).recv()?.text.parse()?;
        assert!(is_alive(child.inner.id(), &marker));
        drop(child);
        while is_alive(started, &marker) {
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    #[test]
    fn another_process_under_the_same_id_is_not_ours() {
        assert!(!is_alive(std::process::id(), "no such words in the command line"));
    }
}
