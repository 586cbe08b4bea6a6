//! The local AWS: MiniStack, which `emulator.py` gives an e-mail service, and composite alarms in templates.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::aws_cli::LocalAws;
use crate::ports;
use crate::progress::Step;
use crate::services::Service;
use crate::tls::Tls;
use crate::toolbox::Venv;
use crate::workspace::Workspace;

/// Starts it with an empty state and waits until it answers. The functions may have to reach it
/// by another way than everybody else.
pub fn start(
    workspace: &Workspace,
    venv: &Venv,
    tls: &Tls,
    port: u16,
    for_functions: Option<&LocalAws>,
) -> Result<LocalAws> {
    let step = Step::start("Local AWS");
    let local_aws = LocalAws::new(port, tls.clone());
    let state = workspace.local("state");
    if state.exists() {
        fs::remove_dir_all(&state).with_context(|| format!("{} can't be emptied", state.display()))?;
    }
    for folder in ["s3", "tmp", "home"] {
        fs::create_dir_all(state.join(folder))
            .with_context(|| format!("{} can't be made", state.display()))?;
    }
    let bundle = tls.bundle();
    let for_functions = for_functions.unwrap_or(&local_aws);
    let mut command = Command::new(venv.folder().join("bin/python"));
    // It hands its environment to the functions, which would see ours otherwise.
    command
        .arg(workspace.root().join("tests/local/emulator.py"))
        .current_dir(&state)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", state.join("home"))
        .env("TMPDIR", state.join("tmp"))
        .env("LANG", "C.UTF-8")
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "localhost")
        // Signatures are verified and policies evaluated.
        .env("AUTH", "true")
        .env("USE_SSL", "1")
        .env("MINISTACK_SSL_CERT", tls.chain())
        .env("MINISTACK_SSL_KEY", tls.key())
        .env("STATE_DIR", state.join("state"))
        .env("S3_DATA_DIR", state.join("s3"))
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("AWS_ENDPOINT_URL", for_functions.url())
        .env("AWS_ENDPOINT_URL_S3", for_functions.s3_url())
        .env("AWS_CA_BUNDLE", &bundle)
        .env("SSL_CERT_FILE", &bundle);
    let service = Service::emulator(workspace);
    service.start(&mut command, &venv.folder().display().to_string())?;
    service.wait_until(|| ports::answers(port))?;
    // Through the CLI, so that certificates and keys are known to work too.
    local_aws
        .ask(venv, &["sts", "get-caller-identity"])
        .with_context(|| {
            format!(
                "the local AWS does not answer; its log: {}",
                workspace.log("emulator").display()
            )
        })?;
    step.done_with(&local_aws.url());
    Ok(local_aws)
}
