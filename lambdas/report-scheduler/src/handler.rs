use std::time::Duration;

use pipeline::adapters::MeteredAmazon;
use pipeline::api::ApiError;
use pipeline::requests::{CancelSchedule, CreateSchedule, InvalidRequest, ListSchedules, Parameters};
use serde::Serialize;
use sp_api::ReportSchedule;
use sp_api::ids::ReportScheduleId;
use sp_api::rates::Operation;

/// A caller who waits for an answer does not wait longer for the quota.
const PATIENCE: Duration = Duration::from_secs(2);

/// What schedules need.
pub struct ReportScheduler {
    pub amazon: MeteredAmazon,
}

/// `{reportScheduleId}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    report_schedule_id: ReportScheduleId,
}

/// `{reportSchedules}`, each as Amazon describes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedules {
    report_schedules: Vec<ReportSchedule>,
}

impl ReportScheduler {
    /// Makes the schedule of `body`. Amazon replaces one of the same type and marketplaces, so that
    /// asking twice does no harm.
    pub async fn create(&self, body: &[u8]) -> Result<Schedule, ApiError> {
        let request = CreateSchedule::parse(body)?;
        let (region, schedule) = (request.region, &request.schedule);
        let report_schedule_id = self
            .amazon
            .if_free(
                &request.seller_id,
                region,
                Operation::CreateReportSchedule,
                PATIENCE,
                |client, token| async move { client.create_report_schedule(region, &token, schedule).await },
            )
            .await?;
        Ok(Schedule { report_schedule_id })
    }

    /// Lists the schedules that `parameters` ask for.
    pub async fn list(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<Schedules, ApiError> {
        let request = ListSchedules::parse(parameters?)?;
        let (region, report_types) = (request.region, &request.report_types);
        let report_schedules = self
            .amazon
            .if_free(
                &request.seller_id,
                region,
                Operation::GetReportSchedules,
                PATIENCE,
                |client, token| async move { client.get_report_schedules(region, &token, report_types).await },
            )
            .await?;
        Ok(Schedules { report_schedules })
    }

    /// Cancels the schedule that `parameters` name; the reports that it has made stay.
    pub async fn cancel(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<Schedule, ApiError> {
        let request = CancelSchedule::parse(parameters?)?;
        let (region, schedule) = (request.region, &request.schedule);
        self.amazon
            .if_free(
                &request.seller_id,
                region,
                Operation::CancelReportSchedule,
                PATIENCE,
                |client, token| async move { client.cancel_report_schedule(region, &token, schedule).await },
            )
            .await?;
        Ok(Schedule {
            report_schedule_id: request.schedule,
        })
    }
}

#[cfg(test)]
mod tests;
