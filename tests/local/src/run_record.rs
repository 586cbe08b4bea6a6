//! What is known about the running stack, for the `cargo local` that comes next.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

/// A stack that came up completely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Port of the local AWS.
    pub emulator_port: u16,
    /// Port of the simulator.
    pub simulator_port: u16,
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
        write_private(&Self::path(workspace), &serde_json::to_string_pretty(self)?)
    }

    /// Where it is kept.
    pub fn path(workspace: &Workspace) -> PathBuf {
        workspace.local("run/stack.json")
    }
}

/// Writes a file that only the user can read.
pub fn write_private(path: &Path, content: &str) -> Result<()> {
    let context = || format!("{} can't be written", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .with_context(context)?;
    file.write_all(content.as_bytes()).with_context(context)?;
    fs::rename(&new, path).with_context(context)
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
            emulator_port: 4566,
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
