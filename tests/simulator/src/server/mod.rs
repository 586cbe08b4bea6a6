//! The HTTP side: which part of the simulator a request is for, what goes wrong with it on demand,
//! and its line in the journal.

pub(crate) mod call;
pub(crate) mod routes;
mod sp_api_calls;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{self, ConnectInfo, DefaultBodyLimit, Form, FromRequest};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use jiff::Timestamp;
use sp_api::RegionCode;
use test_servers::Connection;

use crate::consent;
use crate::control;
use crate::documents::serve::serve;
use crate::errors::{ApiError, ErrorText, lwa_error, shaped, storage_error};
use crate::faults::{FaultKind, Target};
use crate::journal::Entry;
use crate::oddities::About;
use crate::reports::ReportKey;
use crate::world::{State, World};
use crate::{lwa, sellers};
use call::Query;

/// SP-API's requests are small; so are the control API's.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Everything that the simulator answers.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .nest("/_simulator", control::router())
        .merge(consent::router())
        .route("/auth/o2/token", any(token))
        .route("/documents/{*name}", any(document))
        .fallback(sp_api)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(world)
}

/// A request on its way to an answer.
struct Visit {
    parts: Parts,
    body: Bytes,
    entry: Entry,
    connection: Connection,
}

impl Visit {
    fn new(connection: Connection, parts: Parts, body: Bytes) -> Self {
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let entry = Entry {
            time: Timestamp::now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            user_agent: user_agent.map(str::to_owned),
            ..Entry::default()
        };
        Self {
            parts,
            body,
            entry,
            connection,
        }
    }

    /// Decides whether something is to go wrong, and lets it, as far as it can be done here: the
    /// error holds the answer then. What the answer itself has to do is handed back.
    async fn strike(&mut self, world: &World) -> Result<Option<FaultKind>, FaultKind> {
        self.strike_document(world, false).await
    }

    /// As [`Self::strike`]; `is_gzip` says whether a compressed document is asked for.
    async fn strike_document(
        &mut self,
        world: &World,
        is_gzip: bool,
    ) -> Result<Option<FaultKind>, FaultKind> {
        let entry = &self.entry;
        let fault = world.state().faults.strike(Target {
            operation: &entry.operation,
            seller_id: entry.seller_id.as_deref(),
            region: entry.region,
            is_gzip,
        });
        let Some(fault) = fault else { return Ok(None) };
        self.entry.detail = Some(fault.describe());
        if let Some(time) = fault.initial_stall() {
            tokio::time::sleep(time).await;
            return Ok(None);
        }
        match fault {
            FaultKind::Reset => {
                self.connection.reset();
                Err(fault)
            }
            FaultKind::LostAnswer => {
                // Strikes with the answer's first byte; until then there is time to carry the call out.
                self.connection.reset();
                Ok(Some(fault))
            }
            FaultKind::Status { .. } => Err(fault),
            other => Ok(Some(other)),
        }
    }

    /// What is answered oddly instead of truly; `report` is the one that the call is about.
    fn odd_reply(
        &mut self,
        world: &World,
        operation: &'static str,
        report: Option<&ReportKey>,
    ) -> Option<FaultKind> {
        let mut guard = world.state();
        let State {
            oddities, reports, ..
        } = &mut *guard;
        let about = About {
            region: self.entry.region,
            seller_id: self.entry.seller_id.as_deref(),
            report: report.and_then(|key| reports.get(key)),
        };
        let (kind, fault) = oddities.reply(operation, about, &self.body)?;
        self.entry.detail = Some(format!("odd: {}", kind.name()));
        Some(fault)
    }

    /// Writes the journal's line.
    fn record(mut self, world: &World, response: Response) -> Response {
        self.entry.status = if self.connection_is_lost() {
            0
        } else {
            response.status().as_u16()
        };
        world.state().journal.record(self.entry);
        response
    }

    fn connection_is_lost(&self) -> bool {
        [FaultKind::Reset, FaultKind::LostAnswer]
            .iter()
            .any(|fault| self.entry.detail == Some(fault.describe()))
    }
}

/// Works on a request to the end, even if the caller hangs up meanwhile: what a caller with a short
/// temper asked belongs into the journal too.
async fn to_the_end(work: impl Future<Output = Response> + Send + 'static) -> Response {
    let ended = tokio::spawn(work).await;
    ended.unwrap_or_else(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::new(
            status,
            "InternalFailure",
            "The simulator failed.",
            &error.to_string(),
        )
        .into_response()
    })
}

/// The answer for a fault that stands in for the real one; `write` makes an error answer in the
/// style of the endpoint.
fn faulty(fault: FaultKind, write: impl FnOnce(ErrorText<'_>) -> Response) -> Response {
    let FaultKind::Status {
        status,
        code,
        message,
        details,
        shape,
        headers,
    } = fault
    else {
        // The connection is reset: nobody reads this.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = code.unwrap_or_else(|| usual_code(status).to_owned());
    let message = message.unwrap_or_else(|| "An error was ordered.".to_owned());
    let text = ErrorText {
        status,
        code: &code,
        message: &message,
        details: details.as_deref().unwrap_or_default(),
    };
    let mut response = shaped(shape, text, write);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn lwa_refusal(text: ErrorText<'_>) -> Response {
    lwa_error(text.status, text.code, text.message)
}

fn usual_code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "InvalidInput",
        401 | 403 => "Unauthorized",
        404 => "NotFound",
        409 => "Conflict",
        429 => "QuotaExceeded",
        503 => "ServiceUnavailable",
        _ => "InternalFailure",
    }
}

/// The region that a path begins with, and the rest of the path.
fn split_region(path: &str) -> Option<(RegionCode, &str)> {
    let prefix = path.get(..3)?.strip_prefix('/')?;
    let region = RegionCode::ALL
        .into_iter()
        .find(|region| region.as_str().to_lowercase() == prefix)?;
    path.get(3..)
        .filter(|rest| rest.starts_with('/'))
        .map(|rest| (region, rest))
}

async fn sp_api(
    extract::State(world): extract::State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    parts: Parts,
    body: Bytes,
) -> Response {
    let visit = Visit::new(connection, parts, body);
    to_the_end(sp_api_calls::answer(world, visit)).await
}

async fn token(
    extract::State(world): extract::State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    parts: Parts,
    body: Bytes,
) -> Response {
    let mut visit = Visit::new(connection, parts, body);
    visit.entry.operation = "lwa".to_owned();
    to_the_end(async move {
        let form = read_form(&visit).await;
        // Faults that name a seller have to know who it is before anything is answered.
        let seller = match form.as_ref().and_then(|form| form.get("refresh_token")) {
            Some(refresh_token) => Some(sellers::resolve(&world, refresh_token).await),
            None => None,
        };
        visit.entry.seller_id = seller.clone().and_then(Result::ok);
        let response = match (visit.strike(&world).await, form) {
            (Err(fault), _) => faulty(fault, lwa_refusal),
            (Ok(_), None) => {
                let description = "The request must be a POST of application/x-www-form-urlencoded fields";
                lwa_error(StatusCode::BAD_REQUEST, "invalid_request", description)
            }
            (Ok(_), Some(form)) => match visit.odd_reply(&world, "lwa", None) {
                Some(fault) => faulty(fault, lwa_refusal),
                None => {
                    let exchange = lwa::exchange(&world, &form, seller);
                    visit.entry.seller_id = exchange.seller_id.or(visit.entry.seller_id);
                    visit.entry.detail = visit.entry.detail.or(exchange.detail);
                    exchange.response
                }
            },
        };
        with_request_id(visit.record(&world, response), &world.secrets.uuid())
    })
    .await
}

async fn read_form(visit: &Visit) -> Option<HashMap<String, String>> {
    let mut request = Request::new(Body::from(visit.body.clone()));
    *request.method_mut() = visit.parts.method.clone();
    *request.headers_mut() = visit.parts.headers.clone();
    if request.method() != axum::http::Method::POST {
        return None;
    }
    Form::<HashMap<String, String>>::from_request(request, &())
        .await
        .ok()
        .map(|form| form.0)
}

async fn document(
    extract::State(world): extract::State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    parts: Parts,
    body: Bytes,
) -> Response {
    let mut visit = Visit::new(connection, parts, body);
    visit.entry.operation = "document".to_owned();
    to_the_end(async move {
        let request_id = world.secrets.uuid();
        let query = Query::parse(&visit.parts.uri);
        let signature = query.one("X-Amz-Signature").ok().flatten();
        // The name in the path is checked as well: S3 signs the whole of it.
        let name = visit
            .parts
            .uri
            .path()
            .rsplit('/')
            .next()
            .and_then(routes::percent_decode);
        let find = || {
            let link = signature.and_then(|signature| world.state().documents.link(signature));
            link.filter(|link| Some(&link.document.id) == name.as_ref())
        };
        let mut is_gzip = false;
        if let Some(link) = find() {
            visit.entry.seller_id = Some(link.document.report.seller_id.clone());
            visit.entry.region = Some(link.document.report.region);
            is_gzip = link.document.is_gzip;
        }
        let struck = visit.strike_document(&world, is_gzip).await;
        if let (Ok(Some(FaultKind::ExpireUrl)), Some(signature)) = (&struck, signature) {
            world.state().documents.expire(Some(signature));
        }
        let response = match struck {
            Err(fault) => faulty(fault, |text| {
                storage_error(text.status, text.code, text.message, &request_id)
            }),
            Ok(fault) => {
                let (method, headers) = (&visit.parts.method, &visit.parts.headers);
                serve(find().as_ref(), method, headers, fault.as_ref(), &request_id)
            }
        };
        visit.record(&world, response)
    })
    .await
}

fn with_request_id(mut response: Response, request_id: &str) -> Response {
    let value = HeaderValue::from_str(request_id).expect("a UUID fits into a header");
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-amzn-requestid"), value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_prefixes() {
        assert_eq!(split_region("/eu/reports"), Some((RegionCode::Eu, "/reports")));
        assert_eq!(split_region("/fe/"), Some((RegionCode::Fe, "/")));
        for path in ["/", "/na", "/nautical", "/xx/reports", "/é/", "reports"] {
            assert_eq!(split_region(path), None, "{path}");
        }
    }
}
