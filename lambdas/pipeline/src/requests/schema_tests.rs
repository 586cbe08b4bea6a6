//! What the schemas say is what the parsers do.

use std::collections::BTreeSet;
use std::fmt::Debug;

use jiff::Timestamp;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::body::ASKED;
use super::*;
use crate::domain::Account;

const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

/// A parser, of which only what it refuses matters.
type Parse = dyn Fn(&Value) -> Result<(), InvalidRequest>;

/// A request that has everything that there may be, and how it is parsed.
struct Case {
    what: &'static str,
    schema: Value,
    whole: Value,
    parse: Box<Parse>,
}

fn schema<T: JsonSchema>() -> Value {
    SchemaGenerator::default().into_root_schema_for::<T>().into()
}

impl Case {
    /// Of what comes as a body.
    fn body<T: JsonSchema, P: 'static>(
        what: &'static str,
        whole: Value,
        parse: impl Fn(&[u8]) -> Result<P, InvalidRequest> + 'static,
    ) -> Self {
        Self {
            what,
            schema: schema::<T>(),
            whole,
            parse: Box::new(move |body| parse(body.to_string().as_bytes()).map(drop)),
        }
    }

    /// Of what comes in path and query.
    fn parameters<T: JsonSchema + Debug + 'static>(
        what: &'static str,
        whole: Value,
        parse: fn(Parameters) -> Result<T, InvalidRequest>,
    ) -> Self {
        Self {
            what,
            schema: schema::<T>(),
            whole,
            parse: Box::new(move |parameters| parse(named(parameters)?).map(drop)),
        }
    }

    fn names(&self) -> BTreeSet<String> {
        let properties = self.schema["properties"].as_object().expect("properties");
        properties.keys().cloned().collect()
    }

    fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.schema["required"].as_array();
        required.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The field at fault once the whole is changed so.
    fn fault(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Option<String> {
        let mut request = self.whole.clone();
        change(request.as_object_mut().expect("an object"));
        (self.parse)(&request).expect_err(self.what).field
    }
}

fn named(parameters: &Value) -> Result<Parameters, InvalidRequest> {
    let pairs = parameters.as_object().expect("an object").iter();
    Parameters::new(pairs.map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))))
}

fn account() -> Account {
    Account::parse("A3").expect("valid")
}

fn named_report() -> Value {
    json!({"reportId": ORDER, "SellerId": "A3", "RegionCode": "EU"})
}

fn order() -> Value {
    json!({
        "SellerId": "A3", "RegionCode": "EU", "ReportType": "GET_X", "MarketplaceIds": "A1PA6795UKMFR9",
        "ReportDataStartTime": "2026-11-22T05:00:00Z", "ReportDataEndTime": "2026-11-23T05:00:00Z",
        "ReportOptions": {"reportPeriod": "WEEK"}, "Reference": "Monday's listings",
    })
}

fn bodies() -> Vec<Case> {
    let token = concat!("Atzr", "|IwEBI");
    let now: Timestamp = "2026-11-27T12:00:00Z".parse().expect("a time");
    vec![
        Case::body::<StoreToken, _>(
            "StoreToken",
            json!({
                "SellerId": "A3", "RefreshToken": token, "RegionCode": "EU", "NotificationEmail": "ann@example.com",
                "AuthorizedAt": "2026-01-22",
            }),
            move |body| StoreToken::parse(body, now),
        ),
        Case::body::<Subscribe, _>(
            "Subscribe",
            json!({
                "SellerId": "A3", "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
                "ReplaceExisting": true, "DiscoverReportTypes": ["GET_X"], "DiscoverSince": "2026-11-22",
                "DeliverReportTypes": ["GET_X"],
            }),
            move |body| Subscribe::parse(body, now),
        ),
        Case::body::<InviteSeller, _>(
            "InviteSeller",
            json!({
                "SellerId": "A3", "RegionCode": "EU", "AccountType": "Vendor", "Country": "DE", "Days": 7,
                "NotificationEmail": "ann@example.com",
            }),
            InviteSeller::parse,
        ),
        Case::body::<OrderReport, _>("OrderReport", order(), OrderReport::parse),
        Case::body::<ListOfOrders, _>("ListOfOrders", json!({"Orders": [order()]}), |body| {
            match OrderReports::parse(body)? {
                OrderReports::Many(orders) => Ok(orders),
                OrderReports::One(order) => panic!("one order: {order:?}"),
            }
        }),
        Case::body::<LinkOptions, _>("LinkOptions", json!({"Days": 1}), |body| {
            MakeLink::parse(named(&named_report())?, body, 7)
        }),
        Case::body::<Redeliver, _>(
            "Redeliver",
            json!({
                "SellerId": "A3", "Status": "FAILED", "Error": "Transient", "Since": "2026-11-22T05:00:00Z",
                "ReportIds": ["1"],
            }),
            Redeliver::parse,
        ),
        Case::body::<CreateSchedule, _>(
            "CreateSchedule",
            json!({
                "SellerId": "A3", "RegionCode": "EU", "ReportType": "GET_X", "MarketplaceIds": ["A1PA6795UKMFR9"],
                "Period": "P7D", "NextReportCreationTime": "2026-11-22T05:00:00Z", "ReportOptions": "{}",
            }),
            CreateSchedule::parse,
        ),
    ]
}

fn parameters() -> Vec<Case> {
    let seller_and_region = json!({"SellerId": "A3", "RegionCode": "EU"});
    let with = |name: &str, value: &str| {
        let mut pairs = seller_and_region.clone();
        pairs[name] = value.into();
        pairs
    };
    vec![
        Case::parameters("ForgetSeller", seller_and_region.clone(), ForgetSeller::parse),
        Case::parameters(
            "ListSellers",
            json!({"limit": "10", "nextToken": ListSellers::next_token(&account())}),
            ListSellers::parse,
        ),
        Case::parameters("NamedSeller", seller_and_region.clone(), NamedSeller::parse),
        Case::parameters(
            "Unsubscribe",
            with("NotificationType", "REPORT_PROCESSING_FINISHED"),
            Unsubscribe::parse,
        ),
        Case::parameters("NamedReport", named_report(), NamedReport::parse),
        Case::parameters("ListReports", newest(), ListReports::parse),
        Case::parameters("NamedJob", json!({"jobId": "redelivery-1"}), NamedJob::parse),
        Case::parameters(
            "ListSchedules",
            with("ReportTypes", "GET_X,GET_Y"),
            ListSchedules::parse,
        ),
        Case::parameters(
            "CancelSchedule",
            with("reportScheduleId", "50232018507"),
            CancelSchedule::parse,
        ),
    ]
}

/// All that a list can be asked for, and the token of such a list's next page.
fn newest() -> Value {
    let mut list = json!({
        "SellerId": "A3", "RegionCode": "EU", "status": "FAILED", "ReportType": "GET_X",
        "Since": "2026-11-22T05:00:00Z", "Until": "2026-11-23T05:00:00Z", "limit": "10",
    });
    match ListReports::parse(named(&list).expect("pairs")).expect("valid") {
        ListReports::Finished(first) => list["nextToken"] = first.next_token(&first.positions).into(),
        ListReports::All(all) => panic!("by id: {all:?}"),
    }
    list
}

/// What the parser asks for while it reads the whole of a valid request.
fn asked(case: &Case) -> BTreeSet<String> {
    ASKED.take();
    (case.parse)(&case.whole).expect(case.what);
    ASKED.take()
}

#[test]
fn parsers_take_the_fields_that_schemas_have() {
    for case in bodies().into_iter().chain(parameters()) {
        let mut names = asked(&case);
        match case.what {
            // Whether there is a list of orders is asked of every body, and each of them is parsed.
            "ListOfOrders" => names.retain(|name| order().get(name).is_none()),
            // The report is named in path and query.
            "LinkOptions" => names.retain(|name| named_report().get(name).is_none()),
            _ => {}
        }
        assert_eq!(names, case.names(), "{}", case.what);
        let whole = case.whole.as_object().expect("an object");
        assert_eq!(whole.keys().cloned().collect::<BTreeSet<_>>(), case.names());
    }
}

#[test]
fn what_a_schema_requires_is_missed_by_name() {
    for case in bodies().into_iter().chain(parameters()) {
        let optional: Vec<_> = case
            .names()
            .into_iter()
            .filter(|name| case.required().all(|required| required != name))
            .collect();
        for name in case.required() {
            let fault = case.fault(|request| drop(request.remove(name)));
            // Without a list it is taken for one order.
            let expected = if name == "Orders" { "SellerId" } else { name };
            assert_eq!(fault.as_deref(), Some(expected), "{}", case.what);
        }
        let mut required = case.whole.clone();
        let fields = required.as_object_mut().expect("an object");
        fields.retain(|name, _| !optional.contains(name));
        // To begin deliveries again something must be given to go by, whatever it is.
        if case.schema["minProperties"] == 1 {
            assert_eq!((case.parse)(&required).expect_err("nothing").field, None);
        } else {
            (case.parse)(&required).expect(case.what);
        }
    }
}

#[test]
fn what_a_schema_does_not_have_is_refused_by_name() {
    for case in bodies().into_iter().chain(parameters()) {
        assert_eq!(case.schema["additionalProperties"], false, "{}", case.what);
        let fault = case.fault(|request| drop(request.insert("Surplus".to_owned(), "x".into())));
        assert_eq!(fault.as_deref(), Some("Surplus"), "{}", case.what);
    }
}
