use std::time::Duration;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{InSlot, LedgerRow, or_warn};
use pipeline::domain::stages::{LookUpRequest, LookedUp};
use pipeline::domain::{AnnouncedReport, FinalStatus, FinishedReport};
use pipeline::logging::About;
use sp_api::rates::Operation;
use sp_api::{RegionCode, Report, SpApiError};

use crate::handler::Retrieval;
use crate::whereabouts::{Found, Place};

/// How long Amazon is left alone with a report that is not finished.
const SHORTEST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// Finds out what Amazon did not announce of a report.
pub struct LookUp<'a>(pub &'a Retrieval);

impl LookUp<'_> {
    /// Asks Amazon for the report, if it is time; says when, if it is not.
    pub async fn run(&self, request: LookUpRequest) -> Result<LookedUp, PipelineError> {
        let report = &request.look_up.report;
        About::report(&report.seller_id, &report.report_id)
            .in_execution(request.execution.as_deref())
            .is_all_of_the_invocation();
        let looked_up = self.ask(&request).await;
        let (seller, id) = (&report.seller_id, report.report_id.as_str());
        match self.0.ledger.noting(seller, id, looked_up).await {
            Err(error) => match self.0.park(report.clone(), error, request.retry_count).await? {
                Some(error) => Err(error),
                None => Ok(LookedUp {
                    is_parked: true,
                    ..LookedUp::default()
                }),
            },
            looked_up => looked_up,
        }
    }

    async fn ask(&self, request: &LookUpRequest) -> Result<LookedUp, PipelineError> {
        let announced = &request.look_up.report;
        let (account, id) = (&announced.seller_id, &announced.report_id);
        let ledger = &self.0.ledger;
        let row = ledger.row(account, id.as_str()).await?;
        let region = match row.as_ref().and_then(LedgerRow::region) {
            Some(region) => region,
            None => match &self.0.places(announced).await?[..] {
                [only] => only.region,
                several => return self.search(request, several.to_vec()).await,
            },
        };
        let asked = self.0.amazon.in_slot(
            account.seller(),
            region,
            &[Operation::GetReport],
            request.slot(),
            |client, token| async move { client.get_report(region, &token, id).await },
        );
        match asked.await? {
            InSlot::Wait(slot) => {
                let until = slot.not_before;
                let about = About::report(account, id);
                tracing::info!(%until, "{about} waits for Amazon's quota until {until:.0}");
                Ok(LookedUp {
                    slot: Some(slot),
                    ..LookedUp::default()
                })
            }
            InSlot::Done(report) => self.take(request, report, region).await,
        }
    }

    async fn take(
        &self,
        request: &LookUpRequest,
        report: Report,
        region: RegionCode,
    ) -> Result<LookedUp, PipelineError> {
        let announced = &request.look_up.report;
        let looked_up = looked_up(announced, report, request.started_at, Timestamp::now())?;
        let about = About::report(&announced.seller_id, &announced.report_id).in_region(region);
        about.is_all_of_the_invocation();
        match &looked_up.report {
            Some(report) => {
                or_warn(self.0.ledger.record_look_up(announced, report, region).await);
                tracing::info!("{about} is looked up: {}", report.processing_status.as_str());
            }
            None => tracing::info!("{about} was announced, and Amazon is not done with it"),
        }
        Ok(looked_up)
    }

    /// Finds the report in one of several places. One that turns out to be another account's goes on
    /// there, in an execution of its own.
    async fn search(&self, request: &LookUpRequest, places: Vec<Place>) -> Result<LookedUp, PipelineError> {
        let announced = &request.look_up.report;
        let (place, report) = match self.0.look_in(places, announced).await? {
            Found::In(place, report) => (place, *report),
            Found::AskAgain(at) => {
                return Ok(LookedUp {
                    ask_again_at: Some(at),
                    ..LookedUp::default()
                });
            }
        };
        if !place.is_known {
            or_warn(self.0.partners.learn_region(&place.account, place.region).await);
        }
        if place.account == announced.seller_id {
            return self.take(request, report, place.region).await;
        }
        let elsewhere = match FinishedReport::of(place.account.clone(), report) {
            Some(finished) => finished.into(),
            // Its own delivery waits for Amazon.
            None => AnnouncedReport {
                seller_id: place.account,
                processing_status: None,
                ..announced.clone()
            },
        };
        let about = About::report(&elsewhere.seller_id, &announced.report_id).in_region(place.region);
        tracing::info!("{about} is in {}, and goes on there", place.region);
        self.0
            .ledger
            .hand_over(announced, &elsewhere, place.region)
            .await?;
        Ok(LookedUp {
            is_parked: true,
            ..LookedUp::default()
        })
    }
}

/// What Amazon's answer comes to. What was announced already and is there holds still.
fn looked_up(
    announced: &AnnouncedReport,
    report: Report,
    started_at: Timestamp,
    now: Timestamp,
) -> Result<LookedUp, PipelineError> {
    let Some(finished) = FinishedReport::of(announced.seller_id.clone(), report) else {
        return Ok(LookedUp {
            ask_again_at: Some(now + pause(started_at, now)),
            ..LookedUp::default()
        });
    };
    let report = FinishedReport {
        report_document_id: finished
            .report_document_id
            .or_else(|| announced.report_document_id.clone()),
        ..finished
    };
    if report.processing_status == FinalStatus::Done && report.report_document_id.is_none() {
        return Err(SpApiError::UnexpectedAnswer {
            call: Operation::GetReport.to_string(),
            message: format!("report {} is DONE without a document", report.report_id),
        }
        .into());
    }
    Ok(LookedUp {
        report: Some(report),
        ..LookedUp::default()
    })
}

/// Ever longer, as reports that take long take longer.
fn pause(started_at: Timestamp, now: Timestamp) -> Duration {
    let age = Duration::try_from(now - started_at).unwrap_or_default();
    (age / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const STARTED: &str = "2026-11-22T05:00:00Z";

    fn answered(changes: &Value) -> Result<LookedUp, PipelineError> {
        let mut report = json!({
            "reportId": "1", "reportType": "GET_X", "processingStatus": "DONE",
            "reportDocumentId": "d", "createdTime": "2026-11-22T04:00:00Z",
        });
        for (name, value) in changes.as_object().expect("an object") {
            report[name] = value.clone();
        }
        let announced = serde_json::from_value(json!({"SellerId": "A3", "ReportId": "1"})).expect("a report");
        let report = serde_json::from_value(report).expect("an answer");
        let started: Timestamp = STARTED.parse().expect("a time");
        looked_up(&announced, report, started, started + Duration::from_secs(600))
    }

    #[test]
    fn what_was_not_announced_is_told() {
        let report = answered(&json!({})).expect("told").report.expect("finished");
        let whole = json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "ReportDocumentId": "d",
        });
        assert_eq!(serde_json::to_value(report).expect("JSON"), whole);
        let cancelled = json!({"processingStatus": "CANCELLED", "reportDocumentId": null});
        let report = answered(&cancelled).expect("told").report.expect("finished");
        assert_eq!(report.processing_status, FinalStatus::Cancelled);
    }

    #[test]
    fn a_report_that_is_not_finished_is_asked_about_again() {
        let unfinished = json!({"processingStatus": "IN_PROGRESS", "reportDocumentId": null});
        let looked_up = answered(&unfinished).expect("told");
        assert!(looked_up.report.is_none() && looked_up.slot.is_none());
        let expected: Timestamp = "2026-11-22T05:15:00Z".parse().expect("a time");
        assert_eq!(looked_up.ask_again_at, Some(expected));
    }

    #[test]
    fn a_done_without_a_document_may_get_one_yet() {
        let error = answered(&json!({"reportDocumentId": ""})).expect_err("no document");
        assert_eq!(error.name(), "UnexpectedAnswer");
    }
}
