//! rotateApplicationClientSecret, and what is sent about the client secret.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::delivery::deliver;
use crate::errors::ApiError;
use crate::lwa::ClientCredentials;
use crate::notifications::message::{APPLICATION_ID, written};
use crate::server::call::{Answer, Call};
use crate::world::{State, World};

/// What a secret lives, from one rotation to the next.
const LIFETIME: Duration = Duration::from_secs(180 * 86_400);

/// Whose secret it is where the simulator runs without credentials.
const ANY_CLIENT: &str = "amzn1.application-oa2-client.any";

/// What the developer has registered in the developer console, and what this Amazon does then.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) queue_arn: String,
    /// How long a secret is good for after a rotation.
    pub(crate) keep_old: Duration,
}

/// Puts a new secret in the place of the present one, which is good for some time still. Gives the client's id;
/// `None`, where the simulator takes any credentials.
pub(crate) fn replace(state: &mut State, new: &str, old_until: Instant) -> Option<String> {
    let ClientCredentials {
        client_id,
        client_secret,
    } = state.credentials.as_mut()?;
    let old = std::mem::replace(client_secret, SecretString::from(new));
    state.old_secrets.keep(old, old_until);
    Some(client_id.clone())
}

/// A secret that nobody has had.
pub(crate) fn new_secret(world: &World) -> String {
    format!("amzn1.oa2-cs.v1.{}", world.secrets.next())
}

pub(crate) fn rotate(call: &Call<'_>) -> Answer {
    let world = call.world;
    let new = new_secret(world);
    let (queue_arn, body) = {
        let mut state = world.state();
        let Some(Registration { queue_arn, keep_old }) = state.registration.clone() else {
            return Err(ApiError::invalid_input(
                "Application is not enrolled for rotation notification. Please update application notification \
                 preference in Developer console.",
            ));
        };
        let now = Instant::now();
        // As long as any clock runs is long enough.
        let old_until = now.checked_add(keep_old).unwrap_or(now + LIFETIME);
        let client_id = replace(&mut state, &new, old_until);
        let payload = json!({
            "clientId": client_id.as_deref().unwrap_or(ANY_CLIENT),
            "newClientSecret": new,
            "newClientSecretExpiryTime": written(Timestamp::now() + LIFETIME),
            "oldClientSecretExpiryTime": written(Timestamp::now().saturating_add(keep_old).unwrap_or(Timestamp::MAX)),
        });
        (
            queue_arn,
            message(world, "NEW_SECRET", "applicationOAuthClientNewSecret", &payload),
        )
    };
    send(world, queue_arn, body);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Tells the registered queue that the secret ends then; false if there is none.
pub(crate) fn announce_end(world: &Arc<World>, ends_at: Timestamp) -> bool {
    let (registration, client_id) = {
        let state = world.state();
        let client_id = state.credentials.as_ref().map(|client| client.client_id.clone());
        (state.registration.clone(), client_id)
    };
    let Some(Registration { queue_arn, .. }) = registration else {
        return false;
    };
    let payload = json!({
        "clientId": client_id.as_deref().unwrap_or(ANY_CLIENT),
        "clientSecretExpiryTime": written(ends_at),
        "clientSecretExpiryReason": "PERIODIC_ROTATION",
    });
    let body = message(
        world,
        "SECRET_EXPIRY",
        "applicationOAuthClientSecretExpiry",
        &payload,
    );
    send(world, queue_arn, body);
    true
}

fn send(world: &Arc<World>, queue_arn: String, body: String) {
    let sending = Arc::clone(world);
    world.spawn(async move {
        // The journal tells what became of it.
        deliver(&sending, &queue_arn, &body, None).await;
    });
}

fn message(world: &World, what: &str, field: &str, payload: &Value) -> String {
    let now = written(Timestamp::now());
    json!({
        "notificationVersion": "1.0",
        "notificationType": format!("APPLICATION_OAUTH_CLIENT_{what}"),
        "payloadVersion": "1.0",
        "eventTime": now,
        "payload": { field: payload },
        "notificationMetadata": {
            "applicationId": APPLICATION_ID,
            "publishTime": now,
            "notificationId": world.secrets.uuid(),
        },
    })
    .to_string()
}
