use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use sp_api::ids::{MarketplaceId, ReportType, SellerId};
use sp_api::{CreateReport, RegionCode};

use super::InvalidRequest;
use super::body::Body;

/// Amazon's limit.
const MOST_MARKETPLACES: usize = 25;

/// `POST /reports`: order a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReport {
    /// Whose report.
    pub seller_id: SellerId,
    /// Where the selling partner sells.
    pub region: RegionCode,
    /// What is ordered.
    pub order: CreateReport,
}

impl OrderReport {
    /// Parses the Quick Start's body: `{SellerId, RegionCode, ReportType, MarketplaceIds,
    /// ReportDataStartTime?, ReportDataEndTime?, ReportOptions?}`, with `MarketplaceIds` a comma list
    /// or an array, and `ReportOptions` an object or its JSON in a text.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let seller_id = body.seller_id()?;
        let region = body.region_code()?;
        let report_type = body.parsed("ReportType", ReportType::parse)?;
        let marketplace_ids = marketplace_ids(body.required("MarketplaceIds")?)?;
        let data_start_time = timestamp(&mut body, "ReportDataStartTime")?;
        let data_end_time = timestamp(&mut body, "ReportDataEndTime")?;
        let report_options = body
            .take("ReportOptions")
            .map(report_options)
            .transpose()?
            .unwrap_or_default();
        body.finish()?;
        if let (Some(start), Some(end)) = (data_start_time, data_end_time)
            && end < start
        {
            return Err(InvalidRequest::field(
                "ReportDataEndTime",
                "is before ReportDataStartTime",
            ));
        }
        let order = CreateReport {
            report_type,
            marketplace_ids,
            data_start_time,
            data_end_time,
            report_options,
        };
        Ok(Self {
            seller_id,
            region,
            order,
        })
    }
}

fn marketplace_ids(value: Value) -> Result<Vec<MarketplaceId>, InvalidRequest> {
    let invalid = |problem: String| InvalidRequest::field("MarketplaceIds", problem);
    let parse = |text: &str| MarketplaceId::parse(text.trim()).map_err(|error| invalid(error.to_string()));
    let ids: Vec<MarketplaceId> = match value {
        Value::String(list) => list.split(',').map(parse).collect::<Result<_, _>>()?,
        Value::Array(list) => list
            .iter()
            .map(|id| {
                id.as_str()
                    .ok_or_else(|| invalid("must hold texts".to_owned()))
                    .and_then(parse)
            })
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(invalid(
                "must be a text such as \"A1PA6795UKMFR9,ATVPDKIKX0DER\" or an array".into(),
            ));
        }
    };
    if ids.is_empty() || ids.len() > MOST_MARKETPLACES {
        return Err(invalid(format!(
            "must name 1 to {MOST_MARKETPLACES} marketplaces"
        )));
    }
    Ok(ids)
}

fn timestamp(body: &mut Body, name: &str) -> Result<Option<Timestamp>, InvalidRequest> {
    let Some(text) = body.optional_text(name)? else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| InvalidRequest::field(name, "must be an ISO 8601 time such as 2024-03-10T20:11:24.000Z"))
}

fn report_options(value: Value) -> Result<BTreeMap<String, String>, InvalidRequest> {
    let invalid = |problem: &str| InvalidRequest::field("ReportOptions", problem);
    let object = match value {
        Value::String(escaped) => serde_json::from_str(&escaped)
            .map_err(|_| invalid("must be a JSON object, or the text of one"))?,
        other => other,
    };
    let Value::Object(options) = object else {
        return Err(invalid("must be a JSON object, or the text of one"));
    };
    options
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(invalid(&format!("must hold texts; {name} is none"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(changes: &Value) -> Result<OrderReport, InvalidRequest> {
        let mut body = json!({
            "SellerId": "A3TH9S8BH6GOGM", "RegionCode": "EU",
            "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "MarketplaceIds": "A1PA6795UKMFR9,ATVPDKIKX0DER",
        });
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        OrderReport::parse(body.to_string().as_bytes())
    }

    #[test]
    fn the_quick_starts_spelling_and_the_natural_one_are_the_same_order() {
        let quick_start = parse(&json!({
            "ReportDataStartTime": "2024-03-10T20:11:24.000Z",
            "ReportOptions": "{\"reportPeriod\": \"WEEK\"}",
        }));
        let natural = parse(&json!({
            "MarketplaceIds": ["A1PA6795UKMFR9", "ATVPDKIKX0DER"],
            "ReportDataStartTime": "2024-03-10T21:11:24+01:00",
            "ReportOptions": {"reportPeriod": "WEEK"},
        }));
        assert!(quick_start.is_ok());
        assert_eq!(quick_start, natural);
    }

    #[test]
    fn what_goes_to_amazon_is_what_its_model_asks_for() {
        let order = parse(&json!({"ReportDataStartTime": "2024-03-10T20:11:24.000Z"}))
            .expect("valid")
            .order;
        assert_eq!(
            serde_json::to_value(order).expect("JSON"),
            json!({
                "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
                "marketplaceIds": ["A1PA6795UKMFR9", "ATVPDKIKX0DER"],
                "dataStartTime": "2024-03-10T20:11:24.000Z",
            })
        );
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let many = vec!["A1PA6795UKMFR9"; 26];
        for (changes, field) in [
            (json!({"SellerId": null}), "SellerId"),
            (json!({"RegionCode": "US"}), "RegionCode"),
            (json!({"ReportType": ""}), "ReportType"),
            (json!({"MarketplaceIds": ""}), "MarketplaceIds"),
            (json!({"MarketplaceIds": "A1,,A2"}), "MarketplaceIds"),
            (json!({"MarketplaceIds": []}), "MarketplaceIds"),
            (json!({"MarketplaceIds": [1]}), "MarketplaceIds"),
            (json!({"MarketplaceIds": many}), "MarketplaceIds"),
            (json!({"ReportDataStartTime": "yesterday"}), "ReportDataStartTime"),
            (json!({"ReportDataEndTime": ""}), "ReportDataEndTime"),
            (
                json!({"ReportDataStartTime": "2024-03-10T00:00:00Z", "ReportDataEndTime": "2024-03-09T00:00:00Z"}),
                "ReportDataEndTime",
            ),
            (json!({"ReportOptions": "{"}), "ReportOptions"),
            (json!({"ReportOptions": ["x"]}), "ReportOptions"),
            (json!({"ReportOptions": {"custom": true}}), "ReportOptions"),
            (json!({"reportType": "X"}), "reportType"),
        ] {
            let error = parse(&changes).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{changes}");
        }
    }
}
