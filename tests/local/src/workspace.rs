//! Where things are: the checkout, and what the runner writes under `target/local`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The Lambda functions, named like their folders under `lambdas/`.
pub const FUNCTIONS: [&str; 23] = [
    "token-storage",
    "notifications-subscriber",
    "report-creator",
    "report-reader",
    "seller-reader",
    "report-canceller",
    "report-scheduler",
    "order-placer",
    "notifications-processor",
    "report-document-retrieval",
    "report-document-storage",
    "presigned-url-generator",
    "report-notifier",
    "mail-gatherer",
    "link-opener",
    "document-access",
    "onboarding-inviter",
    "onboarding",
    "report-reconciler",
    "redelivery-requester",
    "redelivery-worker",
    "mail-feedback",
    "secret-rotator",
];

/// The checkout that the runner works on.
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
    optimization: Optimization,
}

/// How its binaries are compiled.
#[derive(Clone, Copy)]
enum Optimization {
    /// As far as it is cheap: what runs here.
    Cheap,
    /// As for AWS: what is measured.
    Full,
}

impl Workspace {
    /// Finds the checkout from the current folder upwards.
    pub fn find() -> Result<Self> {
        let current = std::env::current_dir().context("the current folder can't be read")?;
        // `cargo run` tells where the package lies, also when it was called from elsewhere.
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = package
            .iter()
            .flat_map(|folder| folder.ancestors())
            .chain(current.ancestors())
            .find(|folder| folder.join("tests/local/requirements.txt").is_file())
            .context("this is not a checkout of sp-reports: no tests/local/requirements.txt here or above")?
            .to_path_buf();
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Self {
            root,
            target,
            optimization: Optimization::Cheap,
        })
    }

    /// The same, with binaries that are worth measuring.
    pub fn optimized(self) -> Self {
        Self {
            optimization: Optimization::Full,
            ..self
        }
    }

    /// What tells cargo how to compile.
    pub fn cargo_profile(&self) -> &'static str {
        match self.optimization {
            Optimization::Cheap => "--profile=dev",
            Optimization::Full => "--profile=release",
        }
    }

    #[cfg(test)]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            target: root.join("target"),
            optimization: Optimization::Cheap,
        }
    }

    /// The checkout's top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts a binary.
    pub fn binary(&self, name: &str) -> PathBuf {
        let folder = match self.optimization {
            Optimization::Cheap => "debug",
            Optimization::Full => "release",
        };
        self.target.join(folder).join(name)
    }

    /// A path under `target/local`, where the runner keeps everything it writes.
    pub fn local(&self, path: &str) -> PathBuf {
        self.target.join("local").join(path)
    }

    /// A log file.
    pub fn log(&self, name: &str) -> PathBuf {
        self.local("logs").join(format!("{name}.log"))
    }

    /// A path as a reader of messages wants to see it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}
