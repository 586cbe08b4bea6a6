//! The proxy between the functions and the local AWS that can fail as AWS does.

use std::fs;

use anyhow::{Context, Result};

use crate::aws_cli::LocalAws;
use crate::ports;
use crate::progress::Step;
use crate::services::Service;
use crate::stamp::Fingerprint;
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;

/// The local AWS as it is seen through the proxy.
pub fn local_aws(workspace: &Workspace, port: u16) -> LocalAws {
    LocalAws::new(port, Tls::of(workspace))
}

/// Where rules are set and what fired is told.
pub fn control_url(port: u16) -> String {
    format!("https://localhost:{port}/_faults")
}

/// The hash of its binary, to see whether a running one is the one just built.
pub fn fingerprint(workspace: &Workspace) -> Result<String> {
    let binary = workspace.binary("fault-proxy");
    fs::metadata(&binary).with_context(|| format!("{} was not built", workspace.shown(&binary)))?;
    Ok(Fingerprint::default().file(&binary)?.finish())
}

/// Starts it, without any rules, and waits until calls go through it.
pub fn start(workspace: &Workspace, venv: &Venv, upstream: &LocalAws, port: u16) -> Result<()> {
    let step = Step::start("Fault proxy");
    let tls = Tls::of(workspace);
    let binary = workspace.binary("fault-proxy");
    let mut command = toolbox::command(&binary);
    command
        .args([
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--upstream",
            &upstream.url(),
        ])
        .arg("--certificate")
        .arg(tls.chain())
        .arg("--key")
        .arg(tls.key())
        .arg("--authority")
        .arg(tls.authority());
    let service = Service::fault_proxy(workspace);
    service.start(&mut command, &binary.display().to_string())?;
    service.wait_until(|| ports::answers(port))?;
    // A signed call, so that certificates and signatures are known to come through.
    local_aws(workspace, port)
        .ask(venv, &["sts", "get-caller-identity"])
        .with_context(|| {
            format!(
                "calls don't come through the fault proxy; its log: {}",
                workspace.log("fault-proxy").display()
            )
        })?;
    step.done_with(&control_url(port));
    Ok(())
}
