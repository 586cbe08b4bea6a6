//! Where things are; `cargo local bench` prepares them and says so.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::tls::Tls;

/// The checkout and the peers' tools.
#[derive(Args, Clone, Debug)]
pub struct Surroundings {
    /// The checkout's top folder
    #[arg(long, required = false)]
    root: PathBuf,
    /// The folder with the local authority's certificates
    #[arg(long, required = false)]
    tls: PathBuf,
    /// A Python with the peers' packages
    #[arg(long, required = false)]
    python: PathBuf,
    /// A Python with the AWS CLI, if there is a stack in the environment
    #[arg(long)]
    aws_cli: Option<PathBuf>,
}

impl Surroundings {
    /// A file of the checkout.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A script under `tests/bench/peers`.
    pub fn peer(&self, name: &str) -> PathBuf {
        self.path("tests/bench/peers").join(name)
    }

    /// The certificates of the local servers.
    pub fn tls(&self) -> Tls {
        Tls::of(&self.tls)
    }

    /// The folder that they lie in.
    pub fn tls_folder(&self) -> &Path {
        &self.tls
    }

    /// A Python with the peers' packages.
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// A Python with the AWS CLI. Only with a stack in the environment.
    pub fn aws_cli(&self) -> Result<&Path> {
        self.aws_cli
            .as_deref()
            .context("this needs a stack, which `cargo local bench` brings")
    }

    /// A program that was built with this one, such as a function.
    pub fn binary(&self, name: &str) -> Result<PathBuf> {
        let own = std::env::current_exe().context("this program's own path is unknown")?;
        let binary = own.with_file_name(name);
        anyhow::ensure!(binary.exists(), "{name} was not built: no {}", binary.display());
        Ok(binary)
    }
}
