use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use jiff::ToSpan as _;
use serde_json::{Value, json};
use test_doubles::answer;

use super::*;

type Row = HashMap<String, AttributeValue>;

fn row(fields: &[(&str, &str)]) -> Row {
    let fields = fields.iter();
    fields
        .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
        .collect()
}

fn days_ago(days: i64) -> String {
    let hours = (days * 24).hours();
    format!("{:.0}", Timestamp::now() - hours)
}

/// The table of selling partners: a page of these rows, after which there is more if `next` says so.
fn page(rows: Vec<Row>, next: Option<&'static str>) -> Rule {
    mock!(aws_sdk_dynamodb::Client::scan).then_output(move || {
        let next = next.map(|id| row(&[("sellerId", id)]));
        ScanOutput::builder()
            .set_items(Some(rows.clone()))
            .set_last_evaluated_key(next)
            .build()
    })
}

/// What stands in the way: the obstacle's name, and its row.
fn obstacles(standing: Vec<(&'static str, Row)>) -> [Rule; 2] {
    let names: Vec<Row> = standing
        .iter()
        .map(|(name, _)| {
            row(&[
                ("sellerId", &format!("obstacle/{name}")),
                ("reportId", "obstacle"),
            ])
        })
        .collect();
    let listed = mock!(aws_sdk_dynamodb::Client::query)
        .match_requests(|request| request.index_name() == Some("byDueTime"))
        .then_output(move || QueryOutput::builder().set_items(Some(names.clone())).build());
    let read = mock!(aws_sdk_dynamodb::Client::get_item)
        .match_requests(|request| {
            let key = request.key().expect("a key")["sellerId"].as_s().expect("a text");
            key.starts_with("obstacle/")
        })
        .then_compute_output(move |request| {
            let key = request.key().expect("a key")["sellerId"].as_s().expect("a text");
            let found = standing
                .iter()
                .find(|(name, _)| key.strip_prefix("obstacle/") == Some(*name));
            GetItemOutput::builder()
                .set_item(found.map(|(_, row)| row.clone()))
                .build()
        });
    [listed, read]
}

/// The last report of `seller`, and none of anybody else.
fn last_report(seller: &'static str) -> [Rule; 3] {
    let own = mock!(aws_sdk_dynamodb::Client::query)
        .match_requests(move |request| {
            let values = request.expression_attribute_values().expect("values");
            request.index_name() == Some("byNotifiedTime")
                && request.limit() == Some(1)
                && request.scan_index_forward() == Some(false)
                && values[":seller"] == AttributeValue::S(seller.into())
        })
        .then_output(move || {
            let key = row(&[
                ("sellerId", seller),
                ("reportId", "54517018502"),
                ("notifiedAt", "2026-11-22T05:00:00.000Z"),
            ]);
            QueryOutput::builder().items(key).build()
        });
    let none = mock!(aws_sdk_dynamodb::Client::query)
        .match_requests(|request| request.index_name() == Some("byNotifiedTime"))
        .then_output(|| QueryOutput::builder().build());
    let rows = mock!(aws_sdk_dynamodb::Client::batch_get_item).then_output(move || {
        let report = row(&[
            ("sellerId", seller),
            ("reportId", "54517018502"),
            ("reportType", "GET_X"),
            ("notifiedAt", "2026-11-22T05:00:00.000Z"),
            ("status", "ANNOUNCED"),
        ]);
        BatchGetItemOutput::builder()
            .responses("reports", vec![report])
            .build()
    });
    [own, none, rows]
}

fn reader(rules: &[&Rule]) -> Reader {
    let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, rules);
    Reader {
        sellers: SellersOverview::new(dynamodb.clone(), "partners".into()),
        ledger: Ledger::new(dynamodb, "reports".into()),
        term: "365".parse().expect("valid"),
    }
}

fn asked(pairs: &[(&str, &str)]) -> Result<Parameters, InvalidRequest> {
    Parameters::new(pairs.iter().copied())
}

async fn list(rows: Vec<Row>, standing: Vec<(&'static str, Row)>) -> Value {
    let page = page(rows, None);
    let [listed, read] = obstacles(standing);
    let [own, none, report] = last_report("A1");
    let reader = reader(&[&page, &listed, &read, &own, &none, &report]);
    let (status, body) = answer(reader.list(asked(&[])).await);
    assert_eq!(status, 200, "{body}");
    body
}

fn well(seller: &str, authorized_at: &str) -> Row {
    row(&[
        ("sellerId", seller),
        ("regionCode", "EU"),
        ("authorizedAt", authorized_at),
    ])
}

#[tokio::test]
async fn a_seller_is_shown_with_the_last_report_and_no_token() {
    let mut first = well("A1", "2026-11-01T00:00:00Z");
    let subscriptions = AttributeValue::Ss(vec!["EU REPORT_PROCESSING_FINISHED s-1".into()]);
    first.insert("subscriptions".into(), subscriptions);
    let recent = days_ago(2);
    first.insert("authorizedAt".into(), AttributeValue::S(recent.clone()));
    let due: Timestamp = recent.parse().expect("a time");
    let due = due + (365 * 24).hours();
    assert_eq!(
        list(vec![first], vec![]).await,
        json!({"sellers": [{
            "sellerId": "A1", "regionCode": "EU", "subscribed": ["REPORT_PROCESSING_FINISHED"],
            "authorizedAt": recent, "reauthorizationDue": due,
            "lastReport": {
                "reportId": "54517018502", "reportType": "GET_X", "notifiedAt": "2026-11-22T05:00:00.000Z",
                "status": "ANNOUNCED",
            },
            "trouble": [],
        }]})
    );
}

#[tokio::test]
async fn a_page_that_is_not_the_last_has_a_token_which_leads_on() {
    let page = page(vec![well("A1", &days_ago(1))], Some("A1"));
    let [listed, read] = obstacles(vec![]);
    let [own, none, report] = last_report("A1");
    let rules = [&page, &listed, &read, &own, &none, &report];
    let (_, body) = answer(reader(&rules).list(asked(&[("limit", "1")])).await);
    let token = body["nextToken"].as_str().expect("a token");
    let next = ListSellers::parse(asked(&[("nextToken", token)]).expect("pairs")).expect("valid");
    assert_eq!(next.after, Account::parse("A1").ok());
}

fn codes(seller: &Value) -> Vec<&str> {
    let trouble = seller["trouble"].as_array().expect("a list");
    trouble
        .iter()
        .map(|it| it["code"].as_str().expect("a code"))
        .collect()
}

#[tokio::test]
async fn each_seller_has_its_own_trouble_and_that_of_all() {
    let obstacle = |error: &str| {
        row(&[
            ("since", "2026-11-22T05:00:00Z"),
            ("metAt", "2026-11-23T05:00:00Z"),
            ("error", error),
            ("errorCause", "why"),
        ])
    };
    let standing = vec![
        ("credentials", obstacle("LwaCredentialsRefused")),
        ("authorization/A2", obstacle("AuthorizationRevoked")),
        ("role/A2/GET_X", obstacle("AccessDenied")),
        ("authorization/A9", obstacle("AuthorizationRevoked")),
    ];
    let silenced = row(&[
        ("sellerId", "A3"),
        ("authorizedAt", &days_ago(340)),
        ("mailOffSince", "2026-11-22T05:00:00Z"),
        ("mailOffReason", "MailBounced"),
    ]);
    let over = well("A4", &days_ago(366));
    let body = list(
        vec![well("A1", &days_ago(1)), well("A2", &days_ago(1)), silenced, over],
        standing,
    )
    .await;
    let all = "LwaCredentialsRefused";
    assert_eq!(codes(&body["sellers"][0]), [all]);
    assert_eq!(
        codes(&body["sellers"][1]),
        [all, "AuthorizationRevoked", "AccessDenied"]
    );
    assert_eq!(
        body["sellers"][1]["trouble"][2],
        json!({"code": "AccessDenied", "reason": "why", "reportType": "GET_X", "since": "2026-11-22T05:00:00Z"})
    );
    assert_eq!(
        codes(&body["sellers"][2]),
        [all, "RegionUnknown", "MailStopped", "AuthorizationEnds"]
    );
    assert!(
        body["sellers"][2]["trouble"][3]["since"].is_null(),
        "it has not ended: {body}"
    );
    let ended = &body["sellers"][3]["trouble"][1];
    assert_eq!(
        ended["since"], body["sellers"][3]["reauthorizationDue"],
        "{ended}"
    );
}

/// The rows of the seller `A1` in NA and in EU.
fn merged() -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item).then_compute_output(|request| {
        let key = request.key().expect("a key")["sellerId"].as_s().expect("a text");
        let found = match key.as_str() {
            "A1" => Some(row(&[("sellerId", "A1"), ("regionCode", "NA")])),
            "A1_EU" => Some(row(&[("sellerId", "A1_EU")])),
            _ => None,
        };
        GetItemOutput::builder().set_item(found).build()
    })
}

#[tokio::test]
async fn one_seller_has_an_account_in_each_region_and_who_is_unknown_is_not_found() {
    let [listed, _] = obstacles(vec![]);
    let [own, none, report] = last_report("A1");
    let merged = merged();
    let reader = reader(&[&merged, &listed, &own, &none, &report]);
    let ask = async |pairs: &[(&str, &str)]| answer(reader.one(asked(pairs)).await);
    let (status, body) = ask(&[("SellerId", "A1")]).await;
    let of = |index: usize| {
        (
            &body["sellers"][index]["sellerId"],
            &body["sellers"][index]["regionCode"],
        )
    };
    assert_eq!(status, 200, "{body}");
    assert_eq!(of(0), (&json!("A1"), &json!("NA")));
    assert_eq!(of(1), (&json!("A1"), &json!("EU")));
    assert_eq!(body["sellers"].as_array().map(Vec::len), Some(2));
    let (_, body) = ask(&[("SellerId", "A1"), ("RegionCode", "EU")]).await;
    assert_eq!(body["sellers"].as_array().map(Vec::len), Some(1));
    for pairs in [
        &[("SellerId", "A1"), ("RegionCode", "FE")][..],
        &[("SellerId", "A2")],
    ] {
        let (status, body) = ask(pairs).await;
        assert_eq!(
            (status, &body["code"], &body["field"]),
            (404, &json!("SellerNotFound"), &json!("SellerId"))
        );
    }
}
