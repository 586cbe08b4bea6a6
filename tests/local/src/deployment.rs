//! The real deployment: `cdk bootstrap`, `cdk synth` and `cdk deploy`, against the local AWS.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::aws_cli::{ACCOUNT, LocalAws, REGION, cdk, url_at};
use crate::files::{self, PRIVATE};
use crate::ports::Ports;
use crate::processes::run_logged;
use crate::profile::Profile;
use crate::progress::Step;
use crate::run_record::{AccessKey, RunRecord};
use crate::setting::Setting;
use crate::simulator;
use crate::stamp::{Fingerprint, Stamp};
use crate::toolbox::Venv;
use crate::workspace::Workspace;

/// How often the reconciler of a local stack looks for what is overdue.
const RECONCILE_RATE: &str = "rate(1 minute)";

/// As often as can be, so that nobody who looks on has to wait for long.
const GATHER_MAIL_SECONDS: u32 = 5;

/// What the deployment is told.
#[derive(Clone)]
pub struct Settings {
    /// Where the local AWS listens.
    pub emulator_port: u16,
    /// Where Amazon's stand-in listens.
    pub simulator_port: u16,
    /// How long after an order or a notification the reconciler looks after a report.
    pub overdue_seconds: u32,
    /// How long after an order a report is slow.
    pub slow_after_hours: f64,
    /// Further ones, as the CDK takes them.
    pub context: Vec<Setting>,
}

impl Settings {
    /// The settings of a kind of stack.
    pub fn of(profile: &Profile, ports: Ports) -> Self {
        Self {
            emulator_port: ports.emulator,
            simulator_port: ports.simulator,
            overdue_seconds: profile.overdue_seconds(),
            slow_after_hours: profile.slow_after_hours(),
            context: profile.context.clone(),
        }
    }

    fn parameters(&self) -> [String; 12] {
        [
            "NotificationEmail=seller@example.com".to_owned(),
            "AlarmEmail=operator@example.com".to_owned(),
            // What a template has no parameter for, the CDK leaves out.
            "MailFrom=reports@example.com".to_owned(),
            format!("OnboardingApplicationId={}", simulator::APPLICATION_ID),
            "OnboardingName=Local Reports & Co".to_owned(),
            format!("ConsentHost={}/{{region}}", simulator::url(self.simulator_port)),
            "AppstoreLogin=on".to_owned(),
            format!("SpApiEnvironment={}", simulator::url(self.simulator_port)),
            format!("OverdueSeconds={}", self.overdue_seconds),
            format!("ReconcileRate={RECONCILE_RATE}"),
            format!("SlowAfterHours={}", self.slow_after_hours),
            format!("GatherMailSeconds={GATHER_MAIL_SECONDS}"),
        ]
    }
}

/// The stacks and what they tell about themselves.
pub struct Deployed {
    /// Their names.
    pub stack_names: Vec<String>,
    /// The outputs of all of them.
    pub outputs: BTreeMap<String, String>,
}

/// The hash of everything that the deployment is made from.
pub fn fingerprint(workspace: &Workspace, settings: &Settings) -> Result<String> {
    let root = workspace.root();
    let mut app = Fingerprint::default();
    for file in ["cdk.json", "package-lock.json", "tsconfig.json"] {
        app = app.file(&root.join("cdk").join(file))?;
    }
    Ok(app
        .folder(&root.join("cdk/bin"))?
        .folder(&root.join("cdk/lib"))?
        .folder(&root.join("statemachine"))?
        .folder(&workspace.local("functions"))?
        .text("context", &context(workspace, settings).join(" "))
        .text("parameters", &settings.parameters().join(" "))
        .finish())
}

/// The first deployment into an empty local AWS.
pub fn deploy(
    workspace: &Workspace,
    local_aws: &LocalAws,
    fingerprint: &str,
    settings: &Settings,
) -> Result<Deployed> {
    let step = Step::start("CDK bootstrap and synthesis");
    // They need nothing of each other, and each takes several seconds to start.
    std::thread::scope(|scope| {
        let bootstrap = scope.spawn(|| bootstrap(workspace, local_aws));
        let synthesis = synthesize(workspace, fingerprint, settings);
        let bootstrap = bootstrap
            .join()
            .unwrap_or_else(|_| bail!("the bootstrap's thread panicked"));
        bootstrap.and(synthesis)
    })?;
    step.done();
    deploy_templates(workspace, local_aws, settings)
}

/// A deployment over one that is there.
pub fn update(
    workspace: &Workspace,
    local_aws: &LocalAws,
    fingerprint: &str,
    settings: &Settings,
) -> Result<Deployed> {
    let step = Step::start("CDK synthesis");
    synthesize(workspace, fingerprint, settings)?;
    step.done();
    deploy_templates(workspace, local_aws, settings)
}

fn bootstrap(workspace: &Workspace, local_aws: &LocalAws) -> Result<()> {
    let mut command = local_aws.cdk(workspace);
    // Elsewhere than in the app's folder, or the CLI would synthesize the app first.
    let elsewhere = workspace.local("cdk-home");
    fs::create_dir_all(&elsewhere)?;
    command
        .args(["bootstrap", &format!("aws://{ACCOUNT}/{REGION}"), "--no-notices"])
        .current_dir(elsewhere);
    run_logged(&mut command, &workspace.log("cdk-bootstrap"), |_| {})
}

/// Writes the templates to `target/local/cdk.out`, unless they are there.
fn synthesize(workspace: &Workspace, fingerprint: &str, settings: &Settings) -> Result<()> {
    let templates = workspace.local("cdk.out");
    let stamp = Stamp::of(&templates);
    if stamp.matches(fingerprint) {
        return Ok(());
    }
    stamp.remove();
    let mut command = cdk(workspace);
    command
        .args(["synth", "--quiet", "--no-notices", "--output"])
        .arg(&templates)
        .args(context(workspace, settings));
    run_logged(&mut command, &workspace.log("cdk-synth"), |_| {})?;
    stamp.write(fingerprint)
}

fn deploy_templates(workspace: &Workspace, local_aws: &LocalAws, settings: &Settings) -> Result<Deployed> {
    let step = Step::start("CDK deployment");
    let outputs = workspace.local("cdk-outputs.json");
    let mut command = local_aws.cdk(workspace);
    command
        .args([
            "deploy",
            "--all",
            "--no-notices",
            "--require-approval",
            "never",
            "--progress",
            "events",
        ])
        .args(["--concurrency", "2", "--method", "direct"])
        .arg("--app")
        .arg(workspace.local("cdk.out"))
        .arg("--outputs-file")
        .arg(&outputs)
        .args(
            settings
                .parameters()
                .into_iter()
                .flat_map(|parameter| ["--parameters".to_owned(), parameter]),
        );
    run_logged(&mut command, &workspace.log("cdk-deploy"), |line| {
        step.detail(line.trim());
    })?;
    let content =
        fs::read_to_string(&outputs).with_context(|| format!("{} can't be read", outputs.display()))?;
    let deployed = parse_outputs(&content, &local_aws.url())?;
    step.done_with(&deployed.stack_names.join(", "));
    Ok(deployed)
}

/// Puts the application's credentials where the functions look for them.
pub fn store_lwa_credentials(
    workspace: &Workspace,
    local_aws: &LocalAws,
    venv: &Venv,
    record: &RunRecord,
) -> Result<()> {
    let credentials =
        serde_json::json!({ "ClientId": record.client_id, "ClientSecret": record.client_secret });
    let name = record.output("LwaSecretName")?;
    // In a file: everybody on the machine can read command lines.
    let file = workspace.local("run/lwa-credentials.json");
    files::write(&file, credentials.to_string().as_bytes(), PRIVATE)?;
    let argument = format!("file://{}", file.display());
    let arguments = [
        "secretsmanager",
        "put-secret-value",
        "--secret-id",
        name,
        "--secret-string",
        &argument,
    ];
    let answer = local_aws.ask(venv, &arguments);
    fs::remove_file(file)?;
    answer.map(|_| ())
}

/// Makes an access key for the user who may call the API.
pub fn create_invoke_user_key(local_aws: &LocalAws, venv: &Venv, record: &RunRecord) -> Result<AccessKey> {
    let user = record.output("InvokeUserName")?;
    let answer = local_aws.ask(venv, &["iam", "create-access-key", "--user-name", user])?;
    let field = |name: &str| {
        answer["AccessKey"][name]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("no {name} in {answer}"))
    };
    Ok(AccessKey {
        id: field("AccessKeyId")?,
        secret: field("SecretAccessKey")?,
    })
}

/// Where the emulator has an API's stage. Left to itself, the deployment says an amazonaws.com URL, in
/// its outputs and in every link.
fn api_url(emulator_port: u16) -> String {
    format!("{}/restapis/{{apiId}}/prod/_user_request_", url_at(emulator_port))
}

fn context(workspace: &Workspace, settings: &Settings) -> Vec<String> {
    // Named like Rust names it, where AWS has its own word.
    let architecture = if std::env::consts::ARCH == "aarch64" {
        "arm64"
    } else {
        "x86_64"
    };
    let functions = workspace.local("functions").display().to_string();
    let ours = [
        Setting::new("apiUrl", api_url(settings.emulator_port)),
        Setting::new("functionsDir", functions),
        Setting::new("architecture", architecture),
        Setting::new("localMailbox", "true"),
        Setting::new("removalPolicy", "destroy"),
    ];
    ours.iter()
        .chain(&settings.context)
        .flat_map(|setting| ["--context".to_owned(), setting.to_string()])
        .collect()
}

/// Reads `cdk deploy`'s outputs file: `{stack: {output: value}}`.
fn parse_outputs(content: &str, endpoint: &str) -> Result<Deployed> {
    let stacks: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(content).context("the CDK's outputs file is not as expected")?;
    let stack_names = stacks.keys().cloned().collect();
    let outputs = stacks
        .into_values()
        .flatten()
        .map(|(name, value)| {
            let value = if name.ends_with("QueueUrl") {
                reachable(&value, endpoint)
            } else {
                value
            };
            (name, value)
        })
        .collect();
    Ok(Deployed { stack_names, outputs })
}

/// A queue's URL with the local AWS as its host, whatever host the emulator put there.
fn reachable(queue_url: &str, endpoint: &str) -> String {
    let path = queue_url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or("", |(_, path)| path);
    format!("{endpoint}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_where_the_emulator_has_it() {
        let url = "https://localhost:4566/restapis/{apiId}/prod/_user_request_";
        assert_eq!(api_url(4566), url);
    }

    #[test]
    fn outputs_of_all_stacks_come_together() -> Result<()> {
        let content = r#"{
            "SpReports": {"ReportsApiId": "abc", "NotificationsQueueUrl": "http://sqs.us-east-1.localhost:4566/000000000000/n"},
            "SpReportsMailbox": {"MailboxQueueUrl": "https://localhost:4566/000000000000/m"}
        }"#;
        let deployed = parse_outputs(content, "https://localhost:4566")?;
        assert_eq!(deployed.stack_names, ["SpReports", "SpReportsMailbox"]);
        assert_eq!(deployed.outputs["ReportsApiId"], "abc");
        assert_eq!(
            deployed.outputs["NotificationsQueueUrl"],
            "https://localhost:4566/000000000000/n"
        );
        assert_eq!(
            deployed.outputs["MailboxQueueUrl"],
            "https://localhost:4566/000000000000/m"
        );
        assert!(parse_outputs("[]", "").is_err());
        Ok(())
    }
}
