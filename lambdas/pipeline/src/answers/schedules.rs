use schemars::JsonSchema;
use serde::Serialize;
use sp_api::ReportSchedule;
use sp_api::ids::ReportScheduleId;

/// A schedule that Amazon keeps.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSchedule {
    /// Amazon's id for it.
    pub report_schedule_id: ReportScheduleId,
    /// The schedule that Amazon has cancelled for it, as Amazon described it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<ReportSchedule>,
}

/// A seller's schedules.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleList {
    /// Each as Amazon describes it.
    pub report_schedules: Vec<ReportSchedule>,
}

/// A schedule that Amazon keeps no more.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CancelledSchedule {
    /// Amazon's id for it.
    pub report_schedule_id: ReportScheduleId,
}
