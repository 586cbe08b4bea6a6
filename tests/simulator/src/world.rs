//! Everything the simulator knows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use crate::consent::{Application, Visits};
use crate::delivery::{Deliveries, Sink};
use crate::documents::Documents;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::lwa::{ClientCredentials, Codes, OldSecrets};
use crate::notifications::destinations::Destination;
use crate::notifications::subscriptions::Subscription;
use crate::oddities::Oddities;
use crate::outcomes::Scripts;
use crate::quotas::Quotas;
use crate::random::Secrets;
use crate::reports::Reports;
use crate::rotation::Registration;
use crate::schedules::Schedules;
use crate::sellers::Sellers;
use crate::stored_tokens::StoredTokens;
use crate::tokens::AccessTokens;

/// What changes. One lock guards it all: it is held for moments only, never across an await.
pub(crate) struct State {
    pub(crate) credentials: Option<ClientCredentials>,
    /// Without one, any may ask sellers.
    pub(crate) application: Option<Application>,
    pub(crate) visits: Visits,
    pub(crate) old_secrets: OldSecrets,
    pub(crate) registration: Option<Registration>,
    pub(crate) tokens: AccessTokens,
    pub(crate) codes: Codes,
    pub(crate) sellers: Sellers,
    pub(crate) quotas: Quotas,
    pub(crate) reports: Reports,
    pub(crate) schedules: Schedules,
    pub(crate) documents: Documents,
    pub(crate) destinations: Vec<Destination>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) scripts: Scripts,
    pub(crate) faults: Faults,
    pub(crate) oddities: Oddities,
    pub(crate) deliveries: Deliveries,
    pub(crate) journal: Journal,
}

impl State {
    fn new(credentials: Option<ClientCredentials>, application: Option<Application>, speed_up: f64) -> Self {
        Self {
            credentials,
            application,
            visits: Visits::default(),
            old_secrets: OldSecrets::default(),
            registration: None,
            tokens: AccessTokens::default(),
            codes: Codes::default(),
            sellers: Sellers::default(),
            quotas: Quotas::new(speed_up),
            reports: Reports::new(),
            schedules: Schedules::default(),
            documents: Documents::default(),
            destinations: Vec::new(),
            subscriptions: Vec::new(),
            scripts: Scripts::default(),
            faults: Faults::default(),
            oddities: Oddities::default(),
            deliveries: Deliveries::default(),
            journal: Journal::default(),
        }
    }
}

/// What stays, the state, and the work that goes on in the background.
pub(crate) struct World {
    /// Where document URLs point, without a slash at the end.
    pub(crate) public_url: String,
    pub(crate) speed_up: f64,
    /// Where notifications go; `None` if they are only kept in memory.
    pub(crate) sink: Option<Arc<dyn Sink>>,
    pub(crate) stored_tokens: Option<Arc<dyn StoredTokens>>,
    pub(crate) secrets: Secrets,
    /// What a reset goes back to.
    credentials: Option<ClientCredentials>,
    application: Option<Application>,
    state: Mutex<State>,
    tasks: Mutex<JoinSet<()>>,
}

impl World {
    pub(crate) fn new(
        public_url: &str,
        speed_up: f64,
        credentials: Option<ClientCredentials>,
        application: Option<Application>,
        sink: Option<Arc<dyn Sink>>,
        stored_tokens: Option<Arc<dyn StoredTokens>>,
    ) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            speed_up,
            sink,
            stored_tokens,
            secrets: Secrets::new(),
            state: Mutex::new(State::new(credentials.clone(), application.clone(), speed_up)),
            credentials,
            application,
            tasks: Mutex::default(),
        }
    }

    /// Locks the state. A panic elsewhere leaves it usable: no change is made in two steps.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts work that ends at the next reset at the latest.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Forgets everything and stops what goes on.
    pub(crate) fn reset(&self) {
        self.stop();
        *self.state() = State::new(self.credentials.clone(), self.application.clone(), self.speed_up);
    }

    /// Stops what goes on in the background.
    pub(crate) fn stop(&self) {
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .abort_all();
    }
}
