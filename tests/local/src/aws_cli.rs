//! The AWS CLI and the CDK CLI, pointed at the local AWS and at nothing else.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::processes::capture;
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;

/// The emulator's region.
pub const REGION: &str = "us-east-1";
/// The emulator's account.
pub const ACCOUNT: &str = "000000000000";
/// The emulator's administrator. Not a secret: it listens on this machine only.
pub const ADMINISTRATOR: (&str, &str) = ("test", "test");

/// The URL of a local AWS at that port.
pub fn url_at(port: u16) -> String {
    format!("https://localhost:{port}")
}

/// How clients reach the local AWS.
#[derive(Clone)]
pub struct LocalAws {
    port: u16,
    tls: Tls,
}

impl LocalAws {
    /// The one at a port.
    pub fn new(port: u16, tls: Tls) -> Self {
        Self { port, tls }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        url_at(self.port)
    }

    /// Its URL for S3. A number for the host keeps SDKs from putting the bucket's name before
    /// it: most systems don't resolve `bucket.localhost`.
    pub fn s3_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// What SDKs and CLIs read, with the administrator's key.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let bundle = self.tls.bundle().display().to_string();
        vec![
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ENDPOINT_URL_S3", self.s3_url()),
            ("AWS_CA_BUNDLE", bundle.clone()),
            ("SSL_CERT_FILE", bundle),
            ("NODE_EXTRA_CA_CERTS", self.tls.authority().display().to_string()),
            ("AWS_REGION", REGION.to_owned()),
            // Version 1 of the AWS CLI, the one from PyPI, reads no other.
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", ADMINISTRATOR.0.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR.1.to_owned()),
        ]
    }

    /// Points a command at the local AWS.
    pub fn apply(&self, command: &mut Command) {
        isolate(command);
        command.envs(self.environment());
    }

    /// An `aws …` command.
    pub fn aws(&self, venv: &Venv, arguments: &[&str]) -> Command {
        let mut command = venv.module("awscli");
        command.args(arguments);
        self.apply(&mut command);
        command
    }

    /// The answer to an `aws …` command.
    pub fn ask(&self, venv: &Venv, arguments: &[&str]) -> Result<Value> {
        let mut command = self.aws(venv, arguments);
        let answer = capture(command.args(["--output", "json"]))?;
        if answer.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer)
            .with_context(|| format!("`aws {}` answered no JSON", arguments.join(" ")))
    }

    /// A `cdk …` command, in the CDK app's folder.
    pub fn cdk(&self, workspace: &Workspace) -> Command {
        let mut command = cdk(workspace);
        command.envs(self.environment());
        command
    }
}

/// Hides the user's own profiles and settings: nothing here may ever reach a real account.
pub fn isolate(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("AWS_") || name.starts_with("CDK_"))
        {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "")
        .env("NO_PROXY", "localhost,127.0.0.1")
        .env("no_proxy", "localhost,127.0.0.1");
}

/// A `cdk …` command without any account. What `npx cdk` would run, without npm's start.
pub fn cdk(workspace: &Workspace) -> Command {
    let folder = workspace.root().join("cdk");
    let mut command = toolbox::command(folder.join("node_modules/.bin/cdk"));
    isolate(&mut command);
    command
        .current_dir(folder)
        // The CLI remembers accounts in the user's home otherwise.
        .env("CDK_HOME", workspace.local("cdk-home"))
        .env("CDK_DISABLE_CLI_TELEMETRY", "true");
    command
}
