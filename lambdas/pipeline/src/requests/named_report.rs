use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sp_api::RegionCode;
use sp_api::ids::{ReportId, SellerId};

use super::{InvalidRequest, Parameters};
use crate::domain::order::RequestId;

/// `GET` and `DELETE /reports/{reportId}`: a report, or an order that is to become one.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NamedReport {
    /// Whose.
    pub seller_id: SellerId,
    /// In which region; without it, in the one where there is such a report.
    #[schemars(rename = "RegionCode")]
    pub region: Option<RegionCode>,
    /// Which.
    #[schemars(rename = "reportId")]
    pub name: ReportName,
}

/// What callers know a report by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportName {
    /// Amazon's id for it.
    Report(ReportId),
    /// The id of the order, from before Amazon had given it one.
    Order(RequestId),
}

impl NamedReport {
    /// Parses `reportId`, which may be a request id, `SellerId` and `RegionCode?`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let name = fields.parsed("reportId", ReportName::parse)?;
        let seller_id = fields.seller_id()?;
        let region = fields.optional_region_code()?;
        fields.finish()?;
        Ok(Self {
            seller_id,
            region,
            name,
        })
    }
}

impl ReportName {
    fn parse(text: &str) -> Result<Self, String> {
        match RequestId::parse(text) {
            Ok(request) => Ok(Self::Order(request)),
            // A mutilated request id might be a report id, but Amazon need not be bothered with it.
            Err(problem) if text.starts_with("order-") => Err(problem.to_string()),
            Err(_) => ReportId::parse(text)
                .map(Self::Report)
                .map_err(|problem| problem.to_string()),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Report(report) => report.as_str(),
            Self::Order(request) => request.as_str(),
        }
    }
}

impl JsonSchema for ReportName {
    fn schema_name() -> Cow<'static, str> {
        "ReportName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Amazon's report id, or the request id of a queued order.",
            "anyOf": [
                {"allOf": [generator.subschema_for::<ReportId>()], "not": {"pattern": "^order-"}},
                generator.subschema_for::<RequestId>(),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<NamedReport, InvalidRequest> {
        NamedReport::parse(Parameters::new([("reportId", name), ("SellerId", "A3")])?)
    }

    #[test]
    fn an_order_is_told_from_a_report() {
        let order = RequestId::random();
        assert_eq!(
            parse(order.as_str()).expect("valid").name,
            ReportName::Order(order)
        );
        let report = ReportId::parse("54517018502").expect("valid");
        assert_eq!(
            parse("54517018502").expect("valid").name,
            ReportName::Report(report)
        );
        for name in ["", "order-17", "a b"] {
            let error = parse(name).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some("reportId"), "{name}");
        }
    }
}
