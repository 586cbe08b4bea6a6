//! Report schedules, and the reports they make.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sp_api::RegionCode;

use crate::errors::ApiError;
use crate::fields::{FieldError, Fields};
use crate::reports::operations::{Purpose, read_specification};
use crate::reports::{Specification, life, write_time};
use crate::server::call::{Answer, Call};
use crate::world::World;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// However much time is sped up: a simulator that makes reports and nothing else is of no use.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);

/// The periods that the model has, in seconds; a month counts for thirty days.
const PERIODS: [(&str, u64); 18] = [
    ("PT5M", 5 * MINUTE),
    ("PT15M", 15 * MINUTE),
    ("PT30M", 30 * MINUTE),
    ("PT1H", HOUR),
    ("PT2H", 2 * HOUR),
    ("PT4H", 4 * HOUR),
    ("PT8H", 8 * HOUR),
    ("PT12H", 12 * HOUR),
    ("P1D", DAY),
    ("P2D", 2 * DAY),
    ("P3D", 3 * DAY),
    ("PT84H", 84 * HOUR),
    ("P7D", 7 * DAY),
    ("P14D", 14 * DAY),
    ("P15D", 15 * DAY),
    ("P18D", 18 * DAY),
    ("P30D", 30 * DAY),
    ("P1M", 30 * DAY),
];

/// By region, seller and schedule id.
type ScheduleKey = (RegionCode, String, String);

/// A schedule.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    specification: Specification,
    period: (&'static str, Duration),
    next: Timestamp,
}

impl Schedule {
    fn describe(&self, id: &str) -> Value {
        json!({
            "reportScheduleId": id,
            "reportType": self.specification.report_type,
            "marketplaceIds": self.specification.marketplace_ids,
            "reportOptions": self.specification.options,
            "period": self.period.0,
            "nextReportCreationTime": write_time(self.next),
        })
    }

    /// Type and marketplaces, in any order: what two schedules can't have in common.
    fn subject(&self) -> (&str, Vec<&String>) {
        let mut marketplace_ids = self.specification.marketplace_ids.iter().collect::<Vec<_>>();
        marketplace_ids.sort_unstable();
        (&self.specification.report_type, marketplace_ids)
    }
}

/// The schedules of every seller.
pub(crate) type Schedules = HashMap<ScheduleKey, Schedule>;

pub(crate) fn create(call: &Call<'_>) -> Answer {
    let object = call.object()?;
    let fields = Fields::new(&object);
    let specification = read_specification(&fields, Purpose::Schedule)?;
    let period = fields.required_text("period")?;
    let period = PERIODS.into_iter().find(|(name, _)| *name == period);
    let Some((name, seconds)) = period else {
        let names = PERIODS.map(|(name, _)| name).join(", ");
        return Err(FieldError::new("period", format!("must be one of {names}")).into());
    };
    // Speeding up applies to schedules too: nobody waits five minutes for a test.
    let length = Duration::from_secs(seconds)
        .div_f64(call.world.speed_up)
        .max(SHORTEST_PERIOD);
    let period = (name, length);
    let next = match fields.timestamp("nextReportCreationTime")? {
        // A time that has passed counts for the next one that has not.
        Some(next) if next >= Timestamp::now() => next,
        Some(_) | None => after(Timestamp::now(), period.1),
    };
    let mut state = call.world.state();
    let id = state.reports.next_id(call.region, &call.seller_id);
    let schedule = Schedule {
        specification,
        period,
        next,
    };
    state.schedules.retain(|(region, seller_id, _), old| {
        (*region, seller_id) != (call.region, &call.seller_id) || old.subject() != schedule.subject()
    });
    let key = (call.region, call.seller_id.clone(), id.clone());
    state.schedules.insert(key.clone(), schedule);
    drop(state);
    call.world.spawn(keep(Arc::clone(call.world), key));
    Ok((StatusCode::CREATED, Json(json!({ "reportScheduleId": id }))).into_response())
}

fn after(time: Timestamp, period: Duration) -> Timestamp {
    SignedDuration::try_from(period)
        .ok()
        .and_then(|period| time.checked_add(period).ok())
        .unwrap_or(time)
}

/// Makes a schedule's reports for as long as it stands.
async fn keep(world: Arc<World>, key: ScheduleKey) {
    loop {
        let Some(next) = world.state().schedules.get(&key).map(|schedule| schedule.next) else {
            return;
        };
        let wait = Timestamp::now().duration_until(next);
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
        let mut state = world.state();
        let Some(schedule) = state.schedules.get_mut(&key) else {
            return;
        };
        schedule.next = after(schedule.next, schedule.period.1);
        let schedule_id = Some(key.2.clone());
        let specification = Specification {
            schedule_id,
            ..schedule.specification.clone()
        };
        drop(state);
        life::begin(&world, key.0, &key.1, specification, None);
    }
}

fn key(call: &Call<'_>) -> ScheduleKey {
    (call.region, call.seller_id.clone(), call.parameter(0).to_owned())
}

fn not_found(key: &ScheduleKey) -> ApiError {
    ApiError::not_found(&format!("Report schedule {} was not found.", key.2))
}

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let key = key(call);
    let state = call.world.state();
    let schedule = state.schedules.get(&key).ok_or_else(|| not_found(&key))?;
    Ok(Json(schedule.describe(&key.2)).into_response())
}

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let report_types = call.query.list("reportTypes", 10)?;
    let report_types = report_types.ok_or_else(|| ApiError::invalid_input("reportTypes is required"))?;
    let state = call.world.state();
    let mut found = state
        .schedules
        .iter()
        .filter(|((region, seller_id, _), schedule)| {
            (*region, seller_id) == (call.region, &call.seller_id)
                && report_types.contains(&schedule.specification.report_type)
        })
        .map(|(key, schedule)| (&key.2, schedule.describe(&key.2)))
        .collect::<Vec<_>>();
    found.sort_unstable_by_key(|(id, _)| *id);
    let schedules = found
        .into_iter()
        .map(|(_, schedule)| schedule)
        .collect::<Vec<_>>();
    Ok(Json(json!({ "reportSchedules": schedules })).into_response())
}

pub(crate) fn cancel(call: &Call<'_>) -> Answer {
    let key = key(call);
    call.world
        .state()
        .schedules
        .remove(&key)
        .ok_or_else(|| not_found(&key))?;
    // The model gives this answer no body.
    Ok(StatusCode::OK.into_response())
}
