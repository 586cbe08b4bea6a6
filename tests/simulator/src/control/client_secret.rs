//! Controls over the application's client secret.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use jiff::Timestamp;
use serde_json::json;

use super::{Reply, required};
use crate::fields::{FieldError, Fields};
use crate::notifications::destinations::is_queue_arn;
use crate::rotation::{self, Registration};
use crate::world::World;

/// What Amazon gives a secret after its rotation, and how long before its end it tells of that.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn rotate(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let new_secret = fields.text("clientSecret")?.map(str::to_owned);
    let keep_old = Duration::from_secs(fields.number("keepOldSeconds")?.unwrap_or(0));
    fields.finish()?;
    let new_secret = new_secret.unwrap_or_else(|| rotation::new_secret(world));
    let until = Instant::now()
        .checked_add(keep_old)
        .ok_or_else(|| FieldError::new("keepOldSeconds", "is longer than any clock runs"))?;
    let client_id = rotation::replace(&mut world.state(), &new_secret, until).ok_or_else(|| {
        let problem = "can't be rotated: the simulator runs without credentials and takes any";
        FieldError::new("clientSecret", problem)
    })?;
    Ok(Json(json!({ "clientId": client_id, "clientSecret": new_secret })))
}

pub(super) fn register(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let queue_arn = required("queueArn", fields.text("queueArn")?)?;
    if !is_queue_arn(queue_arn) {
        return Err(FieldError::new("queueArn", "must be a queue's ARN").into());
    }
    let keep_old = fields.number("keepOldSeconds")?.map_or(WEEK, Duration::from_secs);
    fields.finish()?;
    world.state().registration = Some(Registration {
        queue_arn: queue_arn.to_owned(),
        keep_old,
    });
    Ok(Json(json!({})))
}

pub(super) fn announce_end(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let left = fields.number("inSeconds")?.map_or(WEEK, Duration::from_secs);
    fields.finish()?;
    let ends_at = Timestamp::now().checked_add(left);
    let ends_at = ends_at.map_err(|_| FieldError::new("inSeconds", "is longer than any clock runs"))?;
    if !rotation::announce_end(world, ends_at) {
        return Err(FieldError::new("queueArn", "has to be registered before, with rotation-queue").into());
    }
    Ok(Json(json!({})))
}

pub(super) fn end_old(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    fields.finish()?;
    let ended = world.state().old_secrets.end();
    Ok(Json(json!({ "ended": ended })))
}
