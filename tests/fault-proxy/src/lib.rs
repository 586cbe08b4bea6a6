#![doc = include_str!("../README.md")]

mod bodies;
mod call;
mod control;
mod errors;
mod passage;
mod publishes;
mod rules;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::http::Uri;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use passage::Upstream;
use publishes::Publish;
use rules::Rulebook;
use test_servers::{Connection, ResettableListener};

pub use test_servers::TlsFiles;

/// How a proxy is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The endpoint that the calls are for: scheme, host and port.
    pub upstream: Uri,
    /// With these, TLS is spoken to callers.
    pub tls: Option<TlsFiles>,
    /// An authority to trust, besides the system's, when the endpoint is called.
    pub authority: Option<PathBuf>,
}

/// A proxy at work. Dropped, it stops.
#[derive(Debug)]
pub struct FaultProxy {
    url: String,
    server: JoinHandle<()>,
}

impl FaultProxy {
    /// Starts a proxy without any rules.
    ///
    /// # Errors
    /// The address is in use, or the certificates are no good.
    pub async fn start(options: Options) -> Result<Self> {
        let upstream = Upstream::new(&options.upstream, options.authority.as_deref())?;
        let tls = options.tls.as_ref().map(TlsFiles::server_config).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let tcp = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("can't listen on {}", options.listen))?;
        let address = tcp.local_addr()?;
        let proxy = Arc::new(Proxy {
            upstream,
            rulebook: Mutex::default(),
            publishes: Mutex::default(),
        });
        let router = Router::new()
            .nest("/_faults", control::router())
            .fallback(passage::pass)
            .with_state(proxy);
        let service = router.into_make_service_with_connect_info::<Connection>();
        let listener = ResettableListener::start(tcp, tls)?;
        let server = tokio::spawn(async move {
            // It never ends by itself.
            let _ = axum::serve(listener, service).await;
        });
        Ok(Self {
            url: format!("{scheme}://localhost:{}", address.port()),
            server,
        })
    }

    /// Where it listens, as callers name it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What all requests share.
struct Proxy {
    upstream: Upstream,
    rulebook: Mutex<Rulebook>,
    publishes: Mutex<Vec<Publish>>,
}

impl Proxy {
    fn rulebook(&self) -> std::sync::MutexGuard<'_, Rulebook> {
        self.rulebook.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publishes(&self) -> std::sync::MutexGuard<'_, Vec<Publish>> {
        self.publishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
