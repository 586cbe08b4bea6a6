//! The certificates that `cargo local` has made for `localhost` and 127.0.0.1.

use std::path::{Path, PathBuf};

/// A folder with them.
#[derive(Clone, Debug)]
pub struct Tls {
    folder: PathBuf,
}

impl Tls {
    /// The certificates in that folder.
    pub fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The servers' certificate and the authority's.
    pub fn chain(&self) -> PathBuf {
        self.folder.join("chain.pem")
    }

    /// The servers' key.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    /// The authority and the system's, for `SSL_CERT_FILE` and the like.
    pub fn bundle(&self) -> PathBuf {
        self.folder.join("bundle.pem")
    }
}
