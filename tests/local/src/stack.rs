//! The whole stack: up, up to date, down.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::aws_cli::LocalAws;
use crate::deployment::Settings;
use crate::interrupt;
use crate::ports::{PortOptions, Ports};
use crate::processes;
use crate::profile::Profile;
use crate::progress::{Step, say};
use crate::run_record::{RunRecord, random_secret};
use crate::services::Service;
use crate::stack_env::{self, Variables};
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;
use crate::{deployment, emulator, fault_proxy, functions, prerequisites, simulator};

const CLIENT_ID: &str = "amzn1.application-oa2-client.local";
/// Said where one must run.
pub const NONE_RUNS: &str = "no local stack runs: start one with `cargo local up`";
/// A restart by another `cargo local` takes less.
const RESTART_LIMIT: Duration = Duration::from_secs(20);

/// A stack that is up.
pub struct Stack {
    /// How its clients reach it.
    pub variables: Variables,
    /// Stops it when dropped; absent when somebody else started it.
    guard: Option<Guard>,
}

impl Stack {
    /// Whether this process started it.
    pub fn is_ours(&self) -> bool {
        self.guard.is_some()
    }

    /// Leaves it running.
    fn detach(mut self) {
        if let Some(guard) = &mut self.guard {
            guard.is_armed = false;
        }
    }
}

/// Stops the stack on whatever way out.
struct Guard {
    files: Files,
    is_armed: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.is_armed {
            say("Stopping the local stack");
            self.files.stop();
        }
    }
}

/// `cargo local up`.
pub fn up_command(workspace: &Workspace, ports: PortOptions, profile: Profile, detach: bool) -> Result<()> {
    let stack = up(workspace, ports, profile)?;
    say(&introduction(workspace, &stack.variables));
    if !stack.is_ours() {
        say("The stack ran already and is up to date. `cargo local down` stops it.");
        return Ok(());
    }
    if detach {
        stack.detach();
        say("It runs in the background. `cargo local down` stops it.");
        return Ok(());
    }
    say("Ctrl-C stops it.");
    watch(workspace)
}

/// `cargo local down`.
pub fn down_command(workspace: &Workspace) -> Result<()> {
    let files = Files::of(workspace);
    if !files.services().iter().any(|service| service.is_running()) {
        files.stop();
        say("No local stack runs.");
        return Ok(());
    }
    let step = Step::start("Stopping the local stack");
    files.stop();
    step.done();
    Ok(())
}

/// What tells that a stack runs.
struct Files {
    emulator: Service,
    simulator: Service,
    fault_proxy: Service,
    record: PathBuf,
    stack_env: PathBuf,
}

impl Files {
    fn of(workspace: &Workspace) -> Self {
        Self {
            emulator: Service::emulator(workspace),
            simulator: Service::simulator(workspace),
            fault_proxy: Service::fault_proxy(workspace),
            record: RunRecord::path(workspace),
            stack_env: stack_env::path(workspace),
        }
    }

    /// In the order in which to stop them.
    fn services(&self) -> [&Service; 3] {
        [&self.simulator, &self.emulator, &self.fault_proxy]
    }

    fn stop(&self) {
        for file in [&self.record, &self.stack_env] {
            let _ = fs::remove_file(file);
        }
        for service in self.services() {
            service.stop();
        }
    }
}

/// The running stack's record and address.
pub fn running(workspace: &Workspace) -> Option<(RunRecord, LocalAws)> {
    let record = RunRecord::load(workspace)?;
    let local_aws = LocalAws::new(record.ports.emulator, Tls::of(workspace));
    Service::emulator(workspace)
        .is_running()
        .then_some((record, local_aws))
}

/// The running stack, which must be one.
pub fn require_running(workspace: &Workspace) -> Result<(RunRecord, LocalAws)> {
    running(workspace).context(NONE_RUNS)
}

/// Starts the stack or brings a running one up to date.
pub fn up(workspace: &Workspace, options: PortOptions, profile: Profile) -> Result<Stack> {
    let _lock = lock(workspace)?;
    let tools = prerequisites::check(workspace)?;
    let running = running(workspace);
    let ports = match &running {
        Some((record, _)) => {
            profile.require_same(&record.profile)?;
            record.ports.require_same(options)?;
            record.ports
        }
        None => {
            // What a runner left behind that was killed before the stack was complete.
            Files::of(workspace).stop();
            Ports::free(options, &profile)?
        }
    };
    let venv = Venv::prepare(workspace, &tools)?;
    toolbox::npm_ci(workspace, "cdk")?;
    functions::build(workspace)?;
    functions::lay_out(workspace)?;
    let settings = Settings::of(&profile, ports);
    if let Some((record, local_aws)) = running {
        let variables = update(workspace, &venv, &local_aws, record, &settings)?;
        return Ok(Stack {
            variables,
            guard: None,
        });
    }

    let tls = Tls::prepare(workspace)?;
    let guard = Guard {
        files: Files::of(workspace),
        is_armed: true,
    };
    let for_functions = ports
        .fault_proxy
        .map(|port| fault_proxy::local_aws(workspace, port));
    let local_aws = emulator::start(workspace, &venv, &tls, ports.emulator, for_functions.as_ref())?;
    let mut record = RunRecord {
        profile,
        ports,
        client_id: CLIENT_ID.to_owned(),
        client_secret: random_secret()?,
        deployed: deployment::fingerprint(workspace, &settings)?,
        simulator: simulator::fingerprint(workspace)?,
        ..RunRecord::default()
    };
    if let Some(port) = ports.fault_proxy {
        fault_proxy::start(workspace, &venv, &local_aws, port)?;
        record.fault_proxy = Some(fault_proxy::fingerprint(workspace)?);
    }
    let deployed = deployment::deploy(workspace, &local_aws, &record.deployed, &settings)?;
    record.stack_names = deployed.stack_names;
    record.outputs = deployed.outputs;
    let step = Step::start("Credentials");
    deployment::store_lwa_credentials(workspace, &local_aws, &venv, &record)?;
    record.invoke_user = deployment::create_invoke_user_key(&local_aws, &venv, &record)?;
    step.done();
    simulator::start(workspace, &local_aws, &record)?;
    let variables = publish(workspace, &local_aws, &record)?;
    Ok(Stack {
        variables,
        guard: Some(guard),
    })
}

/// Deploys and restarts what changed.
fn update(
    workspace: &Workspace,
    venv: &Venv,
    local_aws: &LocalAws,
    mut record: RunRecord,
    settings: &Settings,
) -> Result<Variables> {
    if let Some(port) = record.ports.fault_proxy {
        let binary = Some(fault_proxy::fingerprint(workspace)?);
        let service = Service::fault_proxy(workspace);
        if record.fault_proxy != binary || !service.is_running() {
            service.stop();
            fault_proxy::start(workspace, venv, local_aws, port)?;
            record.fault_proxy = binary;
        }
    }
    let fingerprint = deployment::fingerprint(workspace, settings)?;
    if record.deployed == fingerprint {
        say("CDK … nothing to deploy");
    } else {
        let deployed = deployment::update(workspace, local_aws, &fingerprint, settings)?;
        record.stack_names = deployed.stack_names;
        record.outputs = deployed.outputs;
        record.deployed = fingerprint;
        record.save(workspace)?;
    }
    let binary = simulator::fingerprint(workspace)?;
    let service = Service::simulator(workspace);
    if record.simulator != binary || !service.is_running() {
        service.stop();
        simulator::start(workspace, local_aws, &record)?;
        record.simulator = binary;
    }
    publish(workspace, local_aws, &record)
}

fn publish(workspace: &Workspace, local_aws: &LocalAws, record: &RunRecord) -> Result<Variables> {
    let variables = stack_env::variables(local_aws, record)?;
    stack_env::write(workspace, &variables)?;
    record.save(workspace)?;
    Ok(variables)
}

/// Stays until the user wants to stop or a server ends.
fn watch(workspace: &Workspace) -> Result<()> {
    let files = Files::of(workspace);
    // A restart by another `cargo local` may be under way.
    let mut restarted: Vec<(Service, Instant)> = [files.simulator, files.fault_proxy]
        .into_iter()
        .filter(Service::is_wanted)
        .map(|service| (service, Instant::now()))
        .collect();
    while !interrupt::requested() {
        if !files.emulator.is_running() {
            if files.emulator.is_wanted() {
                bail!(
                    "the local AWS ended unexpectedly:\n\n{}",
                    files.emulator.end_of_log()
                );
            }
            say("The stack was stopped by another `cargo local`.");
            return Ok(());
        }
        for (service, seen) in &mut restarted {
            if service.is_running() {
                *seen = Instant::now();
            } else if seen.elapsed() > RESTART_LIMIT {
                bail!(
                    "the {} ended unexpectedly:\n\n{}",
                    service.name(),
                    service.end_of_log()
                );
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Two runners must not prepare the same stack at once.
fn lock(workspace: &Workspace) -> Result<File> {
    let file = processes::create(&workspace.local("lock"))?;
    let mut has_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                if !has_told {
                    say("Another `cargo local` is at work in this checkout: waiting for it");
                    has_told = true;
                }
                interrupt::sleep(Duration::from_millis(200))?;
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).context("target/local/lock can't be locked");
            }
        }
    }
}

fn introduction(workspace: &Workspace, variables: &Variables) -> String {
    let value = |name: &str| stack_env::value(variables, name).unwrap_or_default();
    let file = workspace.shown(&stack_env::path(workspace));
    let fault_proxy = stack_env::value(variables, "FAULT_PROXY_URL")
        .map_or_else(String::new, |url| format!("  fault proxy      {url}\n"));
    format!(
        "
  Reports API      {}
  local AWS        {}
  SP-API simulator {}
{fault_proxy}
Everything that clients need is in {file}:
  . {file}
  aws stepfunctions list-executions --state-machine-arn \"$STATE_MACHINE_ARN\"
The AWS CLI is {}; `cargo local logs` shows what the functions say.
",
        value("REPORTS_API_URL"),
        value("AWS_ENDPOINT_URL"),
        value("SP_API_SIMULATOR_URL"),
        workspace.shown(&workspace.local("venv/bin/aws")),
    )
}
