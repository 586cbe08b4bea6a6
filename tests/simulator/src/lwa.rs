//! Login with Amazon's token endpoint.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::errors::lwa_error;
use crate::tokens::{Grant, LIFETIME, OnBehalf};
use crate::world::World;

/// How long an authorization code may be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(300);

/// The scope of destinations and of subscriptions by id.
pub(crate) const NOTIFICATIONS_SCOPE: &str = "sellingpartnerapi::notifications";

/// The scope of the client secret's rotation.
pub(crate) const ROTATION_SCOPE: &str = "sellingpartnerapi::client_credential:rotation";

const SCOPES: [&str; 2] = [NOTIFICATIONS_SCOPE, ROTATION_SCOPE];

/// An application's id and secret.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// `amzn1.application-oa2-client.…`
    pub client_id: String,
    /// The secret, which the control API can rotate.
    pub client_secret: SecretString,
}

/// Secrets that were rotated away, each with the time from which it is no longer good.
#[derive(Debug, Default)]
pub(crate) struct OldSecrets(Vec<(SecretString, Instant)>);

impl OldSecrets {
    /// Keeps a secret until then.
    pub(crate) fn keep(&mut self, secret: SecretString, until: Instant) {
        self.0.push((secret, until));
    }

    /// None of them is good any more.
    pub(crate) fn end(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }

    fn include(&self, secret: &str, now: Instant) -> bool {
        self.0
            .iter()
            .any(|(old, until)| old.expose_secret() == secret && now < *until)
    }
}

/// Authorization codes that were handed out and not used yet.
#[derive(Debug, Default)]
pub(crate) struct Codes(HashMap<String, (String, Instant)>);

impl Codes {
    /// Remembers a code that may be exchanged once for the seller's refresh token.
    pub(crate) fn hand_out(&mut self, code: &str, seller_id: &str, now: Instant) {
        self.0
            .insert(code.to_owned(), (seller_id.to_owned(), now + CODE_LIFETIME));
    }

    fn redeem(&mut self, code: &str, now: Instant) -> Option<String> {
        let (seller_id, expires) = self.0.remove(code)?;
        (now < expires).then_some(seller_id)
    }
}

/// What became of an exchange, for the journal.
pub(crate) struct Exchange {
    pub(crate) response: Response,
    pub(crate) seller_id: Option<String>,
    pub(crate) detail: Option<String>,
}

impl From<Response> for Exchange {
    fn from(response: Response) -> Self {
        Self {
            response,
            seller_id: None,
            detail: None,
        }
    }
}

fn bad(error: &str, description: &str) -> Response {
    lwa_error(StatusCode::BAD_REQUEST, error, description)
}

fn missing(parameter: &str) -> Response {
    bad(
        "invalid_request",
        &format!("The request is missing a required parameter : {parameter}"),
    )
}

fn invalid_grant(parameter: &str) -> Response {
    let description = format!(
        "The request has an invalid grant parameter : {parameter}. User may have revoked or didn't grant \
         the permission."
    );
    bad("invalid_grant", &description)
}

/// Answers one form. `seller` is who stands behind the form's refresh token, or why nobody can
/// tell. The answer names the seller also where it says no.
pub(crate) fn exchange(
    world: &World,
    form: &HashMap<String, String>,
    seller: Option<Result<String, String>>,
) -> Exchange {
    let field = |name: &str| {
        form.get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let Some(grant_type) = field("grant_type") else {
        return missing("grant_type").into();
    };
    if let Some(refusal) = refuse_client(world, field("client_id"), field("client_secret")) {
        return refusal.into();
    }
    match grant_type {
        "refresh_token" => match (field("refresh_token"), seller) {
            (Some(refresh_token), Some(seller)) => refresh(world, refresh_token, seller),
            _ => missing("refresh_token").into(),
        },
        "authorization_code" => match field("code") {
            Some(code) => redeem(world, code),
            None => missing("code").into(),
        },
        "client_credentials" => match field("scope") {
            Some(scope) => grantless(world, scope).into(),
            None => missing("scope").into(),
        },
        _ => {
            let description = "The authorization grant type is not supported by the authorization server";
            bad("unsupported_grant_type", description).into()
        }
    }
}

/// What to say to a client that is not the application; `None` if it is.
fn refuse_client(world: &World, client_id: Option<&str>, secret: Option<&str>) -> Option<Response> {
    let Some(client_id) = client_id else {
        return Some(missing("client_id"));
    };
    let Some(secret) = secret else {
        return Some(missing("client_secret"));
    };
    let state = world.state();
    let fits = state.credentials.as_ref().is_none_or(|expected| {
        expected.client_id == client_id
            && (expected.client_secret.expose_secret() == secret
                || state.old_secrets.include(secret, Instant::now()))
    });
    let refusal = || {
        lwa_error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "Client authentication failed",
        )
    };
    (!fits).then(refusal)
}

fn refresh(world: &World, refresh_token: &str, seller: Result<String, String>) -> Exchange {
    if !refresh_token.starts_with("Atzr|") {
        return invalid_grant("refresh_token").into();
    }
    let seller_id = match seller {
        Ok(seller_id) => seller_id,
        Err(problem) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            let response = lwa_error(status, "server_error", "The server encountered an internal error");
            return Exchange {
                response,
                seller_id: None,
                detail: Some(problem),
            };
        }
    };
    let mut state = world.state();
    let response = if state.sellers.is_revoked(refresh_token, &seller_id) {
        invalid_grant("refresh_token")
    } else {
        let on_behalf = OnBehalf {
            seller_id: seller_id.clone(),
            refresh_token: refresh_token.to_owned(),
        };
        let access_token =
            state
                .tokens
                .issue(Grant::Seller(on_behalf), &world.secrets.next(), Instant::now());
        Json(json!({
            "access_token": access_token,
            "refresh_token": refresh_token,
            "token_type": "bearer",
            "expires_in": LIFETIME.as_secs(),
        }))
        .into_response()
    };
    Exchange {
        response,
        seller_id: Some(seller_id),
        detail: None,
    }
}

fn redeem(world: &World, code: &str) -> Exchange {
    let seller_id = world.state().codes.redeem(code, Instant::now());
    let Some(seller_id) = seller_id else {
        return invalid_grant("code").into();
    };
    let refresh_token = format!("Atzr|{seller_id}|{}", world.secrets.next());
    world.state().sellers.register(&refresh_token, &seller_id);
    refresh(world, &refresh_token, Ok(seller_id))
}

fn grantless(world: &World, scope: &str) -> Response {
    if !SCOPES.contains(&scope) {
        return bad("invalid_scope", "The request has an invalid parameter : scope");
    }
    let grant = Grant::Grantless {
        scope: scope.to_owned(),
    };
    let access_token = world
        .state()
        .tokens
        .issue(grant, &world.secrets.next(), Instant::now());
    Json(json!({
        "access_token": access_token,
        "scope": scope,
        "token_type": "bearer",
        "expires_in": LIFETIME.as_secs(),
    }))
    .into_response()
}
