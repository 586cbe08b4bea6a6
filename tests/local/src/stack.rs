//! The whole stack: up, up to date, down.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::aws_cli::LocalAws;
use crate::interrupt;
use crate::ports::{self, Wanted};
use crate::processes;
use crate::progress::{Step, say};
use crate::run_record::{RunRecord, random_secret};
use crate::services::Service;
use crate::stack_env::{self, Variables};
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;
use crate::{PortOptions, deployment, emulator, functions, prerequisites, simulator};

const EMULATOR_PORT: u16 = 4566;
const SIMULATOR_PORT: u16 = 4580;
const CLIENT_ID: &str = "amzn1.application-oa2-client.local";
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
pub fn up_command(workspace: &Workspace, ports: PortOptions, detach: bool) -> Result<()> {
    let stack = up(workspace, ports)?;
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
    if !files.emulator.is_running() && !files.simulator.is_running() {
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
    record: PathBuf,
    stack_env: PathBuf,
}

impl Files {
    fn of(workspace: &Workspace) -> Self {
        Self {
            emulator: Service::emulator(workspace),
            simulator: Service::simulator(workspace),
            record: RunRecord::path(workspace),
            stack_env: stack_env::path(workspace),
        }
    }

    fn stop(&self) {
        for file in [&self.record, &self.stack_env] {
            let _ = fs::remove_file(file);
        }
        self.simulator.stop();
        self.emulator.stop();
    }
}

/// The running stack's record and address.
pub fn running(workspace: &Workspace) -> Option<(RunRecord, LocalAws)> {
    let record = RunRecord::load(workspace)?;
    let local_aws = LocalAws::new(record.emulator_port, Tls::of(workspace));
    Service::emulator(workspace)
        .is_running()
        .then_some((record, local_aws))
}

/// Starts the stack or brings a running one up to date.
pub fn up(workspace: &Workspace, ports: PortOptions) -> Result<Stack> {
    let _lock = lock(workspace)?;
    let tools = prerequisites::check()?;
    let running = running(workspace);
    let (emulator_port, simulator_port) = match &running {
        Some((record, _)) => ports_of_running(ports, record)?,
        None => {
            // What a runner left behind that was killed before the stack was complete.
            Files::of(workspace).stop();
            free_ports(ports)?
        }
    };
    let venv = Venv::prepare(workspace, &tools)?;
    toolbox::npm_ci(workspace, "cdk")?;
    functions::build(workspace)?;
    functions::lay_out(workspace)?;
    let fingerprint = deployment::fingerprint(workspace, simulator_port)?;
    if let Some((record, local_aws)) = running {
        let variables = update(workspace, &local_aws, record, &fingerprint)?;
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
    let local_aws = emulator::start(workspace, &venv, &tls, emulator_port)?;
    let deployed = deployment::deploy(workspace, &local_aws, &fingerprint, simulator_port)?;
    let mut record = RunRecord {
        emulator_port,
        simulator_port,
        client_id: CLIENT_ID.to_owned(),
        client_secret: random_secret()?,
        stack_names: deployed.stack_names,
        outputs: deployed.outputs,
        deployed: fingerprint,
        simulator: simulator::fingerprint(workspace)?,
        ..RunRecord::default()
    };
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
    local_aws: &LocalAws,
    mut record: RunRecord,
    fingerprint: &str,
) -> Result<Variables> {
    if record.deployed == fingerprint {
        say("CDK … nothing to deploy");
    } else {
        let deployed = deployment::update(workspace, local_aws, fingerprint, record.simulator_port)?;
        record.stack_names = deployed.stack_names;
        record.outputs = deployed.outputs;
        fingerprint.clone_into(&mut record.deployed);
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
    let (emulator, simulator) = (Service::emulator(workspace), Service::simulator(workspace));
    let mut simulator_seen = Instant::now();
    while !interrupt::requested() {
        if !emulator.is_running() {
            if emulator.is_wanted() {
                bail!("the local AWS ended unexpectedly:\n\n{}", emulator.end_of_log());
            }
            say("The stack was stopped by another `cargo local`.");
            return Ok(());
        }
        if simulator.is_running() {
            simulator_seen = Instant::now();
        } else if simulator_seen.elapsed() > RESTART_LIMIT {
            bail!("the simulator ended unexpectedly:\n\n{}", simulator.end_of_log());
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

fn free_ports(options: PortOptions) -> Result<(u16, u16)> {
    let emulator = options.emulator_port.unwrap_or(EMULATOR_PORT);
    let simulator = options.simulator_port.unwrap_or(SIMULATOR_PORT);
    ports::require_free(&Wanted {
        purpose: "the local AWS",
        port: emulator,
        option: "--emulator-port (or LOCAL_EMULATOR_PORT)",
    })?;
    ports::require_free(&Wanted {
        purpose: "the SP-API simulator",
        port: simulator,
        option: "--simulator-port (or LOCAL_SIMULATOR_PORT)",
    })?;
    Ok((emulator, simulator))
}

/// A running stack keeps its ports.
fn ports_of_running(options: PortOptions, record: &RunRecord) -> Result<(u16, u16)> {
    let is_other = |wanted: Option<u16>, present| wanted.is_some_and(|wanted| wanted != present);
    if is_other(options.emulator_port, record.emulator_port)
        || is_other(options.simulator_port, record.simulator_port)
    {
        bail!(
            "a stack of this checkout runs on ports {} and {}: stop it with `cargo local down` to move it",
            record.emulator_port,
            record.simulator_port
        );
    }
    Ok((record.emulator_port, record.simulator_port))
}

fn introduction(workspace: &Workspace, variables: &Variables) -> String {
    let value = |name: &str| stack_env::value(variables, name).unwrap_or_default();
    let file = workspace.shown(&stack_env::path(workspace));
    format!(
        "
  Reports API      {}
  local AWS        {}
  SP-API simulator {}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_stack_keeps_its_ports() {
        let record = RunRecord {
            emulator_port: 4566,
            simulator_port: 4580,
            ..RunRecord::default()
        };
        let ports = |emulator_port, simulator_port| PortOptions {
            emulator_port,
            simulator_port,
        };
        assert!(ports_of_running(ports(None, None), &record).is_ok_and(|ports| ports == (4566, 4580)));
        assert!(ports_of_running(ports(Some(4566), None), &record).is_ok());
        assert!(ports_of_running(ports(Some(4567), None), &record).is_err());
        assert!(ports_of_running(ports(None, Some(4581)), &record).is_err());
    }
}
