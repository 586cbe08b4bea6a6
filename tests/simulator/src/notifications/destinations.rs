//! Destinations, which belong to the application: every operation is grantless.

use serde_json::{Map, Value, json};
use sp_api::RegionCode;

use super::{nothing, payload};
use crate::errors::ApiError;
use crate::fields::{FieldError, Fields};
use crate::server::call::{Answer, Call};

/// A destination.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) region: RegionCode,
    pub(crate) id: String,
    name: String,
    /// The model's `DestinationResource`.
    resource: Value,
}

impl Destination {
    /// The queue, unless it is `EventBridge`.
    pub(crate) fn queue_arn(&self) -> Option<&str> {
        self.resource["sqs"]["arn"].as_str()
    }

    fn describe(&self) -> Value {
        json!({ "destinationId": self.id, "name": self.name, "resource": self.resource })
    }
}

/// Whether a text matches the model's `^arn:aws:sqs:\S+:\S+:\S+`.
pub(crate) fn is_queue_arn(text: &str) -> bool {
    let rest = text.strip_prefix("arn:aws:sqs:");
    let parts = rest
        .map(|rest| rest.splitn(3, ':').collect::<Vec<_>>())
        .unwrap_or_default();
    text.len() <= 1000
        && parts.len() == 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && !part.contains(char::is_whitespace))
}

pub(crate) fn create(call: &Call<'_>) -> Answer {
    let object = call.object()?;
    let fields = Fields::new(&object);
    let name = fields.required_text("name")?.to_owned();
    if name.chars().count() > 256 {
        return Err(FieldError::new("name", "must have at most 256 characters").into());
    }
    let specification = fields.object("resourceSpecification")?;
    let specification =
        specification.ok_or_else(|| FieldError::new("resourceSpecification", "is required"))?;
    let resource = read_resource(specification, &name)?;
    let mut state = call.world.state();
    let is_taken = |known: &Destination| known.region == call.region && known.resource == resource;
    if state.destinations.iter().any(is_taken) {
        return Err(ApiError::conflict(
            "A destination with the same resource already exists.",
        ));
    }
    let destination = Destination {
        region: call.region,
        id: call.world.secrets.uuid(),
        name,
        resource,
    };
    let answer = payload(&destination.describe());
    state.destinations.push(destination);
    Ok(answer)
}

fn read_resource(specification: &Map<String, Value>, name: &str) -> Result<Value, FieldError> {
    let fields = Fields::new(specification);
    match (fields.object("sqs")?, fields.object("eventBridge")?) {
        (Some(sqs), None) => {
            let fields = Fields::new(sqs);
            let arn = fields.required_text("arn")?;
            if !is_queue_arn(arn) {
                return Err(FieldError::new("arn", "must match ^arn:aws:sqs:\\S+:\\S+:\\S+"));
            }
            Ok(json!({ "sqs": { "arn": arn } }))
        }
        (None, Some(bus)) => {
            let fields = Fields::new(bus);
            let (region, account) = (
                fields.required_text("region")?,
                fields.required_text("accountId")?,
            );
            Ok(json!({ "eventBridge": { "name": name, "region": region, "accountId": account } }))
        }
        _ => Err(FieldError::new(
            "resourceSpecification",
            "must hold either sqs or eventBridge",
        )),
    }
}

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let state = call.world.state();
    let ours = state
        .destinations
        .iter()
        .filter(|destination| destination.region == call.region);
    Ok(payload(&ours.map(Destination::describe).collect()))
}

fn position(call: &Call<'_>, destinations: &[Destination]) -> Result<usize, ApiError> {
    let id = call.parameter(0);
    let is_it = |destination: &Destination| destination.region == call.region && destination.id == id;
    let position = destinations.iter().position(is_it);
    position.ok_or_else(|| ApiError::not_found(&format!("Destination {id} was not found.")))
}

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let state = call.world.state();
    let position = position(call, &state.destinations)?;
    Ok(payload(&state.destinations[position].describe()))
}

pub(crate) fn delete(call: &Call<'_>) -> Answer {
    let mut state = call.world.state();
    let position = position(call, &state.destinations)?;
    let id = &state.destinations[position].id;
    if state
        .subscriptions
        .iter()
        .any(|subscription| subscription.destination_id == *id)
    {
        return Err(ApiError::conflict("The destination still has subscriptions."));
    }
    state.destinations.remove(position);
    Ok(nothing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_has_region_account_and_name() {
        assert!(is_queue_arn("arn:aws:sqs:us-east-1:000000000000:queue"));
        for text in [
            "",
            "arn:aws:sqs:us-east-1:queue",
            "arn:aws:sns:us-east-1:1:q",
            "arn:aws:sqs:::q",
        ] {
            assert!(!is_queue_arn(text), "{text}");
        }
    }
}
