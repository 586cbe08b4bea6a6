//! The functions' processes on this machine, and their sudden end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use end_to_end::Stack;
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The functions, by their crates.
const FUNCTIONS: [&str; 13] = [
    "token-storage",
    "notifications-subscriber",
    "report-creator",
    "order-placer",
    "report-reader",
    "report-canceller",
    "report-scheduler",
    "report-reconciler",
    "notifications-processor",
    "report-document-retrieval",
    "report-document-storage",
    "presigned-url-generator",
    "report-notifier",
];

/// A process that was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Killed {
    /// When.
    pub at: Timestamp,
    /// Which function's process it was.
    pub function: &'static str,
    /// Its ends of the connections that it had then.
    pub ports: BTreeSet<u16>,
}

/// What tells this stack's functions from all other processes.
#[derive(Debug)]
pub struct Hunt {
    /// The local AWS's port; functions inherit it from the process that started them.
    gateway_port: String,
    /// Names of this stack's resources.
    resources: Vec<String>,
}

impl Hunt {
    /// Looks for the functions of that stack.
    pub fn on(stack: &Stack) -> Result<Self> {
        let endpoint = stack.output("AWS_ENDPOINT_URL")?;
        let port = endpoint.trim_end_matches('/').rsplit(':').next();
        let resources = [
            "REPORTS_TABLE",
            "SELLING_PARTNERS_TABLE",
            "REPORTS_BUCKET",
            "STATE_MACHINE_ARN",
        ];
        Ok(Self {
            gateway_port: port.context("AWS_ENDPOINT_URL has no port")?.to_owned(),
            resources: resources
                .into_iter()
                .map(|name| stack.output(name))
                .collect::<Result<_>>()?,
        })
    }

    /// Kills a process of that function, one of several by `choice`. `None` where none runs.
    pub fn kill(&self, function: &str, choice: usize) -> Option<Killed> {
        let mut processes: Vec<_> = self
            .processes()
            .into_iter()
            .filter(|(_, name)| *name == function)
            .collect();
        processes.sort_unstable();
        let (process, function) = *processes.get(choice % processes.len().max(1))?;
        let pid = Pid::from_raw(process);
        // It does nothing from here on, so that its connections are its last ones. It may have ended by
        // itself meanwhile.
        kill(pid, Signal::SIGSTOP).ok()?;
        let at = Timestamp::now();
        let ports = ports_of(process);
        kill(pid, Signal::SIGKILL).ok()?;
        Some(Killed { at, function, ports })
    }

    /// The most memory that any process of each function has had resident, in MiB.
    pub fn peak_memory(&self) -> BTreeMap<&'static str, u64> {
        let mut peaks = BTreeMap::new();
        for (process, function) in self.processes() {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            if let Some(peak) = peak_of(&status) {
                let highest = peaks.entry(function).or_default();
                *highest = peak.max(*highest);
            }
        }
        peaks
    }

    /// The processes of this stack's functions, with the functions' names.
    fn processes(&self) -> Vec<(i32, &'static str)> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let process = |entry: fs::DirEntry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let program = fs::read_link(entry.path().join("exe")).ok()?;
            is_bootstrap(&program).then_some(())?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let environment = String::from_utf8_lossy(&environment);
            Some((number, self.function(&environment)?))
        };
        entries.flatten().filter_map(process).collect()
    }

    /// The function that a process with that environment belongs to, if it is one of this stack's.
    fn function(&self, environment: &str) -> Option<&'static str> {
        let variables = || {
            environment
                .split('\0')
                .filter_map(|variable| variable.split_once('='))
        };
        let value = |wanted| {
            variables()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let is_ours = value("GATEWAY_PORT") == Some(&self.gateway_port)
            && variables().any(|(_, value)| self.resources.iter().any(|resource| resource == value));
        is_ours.then_some(())?;
        let name = plain(value("AWS_LAMBDA_FUNCTION_NAME")?);
        FUNCTIONS
            .into_iter()
            .find(|function| name.contains(&plain(function)))
    }
}

/// The ports that a process's TCP connections have on its side.
fn ports_of(process: i32) -> BTreeSet<u16> {
    let folder = Path::new("/proc").join(process.to_string());
    let files = fs::read_dir(folder.join("fd")).into_iter().flatten().flatten();
    let sockets: BTreeSet<_> = files
        .filter_map(|file| socket_of(fs::read_link(file.path()).ok()?.to_str()?))
        .collect();
    let tables =
        ["net/tcp", "net/tcp6"].map(|table| fs::read_to_string(folder.join(table)).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines());
    lines
        .filter_map(connection_of)
        .filter_map(|(port, socket)| sockets.contains(&socket).then_some(port))
        .collect()
}

/// The number in `socket:[40413]`.
fn socket_of(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The own port and the socket's number in a line of `/proc/net/tcp`:
/// `0: 0100007F:A1B2 0100007F:11D6 01 00000000:00000000 00:00000000 00000000  0  0 40413 1 …`
fn connection_of(line: &str) -> Option<(u16, u64)> {
    let mut words = line.split_whitespace();
    let (_, port) = words.nth(1)?.rsplit_once(':')?;
    Some((u16::from_str_radix(port, 16).ok()?, words.nth(7)?.parse().ok()?))
}

/// `VmHWM` of a process's status, in MiB.
fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes.div_ceil(1024))
}

fn is_bootstrap(program: &Path) -> bool {
    // A function that was deployed anew runs on from a file that is gone.
    let name = program.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.trim_end_matches(" (deleted)") == "bootstrap")
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    fn hunt() -> Hunt {
        Hunt {
            gateway_port: "4566".into(),
            resources: vec!["SpReports-Reports-1".into(), "bucket".into()],
        }
    }

    #[test]
    fn the_peak_is_read_in_mebibytes() {
        assert_eq!(
            peak_of("Name:\tbootstrap\nVmHWM:\t   31745 kB\nVmRSS:\t 1 kB\n"),
            Some(32)
        );
        assert_eq!(peak_of("Name:\tbootstrap\n"), None);
    }

    #[test]
    fn only_this_stacks_functions_are_recognised() {
        let environment = |port: &str, table: &str, name: &str| {
            format!(
                "PATH=/bin\0GATEWAY_PORT={port}\0REPORTS_TABLE={table}\0AWS_LAMBDA_FUNCTION_NAME={name}\0"
            )
        };
        let name = "SpReports-ReportNotifier8A5B-0C1D";
        let function = |environment: &str| hunt().function(environment);
        assert_eq!(
            function(&environment("4566", "SpReports-Reports-1", name)),
            Some("report-notifier")
        );
        assert_eq!(function(&environment("4567", "SpReports-Reports-1", name)), None);
        assert_eq!(function(&environment("4566", "Other-Reports-1", name)), None);
        assert_eq!(
            function(&environment("4566", "SpReports-Reports-1", "Custom")),
            None
        );
        assert_eq!(
            function("GATEWAY_PORT=4566\0REPORTS_TABLE=SpReports-Reports-1\0"),
            None
        );
    }

    #[test]
    fn a_process_is_known_by_its_connections() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let connection = TcpStream::connect(address).expect("a connection");
        let own = connection.local_addr().expect("an address").port();
        let me = std::process::id().try_into().expect("a number");
        assert!(ports_of(me).contains(&own));
        drop(connection);
        assert!(!ports_of(me).contains(&own));
        let line = "   4: 0100007F:A1B2 0100007F:11D6 01 00000000:00000000 00:00000000 00000000     0        0 40413 1 0 20";
        assert_eq!(connection_of(line), Some((0xA1B2, 40413)));
        assert_eq!(
            connection_of("  sl  local_address rem_address   st tx_queue rx_queue"),
            None
        );
    }

    #[test]
    fn functions_are_called_bootstrap() {
        assert!(is_bootstrap(Path::new("/tmp/x/bootstrap")));
        assert!(is_bootstrap(Path::new("/tmp/x/bootstrap (deleted)")));
        assert!(!is_bootstrap(Path::new("/usr/bin/python3.11")));
    }
}
