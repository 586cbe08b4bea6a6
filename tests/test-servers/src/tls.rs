use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a TLS server shows and keeps, as PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, then those above it.
    pub certificate: PathBuf,
    /// The certificate's key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// How to speak TLS with these files.
    ///
    /// # Errors
    /// A file can't be read, or the key is not the certificate's.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>> {
        let unreadable = |path: &Path| format!("{} can't be read", path.display());
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .with_context(|| unreadable(&self.certificate))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).with_context(|| unreadable(&self.key))?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .context("the certificate and its key are no good")?;
        Ok(Arc::new(config))
    }
}
