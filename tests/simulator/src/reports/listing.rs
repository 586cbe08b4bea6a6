//! getReports: filters, and pages that are asked for with a token.

use axum::Json;
use axum::response::IntoResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Report, Status};
use crate::errors::ApiError;
use crate::fields::parse_timestamp;
use crate::server::call::{Answer, Call, Query};
use crate::world::State;

/// What a list is made of.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    report_types: Vec<String>,
    statuses: Option<Vec<Status>>,
    marketplace_ids: Option<Vec<String>>,
    created_since: Timestamp,
    created_until: Option<Timestamp>,
    page_size: usize,
}

/// Where a list goes on.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    seller: (sp_api::RegionCode, String),
    filter: Filter,
    /// Only reports before this one; those made since the first page don't shift the next.
    before: (Timestamp, u64),
}

impl Filter {
    fn read(query: &Query) -> Result<Self, ApiError> {
        let report_types = query.list("reportTypes", 10)?;
        let report_types = report_types
            .ok_or_else(|| ApiError::invalid_input("Either reportTypes or nextToken is required."))?;
        let statuses = query.list("processingStatuses", 5)?;
        let statuses = statuses.map(|statuses| {
            let status = |text: &String| {
                Status::parse(text)
                    .ok_or_else(|| ApiError::invalid_input(&format!("{text} is not a processing status")))
            };
            statuses.iter().map(status).collect::<Result<Vec<_>, _>>()
        });
        let page_size = match query.one("pageSize")? {
            None => 10,
            Some(text) => {
                let size = text.parse().ok().filter(|size| (1..=100).contains(size));
                size.ok_or_else(|| ApiError::invalid_input("pageSize must be a number from 1 to 100"))?
            }
        };
        let time = |name| {
            let text = query.one(name)?;
            text.map(|text| parse_timestamp(name, text))
                .transpose()
                .map_err(ApiError::from)
        };
        let ninety_days_ago = Timestamp::now() - SignedDuration::from_hours(90 * 24);
        let created_since = time("createdSince")?.unwrap_or(ninety_days_ago);
        if created_since < ninety_days_ago {
            return Err(ApiError::invalid_input(
                "createdSince can't be more than 90 days ago.",
            ));
        }
        Ok(Self {
            report_types,
            statuses: statuses.transpose()?,
            marketplace_ids: query.list("marketplaceIds", 10)?,
            created_since,
            created_until: time("createdUntil")?,
            page_size,
        })
    }

    fn fits(&self, report: &Report) -> bool {
        let specification = &report.specification;
        self.report_types.contains(&specification.report_type)
            && self
                .statuses
                .as_ref()
                .is_none_or(|statuses| statuses.contains(&report.status))
            && self
                .marketplace_ids
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|id| specification.marketplace_ids.contains(id)))
            && report.created >= self.created_since
            && self.created_until.is_none_or(|until| report.created <= until)
    }
}

pub(crate) fn get_reports(call: &Call<'_>) -> Answer {
    let mut guard = call.world.state();
    let State {
        reports: known,
        oddities,
        ..
    } = &mut *guard;
    let page = match call.query.one("nextToken")? {
        None => {
            let seller = (call.region, call.seller_id.clone());
            Page {
                seller,
                filter: Filter::read(&call.query)?,
                before: (Timestamp::MAX, u64::MAX),
            }
        }
        Some(token) => {
            if call.query.names().any(|name| name != "nextToken") {
                let message = "nextToken can't be given together with other parameters.";
                return Err(ApiError::invalid_input(message));
            }
            let page = known.pages.get(token).cloned();
            page.filter(|page| page.seller == (call.region, call.seller_id.clone()))
                .ok_or_else(|| ApiError::invalid_input("nextToken is not one that was given to you."))?
        }
    };
    let reports = known.newest_first();
    let mut found = reports.into_iter().filter(|report| {
        report.place() < page.before
            && (report.key.region, &report.key.seller_id) == (page.seller.0, &page.seller.1)
            && page.filter.fits(report)
    });
    let shown = found.by_ref().take(page.filter.page_size).collect::<Vec<_>>();
    let last = shown.last().map(|report| report.place());
    let has_more = found.next().is_some();
    let entries = shown.iter().map(|report| {
        let mut entry = report.describe();
        if let Some(oddity) = oddities.listing(report) {
            oddity.change(&mut entry);
        }
        entry
    });
    let mut answer = json!({ "reports": entries.collect::<Vec<_>>() });
    if let (true, Some(before)) = (has_more, last) {
        let token = call.world.secrets.next();
        answer["nextToken"] = token.clone().into();
        known.pages.insert(token, Page { before, ..page });
    }
    Ok(Json(answer).into_response())
}
