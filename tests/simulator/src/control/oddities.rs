//! Making Amazon odd, in one case or every so often.

use std::sync::Arc;

use axum::Json;
use serde_json::{Value, json};
use sp_api::rates::Operation;

use super::{Reply, check_names, read_region, read_seller};
use crate::fields::{FieldError, Fields};
use crate::oddities::answer::ReplyOddity;
use crate::oddities::seeded::{Every, Seeded};
use crate::oddities::{Limits, Oddity, Order};
use crate::server::call::Query;
use crate::world::World;

pub(super) fn add(world: &Arc<World>, fields: &Fields<'_>) -> Reply {
    match fields.number("seed")? {
        Some(seed) => {
            let seeded = read_seeded(fields, seed)?;
            world.state().oddities.seed(seeded);
        }
        None => {
            let order = read_order(fields)?;
            world.state().oddities.order(order);
        }
    }
    Ok(Json(json!({})))
}

fn read_seeded(fields: &Fields<'_>, seed: u64) -> Result<Seeded, FieldError> {
    let every = fields.object("every")?;
    let every = every.ok_or_else(|| FieldError::new("every", "is required"))?;
    let every = {
        let fields = Fields::new(every);
        let number = |name| match fields.number(name)? {
            Some(0) => Err(FieldError::new(name, "must be at least 1")),
            number => Ok(number),
        };
        let every = Every {
            messages: number("messages")?,
            documents: number("documents")?,
            answers: number("answers")?,
        };
        fields.finish()?;
        every
    };
    let report_option = fields.text("reportOption")?.map(str::to_owned);
    fields.finish()?;
    Ok(Seeded::new(seed, every, report_option))
}

fn read_order(fields: &Fields<'_>) -> Result<Order, FieldError> {
    let kind = fields.required_text("kind")?;
    let oddity = Oddity::by_name(kind)
        .ok_or_else(|| FieldError::new("kind", format!("must be one of {}", Oddity::names().join(", "))))?;
    let oddity = match fields.text("operation")? {
        Some(operation) => answered_by(oddity, operation)?,
        None => oddity,
    };
    let times = fields.number("times")?;
    let always = fields.flag("always")?.unwrap_or(false);
    if always && times.is_some() || times == Some(0) {
        let problem = "must be at least 1, and can't be given together with always";
        return Err(FieldError::new("times", problem));
    }
    let text = |name| fields.text(name).map(|value| value.map(str::to_owned));
    let order = Order {
        oddity,
        left: if always { None } else { Some(times.unwrap_or(1)) },
        limits: Limits {
            seller_id: read_seller(fields)?,
            region: read_region(fields)?,
            report_type: text("reportType")?,
            report_id: text("reportId")?,
        },
    };
    fields.finish()?;
    Ok(order)
}

/// The same answer, from that operation.
fn answered_by(oddity: Oddity, operation: &str) -> Result<Oddity, FieldError> {
    let Oddity::Reply(kind, usual) = oddity else {
        let problem = format!("can't be given together with {}", oddity.name());
        return Err(FieldError::new("operation", problem));
    };
    if operation == usual {
        return Ok(oddity);
    }
    match Operation::by_name(operation).filter(|_| ReplyOddity::is_of_any_operation(kind)) {
        Some(operation) => Ok(Oddity::Reply(kind, operation.name())),
        None => {
            let problem = format!("can't be {operation} for {}", oddity.name());
            Err(FieldError::new("operation", problem))
        }
    }
}

pub(super) async fn list(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    let state = world.state();
    let orders: Vec<_> = state.oddities.orders().iter().map(describe).collect();
    let (seeded, sent) = (state.oddities.seeded(), state.oddities.sent());
    Ok(Json(json!({ "orders": orders, "seeded": seeded, "sent": sent })))
}

fn describe(order: &Order) -> Value {
    let operation = match order.oddity {
        Oddity::Reply(_, operation) => Some(operation),
        _ => None,
    };
    json!({
        "kind": order.oddity.name(),
        "group": order.oddity.group(),
        "left": order.left,
        "operation": operation,
        "sellerId": order.limits.seller_id,
        "region": order.limits.region,
        "reportType": order.limits.report_type,
        "reportId": order.limits.report_id,
    })
}

pub(super) async fn clear(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    world.state().oddities.clear();
    Ok(Json(json!({})))
}
