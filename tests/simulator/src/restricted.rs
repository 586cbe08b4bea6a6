//! createRestrictedDataToken.

use std::time::Instant;

use axum::Json;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use sp_api::ids::ReportType;
use sp_api::report_types;

use crate::errors::ApiError;
use crate::fields::{FieldError, Fields};
use crate::oddities::answer::AccessOddity;
use crate::server::call::{Answer, Call};
use crate::server::routes::percent_decode;
use crate::tokens::{Grant, LIFETIME};
use crate::world::State;

/// What every document's path begins with.
const DOCUMENTS: &str = "/reports/2021-06-30/documents/";

/// The path that stands for every report document of the seller.
const ANY_DOCUMENT: &str = "/reports/2021-06-30/documents/{reportDocumentId}";

/// Whether a restricted data token that was issued for `resources` opens `path` to `method`.
pub(crate) fn opens(resources: &[(String, String)], method: &str, path: &str) -> bool {
    let is_document = path.starts_with(DOCUMENTS);
    resources.iter().any(|(allowed, resource)| {
        allowed == method && (resource == path || (is_document && resource == ANY_DOCUMENT))
    })
}

pub(crate) fn create(call: &Call<'_>) -> Answer {
    let object = call.object()?;
    let fields = Fields::new(&object);
    fields.text("targetApplication")?;
    let resources = fields.array("restrictedResources")?;
    let resources = resources.ok_or_else(|| FieldError::new("restrictedResources", "is required"))?;
    if !(1..=50).contains(&resources.len()) {
        return Err(FieldError::new("restrictedResources", "must list 1 to 50 resources").into());
    }
    let resources = resources
        .iter()
        .map(read_resource)
        .collect::<Result<Vec<_>, _>>()?;
    refuse_oddly(call, &resources)?;
    let on_behalf = call.grant.on_behalf().cloned();
    let on_behalf = on_behalf.expect("the router lets in sellers' tokens only");
    let grant = Grant::Restricted { on_behalf, resources };
    let token = call
        .world
        .state()
        .tokens
        .issue(grant, &call.world.secrets.next(), Instant::now());
    let answer = json!({ "restrictedDataToken": token, "expiresIn": LIFETIME.as_secs() });
    Ok(Json(answer).into_response())
}

/// Some documents are not to be had for any restricted token.
fn refuse_oddly(call: &Call<'_>, resources: &[(String, String)]) -> Result<(), ApiError> {
    let mut guard = call.world.state();
    let State {
        documents,
        reports,
        oddities,
        ..
    } = &mut *guard;
    for (_, path) in resources {
        let id = path.strip_prefix(DOCUMENTS).and_then(percent_decode);
        let document = id.and_then(|id| documents.find(call.region, &call.seller_id, &id));
        let report = document.and_then(|document| reports.get(&document.report));
        if report.is_some_and(|report| {
            oddities.refuses_restricted_token(report, is_restricted(&report.specification.report_type))
        }) {
            return Err(AccessOddity::TokenRefused.refusal());
        }
    }
    Ok(())
}

/// Whether the catalogue says that documents of that type hold personal data.
pub(crate) fn is_restricted(report_type: &str) -> bool {
    let name = ReportType::parse(report_type).ok();
    name.and_then(|name| report_types::find(&name))
        .is_some_and(|info| info.restricted)
}

fn read_resource(resource: &Value) -> Result<(String, String), FieldError> {
    let Some(object) = resource.as_object() else {
        return Err(FieldError::new("restrictedResources", "must list objects"));
    };
    let fields = Fields::new(object);
    let method = fields.required_text("method")?;
    if !["GET", "PUT", "POST", "DELETE"].contains(&method) {
        return Err(FieldError::new("method", "must be GET, PUT, POST or DELETE"));
    }
    let path = fields.required_text("path")?;
    if !path.starts_with('/') {
        return Err(FieldError::new(
            "path",
            "must be the path of a restricted operation",
        ));
    }
    fields.texts("dataElements")?;
    Ok((method.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_what_it_was_issued_for() {
        let resource = |method: &str, path: &str| vec![(method.to_owned(), path.to_owned())];
        let path = "/reports/2021-06-30/documents/d1";
        assert!(opens(&resource("GET", path), "GET", path));
        assert!(opens(&resource("GET", ANY_DOCUMENT), "GET", path));
        assert!(!opens(
            &resource("GET", path),
            "GET",
            "/reports/2021-06-30/documents/d2"
        ));
        assert!(!opens(&resource("PUT", path), "GET", path));
        assert!(!opens(
            &resource("GET", ANY_DOCUMENT),
            "GET",
            "/reports/2021-06-30/reports/1"
        ));
    }
}
