use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::Links;
use pipeline::domain::Lifetimes;
use serde_json::{Value, json};
use test_doubles::{answer, no_further_account};

use super::*;

const ORDER: &str = "order-0123456789abcdef0123456789abcdef";
const KEY: &str = "SellerId=A3/ReportType=GET_MERCHANT_LISTINGS_ALL_DATA/date=2026-11-01/7.tsv";

/// What is in the row of a report that was delivered.
const DELIVERED: [(&str, &str); 6] = [
    ("status", "ANNOUNCED"),
    ("reportType", "GET_MERCHANT_LISTINGS_ALL_DATA"),
    ("processingStatus", "DONE"),
    ("storedAt", "2026-11-01T06:00:00.000Z"),
    ("objectKey", KEY),
    ("crc64nvme", "rosUhgp5mIg="),
];

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn row(id: &'static str, attributes: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item)
        .match_requests(move |request| request.key().is_some_and(|key| key["reportId"] == text(id)))
        .then_output(move || {
            let item = attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), text(value)));
            GetItemOutput::builder().set_item(Some(item.collect())).build()
        })
}

fn no_row() -> Rule {
    mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build())
}

fn document() -> Rule {
    mock!(aws_sdk_s3::Client::head_object)
        .match_requests(|request| request.key() == Some(KEY))
        .then_output(|| {
            HeadObjectOutput::builder()
                .content_length(5)
                .content_type("text/tab-separated-values; charset=UTF-8")
                .content_disposition("attachment; filename=\"GET_MERCHANT_LISTINGS_ALL_DATA_A3_7.tsv\"")
                .build()
        })
}

fn no_document() -> Rule {
    mock!(aws_sdk_s3::Client::head_object).then_http_response(|| {
        let gone = 404.try_into().expect("a status");
        aws_sdk_s3::config::http::HttpResponse::new(gone, aws_sdk_s3::primitives::SdkBody::empty())
    })
}

fn access(dynamodb: &[&Rule], head: &Rule) -> DocumentAccess {
    // To the mock, signing for an operation is a call, too.
    let signed = mock!(aws_sdk_s3::Client::get_object).then_output(|| GetObjectOutput::builder().build());
    let nowhere = no_further_account();
    let rules = [&[&nowhere], dynamodb].concat();
    let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
    let lifetimes = Lifetimes {
        link_days: 7,
        document_days: 540,
    };
    let links = Links::new(dynamodb.clone(), "links".into());
    DocumentAccess {
        ledger: Ledger::new(dynamodb, "reports".into()),
        documents: DocumentStore::new(
            mock_client!(aws_sdk_s3, RuleMode::MatchAny, &[head, &signed]),
            "reports".into(),
        ),
        maker: LinkMaker::new(links, "https://api.example".into(), lifetimes),
    }
}

fn asked(id: &str) -> Result<Parameters, InvalidRequest> {
    Parameters::new([("reportId", id), ("SellerId", "A3")])
}

#[tokio::test]
async fn a_document_is_described_and_signed_for() {
    let (order, report) = (
        row(ORDER, &[("status", "PLACED"), ("placedAs", "7")]),
        row("7", &DELIVERED),
    );
    for name in ["7", ORDER] {
        let access = access(&[&order, &report], &document());
        let (status, mut body) = answer(access.document(asked(name)).await);
        assert_eq!(status, 200, "{body}");
        let url = body["url"].take();
        let url = url.as_str().expect("a URL");
        assert!(
            url.contains("7.tsv") && url.contains("X-Amz-Expires=300"),
            "{url}"
        );
        assert!(body["expiresAt"].take().is_string());
        assert_eq!(
            body,
            json!({
                "url": null, "expiresAt": null, "objectKey": KEY, "bytes": 5, "crc64nvme": "rosUhgp5mIg=",
                "contentType": "text/tab-separated-values; charset=UTF-8",
                "fileName": "GET_MERCHANT_LISTINGS_ALL_DATA_A3_7.tsv",
            })
        );
    }
}

#[tokio::test]
async fn without_a_document_it_is_said_why() {
    for (row, status, code) in [
        (row("7", &[("status", "NOTIFIED")]), 409, "NotDelivered"),
        (row("7", &[("status", "FAILED")]), 409, "NotDelivered"),
        (row("7", &[("status", "CANCELLED")]), 404, "NoDocument"),
        (row("7", &[("status", "FATAL")]), 404, "NoDocument"),
        (no_row(), 404, "ReportNotFound"),
    ] {
        let access = access(&[&row], &document());
        let refusals = [
            answer(access.document(asked("7")).await),
            answer(access.link(asked("7"), b"", Timestamp::now()).await),
        ];
        for (found, body) in refusals {
            assert_eq!((found, &body["code"]), (status, &json!(code)), "{body}");
        }
    }
    let (status, body) = answer(
        access(&[&row("7", &DELIVERED)], &no_document())
            .document(asked("7"))
            .await,
    );
    assert_eq!((status, &body["code"]), (404, &json!("DocumentGone")));
}

/// What `POST /reports/7/links` answers at a time, and how often a link was kept.
async fn link(body: &[u8], now: &str) -> (u16, Value, usize) {
    let put = mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| PutItemOutput::builder().build());
    let access = access(&[&row("7", &DELIVERED), &put], &document());
    let now = now.parse().expect("a time");
    let (status, body) = answer(access.link(asked("7"), body, now).await);
    (status, body, put.num_calls())
}

#[tokio::test]
async fn a_link_is_made_for_as_many_days_as_are_asked_for() {
    let now = "2026-11-02T06:00:00Z";
    for (body, end) in [
        ("", "2026-11-09T06:00:00Z"),
        ("{}", "2026-11-09T06:00:00Z"),
        (r#"{"Days": 1}"#, "2026-11-03T06:00:00Z"),
    ] {
        let (_, answered, kept) = link(body.as_bytes(), now).await;
        assert_eq!((&answered["expiresAt"], kept), (&json!(end), 1), "{answered}");
        let url = answered["link"].as_str().expect("a link");
        assert!(url.starts_with("https://api.example/links/"), "{url}");
    }
    for body in [
        r#"{"Days": 0}"#,
        r#"{"Days": 541}"#,
        r#"{"Days": 1.5}"#,
        r#"{"Days": "7"}"#,
    ] {
        let (status, refused, kept) = link(body.as_bytes(), now).await;
        assert_eq!(
            (status, &refused["field"], kept),
            (400, &json!("Days"), 0),
            "{body}"
        );
    }
    let (status, refused, _) = link(br#"{"days": 7}"#, now).await;
    assert_eq!((status, &refused["field"]), (400, &json!("days")));
    // The lifecycle rule deletes it any moment.
    let (status, refused, kept) = link(b"", "2028-11-02T06:00:00Z").await;
    assert_eq!((status, &refused["code"], kept), (404, &json!("DocumentGone"), 0));
}

#[tokio::test]
async fn all_links_of_a_report_are_revoked() {
    let query = mock!(aws_sdk_dynamodb::Client::query).then_output(|| {
        let link = |hash: &str| [("tokenHash".to_owned(), text(hash))].into();
        QueryOutput::builder().items(link("a")).items(link("b")).build()
    });
    let delete =
        mock!(aws_sdk_dynamodb::Client::delete_item).then_output(|| DeleteItemOutput::builder().build());
    let access = access(&[&row("7", &DELIVERED), &query, &delete], &document());
    let answered = answer(access.revoke(asked("7")).await);
    assert_eq!(answered, (200, json!({"revoked": 2})));
    assert_eq!(delete.num_calls(), 2);
}
