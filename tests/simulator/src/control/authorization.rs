//! Controls over tokens, secrets and sellers, and the reset.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use secrecy::SecretString;
use serde_json::json;

use super::{Reply, read_seller, required};
use crate::fields::{FieldError, Fields};
use crate::lwa::ClientCredentials;
use crate::world::World;

pub(super) fn register(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let refresh_token = read_refresh_token(fields)?;
    let refresh_token = required("refreshToken", refresh_token)?;
    let seller_id = required("sellerId", read_seller(fields)?)?;
    fields.finish()?;
    world.state().sellers.register(&refresh_token, &seller_id);
    Ok(Json(json!({ "sellerId": seller_id })))
}

fn read_refresh_token(fields: &Fields<'_>) -> Result<Option<String>, FieldError> {
    let refresh_token = fields.text("refreshToken")?;
    if refresh_token.is_some_and(|token| !token.starts_with("Atzr|")) {
        return Err(FieldError::new("refreshToken", "must begin with Atzr|"));
    }
    Ok(refresh_token.map(str::to_owned))
}

/// A refresh token or a seller: what can be revoked.
fn read_revocable(fields: &Fields<'_>) -> Result<(Option<String>, Option<String>), FieldError> {
    let revocable = (read_refresh_token(fields)?, read_seller(fields)?);
    fields.finish()?;
    if revocable.0.is_some() == revocable.1.is_some() {
        return Err(FieldError::new(
            "refreshToken",
            "is required, or else sellerId, but not both",
        ));
    }
    Ok(revocable)
}

pub(super) fn revoke(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let (refresh_token, seller_id) = read_revocable(fields)?;
    let sellers = &mut world.state().sellers;
    if let Some(refresh_token) = refresh_token {
        sellers.revoke_token(&refresh_token);
    }
    if let Some(seller_id) = seller_id {
        sellers.revoke_seller(&seller_id);
    }
    Ok(Json(json!({})))
}

pub(super) fn unrevoke(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let (refresh_token, seller_id) = read_revocable(fields)?;
    let sellers = &mut world.state().sellers;
    if let Some(refresh_token) = refresh_token {
        sellers.restore_token(&refresh_token);
    }
    if let Some(seller_id) = seller_id {
        sellers.restore_seller(&seller_id);
    }
    Ok(Json(json!({})))
}

pub(super) fn hand_out_code(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let seller_id = required("sellerId", read_seller(fields)?)?;
    fields.finish()?;
    let code = world.secrets.next()[..20].to_owned();
    world.state().codes.hand_out(&code, &seller_id, Instant::now());
    Ok(Json(json!({ "code": code })))
}

pub(super) fn visit_appstore(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let seller_id = required("sellerId", read_seller(fields)?)?;
    fields.finish()?;
    let amazon_state = world.secrets.next();
    world.state().visits.begin(&amazon_state, &seller_id);
    Ok(Json(json!({ "amazonState": amazon_state })))
}

pub(super) fn change_application(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let is_draft = required("draft", fields.flag("draft")?)?;
    fields.finish()?;
    let mut state = world.state();
    let Some(application) = &mut state.application else {
        let problem = "can't be said: the simulator runs without an application and takes any";
        return Err(FieldError::new("draft", problem).into());
    };
    application.is_draft = is_draft;
    Ok(Json(
        json!({ "applicationId": application.id, "draft": is_draft }),
    ))
}

pub(super) fn expire_tokens(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    fields.finish()?;
    world.state().tokens.expire_all(Instant::now());
    Ok(Json(json!({})))
}

pub(super) fn expire_urls(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    fields.finish()?;
    let expired = world.state().documents.expire(None);
    Ok(Json(json!({ "expired": expired })))
}

pub(super) fn rotate_secret(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let new_secret = fields.text("clientSecret")?.map(str::to_owned);
    let keep_old = Duration::from_secs(fields.number("keepOldSeconds")?.unwrap_or(0));
    fields.finish()?;
    let new_secret = new_secret.unwrap_or_else(|| format!("amzn1.oa2-cs.v1.{}", world.secrets.next()));
    let mut guard = world.state();
    let state = &mut *guard;
    let Some(ClientCredentials {
        client_id,
        client_secret,
    }) = &mut state.credentials
    else {
        let problem = "can't be rotated: the simulator runs without credentials and takes any";
        return Err(FieldError::new("clientSecret", problem).into());
    };
    let until = Instant::now()
        .checked_add(keep_old)
        .ok_or_else(|| FieldError::new("keepOldSeconds", "is longer than any clock runs"))?;
    let old_secret = std::mem::replace(client_secret, SecretString::from(new_secret.as_str()));
    state.old_secrets.keep(old_secret, until);
    Ok(Json(json!({ "clientId": client_id, "clientSecret": new_secret })))
}

pub(super) fn reset(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    fields.finish()?;
    world.reset();
    Ok(Json(json!({})))
}
