//! A listener that speaks TLS, for axum.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::tls::Tls;

/// A port of its own on this machine, with the local certificate.
pub struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsListener {
    /// Listens.
    pub async fn bind(tls: &Tls) -> Result<Self> {
        let chain = CertificateDer::pem_file_iter(tls.chain())
            .and_then(Iterator::collect)
            .context("the local certificate can't be read")?;
        let key = PrivateKeyDer::from_pem_file(tls.key()).context("the local key can't be read")?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self {
            tcp: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
            acceptor: Arc::new(config).into(),
        })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    /// One handshake at a time is enough: one function is measured at a time.
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, caller)) = self.tcp.accept().await else {
                continue;
            };
            // Answers are small and must not wait for more.
            let _ = stream.set_nodelay(true);
            match self.acceptor.accept(stream).await {
                Ok(stream) => return (stream, caller),
                // A function that was killed in the middle.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => eprintln!("no TLS connection: {error}"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
