use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::observer::Observed;
use crate::rates::Operation;
use crate::{AccessToken, Callee, Endpoints, Observer, RateLog, RegionCode, SpApiError, answer};

/// As Amazon asks: `App/Version (Language=…; Platform=…)`, at most 500 characters.
const USER_AGENT: &str = concat!(
    "sp-reports/",
    env!("CARGO_PKG_VERSION"),
    " (Language=Rust/",
    env!("CARGO_PKG_RUST_VERSION"),
    "; Platform=AWS Lambda)"
);

/// The header that carries an access token.
const ACCESS_TOKEN_HEADER: &str = "x-amz-access-token";

/// A client for one set of endpoints. Cheap to clone; keeps its connections open.
#[derive(Clone, Debug)]
pub struct SpApiClient {
    http: EarlyClient,
    endpoints: Endpoints,
    rates: Option<RateLog>,
    observed: Observed,
}

/// Reading and parsing the TLS roots takes milliseconds, in which a function can ask for its first event.
type EarlyClient = Arc<LazyLock<reqwest::Client, Box<dyn FnOnce() -> reqwest::Client + Send>>>;

/// One call of one operation, before it is sent.
pub(crate) struct Call<'a, Body> {
    pub(crate) operation: Operation,
    pub(crate) method: http::Method,
    pub(crate) url: Url,
    pub(crate) token: &'a AccessToken,
    pub(crate) body: Option<&'a Body>,
}

impl<'a> Call<'a, ()> {
    pub(crate) fn without_body(
        operation: Operation,
        method: http::Method,
        url: Url,
        token: &'a AccessToken,
    ) -> Self {
        Self {
            operation,
            method,
            url,
            token,
            body: None,
        }
    }
}

impl SpApiClient {
    /// A client that talks to `endpoints`. A thread makes it ready; the first call waits for that.
    ///
    /// # Panics
    /// The first call does, if the machine has no TLS roots that could be read: nothing will work
    /// without.
    #[must_use]
    pub fn new(endpoints: Endpoints) -> Self {
        Self::with_read_timeout(endpoints, Duration::from_secs(30))
    }

    /// A client that gives an answer up when nothing more of it arrives for `read_timeout`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[must_use]
    pub fn with_read_timeout(endpoints: Endpoints, read_timeout: Duration) -> Self {
        let http: EarlyClient = Arc::new(LazyLock::new(Box::new(move || http_client(read_timeout))));
        let early = Arc::clone(&http);
        // Without a thread the first call makes it ready.
        let _ = thread::Builder::new().spawn(move || drop(LazyLock::force(&early).clone()));
        Self {
            http,
            endpoints,
            rates: None,
            observed: Observed::default(),
        }
    }

    /// The same client, whose calls `observer` sees.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self {
            observed: Observed::by(observer),
            ..self
        }
    }

    /// A clone that writes the rates which Amazon's answers name into a new log of its own: the
    /// header `x-amzn-RateLimit-Limit` of every answer that has one, be it a yes or a no.
    #[must_use]
    pub fn recording_rates(&self) -> (Self, RateLog) {
        let log = RateLog::default();
        let client = Self {
            rates: Some(log.clone()),
            ..self.clone()
        };
        (client, log)
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    pub(crate) fn observed(&self) -> &Observed {
        &self.observed
    }

    pub(crate) fn url(&self, region: RegionCode, segments: &[&str]) -> Url {
        self.endpoints.operation(region, segments)
    }

    /// Sends `call` and reads the JSON that answers it.
    pub(crate) async fn send<Body: Serialize + Sync, Answer: DeserializeOwned>(
        &self,
        call: Call<'_, Body>,
    ) -> Result<Answer, SpApiError> {
        let operation = call.operation;
        let answer = self.exchange(call).await;
        let answer = answer.and_then(|body| answer::parse(operation, &body));
        self.observed.show(Callee::Operation(operation), answer)
    }

    /// Sends `call`, whose yes is all there is to know: its body is empty, or `{}`.
    pub(crate) async fn carry_out<Body: Serialize + Sync>(
        &self,
        call: Call<'_, Body>,
    ) -> Result<(), SpApiError> {
        let operation = call.operation;
        let answer = self.exchange(call).await.map(drop);
        self.observed.show(Callee::Operation(operation), answer)
    }

    /// Sends `call`; the body that came with Amazon's yes.
    async fn exchange<Body: Serialize + Sync>(&self, call: Call<'_, Body>) -> Result<Bytes, SpApiError> {
        let operation = call.operation;
        let mut request = self
            .http
            .request(call.method, call.url)
            .timeout(Duration::from_secs(30))
            .header(http::header::ACCEPT, "application/json")
            .header(ACCESS_TOKEN_HEADER, sensitive(call.token)?);
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let transient = |error| SpApiError::transient(&operation, error);
        let response = request.send().await.map_err(transient)?;
        if let Some(log) = &self.rates {
            log.note(operation, response.headers());
        }
        let status = response.status();
        let body = response.bytes().await.map_err(transient)?;
        answer::check(operation, status, &body)?;
        Ok(body)
    }
}

fn http_client(read_timeout: Duration) -> reqwest::Client {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(Duration::from_secs(5))
        // Between two reads, so that a long document may take as long as it needs.
        .read_timeout(read_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a TLS client can be built")
}

/// The token as a header value that logging HTTP stacks leave out.
fn sensitive(token: &AccessToken) -> Result<http::HeaderValue, SpApiError> {
    let mut value = http::HeaderValue::from_str(token.expose())
        .map_err(|_| SpApiError::unexpected("LWA", "the access token is no header value"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_is_as_amazon_asks() {
        assert!(USER_AGENT.starts_with("sp-reports/"));
        assert!(USER_AGENT.contains("(Language=Rust/1."));
        assert!(USER_AGENT.len() <= 500);
    }
}
