//! The control API: tests say what Amazon does next, and look at what was done to it.

mod authorization;
mod client_secret;
mod inspection;
mod oddities;
mod scripting;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};
use sp_api::RegionCode;

use crate::errors::ApiError;
use crate::fields::{FieldError, Fields, parse_object};
use crate::sellers::is_selling_partner;
use crate::server::call::Query;
use crate::world::World;

/// Why a control request is refused.
pub(crate) enum Refusal {
    /// 400, and which field is to blame.
    Field(FieldError),
    /// 404, and what there is none of.
    Missing(String),
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Field(FieldError { field, problem }) => {
                let body = json!({ "error": format!("{field} {problem}"), "field": field });
                (StatusCode::BAD_REQUEST, Json(body)).into_response()
            }
            Self::Missing(error) => (StatusCode::NOT_FOUND, Json(json!({ "error": error }))).into_response(),
        }
    }
}

type Reply = Result<Json<Value>, Refusal>;

/// Wraps a control that takes a JSON object: its fields must be known and well-formed.
macro_rules! command {
    ($control:path) => {
        post(|State(world): State<Arc<World>>, body: Bytes| async move {
            let object = parse_object(&body)?;
            $control(&world, &Fields::new(&object))
        })
    };
}

/// Wraps a control that takes a query.
macro_rules! question {
    ($control:path) => {
        |State(world): State<Arc<World>>, uri: Uri| async move { $control(world, Query::parse(&uri)).await }
    };
}

/// The control API's routes.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/health", get(question!(inspection::health)))
        .route(
            "/journal",
            get(question!(inspection::journal)).delete(question!(inspection::clear_journal)),
        )
        .route(
            "/outcomes",
            command!(scripting::add_outcome).delete(question!(scripting::clear_outcomes)),
        )
        .route(
            "/faults",
            command!(scripting::add_fault)
                .get(question!(scripting::list_faults))
                .delete(question!(scripting::clear_faults)),
        )
        .route(
            "/oddities",
            command!(oddities::add)
                .get(question!(oddities::list))
                .delete(question!(oddities::clear)),
        )
        .route(
            "/reports",
            command!(scripting::create_report).get(question!(inspection::reports)),
        )
        .route("/reports/{id}/document", get(document))
        .route(
            "/notifications",
            post(notify).get(question!(inspection::deliveries)),
        )
        .route("/sellers", command!(authorization::register))
        .route("/authorization-codes", command!(authorization::hand_out_code))
        .route("/appstore-visits", command!(authorization::visit_appstore))
        .route("/application", command!(authorization::change_application))
        .route("/revoke", command!(authorization::revoke))
        .route("/unrevoke", command!(authorization::unrevoke))
        .route("/expire-access-tokens", command!(authorization::expire_tokens))
        .route("/expire-document-urls", command!(authorization::expire_urls))
        .route("/rotate-client-secret", command!(client_secret::rotate))
        .route("/rotation-queue", command!(client_secret::register))
        .route("/announce-secret-end", command!(client_secret::announce_end))
        .route("/end-old-secrets", command!(client_secret::end_old))
        .route("/reset", command!(authorization::reset))
        .fallback(any(|method: Method, uri: Uri| async move {
            Refusal::Missing(format!("there is no {method} {} in the control API", uri.path()))
        }))
}

async fn notify(State(world): State<Arc<World>>, body: Bytes) -> Reply {
    let messages = {
        let object = parse_object(&body)?;
        scripting::read_messages(&world, &Fields::new(&object))?
    };
    Ok(messages.send(&world).await)
}

async fn document(State(world): State<Arc<World>>, Path(id): Path<String>, uri: Uri) -> Reply {
    inspection::document(world, id, Query::parse(&uri)).await
}

/// Refuses a query whose parameters are misspelt, for whoever forgets an entry finds everything.
fn check_names(query: &Query, known: &[&str]) -> Result<(), FieldError> {
    match query.names().find(|name| !known.contains(name)) {
        Some(unknown) => Err(FieldError::new(
            unknown,
            format!("is not known here; known are: {known:?}"),
        )),
        None => Ok(()),
    }
}

/// A parameter of a query; refused if it stands there twice.
fn parameter<'a>(query: &'a Query, name: &str) -> Result<Option<&'a str>, FieldError> {
    query
        .one(name)
        .map_err(|_: ApiError| FieldError::new(name, "is given more than once"))
}

/// A numeric parameter of a query.
fn numeric_parameter<T: std::str::FromStr>(query: &Query, name: &str) -> Result<Option<T>, FieldError> {
    let text = parameter(query, name)?;
    text.map(|text| {
        text.parse()
            .map_err(|_| FieldError::new(name, "must be a whole number"))
    })
    .transpose()
}

fn region(text: &str) -> Result<RegionCode, FieldError> {
    RegionCode::parse(text).ok_or_else(|| FieldError::new("region", "must be NA, EU or FE"))
}

fn read_region(fields: &Fields<'_>) -> Result<Option<RegionCode>, FieldError> {
    fields.text("region")?.map(region).transpose()
}

fn read_seller(fields: &Fields<'_>) -> Result<Option<String>, FieldError> {
    let seller_id = fields.text("sellerId")?;
    if seller_id.is_some_and(|seller_id| !is_selling_partner(seller_id)) {
        return Err(FieldError::new(
            "sellerId",
            "must be a selling partner such as A3TH9S8BH6GOGM or amzn1.vg.6213651",
        ));
    }
    Ok(seller_id.map(str::to_owned))
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, FieldError> {
    value.ok_or_else(|| FieldError::new(name, "is required"))
}
