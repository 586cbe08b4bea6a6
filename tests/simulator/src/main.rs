//! The simulator's command line.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Parser;
use secrecy::SecretString;
use sp_api_simulator::{
    Application, ClientCredentials, Options, SellingPartnersTable, Simulator, Sink, SqsSink, StoredTokens,
};
use test_servers::Ending;

/// Stands in for Amazon's Selling Partner API, Login with Amazon and the document store.
///
/// Regions are path prefixes (/na, /eu, /fe), tokens come from /auth/o2/token, and /_simulator is
/// the control API. Notifications are kept in memory unless --deliver-to-aws is given.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,

    /// What document URLs begin with, if others reach the simulator under another name.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// How many times faster than Amazon's quotas fill up again and schedules come round.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed_up: f64,

    /// The application's client id; without one, any credentials are good.
    #[arg(long, value_name = "ID", requires = "client_secret")]
    client_id: Option<String>,

    /// The application's client secret, from the environment so that no process list shows it.
    #[arg(
        long,
        env = "SIMULATOR_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    client_secret: Option<String>,

    /// The id of the application that may ask sellers for their consent; without one, any may.
    #[arg(long, value_name = "ID", requires = "redirect_uri")]
    application_id: Option<String>,

    /// Where sellers may be sent back to from the consent page.
    #[arg(long, value_name = "URI", requires = "application_id")]
    redirect_uri: Vec<String>,

    /// Send notifications to SQS, with the environment's AWS endpoint and credentials.
    #[arg(long)]
    deliver_to_aws: bool,

    /// The DynamoDB table in which to look up refresh tokens that nothing else is known of.
    #[arg(long, value_name = "NAME")]
    selling_partners_table: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sp-api-simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    ensure!(
        arguments.speed_up > 0.0 && arguments.speed_up.is_finite(),
        "--speed-up must be a positive number"
    );
    let sink: Option<Arc<dyn Sink>> = match arguments.deliver_to_aws {
        true => Some(Arc::new(SqsSink::from_environment().await)),
        false => None,
    };
    let stored_tokens: Option<Arc<dyn StoredTokens>> = match &arguments.selling_partners_table {
        Some(name) => Some(Arc::new(SellingPartnersTable::from_environment(name).await)),
        None => None,
    };
    let credentials = arguments.client_id.zip(arguments.client_secret);
    let credentials = credentials.map(|(client_id, secret)| ClientCredentials {
        client_id,
        client_secret: SecretString::from(secret),
    });
    let application = arguments.application_id.map(|id| Application {
        id,
        redirect_uris: arguments.redirect_uri,
        is_draft: false,
    });
    let options = Options {
        listen: arguments.listen,
        public_url: arguments.public_url,
        speed_up: arguments.speed_up,
        credentials,
        application,
        sink,
        stored_tokens,
    };
    let ending = Ending::prepare()?;
    let simulator = Simulator::start(options)
        .await
        .with_context(|| format!("can't listen on {}", arguments.listen))?;
    println!(
        "SP-API simulator ready: {0}/na, {0}/eu, {0}/fe; control API at {1}",
        simulator.base_url(),
        simulator.control_url()
    );
    ending.wait().await;
    simulator.stop().await;
    Ok(())
}
