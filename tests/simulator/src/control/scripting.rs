//! Saying what happens next, and making it happen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use sp_api::rates::{Operation, RATES};

use super::{Refusal, Reply, check_names, read_region, read_seller, required};
use crate::delivery;
use crate::errors::ErrorShape;
use crate::faults::{Fault, FaultKind, Frequency};
use crate::fields::{FieldError, Fields};
use crate::notifications::REPORT_PROCESSING_FINISHED;
use crate::notifications::destinations::is_queue_arn;
use crate::notifications::message::{self, Subscribed, subscribed};
use crate::outcomes::{Outcome, Script};
use crate::random::Numbers;
use crate::reports::{ReportKey, Specification, life};
use crate::server::call::Query;
use crate::world::World;

pub(super) fn add_outcome(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let count = fields.number("count")?;
    let always = fields.flag("always")?.unwrap_or(false);
    if always && count.is_some() || count == Some(0) {
        return Err(FieldError::new(
            "count",
            "must be at least 1, and can't be given together with always",
        )
        .into());
    }
    let script = Script {
        seller_id: read_seller(fields)?,
        report_type: fields.text("reportType")?.map(str::to_owned),
        report_options: fields.text_map("reportOptions")?,
        left: if always { None } else { Some(count.unwrap_or(1)) },
        outcome: Outcome::read(fields, None)?,
    };
    fields.finish()?;
    world.state().scripts.0.push(script);
    Ok(Json(json!({})))
}

pub(super) async fn clear_outcomes(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    world.state().scripts.0.clear();
    Ok(Json(json!({})))
}

pub(super) fn add_fault(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let operation = fields.required_text("operation")?;
    if !["lwa", "document"].contains(&operation) && Operation::by_name(operation).is_none() {
        let names = RATES.map(|(_, name, _)| name).join(", ");
        return Err(FieldError::new("operation", format!("must be lwa, document or one of {names}")).into());
    }
    let fault = Fault {
        operation: operation.to_owned(),
        seller_id: read_seller(fields)?,
        region: read_region(fields)?,
        frequency: read_frequency(fields)?,
        kind: read_kind(fields, operation)?,
        struck: 0,
    };
    fields.finish()?;
    world.state().faults.orders.push(fault);
    Ok(Json(json!({})))
}

fn read_frequency(fields: &Fields<'_>) -> Result<Frequency, FieldError> {
    let (count, probability) = (fields.number("count")?, fields.fraction("probability")?);
    let seed = fields.number("seed")?.unwrap_or_default();
    match (count, probability) {
        (Some(0), _) => Err(FieldError::new("count", "must be at least 1")),
        (_, None) => Ok(Frequency::Count(count.unwrap_or(1))),
        (Some(_), Some(_)) => Err(FieldError::new(
            "probability",
            "can't be given together with count",
        )),
        (None, Some(probability)) if (0.0..=1.0).contains(&probability) => {
            Ok(Frequency::Probability(probability, Numbers::seeded(seed)))
        }
        (None, Some(_)) => Err(FieldError::new("probability", "must be between 0 and 1")),
    }
}

fn read_kind(fields: &Fields<'_>, operation: &str) -> Result<FaultKind, FieldError> {
    let kind = fields.required_text("kind")?;
    let number = |name| fields.number(name).and_then(|value| required(name, value));
    if operation != "document" && ["truncate", "corrupt", "expireUrl"].contains(&kind) {
        return Err(FieldError::new(
            "kind",
            format!("{kind} happens to operation document only"),
        ));
    }
    if operation == "document" && kind == "lostAnswer" {
        let problem = "lostAnswer does not happen to operation document, where it would be a reset";
        return Err(FieldError::new("kind", problem));
    }
    match kind {
        "status" => read_status(fields),
        "reset" => Ok(FaultKind::Reset),
        "lostAnswer" => Ok(FaultKind::LostAnswer),
        "stall" => {
            let after_bytes = fields.number("afterBytes")?;
            if after_bytes.is_some() && operation != "document" {
                return Err(FieldError::new("afterBytes", "is for operation document only"));
            }
            Ok(FaultKind::Stall {
                milliseconds: number("milliseconds")?,
                after_bytes,
            })
        }
        "truncate" => Ok(FaultKind::Truncate {
            after_bytes: number("afterBytes")?,
        }),
        "corrupt" => Ok(FaultKind::Corrupt),
        "expireUrl" => Ok(FaultKind::ExpireUrl),
        _ => Err(FieldError::new(
            "kind",
            "must be status, reset, lostAnswer, stall, truncate, corrupt or expireUrl",
        )),
    }
}

fn read_status(fields: &Fields<'_>) -> Result<FaultKind, FieldError> {
    let status = fields
        .number("status")?
        .and_then(|status| u16::try_from(status).ok());
    let shape = read_shape(fields)?;
    let says_no = |status: &u16| *status >= 300 || *status == 200 && shape != ErrorShape::Usual;
    let status = status.filter(|status| says_no(status) && StatusCode::from_u16(*status).is_ok());
    let status = status.ok_or_else(|| {
        FieldError::new(
            "status",
            "must be an HTTP status from 300 on, or 200 with a shape",
        )
    })?;
    let headers = fields.text_map("headers")?.unwrap_or_default();
    let is_header = |(name, value): (&String, &String)| {
        name.parse::<HeaderName>().is_ok() && HeaderValue::from_str(value).is_ok()
    };
    if !headers.iter().all(is_header) {
        return Err(FieldError::new(
            "headers",
            "must hold names and values that HTTP allows",
        ));
    }
    let text = |name| fields.text(name).map(|value| value.map(str::to_owned));
    Ok(FaultKind::Status {
        status,
        code: text("code")?,
        message: text("message")?,
        details: text("details")?,
        shape,
        headers,
    })
}

fn read_shape(fields: &Fields<'_>) -> Result<ErrorShape, FieldError> {
    let Some(name) = fields.text("shape")? else {
        return Ok(ErrorShape::default());
    };
    let found = ErrorShape::ALL.into_iter().find(|(known, _)| *known == name);
    found.map(|(_, shape)| shape).ok_or_else(|| {
        let names = ErrorShape::ALL.map(|(name, _)| name).join(", ");
        FieldError::new("shape", format!("must be one of {names}"))
    })
}

pub(super) async fn list_faults(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    let state = world.state();
    let describe = |fault: &Fault| {
        let (left, probability) = match fault.frequency {
            Frequency::Count(left) => (Some(left), None),
            Frequency::Probability(probability, _) => (None, Some(probability)),
        };
        json!({
            "operation": fault.operation,
            "sellerId": fault.seller_id,
            "region": fault.region,
            "left": left,
            "probability": probability,
            "struck": fault.struck,
            "fault": fault.kind,
        })
    };
    Ok(Json(
        json!({ "faults": state.faults.orders.iter().map(describe).collect::<Vec<_>>() }),
    ))
}

pub(super) async fn clear_faults(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    world.state().faults.orders.clear();
    Ok(Json(json!({})))
}

pub(super) fn create_report(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    let seller_id = required("sellerId", read_seller(fields)?)?;
    let region = required("region", read_region(fields)?)?;
    // No look into the catalogue: settlement reports come about in just this way.
    let specification = Specification {
        report_type: fields.required_text("reportType")?.to_owned(),
        marketplace_ids: fields
            .texts("marketplaceIds")?
            .unwrap_or_else(|| vec!["ATVPDKIKX0DER".to_owned()]),
        options: fields.text_map("reportOptions")?.unwrap_or_default(),
        data_start: fields.timestamp("dataStartTime")?,
        data_end: fields.timestamp("dataEndTime")?,
        schedule_id: fields.text("reportScheduleId")?.map(str::to_owned),
        created: fields.timestamp("createdTime")?,
    };
    let outcome = Outcome::read(fields, Some(Duration::ZERO))?;
    fields.finish()?;
    let key = life::begin(world, region, &seller_id, specification, Some(outcome));
    Ok(Json(json!({ "reportId": key.id })))
}

/// What a notification says.
enum Text {
    Written(String),
    OfReport(String),
}

/// Messages that were asked for.
pub(super) struct Messages {
    seller_id: Option<String>,
    /// Queue and text.
    messages: Vec<(String, String)>,
}

impl Messages {
    /// Delivers them, one after the other.
    pub(super) async fn send(self, world: &World) -> Json<Value> {
        let mut counts = BTreeMap::from([("sent", 0_u64), ("failed", 0)]);
        for (queue_arn, body) in self.messages {
            let is_delivered = delivery::deliver(world, &queue_arn, &body, self.seller_id.as_deref()).await;
            *counts
                .entry(if is_delivered { "sent" } else { "failed" })
                .or_default() += 1;
        }
        Json(json!(counts))
    }
}

/// Reads which notifications are wanted, and writes them.
pub(super) fn read_messages(world: &World, fields: &Fields<'_>) -> Result<Messages, Refusal> {
    let text = read_text(fields)?;
    let copies = fields.number("copies")?.unwrap_or(1);
    let queue_arn = fields.text("queueArn")?.map(str::to_owned);
    let seller_id = read_seller(fields)?;
    let region = read_region(fields)?;
    let notification_type = fields
        .text("notificationType")?
        .unwrap_or(REPORT_PROCESSING_FINISHED)
        .to_owned();
    fields.finish()?;
    let queues = match &queue_arn {
        Some(arn) if !is_queue_arn(arn) => {
            return Err(FieldError::new("queueArn", "must be the ARN of a queue").into());
        }
        Some(arn) => vec![Subscribed::directly(arn, world.secrets.uuid())],
        None => {
            let seller_id = seller_id.as_deref();
            let seller_id =
                seller_id.ok_or_else(|| FieldError::new("queueArn", "or sellerId is required"))?;
            let region = required("region", region)?;
            let queues = subscribed(&world.state(), region, seller_id, &notification_type);
            if queues.is_empty() {
                let error = format!("{seller_id} has no subscription to {notification_type} in {region}");
                return Err(Refusal::Missing(error));
            }
            queues
        }
    };
    let mut messages = Vec::new();
    for queue in &queues {
        for _ in 0..copies {
            let body = match &text {
                Text::Written(body) => body.clone(),
                Text::OfReport(id) => {
                    let seller_id = required("sellerId", seller_id.clone())?;
                    let key = ReportKey {
                        region: required("region", region)?,
                        seller_id,
                        id: id.clone(),
                    };
                    let written = message::write(&mut world.state(), &key, queue, &world.secrets.uuid());
                    written.ok_or_else(|| Refusal::Missing(format!("there is no report {id}")))?
                }
            };
            messages.push((queue.queue_arn.clone(), body));
        }
    }
    Ok(Messages { seller_id, messages })
}

fn read_text(fields: &Fields<'_>) -> Result<Text, FieldError> {
    let report_id = fields.text("reportId")?;
    match (fields.raw("body"), report_id) {
        (Some(Value::String(body)), None) => Ok(Text::Written(body.clone())),
        (Some(body @ Value::Object(_)), None) => Ok(Text::Written(body.to_string())),
        (Some(_), None) => Err(FieldError::new(
            "body",
            "must be text, or an object that is sent as JSON",
        )),
        (None, Some(report_id)) => Ok(Text::OfReport(report_id.to_owned())),
        _ => Err(FieldError::new(
            "body",
            "is required, or else reportId, but not both",
        )),
    }
}
