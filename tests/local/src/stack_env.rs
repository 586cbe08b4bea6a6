//! `target/local/stack.env`: how clients reach the stack, as a file for the shell.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::aws_cli::{LocalAws, isolate};
use crate::fault_proxy;
use crate::files::{self, PRIVATE};
use crate::run_record::RunRecord;
use crate::setting;
use crate::simulator;
use crate::workspace::Workspace;

/// The CDK outputs in the file, by the names that they have there.
const FROM_OUTPUTS: [(&str, &str); 20] = [
    ("REPORTS_API_URL", "ReportsApiUrl"),
    ("INVOKE_ROLE_ARN", "InvokeRoleArn"),
    ("SELLING_PARTNERS_TABLE", "SellingPartnersTable"),
    ("REPORTS_TABLE", "ReportsTable"),
    ("QUOTAS_TABLE", "QuotasTable"),
    ("LINKS_TABLE", "LinksTable"),
    ("REPORTS_BUCKET", "ReportsBucket"),
    ("NOTIFICATIONS_QUEUE_URL", "NotificationsQueueUrl"),
    ("NOTIFICATIONS_QUEUE_ARN", "NotificationsQueueArn"),
    ("DEAD_LETTER_QUEUE_URL", "DeadLetterQueueUrl"),
    ("DEAD_LETTER_QUEUE_ARN", "DeadLetterQueueArn"),
    ("MAILBOX_QUEUE_URL", "MailboxQueueUrl"),
    ("TOPIC_ARN", "TopicArn"),
    ("ALARM_TOPIC_ARN", "AlarmTopicArn"),
    ("CONSUMER_POLICY_ARN", "ConsumerPolicyArn"),
    ("STATE_MACHINE_ARN", "StateMachineArn"),
    ("ORDER_STATE_MACHINE_ARN", "OrderStateMachineArn"),
    ("REDELIVERY_STATE_MACHINE_ARN", "RedeliveryStateMachineArn"),
    ("RECONCILER_FUNCTION_NAME", "ReconcilerFunctionName"),
    ("LWA_SECRET_NAME", "LwaSecretName"),
];

/// The same of outputs that only some settings have.
const FROM_SOME_OUTPUTS: [(&str, &str); 4] = [
    ("EXPRESS_LANE_ARN", "ExpressLaneArn"),
    ("CLIENT_SECRET_QUEUE_ARN", "ClientSecretQueueArn"),
    ("REJECTED_SECRET_NAME", "RejectedSecretName"),
    ("ONBOARDINGS_TABLE", "OnboardingsTable"),
];

/// Names and values, in the order of the file.
pub type Variables = Vec<(&'static str, String)>;

/// Where the file is.
pub fn path(workspace: &Workspace) -> PathBuf {
    workspace.local("stack.env")
}

/// All that a client of the stack needs to know.
pub fn variables(local_aws: &LocalAws, record: &RunRecord) -> Result<Variables> {
    let mut variables = local_aws.environment();
    variables.extend([
        ("INVOKE_USER_ACCESS_KEY_ID", record.invoke_user.id.clone()),
        ("INVOKE_USER_SECRET_ACCESS_KEY", record.invoke_user.secret.clone()),
        ("SP_API_SIMULATOR_URL", simulator::url(record.ports.simulator)),
    ]);
    if let Some(port) = record.ports.fault_proxy {
        variables.push(("FAULT_PROXY_URL", fault_proxy::control_url(port)));
    }
    for (name, output) in FROM_OUTPUTS {
        variables.push((name, record.output(output)?.to_owned()));
    }
    for (name, output) in FROM_SOME_OUTPUTS {
        if let Ok(value) = record.output(output) {
            variables.push((name, value.to_owned()));
        }
    }
    for (variable, name) in [
        ("DOCUMENT_FORMAT", "documentFormat"),
        ("DELIVER", "deliver"),
        ("LINKS", "links"),
        ("MAIL", "mail"),
    ] {
        if let Some(value) = setting::value(&record.profile.context, name) {
            variables.push((variable, value.to_owned()));
        }
    }
    Ok(variables)
}

/// The value under a name.
pub fn value<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value.as_str())
}

/// Lets a command see the stack, and of the user's own AWS settings nothing.
pub fn apply(command: &mut Command, variables: &Variables) {
    isolate(command);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
}

/// Writes the file. Only the user can read it.
pub fn write(workspace: &Workspace, variables: &Variables) -> Result<()> {
    let lines = variables
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)));
    files::write(&path(workspace), lines.collect::<String>().as_bytes(), PRIVATE)
}

/// A value that the shell takes as it is.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::capture;
    use crate::tls::Tls;

    #[test]
    fn the_shell_reads_every_value_as_it_was() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::at(folder.path());
        let awkward = r#"it's $HOME `a` "b" \ c"#;
        write(
            &workspace,
            &vec![("ONE", awkward.to_owned()), ("TWO", String::new())],
        )?;
        let script = r#". "$0"; printf '%s|%s' "$ONE" "$TWO""#;
        let printed = capture(Command::new("sh").args(["-c", script]).arg(path(&workspace)))?;
        assert_eq!(printed, format!("{awkward}|"));
        Ok(())
    }

    #[test]
    fn a_missing_output_is_named() {
        let folder = Workspace::at(std::path::Path::new("/nowhere"));
        let local_aws = LocalAws::new(4566, Tls::of(&folder));
        let mut record = RunRecord::default();
        let message = |record: &RunRecord| variables(&local_aws, record).err().map(|error| error.to_string());
        assert_eq!(
            message(&record).as_deref(),
            Some("the CDK stacks have no output ReportsApiUrl")
        );
        for (_, output) in FROM_OUTPUTS {
            record.outputs.insert(output.to_owned(), "value".to_owned());
        }
        let all = variables(&local_aws, &record).unwrap_or_default();
        assert_eq!(value(&all, "QUOTAS_TABLE"), Some("value"));
        assert_eq!(value(&all, "FAULT_PROXY_URL"), None);
        record.ports.fault_proxy = Some(4567);
        let all = variables(&local_aws, &record).unwrap_or_default();
        assert_eq!(
            value(&all, "FAULT_PROXY_URL"),
            Some("https://localhost:4567/_faults")
        );
    }
}
