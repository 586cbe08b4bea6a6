//! Starting and stopping.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sp_api::RegionCode;
use test_servers::{Connection, ResettableListener};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::consent::Application;
use crate::delivery::{Delivered, Sink};
use crate::lwa::ClientCredentials;
use crate::server::router;
use crate::stored_tokens::StoredTokens;
use crate::world::World;

/// How a simulator is to be.
pub struct Options {
    /// Where to listen; port 0 means any that is free.
    pub listen: SocketAddr,
    /// What document URLs begin with, if others reach the simulator under another name.
    pub public_url: Option<String>,
    /// How many times faster than Amazon's quotas fill up again and schedules come round.
    pub speed_up: f64,
    /// The application's credentials; without them, any are good.
    pub credentials: Option<ClientCredentials>,
    /// The application that may ask sellers for their consent; without it, any may.
    pub application: Option<Application>,
    /// Where notifications go; without one, they are kept in memory only.
    pub sink: Option<Arc<dyn Sink>>,
    /// Where to look up refresh tokens that nothing else is known of.
    pub stored_tokens: Option<Arc<dyn StoredTokens>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            speed_up: 1.0,
            credentials: None,
            application: None,
            sink: None,
            stored_tokens: None,
        }
    }
}

/// A simulator that runs. Dropping it stops it.
pub struct Simulator {
    address: SocketAddr,
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

/// How long requests that are under way may take when the simulator stops.
const FAREWELL: Duration = Duration::from_secs(2);

impl Simulator {
    /// Starts a simulator in this runtime; it answers as soon as this returns.
    ///
    /// # Errors
    /// The address can't be listened on.
    pub async fn start(options: Options) -> io::Result<Self> {
        let tcp = TcpListener::bind(options.listen).await?;
        let address = tcp.local_addr()?;
        let listener = ResettableListener::start(tcp, None)?;
        let public_url = options.public_url.unwrap_or_else(|| format!("http://{address}"));
        let world = Arc::new(World::new(
            &public_url,
            options.speed_up,
            options.credentials,
            options.application,
            options.sink,
            options.stored_tokens,
        ));
        let app = router(Arc::clone(&world)).into_make_service_with_connect_info::<Connection>();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let server = axum::serve(listener, app).with_graceful_shutdown(async {
                // An error means that the other end was dropped, which means stop as well.
                let _ = stopped.await;
            });
            // axum::serve goes on after every error of a connection and returns none.
            let _ = server.await;
        });
        Ok(Self {
            address,
            world,
            stop: Some(stop),
            server,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What stands in for `https://sellingpartnerapi-na.amazon.com`: `http://127.0.0.1:PORT/na`.
    #[must_use]
    pub fn region_url(&self, region: RegionCode) -> String {
        format!("{}/{}", self.base_url(), region.as_str().to_lowercase())
    }

    /// What stands in for `https://api.amazon.com/auth/o2/token`.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/auth/o2/token", self.base_url())
    }

    /// The control API: `http://127.0.0.1:PORT/_simulator`.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("{}/_simulator", self.base_url())
    }

    /// The notifications that were delivered so far, to the sink or, without one, to memory.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.world.state().deliveries.all()
    }

    /// Stops; requests that are under way have two seconds to end.
    pub async fn stop(mut self) {
        self.world.stop();
        // Nobody listens any more if the server has ended by itself.
        let _ = self.stop.take().map(|stop| stop.send(()));
        // Whether it ended in time or was cut off, it has ended.
        let _ = tokio::time::timeout(FAREWELL, &mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.world.stop();
        self.server.abort();
    }
}
