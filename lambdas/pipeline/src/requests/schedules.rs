use schemars::JsonSchema;
use sp_api::ids::{ReportScheduleId, ReportType, SellerId};
use sp_api::{CreateReportSchedule, RegionCode, SchedulePeriod};

use super::body::Body;
use super::report_fields::{ScheduledReport, require_schedulable};
use super::{InvalidRequest, Parameters};

/// Amazon's limit.
const MOST_TYPES: usize = 10;

/// `POST /schedules`: have Amazon make a report regularly.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateSchedule {
    /// Whose reports.
    pub seller_id: SellerId,
    /// Where the selling partner sells.
    #[schemars(rename = "RegionCode")]
    pub region: RegionCode,
    /// What is made, and how often.
    #[schemars(flatten, with = "ScheduledReport")]
    pub schedule: CreateReportSchedule,
}

/// `GET /schedules`: list a selling partner's schedules.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListSchedules {
    /// Whose.
    pub seller_id: SellerId,
    /// Where.
    #[schemars(rename = "RegionCode")]
    pub region: RegionCode,
    /// Of which types, 1 to 10.
    #[schemars(length(min = 1, max = MOST_TYPES))]
    pub report_types: Vec<ReportType>,
}

/// `DELETE /schedules/{reportScheduleId}`: have Amazon make no more reports by it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CancelSchedule {
    /// Whose.
    pub seller_id: SellerId,
    /// Where.
    #[schemars(rename = "RegionCode")]
    pub region: RegionCode,
    /// Which.
    #[schemars(rename = "reportScheduleId")]
    pub schedule: ReportScheduleId,
}

impl CreateSchedule {
    /// Parses `{SellerId, RegionCode, ReportType, MarketplaceIds, Period, NextReportCreationTime?,
    /// ReportOptions?}`, spelt as in an order.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown; also a report type that is
    /// known not to be scheduled (any more), and a marketplace of another region.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let seller_id = body.seller_id()?;
        let region = body.region_code()?;
        let report_type = body.report_type()?;
        let marketplace_ids = body.marketplace_ids(region)?;
        let period = body.parsed("Period", SchedulePeriod::parse)?;
        let next_report_creation_time = body.optional_time("NextReportCreationTime")?;
        let report_options = body.report_options()?;
        body.finish()?;
        require_schedulable(&report_type)?;
        let schedule = CreateReportSchedule {
            report_type,
            marketplace_ids,
            report_options,
            period,
            next_report_creation_time,
        };
        Ok(Self {
            seller_id,
            region,
            schedule,
        })
    }
}

impl ListSchedules {
    /// Parses `SellerId`, `RegionCode` and `ReportTypes`, a comma list.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        let region = fields.region_code()?;
        let report_types = fields.parsed("ReportTypes", |list| {
            let types = list
                .split(',')
                .map(|name| ReportType::parse(name.trim_matches(' ')));
            match types.collect::<Result<Vec<_>, _>>() {
                Ok(types) if types.len() > MOST_TYPES => Err("must name 1 to 10 report types".to_owned()),
                Ok(types) => Ok(types),
                Err(problem) => Err(problem.to_string()),
            }
        })?;
        fields.finish()?;
        Ok(Self {
            seller_id,
            region,
            report_types,
        })
    }
}

impl CancelSchedule {
    /// Parses `reportScheduleId`, `SellerId` and `RegionCode`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let schedule = fields.parsed("reportScheduleId", ReportScheduleId::parse)?;
        let seller_id = fields.seller_id()?;
        let region = fields.region_code()?;
        fields.finish()?;
        Ok(Self {
            seller_id,
            region,
            schedule,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(changes: &Value) -> Result<CreateSchedule, InvalidRequest> {
        let mut body = json!({
            "SellerId": "A3TH9S8BH6GOGM", "RegionCode": "EU", "ReportType": "FEE_DISCOUNTS_REPORT",
            "MarketplaceIds": "A1PA6795UKMFR9,A13V1IB3VIYZZH", "Period": "PT5M",
        });
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        CreateSchedule::parse(body.to_string().as_bytes())
    }

    #[test]
    fn what_goes_to_amazon_is_what_its_model_asks_for() {
        let request = parse(&json!({
            "NextReportCreationTime": "2024-03-10T21:11:24+01:00", "ReportOptions": "{\"custom\": \"true\"}",
        }));
        assert_eq!(
            serde_json::to_value(request.expect("valid").schedule).expect("JSON"),
            json!({
                "reportType": "FEE_DISCOUNTS_REPORT",
                "marketplaceIds": ["A1PA6795UKMFR9", "A13V1IB3VIYZZH"],
                "reportOptions": {"custom": "true"},
                "period": "PT5M",
                "nextReportCreationTime": "2024-03-10T20:11:24.000Z",
            })
        );
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (changes, field) in [
            (json!({"SellerId": null}), "SellerId"),
            (json!({"ReportType": null}), "ReportType"),
            (json!({"MarketplaceIds": []}), "MarketplaceIds"),
            (json!({"MarketplaceIds": "ATVPDKIKX0DER"}), "MarketplaceIds"),
            (json!({"Period": null}), "Period"),
            (json!({"Period": "P1W"}), "Period"),
            (
                json!({"NextReportCreationTime": "soon"}),
                "NextReportCreationTime",
            ),
            (json!({"ReportOptions": []}), "ReportOptions"),
            (
                json!({"ReportDataStartTime": "2024-03-10T20:11:24Z"}),
                "ReportDataStartTime",
            ),
        ] {
            let error = parse(&changes).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{changes}");
        }
    }

    #[test]
    fn a_type_that_is_not_scheduled_is_refused_with_the_reason() {
        for (report_type, reason) in [
            ("GET_AFN_INVENTORY_DATA", "POST /reports"),
            (
                "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
                "arrive by themselves",
            ),
            ("GET_FBA_SNS_FORECAST_DATA", "removed by Amazon on 2025-12-11"),
            (
                "GET_V2_SETTLEMENT_REPORT_DATA_XML",
                "removed by Amazon on 2026-11-11",
            ),
        ] {
            let error = parse(&json!({"ReportType": report_type})).expect_err("refused");
            assert_eq!(error.field.as_deref(), Some("ReportType"));
            assert!(error.message.contains(reason), "{}", error.message);
        }
        assert!(parse(&json!({"ReportType": "GET_A_TYPE_OF_2031"})).is_ok());
    }

    fn list(types: &str) -> Result<ListSchedules, InvalidRequest> {
        let pairs = [("SellerId", "A3"), ("RegionCode", "EU"), ("ReportTypes", types)];
        ListSchedules::parse(Parameters::new(pairs)?)
    }

    #[test]
    fn schedules_are_listed_by_one_to_ten_types() {
        let found = list("GET_A, GET_B").expect("valid").report_types;
        assert_eq!(
            found.iter().map(ReportType::as_str).collect::<Vec<_>>(),
            ["GET_A", "GET_B"]
        );
        let many = ["GET_A"; 11].join(",");
        for types in ["", ",", "GET_A,", "a b", &many] {
            let error = list(types).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some("ReportTypes"), "{types}");
        }
    }

    #[test]
    fn a_schedule_is_cancelled_by_its_id() {
        let cancel = |id| {
            let pairs = [("reportScheduleId", id), ("SellerId", "A3"), ("RegionCode", "EU")];
            CancelSchedule::parse(Parameters::new(pairs).expect("pairs"))
        };
        assert_eq!(
            cancel("50232018507").expect("valid").schedule.as_str(),
            "50232018507"
        );
        let error = cancel("a b").expect_err("invalid");
        assert_eq!(error.field.as_deref(), Some("reportScheduleId"));
    }
}
