//! Amazon's stand-in: the SP-API simulator.

use std::fs;

use anyhow::{Context, Result};

use crate::aws_cli::LocalAws;
use crate::ports;
use crate::progress::Step;
use crate::run_record::RunRecord;
use crate::services::Service;
use crate::stamp::Fingerprint;
use crate::toolbox;
use crate::workspace::Workspace;

/// The application that sellers authorize in a browser.
pub const APPLICATION_ID: &str = "amzn1.sp.solution.local";

/// Its URL.
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// The hash of its binary, to see whether a running one is the one just built.
pub fn fingerprint(workspace: &Workspace) -> Result<String> {
    let binary = workspace.binary("sp-api-simulator");
    fs::metadata(&binary).with_context(|| format!("{} was not built", workspace.shown(&binary)))?;
    Ok(Fingerprint::default().file(&binary)?.finish())
}

/// Starts it and waits until it answers.
pub fn start(workspace: &Workspace, local_aws: &LocalAws, record: &RunRecord) -> Result<()> {
    let step = Step::start("SP-API simulator");
    let port = record.ports.simulator;
    let binary = workspace.binary("sp-api-simulator");
    let mut command = toolbox::command(&binary);
    local_aws.apply(&mut command);
    command
        .args([
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--client-id",
            &record.client_id,
            "--deliver-to-aws",
        ])
        .args(["--speed-up", &record.profile.speed_up.to_string()])
        .args(["--selling-partners-table", record.output("SellingPartnersTable")?])
        .env("SIMULATOR_CLIENT_SECRET", &record.client_secret);
    if let Ok(redirect_uri) = record.output("OnboardingRedirectUri") {
        command.args(["--application-id", APPLICATION_ID, "--redirect-uri", redirect_uri]);
    }
    let service = Service::simulator(workspace);
    service.start(&mut command, &binary.display().to_string())?;
    service.wait_until(|| ports::http_ok(port, "/_simulator/health"))?;
    step.done_with(&url(port));
    Ok(())
}
