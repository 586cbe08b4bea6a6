//! A report's life: in the queue, in progress, finished, announced.

use std::sync::Arc;

use jiff::Timestamp;
use sp_api::RegionCode;
use tokio::task::JoinError;

use super::{Report, ReportKey, Specification, Status};
use crate::delivery;
use crate::documents::Document;
use crate::documents::generate::{Subject, generate};
use crate::notifications::message;
use crate::oddities::document::DocumentOddity;
use crate::outcomes::Outcome;
use crate::world::{State, World};

/// Queues a report. It ends as `outcome` says, or as the scripts say.
pub(crate) fn begin(
    world: &Arc<World>,
    region: RegionCode,
    seller_id: &str,
    specification: Specification,
    outcome: Option<Outcome>,
) -> ReportKey {
    let mut state = world.state();
    let outcome = outcome.unwrap_or_else(|| state.scripts.next(seller_id, &specification));
    let delay = outcome.delay;
    let key = state.reports.add(region, seller_id, specification, outcome);
    drop(state);
    let (living, id) = (Arc::clone(world), key.clone());
    world.spawn(async move {
        let in_queue = delay.mul_f64(0.4);
        tokio::time::sleep(in_queue).await;
        start(&living, &id);
        tokio::time::sleep(delay - in_queue).await;
        if finish(&living, &id).await {
            announce(&living, &id);
        }
    });
    key
}

fn start(world: &World, key: &ReportKey) {
    if let Some(report) = world.state().reports.get_mut(key)
        && report.status == Status::InQueue
    {
        report.status = Status::InProgress;
        report.started = Some(Timestamp::now());
    }
}

/// Gives the report its end; false if it was cancelled or forgotten meanwhile.
async fn finish(world: &World, key: &ReportKey) -> bool {
    let Some((report, oddity)) = unfinished(world, key) else {
        return false;
    };
    let Ok(document) = document(world, report, oddity).await else {
        // Making it panicked, or the program ends: this report has no end.
        return false;
    };
    let mut state = world.state();
    let Some(report) = state
        .reports
        .get_mut(key)
        .filter(|report| !report.status.is_final())
    else {
        return false;
    };
    report.status = report.outcome.status;
    report.ended = Some(Timestamp::now());
    report.document_id = document.as_ref().map(|document| document.id.clone());
    if let Some(document) = document {
        state.documents.add(Arc::new(document));
    }
    true
}

/// The report's document, if it is to have one. Compressing a long one takes seconds, in which a thread of the runtime
/// would answer nobody.
async fn document(
    world: &World,
    report: Report,
    oddity: Option<DocumentOddity>,
) -> Result<Option<Document>, JoinError> {
    let Some(plan) = report.outcome.document.clone() else {
        return Ok(None);
    };
    let key = report.key.clone();
    let region = key.region.as_str().to_lowercase();
    let id = format!("amzn1.spdoc.1.4.{region}.{}.T{}", world.secrets.uuid(), key.id);
    let make = move || {
        let generated = generate(Subject::of(&report), &plan, oddity);
        Document::new(id, key, &report.specification.report_type, generated, oddity)
    };
    tokio::task::spawn_blocking(make).await.map(Some)
}

/// A report that has no end yet, and how its document is odd.
fn unfinished(world: &World, key: &ReportKey) -> Option<(Report, Option<DocumentOddity>)> {
    let mut guard = world.state();
    let State {
        reports, oddities, ..
    } = &mut *guard;
    let report = reports.get(key).filter(|report| !report.status.is_final())?;
    Some((report.clone(), oddities.document(report)))
}

/// Sends the notifications of a finished report to the seller's subscriptions, in the background.
pub(crate) fn announce(world: &Arc<World>, key: &ReportKey) {
    let copies = world
        .state()
        .reports
        .get(key)
        .map_or(0, |report| report.outcome.copies);
    for (queue_arn, body) in message::of_report(world, key, copies) {
        let (sender, key) = (Arc::clone(world), key.clone());
        world.spawn(async move {
            let is_delivered = delivery::deliver(&sender, &queue_arn, &body, Some(&key.seller_id)).await;
            if is_delivered && let Some(report) = sender.state().reports.get_mut(&key) {
                report.notified += 1;
            }
        });
    }
}
