use std::collections::BTreeSet;
use std::time::Duration;

use pipeline::adapters::{KeptSchedule, MeteredAmazon, SellingPartners, or_warn};
use pipeline::answers::{CancelledSchedule, NewSchedule, ScheduleList};
use pipeline::api::ApiError;
use pipeline::requests::{CancelSchedule, CreateSchedule, InvalidRequest, ListSchedules, Parameters};
use pipeline::{PipelineError, persistently};
use sp_api::ids::{MarketplaceId, ReportType, SellerId};
use sp_api::rates::Operation;
use sp_api::{CreateReportSchedule, RegionCode, ReportSchedule, SpApiError};

/// A caller who waits for an answer does not wait longer for the quota.
const PATIENCE: Duration = Duration::from_secs(2);

/// What schedules need.
pub struct ReportScheduler {
    pub amazon: MeteredAmazon,
    /// Where it is kept whose schedules were made here.
    pub partners: SellingPartners,
}

impl ReportScheduler {
    /// Makes the schedule of `body`, and says which one it replaces: Amazon cancels one of the same type
    /// and marketplaces without a word. So asking twice does no harm, and the second answer says so.
    pub async fn create(&self, body: &[u8]) -> Result<NewSchedule, ApiError> {
        let request = CreateSchedule::parse(body)?;
        let (seller, region, schedule) = (&request.seller_id, request.region, &request.schedule);
        // Before: afterwards it is gone.
        let existing = self
            .existing(seller, region, std::slice::from_ref(&schedule.report_type))
            .await?;
        let report_schedule_id = self
            .amazon
            .if_free(
                seller,
                region,
                Operation::CreateReportSchedule,
                PATIENCE,
                |client, token| async move { client.create_report_schedule(region, &token, schedule).await },
            )
            .await?;
        let account = &self.partners.account(seller, region).await?.account;
        let kept = KeptSchedule {
            region,
            report_type: schedule.report_type.clone(),
            id: report_schedule_id.clone(),
        };
        persistently(|| self.partners.keep_schedule(account, &kept)).await?;
        let replaced = existing.into_iter().find(|it| takes_the_place_of(schedule, it));
        if let Some(replaced) = &replaced {
            let id = &replaced.report_schedule_id;
            or_warn(self.partners.end_schedule(account, region, id).await);
        }
        Ok(NewSchedule {
            report_schedule_id,
            replaced,
        })
    }

    /// Lists the schedules that `parameters` ask for.
    pub async fn list(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<ScheduleList, ApiError> {
        let request = ListSchedules::parse(parameters?)?;
        let report_schedules = self
            .existing(&request.seller_id, request.region, &request.report_types)
            .await?;
        Ok(ScheduleList { report_schedules })
    }

    async fn existing(
        &self,
        seller: &SellerId,
        region: RegionCode,
        report_types: &[ReportType],
    ) -> Result<Vec<ReportSchedule>, PipelineError> {
        self.amazon
            .if_free(
                seller,
                region,
                Operation::GetReportSchedules,
                PATIENCE,
                |client, token| async move { client.get_report_schedules(region, &token, report_types).await },
            )
            .await
    }

    /// Cancels the schedule that `parameters` name; the reports that it has made stay.
    pub async fn cancel(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<CancelledSchedule, ApiError> {
        let request = CancelSchedule::parse(parameters?)?;
        let (seller, region, schedule) = (&request.seller_id, request.region, &request.schedule);
        let cancelled = self
            .amazon
            .if_free(
                seller,
                region,
                Operation::CancelReportSchedule,
                PATIENCE,
                |client, token| async move { client.cancel_report_schedule(region, &token, schedule).await },
            )
            .await;
        if let Ok(()) | Err(PipelineError::Amazon(SpApiError::NotFound { .. })) = cancelled {
            let account = self.partners.account(seller, region).await?.account;
            or_warn(self.partners.end_schedule(&account, region, schedule).await);
        }
        cancelled?;
        Ok(CancelledSchedule {
            report_schedule_id: request.schedule,
        })
    }
}

/// Whether Amazon cancels `old` for `new`.
fn takes_the_place_of(new: &CreateReportSchedule, old: &ReportSchedule) -> bool {
    let set = |ids: &[MarketplaceId]| ids.iter().cloned().collect::<BTreeSet<_>>();
    new.report_type == old.report_type && set(&new.marketplace_ids) == set(&old.marketplace_ids)
}

#[cfg(test)]
mod tests;
