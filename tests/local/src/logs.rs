//! `cargo local logs`: what the functions, the workflow and the two servers say.

mod of_report;
mod said;
mod source;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::aws_cli::LocalAws;
use crate::interrupt;
use crate::needs::Needs;
use crate::progress::say;
use crate::run_record::RunRecord;
use crate::stack;
use crate::toolbox::Venv;
use crate::workspace::{FUNCTIONS, Workspace};

pub use of_report::show as show_report;
use said::Said;
pub use source::Source;

/// How far back the functions' logs are shown.
const PERIOD: Duration = Duration::from_secs(15 * 60);
/// How often new lines are looked for.
const POLL: Duration = Duration::from_secs(2);
/// How many executions of each state machine are shown.
const EXECUTIONS: &str = "20";

/// Only what a server wrote to a file is there without it.
pub fn needs(source: Option<&Source>) -> Needs {
    match source {
        Some(Source::Emulator | Source::Simulator | Source::FaultProxy) => Needs::default(),
        Some(Source::Workflow | Source::Function(_)) | None => Needs::running(),
    }
}

/// Shows a log, or all functions' merged.
pub fn show(workspace: &Workspace, source: Option<&Source>, follow: bool) -> Result<()> {
    match source {
        Some(Source::Emulator) => show_file(&workspace.log("emulator"), follow),
        Some(Source::Simulator) => show_file(&workspace.log("simulator"), follow),
        Some(Source::FaultProxy) => show_file(&workspace.log("fault-proxy"), follow),
        Some(Source::Workflow) => {
            let reader = Reader::of(workspace)?;
            repeat(follow, |_| reader.workflow())
        }
        Some(Source::Function(name)) => show_functions(workspace, &[name], follow),
        None => show_functions(workspace, &FUNCTIONS, follow),
    }
}

fn show_functions(workspace: &Workspace, functions: &[&'static str], follow: bool) -> Result<()> {
    let reader = Reader::of(workspace)?;
    let groups = reader.groups(functions)?;
    if groups.is_empty() {
        bail!("the stack has no log group for {}", functions.join(", "));
    }
    repeat(follow, |is_first| {
        reader.functions(&groups, if is_first { PERIOD } else { POLL * 10 })
    })
}

/// Asks for entries once or again and again, and shows those not shown yet.
fn repeat(follow: bool, entries: impl Fn(bool) -> Result<Vec<Entry>>) -> Result<()> {
    let mut shown = BTreeSet::new();
    let mut is_first = true;
    loop {
        let mut new: Vec<Entry> = entries(is_first)?
            .into_iter()
            .filter(|entry| !shown.contains(entry))
            .collect();
        // Entries of one moment stay in the order in which they were logged.
        new.sort_by_key(|entry| entry.milliseconds);
        for entry in &new {
            say(&entry.line());
        }
        if !follow {
            if new.is_empty() {
                say("Nothing was logged.");
            }
            return Ok(());
        }
        shown.extend(new);
        is_first = false;
        interrupt::sleep(POLL)?;
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    milliseconds: u64,
    who: String,
    message: String,
    id: String,
}

impl Entry {
    fn line(&self) -> String {
        format!(
            "{} {:<26} {}",
            clock(self.milliseconds),
            self.who,
            Said::parse(&self.message)
                .map_or_else(|| self.message.trim_end().to_owned(), |said| said.in_words())
        )
    }
}

/// A function's log group.
struct Group {
    function: &'static str,
    name: String,
}

/// Asks the local AWS.
struct Reader {
    local_aws: LocalAws,
    venv: Venv,
    record: RunRecord,
}

impl Reader {
    fn of(workspace: &Workspace) -> Result<Self> {
        let (record, local_aws) = stack::require_running(workspace)?;
        Ok(Self {
            local_aws,
            venv: Venv::of(workspace),
            record,
        })
    }

    fn groups(&self, functions: &[&'static str]) -> Result<Vec<Group>> {
        let mut groups = Vec::new();
        for stack in &self.record.stack_names {
            let answer = self.local_aws.ask(
                &self.venv,
                &["cloudformation", "list-stack-resources", "--stack-name", stack],
            )?;
            groups.extend(functions.iter().filter_map(|function| {
                Some(Group {
                    function,
                    name: group_of(function, answer["StackResourceSummaries"].as_array()?)?,
                })
            }));
        }
        Ok(groups)
    }

    /// The functions' lines of that time.
    fn functions(&self, groups: &[Group], period: Duration) -> Result<Vec<Entry>> {
        let since = since(period).to_string();
        // The CLI takes most of a second to start, so the groups are asked at once.
        let answers: Vec<Result<Vec<Entry>>> = std::thread::scope(|scope| {
            let questions: Vec<_> = groups
                .iter()
                .map(|group| {
                    let since = &since;
                    scope.spawn(move || {
                        let arguments = [
                            "logs",
                            "filter-log-events",
                            "--log-group-name",
                            &group.name,
                            "--start-time",
                            since,
                        ];
                        let answer = self.local_aws.ask(&self.venv, &arguments)?;
                        let events = answer["events"].as_array().cloned().unwrap_or_default();
                        Ok(events
                            .iter()
                            .map(|event| entry_of(group.function, event))
                            .collect())
                    })
                })
                .collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|_| bail!("a thread that reads logs panicked"))
            };
            questions.into_iter().map(join).collect()
        });
        answers
            .into_iter()
            .collect::<Result<Vec<_>>>()
            .map(|entries| entries.into_iter().flatten().collect())
    }

    /// What the state machines did lately.
    fn workflow(&self) -> Result<Vec<Entry>> {
        let mut entries = self.executions("StateMachineArn")?;
        entries.extend(self.executions("OrderStateMachineArn")?);
        entries.extend(self.executions("RedeliveryStateMachineArn")?);
        Ok(entries)
    }

    /// The states that a state machine's latest executions went through: the emulator keeps no
    /// log of them.
    fn executions(&self, state_machine: &str) -> Result<Vec<Entry>> {
        let state_machine = self.record.output(state_machine)?;
        let answer = self.local_aws.ask(
            &self.venv,
            &[
                "stepfunctions",
                "list-executions",
                "--state-machine-arn",
                state_machine,
                "--max-items",
                EXECUTIONS,
            ],
        )?;
        let mut entries = Vec::new();
        for execution in answer["executions"].as_array().cloned().unwrap_or_default() {
            interrupt::check()?;
            let name = execution["name"].as_str().unwrap_or_default();
            let arn = execution["executionArn"].as_str().unwrap_or_default();
            entries.extend(self.steps(name, arn)?);
        }
        Ok(entries)
    }

    /// The states that the execution of that name went through; none if it is gone, or never began: a report that
    /// went through the express lane has none under this name.
    fn history_of(&self, execution: &str) -> Result<Vec<Entry>> {
        let output = match execution.starts_with("order-") {
            true => "OrderStateMachineArn",
            false => "StateMachineArn",
        };
        let machine = self
            .record
            .output(output)?
            .replace(":stateMachine:", ":execution:");
        Ok(self
            .steps(execution, &format!("{machine}:{execution}"))
            .unwrap_or_default())
    }

    fn steps(&self, name: &str, arn: &str) -> Result<Vec<Entry>> {
        let history = self.local_aws.ask(
            &self.venv,
            &["stepfunctions", "get-execution-history", "--execution-arn", arn],
        )?;
        let events = history["events"].as_array().cloned().unwrap_or_default();
        Ok(events.iter().filter_map(|event| step_of(name, event)).collect())
    }
}

/// The log group among a stack's resources that belongs to a function: the CDK makes logical ids
/// from construct names, `ReportCreatorLogs1A2B3C4D`.
fn group_of(function: &str, resources: &[Value]) -> Option<String> {
    let plain = function.replace('-', "");
    let find = |kind: &str, part: &str| {
        // With what follows it: one function's name may begin another's.
        let name = format!("{plain}{part}");
        let resource = resources.iter().find(|resource| {
            let id = resource["LogicalResourceId"]
                .as_str()
                .unwrap_or_default()
                .to_lowercase();
            resource["ResourceType"] == kind && id.contains(&name)
        })?;
        resource["PhysicalResourceId"].as_str().map(str::to_owned)
    };
    find("AWS::Logs::LogGroup", "logs")
        .or_else(|| find("AWS::Lambda::Function", "function").map(|name| format!("/aws/lambda/{name}")))
}

fn entry_of(function: &str, event: &Value) -> Entry {
    Entry {
        milliseconds: event["timestamp"].as_u64().unwrap_or_default(),
        who: function.to_owned(),
        message: event["message"].as_str().unwrap_or_default().to_owned(),
        id: event["eventId"].as_str().unwrap_or_default().to_owned(),
    }
}

/// An event of an execution's history that says something: a state entered, or how it ended.
fn step_of(execution: &str, event: &Value) -> Option<Entry> {
    let kind = event["type"].as_str()?;
    let details = event
        .as_object()?
        .iter()
        .find(|(name, _)| name.ends_with("EventDetails"))
        .map(|(_, value)| value);
    let detail = |name: &str| {
        details
            .and_then(|details| details[name].as_str())
            .unwrap_or_default()
    };
    let message = match kind {
        _ if kind.ends_with("StateEntered") => format!("entered {}", detail("name")),
        _ if kind.ends_with("Failed") || kind.ends_with("TimedOut") || kind.ends_with("Aborted") => {
            format!("{kind}: {} {}", detail("error"), detail("cause"))
        }
        "ExecutionStarted" | "ExecutionSucceeded" => kind.to_owned(),
        _ => return None,
    };
    Some(Entry {
        milliseconds: milliseconds(&event["timestamp"]),
        who: execution.to_owned(),
        message,
        id: event["id"].to_string(),
    })
}

/// The AWS CLI shows times as seconds since 1970 or, by its settings, as RFC 3339.
fn milliseconds(time: &Value) -> u64 {
    match time {
        Value::Number(seconds) => Duration::try_from_secs_f64(seconds.as_f64().unwrap_or_default())
            .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        _ => 0,
    }
}

fn since(period: Duration) -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(period).as_millis()
}

/// The time of the day, UTC.
fn clock(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        milliseconds % 1000
    )
}

fn show_file(path: &Path, follow: bool) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("{}: no such log yet", path.display()))?;
    loop {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if !bytes.is_empty() {
            say(String::from_utf8_lossy(&bytes).trim_end_matches('\n'));
        }
        if !follow {
            return Ok(());
        }
        interrupt::sleep(Duration::from_millis(300))?;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn log_groups_are_found_among_the_resources() {
        let resource = |kind: &str, logical: &str, physical: &str| json!({"ResourceType": kind, "LogicalResourceId": logical, "PhysicalResourceId": physical});
        let resources = [
            resource(
                "AWS::Lambda::Function",
                "ReportCreatorFunction1A",
                "SpReports-ReportCreatorFunction1A",
            ),
            resource(
                "AWS::Logs::LogGroup",
                "ReportCreatorLogs2B",
                "SpReports-ReportCreatorLogs2B",
            ),
            resource(
                "AWS::Lambda::Function",
                "ReportNotifierFunction3C",
                "SpReports-ReportNotifierFunction3C",
            ),
        ];
        assert_eq!(
            group_of("report-creator", &resources).as_deref(),
            Some("SpReports-ReportCreatorLogs2B")
        );
        assert_eq!(
            group_of("report-notifier", &resources).as_deref(),
            Some("/aws/lambda/SpReports-ReportNotifierFunction3C")
        );
        assert_eq!(group_of("token-storage", &resources), None);
    }

    #[test]
    fn a_history_becomes_lines() {
        let entered = json!({"id": 2, "type": "TaskStateEntered", "timestamp": 3723.5, "stateEnteredEventDetails": {"name": "NotifySeller"}});
        let line = step_of("run-1", &entered).map(|entry| entry.line());
        assert_eq!(
            line.as_deref(),
            Some("01:02:03.500 run-1                      entered NotifySeller")
        );
        assert_eq!(step_of("run-1", &json!({"id": 3, "type": "TaskScheduled"})), None);
    }
}
