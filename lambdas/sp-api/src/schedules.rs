//! Reports API 2021-06-30: schedules, by which Amazon orders reports itself.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::client::Call;
use crate::ids::{MarketplaceId, ReportScheduleId, ReportType};
use crate::rates::Operation;
use crate::reports::API;
use crate::wire::{comma_list, or_default, with_milliseconds};
use crate::{AccessToken, RegionCode, SpApiClient, SpApiError};

/// The periods that Amazon has, shortest first.
const PERIODS: [&str; 18] = [
    "PT5M", "PT15M", "PT30M", "PT1H", "PT2H", "PT4H", "PT8H", "PT12H", "P1D", "P2D", "P3D", "PT84H", "P7D",
    "P14D", "P15D", "P18D", "P30D", "P1M",
];

/// How often a schedule makes a report: one of the eighteen ISO 8601 periods that Amazon has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SchedulePeriod(&'static str);

/// Why a text is no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", PERIODS.join(", "))]
pub struct InvalidPeriod;

impl SchedulePeriod {
    /// Parses a period as Amazon writes it: `P7D`, but not `P1W`.
    ///
    /// # Errors
    /// Amazon has no such period.
    pub fn parse(text: &str) -> Result<Self, InvalidPeriod> {
        let known = PERIODS.into_iter().find(|period| *period == text);
        known.map(Self).ok_or(InvalidPeriod)
    }

    /// The period as Amazon writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl JsonSchema for SchedulePeriod {
    fn schema_name() -> Cow<'static, str> {
        "SchedulePeriod".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How often a schedule makes a report.",
            "type": "string",
            "enum": PERIODS,
        })
    }
}

// By hand, because the derived one would borrow the text, and from nothing that lives long enough.
impl<'de> Deserialize<'de> for SchedulePeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// An order for a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReportSchedule {
    /// What to report.
    pub report_type: ReportType,
    /// 1 to 25 marketplaces.
    pub marketplace_ids: Vec<MarketplaceId>,
    /// Options that the type knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub report_options: BTreeMap<String, String>,
    /// How often.
    pub period: SchedulePeriod,
    /// When first; Amazon chooses where this is absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "with_milliseconds"
    )]
    pub next_report_creation_time: Option<Timestamp>,
}

/// A schedule as Amazon knows it, and in Amazon's own shape as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportSchedule {
    /// Amazon's id for it.
    pub report_schedule_id: ReportScheduleId,
    /// What its reports report.
    pub report_type: ReportType,
    /// The marketplaces they cover; Amazon may leave them out.
    #[serde(default, deserialize_with = "or_default")]
    pub marketplace_ids: Vec<MarketplaceId>,
    /// The options they are made with.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub report_options: BTreeMap<String, String>,
    /// How often; Amazon may have further periods than can be asked for.
    pub period: String,
    /// When the next report is due.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "with_milliseconds"
    )]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_report_creation_time: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateReportScheduleAnswer {
    report_schedule_id: ReportScheduleId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportScheduleList {
    report_schedules: Vec<ReportSchedule>,
}

impl SpApiClient {
    /// Has Amazon order a report again and again. A schedule of the same type and marketplaces is
    /// cancelled and replaced, so that an order in doubt may be repeated.
    ///
    /// # Errors
    /// See [`SpApiError`]; a type that can't be scheduled is [`SpApiError::Rejected`].
    pub async fn create_report_schedule(
        &self,
        region: RegionCode,
        token: &AccessToken,
        order: &CreateReportSchedule,
    ) -> Result<ReportScheduleId, SpApiError> {
        let answer: CreateReportScheduleAnswer = self
            .send(Call {
                operation: Operation::CreateReportSchedule,
                method: Method::POST,
                url: self.url(region, &[API[0], API[1], "schedules"]),
                token,
                body: Some(order),
            })
            .await?;
        Ok(answer.report_schedule_id)
    }

    /// The selling partner's schedules for these report types, 1 to 10 of them.
    ///
    /// # Errors
    /// See [`SpApiError`]; too many types, or none, are [`SpApiError::Rejected`] by Amazon.
    pub async fn get_report_schedules(
        &self,
        region: RegionCode,
        token: &AccessToken,
        report_types: &[ReportType],
    ) -> Result<Vec<ReportSchedule>, SpApiError> {
        let mut url = self.url(region, &[API[0], API[1], "schedules"]);
        let types = comma_list(report_types.iter().map(ReportType::as_str));
        url.query_pairs_mut().append_pair("reportTypes", &types);
        let operation = Operation::GetReportSchedules;
        let answer: ReportScheduleList = self
            .send(Call::without_body(operation, Method::GET, url, token))
            .await?;
        Ok(answer.report_schedules)
    }

    /// Looks a schedule up.
    ///
    /// # Errors
    /// See [`SpApiError`]; one that was cancelled or replaced is [`SpApiError::NotFound`].
    pub async fn get_report_schedule(
        &self,
        region: RegionCode,
        token: &AccessToken,
        schedule: &ReportScheduleId,
    ) -> Result<ReportSchedule, SpApiError> {
        let url = self.url(region, &[API[0], API[1], "schedules", schedule.as_str()]);
        let operation = Operation::GetReportSchedule;
        self.send(Call::without_body(operation, Method::GET, url, token))
            .await
    }

    /// Cancels a schedule; the reports it has made stay.
    ///
    /// # Errors
    /// See [`SpApiError`]; one that was cancelled or replaced is [`SpApiError::NotFound`].
    pub async fn cancel_report_schedule(
        &self,
        region: RegionCode,
        token: &AccessToken,
        schedule: &ReportScheduleId,
    ) -> Result<(), SpApiError> {
        let url = self.url(region, &[API[0], API[1], "schedules", schedule.as_str()]);
        let operation = Operation::CancelReportSchedule;
        self.carry_out(Call::without_body(operation, Method::DELETE, url, token))
            .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amazons_periods_are_periods_and_no_others() {
        for period in PERIODS {
            assert_eq!(SchedulePeriod::parse(period).expect("known").as_str(), period);
        }
        for text in ["", "P1W", "pt5m", "PT10M", " P1D"] {
            assert_eq!(SchedulePeriod::parse(text), Err(InvalidPeriod), "{text:?}");
        }
        assert!(
            InvalidPeriod
                .to_string()
                .starts_with("must be one of PT5M, PT15M")
        );
        assert!(serde_json::from_value::<SchedulePeriod>(json!("P1W")).is_err());
    }

    #[test]
    fn an_order_for_a_schedule_is_what_the_model_asks_for() {
        let wanted = json!({
            "reportType": "FEE_DISCOUNTS_REPORT",
            "marketplaceIds": ["A1PA6795UKMFR9"],
            "reportOptions": {"custom": "true"},
            "period": "PT5M",
            "nextReportCreationTime": "2024-03-10T20:11:24.000Z",
        });
        let order: CreateReportSchedule = serde_json::from_value(wanted.clone()).expect("an order");
        assert_eq!(serde_json::to_value(order).expect("JSON"), wanted);
        let smallest = json!({"reportType": "X", "marketplaceIds": ["A1PA6795UKMFR9"], "period": "P1M"});
        let order: CreateReportSchedule = serde_json::from_value(smallest.clone()).expect("an order");
        assert_eq!(serde_json::to_value(order).expect("JSON"), smallest);
    }

    #[test]
    fn a_schedule_keeps_amazons_shape_and_a_period_of_its_own() {
        let amazons = json!({
            "reportScheduleId": "ID1", "reportType": "X", "marketplaceIds": ["A1PA6795UKMFR9"],
            "reportOptions": {"custom": "true"}, "period": "PT72H",
            "nextReportCreationTime": "2024-03-11T13:47:20.677Z",
        });
        let schedule: ReportSchedule = serde_json::from_value(amazons.clone()).expect("a schedule");
        assert_eq!(serde_json::to_value(schedule).expect("JSON"), amazons);
        let bare =
            json!({"reportScheduleId": "ID1", "reportType": "X", "period": "P1D", "reportOptions": null});
        let schedule: ReportSchedule = serde_json::from_value(bare).expect("a schedule");
        assert_eq!(schedule.marketplace_ids, []);
        assert_eq!(schedule.next_report_creation_time, None);
    }
}
