use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use sp_api::ids::SellerId;
use sp_api::{CreateReport, RegionCode};

use super::InvalidRequest;
use super::body::Body;
use super::report_fields::{OrderedReport, require_requestable};
use crate::domain::Reference;

/// Amazon's own limits know no such number; it is what one DynamoDB transaction holds.
const MOST_ORDERS: usize = 100;

/// Longer keys are somebody's mistake.
const LONGEST_KEY: usize = 255;

/// `POST /reports`: one order, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum OrderReports {
    /// The Quick Start's body.
    One(OrderReport),
    /// `{"Orders": […]}`, 1 to 100 of them.
    Many(#[schemars(with = "ListOfOrders")] Vec<OrderReport>),
}

/// The body that has a list of orders and nothing else.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListOfOrders {
    /// The orders, of any sellers and regions.
    #[schemars(length(min = 1, max = MOST_ORDERS))]
    pub orders: Vec<OrderReport>,
}

impl OrderReports {
    /// Parses a body of either kind.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown: `Orders[3].RegionCode`.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        // One that is there and `null` is no field of an order.
        if !body.has("Orders") {
            return OrderReport::read(body).map(Self::One);
        }
        let invalid = |problem: &str| InvalidRequest::field("Orders", problem);
        let Value::Array(orders) = body.required("Orders")? else {
            return Err(invalid("must be an array of orders"));
        };
        if orders.is_empty() || orders.len() > MOST_ORDERS {
            return Err(invalid(&format!("must hold 1 to {MOST_ORDERS} orders")));
        }
        let orders = orders.into_iter().enumerate().map(|(index, order)| {
            let place = format!("Orders[{index}]");
            let Value::Object(fields) = order else {
                return Err(InvalidRequest::field(&place, "must be an object"));
            };
            OrderReport::read(Body::of(fields)).map_err(|error| error.within(&place))
        });
        let orders = orders.collect::<Result<_, _>>()?;
        body.finish()?;
        Ok(Self::Many(orders))
    }
}

/// Parses the header `Idempotency-Key`.
///
/// # Errors
/// It is empty, too long, or holds characters that are not visible ASCII.
pub fn idempotency_key(value: &[u8]) -> Result<&str, InvalidRequest> {
    std::str::from_utf8(value)
        .ok()
        .filter(|key| (1..=LONGEST_KEY).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic()))
        .ok_or_else(|| {
            let problem = format!("must be 1 to {LONGEST_KEY} visible ASCII characters");
            InvalidRequest::field("Idempotency-Key", problem)
        })
}

/// The header `Idempotency-Key`, of which only the schema is to be had.
pub enum IdempotencyKey {}

impl JsonSchema for IdempotencyKey {
    fn schema_name() -> Cow<'static, str> {
        "IdempotencyKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Your own name for the request: the same key gives the same answer, however often it is sent.",
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_KEY,
            "pattern": "^[!-~]+$",
        })
    }
}

/// An order for a report.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OrderReport {
    /// Whose report.
    pub seller_id: SellerId,
    /// Where the selling partner sells.
    #[schemars(rename = "RegionCode")]
    pub region: RegionCode,
    /// What is ordered.
    #[schemars(flatten, with = "OrderedReport")]
    pub order: CreateReport,
    /// What the caller calls it.
    pub reference: Option<Reference>,
}

impl OrderReport {
    /// Parses the Quick Start's body: `{SellerId, RegionCode, ReportType, MarketplaceIds,
    /// ReportDataStartTime?, ReportDataEndTime?, ReportOptions?}` and our own `Reference?`, with `MarketplaceIds` a comma list
    /// or an array, and `ReportOptions` an object or its JSON in a text.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown; also a report type that is
    /// known not to be made for an order (any more), and a marketplace of another region.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        Self::read(Body::parse(body)?)
    }

    fn read(mut body: Body) -> Result<Self, InvalidRequest> {
        let seller_id = body.seller_id()?;
        let region = body.region_code()?;
        let report_type = body.report_type()?;
        let marketplace_ids = body.marketplace_ids(region)?;
        let data_start_time = body.optional_time("ReportDataStartTime")?;
        let data_end_time = body.optional_time("ReportDataEndTime")?;
        let report_options = body.report_options()?;
        let reference = body.optional_parsed("Reference", Reference::parse)?;
        body.finish()?;
        require_requestable(&report_type)?;
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
            reference,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(changes: &Value) -> Result<OrderReport, InvalidRequest> {
        let mut body = json!({
            "SellerId": "A3TH9S8BH6GOGM", "RegionCode": "EU",
            "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "MarketplaceIds": "A1PA6795UKMFR9,A13V1IB3VIYZZH",
        });
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        OrderReport::parse(body.to_string().as_bytes())
    }

    #[test]
    fn a_list_of_orders_is_read_and_its_faults_are_located() {
        let order = json!({
            "SellerId": "A3", "RegionCode": "EU", "ReportType": "GET_X", "MarketplaceIds": "A1PA6795UKMFR9",
        });
        let parse = |orders: Value| OrderReports::parse(json!({"Orders": orders}).to_string().as_bytes());
        match parse(json!([order, order])).expect("valid") {
            OrderReports::Many(orders) => assert_eq!(orders.len(), 2),
            OrderReports::One(_) => panic!("two orders"),
        }
        let mut wrong = order.clone();
        wrong["RegionCode"] = json!("US");
        let error = parse(json!([order, wrong])).expect_err("a wrong region");
        assert_eq!(error.field.as_deref(), Some("Orders[1].RegionCode"));
        assert_eq!(error.message, "Orders[1].RegionCode must be NA, EU or FE");
        for orders in [
            json!([]),
            json!({}),
            json!(["x"]),
            json!(vec![order.clone(); 101]),
        ] {
            assert!(parse(orders).is_err());
        }
        let mut none = order;
        none["Orders"] = Value::Null;
        let error = OrderReports::parse(none.to_string().as_bytes()).expect_err("no field of an order");
        assert_eq!(error.field.as_deref(), Some("Orders"));
    }

    #[test]
    fn a_type_that_is_not_made_for_orders_is_refused_with_the_reason() {
        for (report_type, reason) in [
            (
                "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
                "arrive by themselves",
            ),
            ("GET_FLAT_FILE_SALES_TAX_DATA", "in Seller Central"),
            ("GET_ORDER_REPORT_DATA_SHIPPING", "POST /schedules"),
        ] {
            let error = parse(&json!({"ReportType": report_type})).expect_err("refused");
            assert_eq!(error.field.as_deref(), Some("ReportType"));
            assert!(error.message.contains(reason), "{}", error.message);
        }
        // What is not known is for Amazon to judge.
        for report_type in ["GET_A_TYPE_OF_2031", "GET_EASYSHIP_DOCUMENTS"] {
            assert!(
                parse(&json!({"ReportType": report_type})).is_ok(),
                "{report_type}"
            );
        }
    }

    #[test]
    fn a_type_that_amazon_has_removed_is_refused_with_date_and_successor() {
        for (report_type, words) in [
            ("GET_FBA_SNS_FORECAST_DATA", "removed by Amazon on 2025-12-11"),
            ("GET_FBA_SNS_PERFORMANCE_DATA", "removed by Amazon on 2025-12-11"),
            (
                "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE",
                "2026-11-11; its successor is GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
            ),
            (
                "GET_V2_SETTLEMENT_REPORT_DATA_XML",
                "removed by Amazon on 2026-11-11",
            ),
        ] {
            let error = parse(&json!({"ReportType": report_type})).expect_err("refused");
            assert_eq!(error.field.as_deref(), Some("ReportType"));
            assert!(error.message.contains(words), "{}", error.message);
        }
    }

    #[test]
    fn a_marketplace_of_another_region_is_refused_with_both_named() {
        for ids in [json!("ATVPDKIKX0DER"), json!(["A1PA6795UKMFR9", "ATVPDKIKX0DER"])] {
            let error = parse(&json!({"MarketplaceIds": ids})).expect_err("refused");
            assert_eq!(error.field.as_deref(), Some("MarketplaceIds"));
            for words in ["RegionCode EU", "ATVPDKIKX0DER (US) is a marketplace of NA"] {
                assert!(error.message.contains(words), "{}", error.message);
            }
        }
        // What is not known is for Amazon to judge.
        assert!(parse(&json!({"MarketplaceIds": "A2OFANEWCOUNTRY"})).is_ok());
        let in_japan = json!({"RegionCode": "FE", "MarketplaceIds": "A1VC38T7YXB528"});
        assert!(parse(&in_japan).is_ok());
    }

    #[test]
    fn what_is_no_marketplace_id_is_refused() {
        for id in [
            "DE",
            "uk",
            "Amazon.de",
            "amazon",
            "A1",
            "a1pa6795ukmfr9",
            "X1PA6795UKMFR9",
        ] {
            let error = parse(&json!({"MarketplaceIds": id})).expect_err("no id");
            assert_eq!(error.field.as_deref(), Some("MarketplaceIds"), "{id}");
        }
        let error = parse(&json!({"MarketplaceIds": "DE"})).expect_err("no id");
        assert!(
            error.message.ends_with("that of DE is A1PA6795UKMFR9"),
            "{}",
            error.message
        );
    }

    #[test]
    fn one_such_type_among_orders_is_located() {
        let order = |report_type| {
            json!({
                "SellerId": "A3", "RegionCode": "EU", "ReportType": report_type, "MarketplaceIds": "A1PA6795UKMFR9",
            })
        };
        let orders = json!({"Orders": [order("GET_X"), order("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2")]});
        let error = OrderReports::parse(orders.to_string().as_bytes()).expect_err("refused");
        assert_eq!(error.field.as_deref(), Some("Orders[1].ReportType"));
    }

    #[test]
    fn an_idempotency_key_is_visible() {
        assert_eq!(idempotency_key(b"2f1c"), Ok("2f1c"));
        for key in [b"".as_slice(), b"a b", b"\xff", &[b'a'; 256]] {
            let error = idempotency_key(key).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some("Idempotency-Key"));
        }
    }

    #[test]
    fn the_quick_starts_spelling_and_the_natural_one_are_the_same_order() {
        let quick_start = parse(&json!({
            "ReportDataStartTime": "2024-03-10T20:11:24.000Z",
            "ReportOptions": "{\"reportPeriod\": \"WEEK\"}",
        }));
        let natural = parse(&json!({
            "MarketplaceIds": ["A1PA6795UKMFR9", "A13V1IB3VIYZZH"],
            "ReportDataStartTime": "2024-03-10T21:11:24+01:00",
            "ReportOptions": {"reportPeriod": "WEEK"},
        }));
        assert!(quick_start.is_ok());
        assert_eq!(quick_start, natural);
    }

    #[test]
    fn the_callers_own_name_is_kept_beside_what_goes_to_amazon() {
        let order = parse(&json!({"Reference": "Monday's listings"})).expect("valid");
        assert_eq!(order.reference, Reference::parse("Monday's listings").ok());
        let without = parse(&json!({})).expect("valid");
        assert_eq!((without.reference, without.order), (None, order.order));
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
                "marketplaceIds": ["A1PA6795UKMFR9", "A13V1IB3VIYZZH"],
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
            (json!({"Reference": ""}), "Reference"),
            (json!({"Reference": 7}), "Reference"),
            (json!({"Reference": "two\nlines"}), "Reference"),
            (json!({"Reference": "x".repeat(257)}), "Reference"),
            (json!({"reportType": "X"}), "reportType"),
            (json!({"MarketplaceIds": "\tA1PA6795UKMFR9"}), "MarketplaceIds"),
            (
                json!({"ReportDataStartTime": "9999-12-30T00:00:00Z"}),
                "ReportDataStartTime",
            ),
            (
                json!({"ReportDataStartTime": "20240310T201124Z"}),
                "ReportDataStartTime",
            ),
        ] {
            let error = parse(&changes).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{changes}");
        }
    }
}
