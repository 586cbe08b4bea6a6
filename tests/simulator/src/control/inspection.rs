//! Looking at what happened.

use std::sync::Arc;

use axum::Json;
use serde_json::{Value, json};
use sp_api::RegionCode;

use super::{Refusal, Reply, check_names, numeric_parameter, parameter, region};
use crate::documents::Document;
use crate::fields::FieldError;
use crate::journal::Filter;
use crate::oddities::document::DocumentOddity;
use crate::random::hex;
use crate::reports::{Report, write_time};
use crate::server::call::Query;
use crate::world::World;

/// How much of a document is shown.
const BEGINNING: usize = 256;

pub(super) async fn health(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    Ok(Json(json!({ "status": "ok", "speedUp": world.speed_up })))
}

pub(super) async fn journal(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &["operation", "sellerId", "status", "after"])?;
    let text = |name| parameter(&query, name).map(|value| value.map(str::to_owned));
    let filter = Filter {
        operation: text("operation")?,
        seller_id: text("sellerId")?,
        status: numeric_parameter(&query, "status")?,
        after: numeric_parameter(&query, "after")?,
    };
    let entries = world.state().journal.find(&filter);
    Ok(Json(json!({ "entries": entries })))
}

pub(super) async fn clear_journal(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    world.state().journal.clear();
    Ok(Json(json!({})))
}

pub(super) async fn deliveries(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &[])?;
    let delivered = world.state().deliveries.all();
    Ok(Json(json!({ "delivered": delivered })))
}

/// Which reports are meant.
struct Wanted {
    report_id: Option<String>,
    seller_id: Option<String>,
    region: Option<RegionCode>,
}

impl Wanted {
    fn read(query: &Query, report_id: Option<String>) -> Result<Self, FieldError> {
        let region = parameter(query, "region")?.map(region).transpose()?;
        Ok(Self {
            report_id,
            seller_id: parameter(query, "sellerId")?.map(str::to_owned),
            region,
        })
    }

    fn find(&self, world: &World) -> Vec<(Report, Option<Arc<Document>>)> {
        let state = world.state();
        let reports = state.reports.newest_first().into_iter().filter(|report| {
            self.report_id.as_ref().is_none_or(|id| *id == report.key.id)
                && self
                    .seller_id
                    .as_ref()
                    .is_none_or(|id| *id == report.key.seller_id)
                && self.region.is_none_or(|region| region == report.key.region)
        });
        reports
            .map(|report| (report.clone(), state.documents.of_report(&report.key)))
            .collect()
    }
}

pub(super) async fn reports(world: Arc<World>, query: Query) -> Reply {
    check_names(&query, &["reportId", "sellerId", "region", "checksums"])?;
    let with_checksums = match parameter(&query, "checksums")? {
        None | Some("yes") => true,
        Some("no") => false,
        Some(_) => return Err(FieldError::new("checksums", "must be yes or no").into()),
    };
    let report_id = parameter(&query, "reportId")?.map(str::to_owned);
    let found = Wanted::read(&query, report_id)?.find(&world);
    Ok(Json(
        json!({ "reports": off_the_async_threads(move || found.iter().map(|found| describe(found, with_checksums)).collect()).await }),
    ))
}

/// Checksums of gigabytes take their time.
async fn off_the_async_threads(work: impl FnOnce() -> Value + Send + 'static) -> Value {
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}

fn describe((report, document): &(Report, Option<Arc<Document>>), with_checksums: bool) -> Value {
    let specification = &report.specification;
    let checksums = document
        .as_ref()
        .filter(|_| with_checksums)
        .map(|document| document.checksums());
    json!({
        "reportId": report.key.id,
        "sellerId": report.key.seller_id,
        "region": report.key.region,
        "reportType": specification.report_type,
        "marketplaceIds": specification.marketplace_ids,
        "reportOptions": specification.options,
        "dataStartTime": specification.data_start.map(write_time),
        "dataEndTime": specification.data_end.map(write_time),
        "reportScheduleId": specification.schedule_id,
        "status": report.status.as_str(),
        "documentId": report.document_id,
        "bytes": document.as_ref().map(|document| document.served.len()),
        "sha256": checksums.map(|(served, _)| served),
        "contentSha256": checksums.map(|(_, content)| content),
        "gzip": document.as_ref().map(|document| document.is_gzip),
        "charset": document.as_ref().and_then(|document| document.charset),
        "oddity": document.as_ref().and_then(|document| document.oddity).map(DocumentOddity::name),
        "notified": report.notified,
    })
}

pub(super) async fn document(world: Arc<World>, report_id: String, query: Query) -> Reply {
    check_names(&query, &["sellerId", "region"])?;
    let mut found = Wanted::read(&query, Some(report_id.clone()))?.find(&world);
    if found.len() > 1 {
        let problem = "is required: several selling partners have a report with this id";
        return Err(FieldError::new("sellerId", problem).into());
    }
    let Some((_, Some(document))) = found.pop() else {
        return Err(Refusal::Missing(format!("report {report_id} has no document")));
    };
    Ok(Json(off_the_async_threads(move || truth(&document)).await))
}

fn truth(document: &Document) -> Value {
    let (served, content) = document.checksums();
    let beginning = document.content.beginning(BEGINNING);
    json!({
        "documentId": document.id,
        "reportId": document.report.id,
        "sellerId": document.report.seller_id,
        "contentType": document.content_type,
        "compressionAlgorithm": document.algorithm,
        "gzip": document.is_gzip,
        "charset": document.charset,
        "oddity": document.oddity.map(DocumentOddity::name),
        "bytes": document.served.len(),
        "sha256": served,
        "contentBytes": document.content.len(),
        "contentSha256": content,
        "beginning": String::from_utf8_lossy(&beginning),
        "beginningHex": hex(&beginning),
    })
}
