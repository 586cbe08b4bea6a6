//! Controls over tokens and sellers, and the reset.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use serde_json::json;

use super::{Reply, read_seller, required};
use crate::fields::{FieldError, Fields};
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

pub(super) fn reset(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    fields.finish()?;
    world.reset();
    Ok(Json(json!({})))
}
