//! A certificate authority of the checkout's own and a certificate for `localhost`.
//!
//! The CDK's asset bucket refuses plain HTTP, so the local AWS speaks TLS. Two certificates,
//! because rustls refuses an authority's certificate as a server's.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::files::{self, PRIVATE};
use crate::workspace::Workspace;

/// Made new when older. The certificates' own dates are far apart.
const RENEWAL: Duration = Duration::from_secs(300 * 24 * 3600);

/// Where systems keep the authorities they trust.
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/openssl/cert.pem",
];

/// The files under `target/local/tls`.
#[derive(Clone)]
pub struct Tls {
    folder: PathBuf,
}

impl Tls {
    /// The files of a checkout, made already or not.
    pub fn of(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.local("tls"),
        }
    }

    /// Makes them, unless they are there and young enough.
    pub fn prepare(workspace: &Workspace) -> Result<Self> {
        let tls = Self::of(workspace);
        if !tls.is_usable() {
            tls.make()?;
        }
        Ok(tls)
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's certificate and the authority's.
    pub fn chain(&self) -> PathBuf {
        self.folder.join("chain.pem")
    }

    /// The server's key.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    /// The authority, for clients that add it to those they know.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The authority and the system's, for clients that take one file for all.
    pub fn bundle(&self) -> PathBuf {
        self.folder.join("bundle.pem")
    }

    fn is_usable(&self) -> bool {
        [self.chain(), self.key(), self.authority(), self.bundle()]
            .iter()
            .all(|file| {
                let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
                modified.is_ok_and(|time| {
                    SystemTime::now()
                        .duration_since(time)
                        .is_ok_and(|age| age < RENEWAL)
                })
            })
    }

    fn make(&self) -> Result<()> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "sp-reports local authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_certificate = authority.self_signed(&authority_key)?.pem();

        let server_key = KeyPair::generate()?;
        let names = ["localhost", "*.localhost", "127.0.0.1"].map(str::to_owned);
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "localhost");
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let issuer = Issuer::new(authority, authority_key);
        let server_certificate = server.signed_by(&server_key, &issuer)?.pem();

        write(&self.authority(), &authority_certificate)?;
        write(
            &self.chain(),
            &format!("{server_certificate}{authority_certificate}"),
        )?;
        write(&self.key(), &server_key.serialize_pem())?;
        write(
            &self.bundle(),
            &format!("{}\n{authority_certificate}", system_roots()),
        )
    }
}

/// The system's authorities; none are found on some systems, and local clients need none.
fn system_roots() -> String {
    let configured = std::env::var("SSL_CERT_FILE").ok();
    configured
        .iter()
        .map(String::as_str)
        .chain(SYSTEM_ROOTS)
        .find_map(|file| fs::read_to_string(file).ok())
        .unwrap_or_default()
}

fn write(path: &Path, content: &str) -> Result<()> {
    files::write(path, content.as_bytes(), PRIVATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_made_once() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::at(folder.path());
        let tls = Tls::prepare(&workspace)?;
        let chain = fs::read_to_string(tls.chain())?;
        let authority = fs::read_to_string(tls.authority())?;
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
        assert!(chain.ends_with(&authority));
        assert!(fs::read_to_string(tls.bundle())?.ends_with(&authority));
        assert_eq!(fs::read_to_string(Tls::prepare(&workspace)?.chain())?, chain);
        fs::remove_file(tls.key())?;
        assert_ne!(fs::read_to_string(Tls::prepare(&workspace)?.chain())?, chain);
        Ok(())
    }
}
