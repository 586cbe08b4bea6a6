//! The functions' processes on this machine, and their sudden end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use end_to_end::Stack;
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The functions, by their crates.
const FUNCTIONS: [&str; 22] = [
    "token-storage",
    "notifications-subscriber",
    "report-creator",
    "order-placer",
    "report-reader",
    "seller-reader",
    "report-canceller",
    "report-scheduler",
    "report-reconciler",
    "notifications-processor",
    "report-document-retrieval",
    "report-document-storage",
    "presigned-url-generator",
    "report-notifier",
    "mail-gatherer",
    "link-opener",
    "document-access",
    "onboarding-inviter",
    "onboarding",
    "redelivery-requester",
    "redelivery-worker",
    "mail-feedback",
    "secret-rotator",
];

/// A process that was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Killed {
    /// When.
    pub at: Timestamp,
    /// Which function's process it was.
    pub function: &'static str,
    /// What the process called itself, at AWS and in its log.
    pub name: String,
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
            "LINKS_TABLE",
            "SELLING_PARTNERS_TABLE",
            "REPORTS_BUCKET",
            "STATE_MACHINE_ARN",
            "QUOTAS_TABLE",
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
        let mut processes = self.processes();
        processes.retain(|process| process.function == function);
        processes.sort_unstable_by_key(|process| process.number);
        let victim = processes.get(choice % processes.len().max(1))?;
        let at = Timestamp::now();
        // It may have ended by itself meanwhile.
        kill(Pid::from_raw(victim.number), Signal::SIGKILL).ok()?;
        Some(Killed {
            at,
            function: victim.function,
            name: victim.name.clone(),
        })
    }

    /// The most memory that any process of each function has had resident, in MiB.
    pub fn peak_memory(&self) -> BTreeMap<&'static str, u64> {
        let mut peaks = BTreeMap::new();
        for process in self.processes() {
            let status = fs::read_to_string(format!("/proc/{}/status", process.number)).unwrap_or_default();
            if let Some(peak) = peak_of(&status) {
                let highest = peaks.entry(process.function).or_default();
                *highest = peak.max(*highest);
            }
        }
        peaks
    }

    /// The processes of this stack's functions.
    fn processes(&self) -> Vec<Process> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let process = |entry: fs::DirEntry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let program = fs::read_link(entry.path().join("exe")).ok()?;
            is_bootstrap(&program).then_some(())?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let environment = String::from_utf8_lossy(&environment);
            self.process(number, &environment)
        };
        entries.flatten().filter_map(process).collect()
    }

    /// The process with that environment, if it is one of this stack's functions'.
    fn process(&self, number: i32, environment: &str) -> Option<Process> {
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
        let function_name = plain(value("AWS_LAMBDA_FUNCTION_NAME")?);
        let function = FUNCTIONS
            .into_iter()
            .find(|function| function_name.contains(&plain(function)))?;
        Some(Process {
            number,
            function,
            name: value("AWS_LAMBDA_LOG_STREAM_NAME")?.to_owned(),
        })
    }
}

/// A function's process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    /// On this machine.
    number: i32,
    function: &'static str,
    name: String,
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
                "PATH=/bin\0GATEWAY_PORT={port}\0REPORTS_TABLE={table}\0AWS_LAMBDA_FUNCTION_NAME={name}\0\
                 AWS_LAMBDA_LOG_STREAM_NAME=stream-1\0"
            )
        };
        let name = "SpReports-ReportNotifier8A5B-0C1D";
        let process = |environment: &str| hunt().process(7, environment);
        let function = |environment: &str| process(environment).map(|process| process.function);
        let expected = Process {
            number: 7,
            function: "report-notifier",
            name: "stream-1".into(),
        };
        assert_eq!(
            process(&environment("4566", "SpReports-Reports-1", name)),
            Some(expected)
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
    fn functions_are_called_bootstrap() {
        assert!(is_bootstrap(Path::new("/tmp/x/bootstrap")));
        assert!(is_bootstrap(Path::new("/tmp/x/bootstrap (deleted)")));
        assert!(!is_bootstrap(Path::new("/usr/bin/python3.11")));
    }
}
