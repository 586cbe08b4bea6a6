//! Subscriptions: made and read with the seller's token, read by id and deleted without a grant.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sp_api::RegionCode;

use super::message::APPLICATION_ID;
use super::types::{known, payload_versions};
use super::{REPORT_PROCESSING_FINISHED, nothing, payload};
use crate::errors::ApiError;
use crate::fields::{FieldError, Fields};
use crate::server::call::{Answer, Call};

/// A subscription.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) region: RegionCode,
    pub(crate) seller_id: String,
    pub(crate) notification_type: String,
    pub(crate) id: String,
    pub(crate) payload_version: String,
    pub(crate) destination_id: String,
    directive: Option<Value>,
}

impl Subscription {
    fn describe(&self) -> Value {
        let mut subscription = json!({
            "subscriptionId": self.id,
            "payloadVersion": self.payload_version,
            "destinationId": self.destination_id,
        });
        if let Some(directive) = &self.directive {
            subscription["processingDirective"] = directive.clone();
        }
        subscription
    }
}

fn notification_type<'a>(call: &'a Call<'_>) -> Result<&'a str, ApiError> {
    known(call.parameter(0))
}

pub(crate) fn create(call: &Call<'_>) -> Answer {
    let notification_type = notification_type(call)?;
    let object = call.object()?;
    let fields = Fields::new(&object);
    let payload_version = fields.required_text("payloadVersion")?;
    if payload_versions(notification_type).is_some_and(|versions| !versions.contains(&payload_version)) {
        let problem = format!("{payload_version} is not one that {notification_type} has");
        return Err(FieldError::new("payloadVersion", problem).into());
    }
    let destination_id = fields.required_text("destinationId")?;
    let directive = fields.object("processingDirective")?.cloned().map(Value::Object);
    let mut state = call.world.state();
    let destination = state
        .destinations
        .iter()
        .find(|destination| destination.region == call.region && destination.id == destination_id);
    let Some(destination) = destination else {
        return Err(ApiError::invalid_input(&format!(
            "No destination with id '{destination_id}' for applicationId '{APPLICATION_ID}'"
        )));
    };
    if notification_type == REPORT_PROCESSING_FINISHED && destination.queue_arn().is_none() {
        let message = format!("{notification_type} is sent to queues only.");
        return Err(ApiError::invalid_input(&message));
    }
    let subscription = Subscription {
        region: call.region,
        seller_id: call.seller_id.clone(),
        notification_type: notification_type.to_owned(),
        id: call.world.secrets.uuid(),
        payload_version: payload_version.to_owned(),
        destination_id: destination_id.to_owned(),
        directive,
    };
    let is_same = |known: &Subscription| {
        let key = |one: &Subscription| {
            (
                one.region,
                one.seller_id.clone(),
                one.notification_type.clone(),
                one.payload_version.clone(),
            )
        };
        key(known) == key(&subscription)
    };
    if state.subscriptions.iter().any(is_same) {
        let message = format!("A subscription to {notification_type} {payload_version} already exists.");
        return Err(ApiError::new(StatusCode::CONFLICT, "StateConflict", &message, ""));
    }
    let answer = payload(&subscription.describe());
    state.subscriptions.push(subscription);
    Ok(answer)
}

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let notification_type = notification_type(call)?;
    let version = call.query.one("payloadVersion")?;
    let state = call.world.state();
    // Without a version the latest is meant: 2020-09-04 comes after 1.0 in the alphabet as well.
    let found = state
        .subscriptions
        .iter()
        .filter(|known| {
            known.region == call.region
                && known.seller_id == call.seller_id
                && known.notification_type == notification_type
                && version.is_none_or(|version| version == known.payload_version)
        })
        .max_by_key(|known| &known.payload_version);
    match found {
        Some(subscription) => Ok(payload(&subscription.describe())),
        None => Err(ApiError::not_found(&format!(
            "There is no subscription to {notification_type}."
        ))),
    }
}

/// The seller's subscriptions to one type, of all payload versions unless one is asked for.
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let names = call.query.list("notificationTypes", 1)?.unwrap_or_default();
    let name = names.first();
    let name = name.ok_or_else(|| ApiError::invalid_input("notificationTypes is required."))?;
    let notification_type = known(name)?;
    let version = call.query.one("payloadVersion")?;
    let page_size = match call.query.one("pageSize")? {
        None => 30,
        Some(text) => {
            let size = text.parse().ok().filter(|size| (30..=100).contains(size));
            size.ok_or_else(|| ApiError::invalid_input("pageSize must be a number from 30 to 100"))?
        }
    };
    let state = call.world.state();
    let found: Vec<_> = state
        .subscriptions
        .iter()
        .filter(|known| {
            known.region == call.region
                && known.seller_id == call.seller_id
                && known.notification_type == notification_type
                && version.is_none_or(|version| version == known.payload_version)
        })
        .collect();
    // A token is the last id of the page before.
    let begin = match call.query.one("nextToken")? {
        None => 0,
        Some(last) => {
            let position = found.iter().position(|known| known.id == last);
            position.ok_or_else(|| ApiError::invalid_input("nextToken is unknown."))? + 1
        }
    };
    let page = &found[begin..found.len().min(begin + page_size)];
    let listed: Vec<_> = page.iter().map(|known| known.describe()).collect();
    let mut answer = json!({ "subscriptions": listed });
    if begin + page.len() < found.len() {
        answer["nextToken"] = page.last().map(|last| last.id.as_str()).into();
    }
    Ok(payload(&answer))
}

fn position(call: &Call<'_>, subscriptions: &[Subscription]) -> Result<usize, ApiError> {
    let notification_type = notification_type(call)?;
    let id = call.parameter(1);
    let position = subscriptions.iter().position(|known| {
        known.region == call.region && known.notification_type == notification_type && known.id == id
    });
    position.ok_or_else(|| ApiError::not_found(&format!("Subscription {id} was not found.")))
}

pub(crate) fn get_by_id(call: &Call<'_>) -> Answer {
    let state = call.world.state();
    let position = position(call, &state.subscriptions)?;
    Ok(payload(&state.subscriptions[position].describe()))
}

pub(crate) fn delete_by_id(call: &Call<'_>) -> Answer {
    let mut state = call.world.state();
    let position = position(call, &state.subscriptions)?;
    state.subscriptions.remove(position);
    Ok(nothing())
}
