//! createRestrictedDataToken.

use std::time::Instant;

use axum::Json;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::fields::{FieldError, Fields};
use crate::server::call::{Answer, Call};
use crate::tokens::{Grant, LIFETIME};

/// The path that stands for every report document of the seller.
const ANY_DOCUMENT: &str = "/reports/2021-06-30/documents/{reportDocumentId}";

/// Whether a restricted data token that was issued for `resources` opens `path` to `method`.
pub(crate) fn opens(resources: &[(String, String)], method: &str, path: &str) -> bool {
    let is_document = path.starts_with("/reports/2021-06-30/documents/");
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
