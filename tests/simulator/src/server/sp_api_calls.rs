//! From a request to an operation's answer: token, quota, validation, in Amazon's order.

use std::sync::Arc;
use std::time::Instant;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sp_api::RegionCode;
use sp_api::rates::Operation;

use super::call::{Answer, Call, Query};
use super::routes::{self, Handler};
use super::{Visit, faulty, split_region, with_request_id};
use crate::errors::ApiError;
use crate::faults::FaultKind;
use crate::reports::ReportKey;
use crate::restricted;
use crate::sellers;
use crate::tokens::{Caller, Grant, identify};
use crate::world::World;

/// An operation that was found, and where.
struct Target<'a> {
    region: RegionCode,
    /// Without the region.
    path: &'a str,
    operation: Operation,
    handler: Handler,
    parameters: Vec<String>,
}

pub(super) async fn answer(world: Arc<World>, mut visit: Visit) -> Response {
    let path = visit.parts.uri.path().to_owned();
    visit.entry.query = visit.parts.uri.query().map(str::to_owned);
    let target = split_region(&path).and_then(|(region, path)| {
        visit.entry.region = Some(region);
        let (operation, handler, parameters) = routes::find(&visit.parts.method, path)?;
        Some(Target {
            region,
            path,
            operation,
            handler,
            parameters,
        })
    });
    let caller = identify(&world.state(), &visit.parts.headers, Instant::now());
    visit.entry.token = caller.kind;
    visit.entry.seller_id.clone_from(&caller.seller_id);
    visit.entry.operation = target
        .as_ref()
        .map_or("", |target| target.operation.name())
        .to_owned();

    let operation = target.as_ref().map(|target| target.operation);
    let response = match visit.strike(&world).await {
        Err(fault) => refuse(fault),
        Ok(_) => match target {
            Some(target) => carry_out(&world, &mut visit, target, caller).into_response(),
            None => ApiError::not_found("There is no such operation.").into_response(),
        },
    };
    let mut response = with_request_id(response, &world.secrets.uuid());
    if let Some(operation) = operation {
        tell_rate(&world, operation, &mut response);
    }
    visit.record(&world, response)
}

fn refuse(fault: FaultKind) -> Response {
    faulty(fault, |text| {
        ApiError::new(text.status, text.code, text.message, text.details).into_response()
    })
}

/// Best effort, says Amazon: not on a 429, whose caller would most like to know.
fn tell_rate(world: &World, operation: Operation, response: &mut Response) {
    let status = response.status();
    if status.is_success() || status == StatusCode::BAD_REQUEST || status == StatusCode::NOT_FOUND {
        let value = HeaderValue::from_str(&world.state().quotas.header(operation));
        let name = HeaderName::from_static("x-amzn-ratelimit-limit");
        response
            .headers_mut()
            .insert(name, value.expect("a number fits into a header"));
    }
}

fn carry_out(world: &Arc<World>, visit: &mut Visit, target: Target<'_>, caller: Caller) -> Answer {
    let grant = caller.grant?;
    let Target {
        region,
        path,
        operation,
        handler,
        parameters,
    } = target;
    authorize(operation, visit.parts.method.as_str(), path, &grant)?;
    let bound = grant
        .on_behalf()
        .and_then(|by| sellers::region_of(&by.refresh_token));
    if bound.is_some_and(|bound| bound != region) {
        return Err(ApiError::unauthorized(
            "The seller has not authorized the application in this region.",
        ));
    }
    let holder = grant.on_behalf().map(|on_behalf| on_behalf.seller_id.clone());
    let seller_id = holder.clone().unwrap_or_default();
    let report = about(world, operation, region, &seller_id, &parameters);
    if let Some(fault) = visit.odd_reply(world, operation.name(), report.as_ref()) {
        return Ok(refuse(fault));
    }
    if !world
        .state()
        .quotas
        .take(operation, region, holder, Instant::now())
    {
        return Err(ApiError::quota_exceeded());
    }
    let query = Query::parse(&visit.parts.uri);
    let body = visit.body.clone();
    if !body.is_empty() && !is_json(&visit.parts.headers) {
        return Err(ApiError::unsupported_media_type());
    }
    handler(&Call {
        world,
        region,
        grant,
        seller_id,
        parameters,
        query,
        body,
    })
}

/// The report that a call is about, as far as the path tells.
fn about(
    world: &World,
    operation: Operation,
    region: RegionCode,
    seller_id: &str,
    parameters: &[String],
) -> Option<ReportKey> {
    let id = parameters.first()?;
    match operation {
        Operation::GetReport | Operation::CancelReport => Some(ReportKey {
            region,
            seller_id: seller_id.to_owned(),
            id: id.clone(),
        }),
        Operation::GetReportDocument => {
            let document = world.state().documents.find(region, seller_id, id)?;
            Some(document.report.clone())
        }
        _ => None,
    }
}

fn authorize(operation: Operation, method: &str, path: &str, grant: &Grant) -> Result<(), ApiError> {
    let is_allowed = match grant {
        Grant::Grantless { scope } => routes::grantless_scope(operation) == Some(scope.as_str()),
        Grant::Seller(_) => routes::grantless_scope(operation).is_none(),
        Grant::Restricted { resources, .. } => {
            operation == Operation::GetReportDocument && restricted::opens(resources, method, path)
        }
    };
    let details = "The access token you provided is not valid for this operation.";
    if is_allowed {
        Ok(())
    } else {
        Err(ApiError::unauthorized(details))
    }
}

/// Amazon takes a body that says nothing of its type for JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
    value
        .split(';')
        .next()
        .is_some_and(|value| value.trim() == "application/json")
}
