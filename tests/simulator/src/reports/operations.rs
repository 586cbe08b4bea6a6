//! createReport, getReport and cancelReport.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sp_api::ids::{MarketplaceId, ReportType};
use sp_api::report_types;

use super::{ReportKey, Specification, Status, life};
use crate::errors::ApiError;
use crate::fields::{FieldError, Fields};
use crate::server::call::{Answer, Call};

/// Clocks of callers may be ahead of ours by this much.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What a report type is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Request,
    Schedule,
}

/// Refuses report types that don't exist (any more) or are not made that way.
///
/// The catalogue does not know all that exist; every type that it lacks begins with `GET_`.
pub(crate) fn check_report_type(name: &str, purpose: Purpose) -> Result<(), FieldError> {
    let refusal = |problem: &str| Err(FieldError::new("reportType", format!("{name} {problem}")));
    let Ok(report_type) = ReportType::parse(name) else {
        return refusal("is not a report type");
    };
    let Some(info) = report_types::find(&report_type) else {
        return if name.starts_with("GET_") {
            Ok(())
        } else {
            refusal("is not a report type")
        };
    };
    if info.removal.is_some() {
        return refusal("is not a report type any more");
    }
    match purpose {
        Purpose::Request if info.requestable == Some(false) => {
            refusal("can't be requested: Amazon makes reports of this type by itself, or on a schedule")
        }
        Purpose::Schedule if info.schedulable == Some(false) => refusal("can't be scheduled"),
        _ => Ok(()),
    }
}

/// The fields that reports and schedules share.
pub(crate) fn read_specification(fields: &Fields<'_>, purpose: Purpose) -> Result<Specification, FieldError> {
    let report_type = fields.required_text("reportType")?;
    check_report_type(report_type, purpose)?;
    let marketplace_ids = fields
        .texts("marketplaceIds")?
        .ok_or_else(|| FieldError::new("marketplaceIds", "is required"))?;
    if !(1..=25).contains(&marketplace_ids.len()) {
        return Err(FieldError::new(
            "marketplaceIds",
            "must list 1 to 25 marketplaces",
        ));
    }
    if let Some(strange) = marketplace_ids
        .iter()
        .find(|id| MarketplaceId::parse(id).is_err())
    {
        return Err(FieldError::new(
            "marketplaceIds",
            format!("must list marketplaces: {strange} is none"),
        ));
    }
    Ok(Specification {
        report_type: report_type.to_owned(),
        marketplace_ids,
        options: fields.text_map("reportOptions")?.unwrap_or_default(),
        ..Specification::default()
    })
}

pub(crate) fn create_report(call: &Call<'_>) -> Answer {
    let object = call.object()?;
    let fields = Fields::new(&object);
    let mut specification = read_specification(&fields, Purpose::Request)?;
    specification.data_start = read_past(&fields, "dataStartTime")?;
    specification.data_end = read_past(&fields, "dataEndTime")?;
    if let (Some(start), Some(end)) = (specification.data_start, specification.data_end)
        && start > end
    {
        return Err(FieldError::new("dataEndTime", "must not be before dataStartTime").into());
    }
    let key = life::begin(call.world, call.region, &call.seller_id, specification, None);
    Ok((StatusCode::ACCEPTED, Json(json!({ "reportId": key.id }))).into_response())
}

fn read_past(fields: &Fields<'_>, name: &str) -> Result<Option<Timestamp>, FieldError> {
    let time = fields.timestamp(name)?;
    if time.is_some_and(|time| time > Timestamp::now() + CLOCK_SKEW) {
        return Err(FieldError::new(
            name,
            "must be prior to or equal to the current date and time",
        ));
    }
    Ok(time)
}

fn key(call: &Call<'_>) -> ReportKey {
    let id = call.parameter(0).to_owned();
    ReportKey {
        region: call.region,
        seller_id: call.seller_id.clone(),
        id,
    }
}

fn not_found(key: &ReportKey) -> ApiError {
    ApiError::not_found(&format!("Report {} was not found.", key.id))
}

pub(crate) fn get_report(call: &Call<'_>) -> Answer {
    let key = key(call);
    let state = call.world.state();
    let report = state.reports.get(&key).ok_or_else(|| not_found(&key))?;
    Ok(Json(report.describe()).into_response())
}

pub(crate) fn cancel_report(call: &Call<'_>) -> Answer {
    let key = key(call);
    {
        let mut state = call.world.state();
        let report = state.reports.get_mut(&key).ok_or_else(|| not_found(&key))?;
        if report.status != Status::InQueue {
            let message = format!("Report {} is {}, not IN_QUEUE.", key.id, report.status.as_str());
            return Err(ApiError::invalid_input(&message));
        }
        report.status = Status::Cancelled;
        report.ended = Some(Timestamp::now());
    }
    life::announce(call.world, &key);
    // The model gives this answer no body.
    Ok(StatusCode::OK.into_response())
}
