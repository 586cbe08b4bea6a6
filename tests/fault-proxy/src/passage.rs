//! A request's way through the proxy.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use test_servers::Connection;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Proxy;
use crate::bodies::{cut, drain};
use crate::call::{Attempt, Call, is_telling, tables};
use crate::errors;
use crate::publishes::Publish;
use crate::rules::Kind;

/// No form that AWS takes is larger, and no request that DynamoDB takes.
const LARGEST_BODY: usize = 16 << 20;
/// The endpoint keeps idle connections longer.
const IDLE: Duration = Duration::from_secs(20);

/// The endpoint behind the proxy.
pub(crate) struct Upstream {
    scheme: Scheme,
    authority: Authority,
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl Upstream {
    pub(crate) fn new(url: &Uri, authority: Option<&Path>) -> Result<Self> {
        let parts = url.clone().into_parts();
        let (Some(scheme), Some(host)) = (parts.scheme, parts.authority) else {
            anyhow::bail!("{url} is no endpoint: scheme and host are needed");
        };
        let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str);
        ensure!(path == "/", "{url} must not have a path");
        let mut roots = RootCertStore::empty();
        if let Some(file) = authority {
            let unreadable = || format!("{} can't be read", file.display());
            for certificate in CertificateDer::pem_file_iter(file).with_context(unreadable)? {
                roots.add(certificate.with_context(unreadable)?)?;
            }
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self {
            scheme,
            authority: host,
            client,
        })
    }

    /// Passes a request on. Only where it goes changes: the signature covers the Host header.
    async fn send(&self, mut request: Request<Body>) -> Result<Response> {
        let mut parts = request.uri().clone().into_parts();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        *request.uri_mut() = Uri::from_parts(parts)?;
        Ok(self.client.request(request).await?.map(Body::new))
    }
}

/// Passes a request on, unless a rule is against it.
pub(crate) async fn pass(
    State(proxy): State<Arc<Proxy>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request<Body>,
) -> Response {
    let (parts, mut body) = request.into_parts();
    let mut told = bytes::Bytes::new();
    if is_telling(&parts.headers) {
        match to_bytes(body, LARGEST_BODY).await {
            Ok(bytes) => told = bytes,
            Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
        body = Body::from(told.clone());
    }
    let fault = Call::of(&parts, &told).and_then(|call| {
        let attempt = Attempt::of(&parts.headers);
        let mut rulebook = proxy.rulebook();
        if call.service == "dynamodb" {
            rulebook.note_tables(&call.operation, tables(&told));
        }
        let rule = rulebook.strike(&call, attempt.as_ref());
        let goes_on = rule.as_ref().is_none_or(|rule| rule.kind.lets_on());
        if goes_on && (call.service.as_str(), call.operation.as_str()) == ("sns", "Publish") {
            proxy.publishes().push(Publish::read(&parts.headers, &told));
        }
        Some((call, rule?))
    });
    let Some((call, rule)) = fault else {
        return or_reset(
            proxy.upstream.send(Request::from_parts(parts, body)).await,
            &connection,
        );
    };
    match rule.kind {
        Kind::Throttle | Kind::InternalError | Kind::Unavailable => {
            drain(body).await;
            errors::answer(&call, &rule, &parts)
        }
        Kind::Reset => reset(&connection),
        Kind::CutUpload => {
            let half = length(&parts.headers).unwrap_or_default() / 2;
            let request = Request::from_parts(parts, cut(body, half));
            // It fails, by intention.
            let _ = proxy.upstream.send(request).await;
            reset(&connection)
        }
        Kind::LostAnswer => {
            // To its end, so that what was asked is done.
            if let Ok(response) = proxy.upstream.send(Request::from_parts(parts, body)).await {
                drain(response.into_body()).await;
            }
            reset(&connection)
        }
        Kind::CutAnswer => {
            let response = or_reset(
                proxy.upstream.send(Request::from_parts(parts, body)).await,
                &connection,
            );
            let half = length(response.headers()).unwrap_or_default() / 2;
            response.map(|body| cut(body, half))
        }
        Kind::Delay => {
            tokio::time::sleep(Duration::from_millis(rule.milliseconds.unwrap_or_default())).await;
            or_reset(
                proxy.upstream.send(Request::from_parts(parts, body)).await,
                &connection,
            )
        }
    }
}

/// What the endpoint answered. If it didn't, the caller is to see no answer either.
fn or_reset(answer: Result<Response>, connection: &Connection) -> Response {
    answer.unwrap_or_else(|error| {
        eprintln!("the endpoint did not answer: {error:#}");
        reset(connection)
    })
}

fn reset(connection: &Connection) -> Response {
    connection.reset();
    // Writing it is what resets the connection.
    StatusCode::BAD_GATEWAY.into_response()
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}
