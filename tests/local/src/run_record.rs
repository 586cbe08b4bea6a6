//! What is known about the running stack, for the `cargo local` that comes next.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::files::{self, PRIVATE};
use crate::ports::Ports;
use crate::profile::Profile;
use crate::workspace::Workspace;

/// A stack that came up completely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What kind of stack it is.
    pub profile: Profile,
    /// Where its servers listen.
    pub ports: Ports,
    /// The application's id at Amazon.
    pub client_id: String,
    /// The application's secret at Amazon, new for each stack.
    pub client_secret: String,
    /// The access key of the user who may call the API.
    pub invoke_user: AccessKey,
    /// The CDK stacks' names.
    pub stack_names: Vec<String>,
    /// Their outputs.
    pub outputs: BTreeMap<String, String>,
    /// The hash of what was deployed.
    pub deployed: String,
    /// The hash of the simulator's binary.
    pub simulator: String,
    /// The hash of the fault proxy's binary, if there is one.
    pub fault_proxy: Option<String>,
}

/// An access key of an IAM user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessKey {
    /// Its public half.
    pub id: String,
    /// Its secret half.
    pub secret: String,
}

impl RunRecord {
    /// An output of the CDK stacks.
    pub fn output(&self, name: &str) -> Result<&str> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("the CDK stacks have no output {name}"))
    }

    /// The record of the stack, if one came up and wasn't stopped.
    pub fn load(workspace: &Workspace) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(Self::path(workspace)).ok()?).ok()
    }

    /// Keeps it.
    pub fn save(&self, workspace: &Workspace) -> Result<()> {
        let content = serde_json::to_vec_pretty(self)?;
        files::write(&Self::path(workspace), &content, PRIVATE)
    }

    /// Where it is kept.
    pub fn path(workspace: &Workspace) -> PathBuf {
        workspace.local("run/stack.json")
    }
}

/// A new secret.
pub fn random_secret() -> Result<String> {
    let mut bytes = [0; 24];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("/dev/urandom can't be read")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_until_the_stack_is_stopped() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::at(folder.path());
        assert_eq!(RunRecord::load(&workspace), None);
        let record = RunRecord {
            ports: Ports {
                emulator: 4566,
                ..Ports::default()
            },
            client_secret: random_secret()?,
            ..RunRecord::default()
        };
        record.save(&workspace)?;
        assert_eq!(RunRecord::load(&workspace), Some(record));
        fs::remove_file(RunRecord::path(&workspace))?;
        assert_eq!(RunRecord::load(&workspace), None);
        Ok(())
    }

    #[test]
    fn secrets_differ() -> Result<()> {
        assert_ne!(random_secret()?, random_secret()?);
        Ok(())
    }
}
