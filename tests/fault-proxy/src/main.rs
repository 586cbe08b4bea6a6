//! The fault proxy's command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use axum::http::Uri;
use clap::Parser;
use fault_proxy::{FaultProxy, Options, TlsFiles};
use test_servers::Ending;

/// Stands between the functions and an AWS endpoint, and fails as AWS does, when told so.
///
/// Everything is passed on unchanged until rules are put to /_faults/rules.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,

    /// The endpoint that the calls are for.
    #[arg(long, value_name = "URL")]
    upstream: Uri,

    /// The certificate to show, and the chain above it; without one, plain HTTP is spoken.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,

    /// The certificate's key.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,

    /// The authority that the endpoint's certificate is from, if the system doesn't know it.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fault-proxy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let tls = arguments.certificate.zip(arguments.key);
    let options = Options {
        listen: arguments.listen,
        upstream: arguments.upstream,
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        authority: arguments.authority,
    };
    let ending = Ending::prepare()?;
    let proxy = FaultProxy::start(options).await?;
    println!("fault proxy ready: {0}, rules at {0}/_faults/rules", proxy.url());
    ending.wait().await;
    Ok(())
}
