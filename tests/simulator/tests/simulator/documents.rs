//! Documents under their URLs.

use std::io::Read as _;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::{Amazon, LISTINGS, sha256};

async fn fetch(amazon: &Amazon, method: Method, url: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = amazon.http.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

async fn truth(amazon: &Amazon, report: &Value) -> Value {
    amazon
        .look(&format!(
            "/reports/{}/document",
            report["reportId"].as_str().expect("an id")
        ))
        .await
}

#[tokio::test]
async fn what_is_served_is_what_the_truth_says() {
    let amazon = Amazon::start().await;
    for gzip in [false, true] {
        let outcome = json!({ "sizeBytes": 3_000_000, "gzip": gzip });
        let report = amazon.finished_report(LISTINGS, &outcome).await;
        let truth = truth(&amazon, &report).await;
        let response = fetch(&amazon, Method::GET, &amazon.document_url(&report).await, &[]).await;
        assert_eq!(response.content_length(), truth["bytes"].as_u64());
        assert_eq!(response.headers()["content-type"], "text/tab-separated-values");
        let bytes = response.bytes().await.expect("a body");
        assert_eq!(
            (&truth["sha256"], &report["sha256"]),
            (&json!(sha256(&bytes)), &json!(sha256(&bytes)))
        );
        let mut content = Vec::new();
        if gzip {
            flate2::read::GzDecoder::new(&bytes[..])
                .read_to_end(&mut content)
                .expect("gzip");
        } else {
            content.extend_from_slice(&bytes);
        }
        assert_eq!(truth["contentBytes"], 3_000_000);
        assert_eq!(content.len(), 3_000_000);
        assert_eq!(truth["contentSha256"], sha256(&content));
        assert!(content.starts_with(truth["beginning"].as_str().expect("text").as_bytes()));
    }
}

#[tokio::test]
async fn gigabytes_are_there_from_the_first_to_the_last_byte() {
    let amazon = Amazon::start().await;
    let size = 6_u64 << 30;
    let report = json!({
        "sellerId": crate::common::SELLER, "region": "NA", "reportType": LISTINGS, "sizeBytes": size,
    });
    let report_id = amazon.control("/reports", &report).await["reportId"].clone();
    let token = amazon.seller_token().await;
    let path = format!(
        "/reports/2021-06-30/reports/{}",
        report_id.as_str().expect("an id")
    );
    let document_id = crate::common::wait_for(async || {
        let (_, report) = amazon.get(&path, &token).await;
        report["reportDocumentId"].as_str().map(str::to_owned)
    });
    let report = json!({ "documentId": document_id.await });
    let url = amazon.document_url(&report).await;
    let head = fetch(&amazon, Method::HEAD, &url, &[]).await;
    assert_eq!(head.headers()["content-length"], size.to_string());
    let end = fetch(&amazon, Method::GET, &url, &[("range", "bytes=-100")]).await;
    assert_eq!(end.status(), 206);
    assert!(end.text().await.expect("text").ends_with('\n'));
    let middle = [("range", "bytes=5000000000-5000000999")];
    let first = fetch(&amazon, Method::GET, &url, &middle)
        .await
        .bytes()
        .await
        .expect("a body");
    let again = fetch(&amazon, Method::GET, &url, &middle)
        .await
        .bytes()
        .await
        .expect("a body");
    assert_eq!((first.len(), &first), (1000, &again));
}

#[tokio::test]
async fn parts_can_be_asked_for() {
    let amazon = Amazon::start().await;
    let report = amazon
        .finished_report(LISTINGS, &json!({ "body": "0123456789" }))
        .await;
    let url = amazon.document_url(&report).await;
    let whole = fetch(&amazon, Method::GET, &url, &[]).await;
    let etag = whole.headers()["etag"].to_str().expect("text").to_owned();
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let part = fetch(
        &amazon,
        Method::GET,
        &url,
        &[("range", "bytes=3-5"), ("if-match", &etag)],
    )
    .await;
    assert_eq!(
        (part.status().as_u16(), &part.headers()["content-range"]),
        (206, &"bytes 3-5/10".parse().expect("ok"))
    );
    assert_eq!(part.text().await.expect("text"), "345");
    assert_eq!(
        fetch(&amazon, Method::GET, &url, &[("range", "bytes=10-")])
            .await
            .status(),
        416
    );
    assert_eq!(
        fetch(&amazon, Method::GET, &url, &[("if-match", "\"other\"")])
            .await
            .status(),
        412
    );
    assert_eq!(fetch(&amazon, Method::PUT, &url, &[]).await.status(), 405);
}

#[tokio::test]
async fn urls_die_and_cannot_be_guessed() {
    let amazon = Amazon::start().await;
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    let (first, second) = (
        amazon.document_url(&report).await,
        amazon.document_url(&report).await,
    );
    assert_ne!(first, second);
    amazon
        .control(
            "/faults",
            &json!({ "operation": "document", "kind": "expireUrl" }),
        )
        .await;
    for _ in 0..2 {
        let response = fetch(&amazon, Method::GET, &first, &[]).await;
        assert_eq!(response.status(), 403);
        let xml = response.text().await.expect("text");
        assert!(
            xml.contains("<Code>AccessDenied</Code><Message>Request has expired</Message>"),
            "{xml}"
        );
    }
    assert_eq!(fetch(&amazon, Method::GET, &second, &[]).await.status(), 200);
    assert_eq!(
        amazon.control("/expire-document-urls", &json!({})).await["expired"],
        1
    );
    assert_eq!(fetch(&amazon, Method::GET, &second, &[]).await.status(), 403);
    let guess = fetch(&amazon, Method::GET, &second[..second.len() - 1], &[]).await;
    assert!(
        guess
            .text()
            .await
            .expect("text")
            .contains("SignatureDoesNotMatch")
    );
    let journal = format!("{:?}", amazon.journal("operation=document").await);
    assert!(
        !journal.contains("Signature="),
        "the journal keeps no bearer secrets: {journal}"
    );
}

#[tokio::test]
async fn charset_and_encoding_are_as_scripted() {
    let amazon = Amazon::start().await;
    let outcome = json!({ "body": "日本", "charset": "Shift_JIS", "gzip": true });
    let report = amazon.finished_report(LISTINGS, &outcome).await;
    let url = amazon.document_url(&report).await;
    let response = fetch(&amazon, Method::GET, &url, &[]).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/tab-separated-values;charset=Shift_JIS"
    );
    assert_eq!(response.headers()["content-encoding"], "identity");
    assert_eq!(truth(&amazon, &report).await["beginningHex"], "93fa967b");
    let path = format!(
        "{}?enableContentEncodingUrlHeader=true",
        amazon.document_path(&report).await
    );
    let (_, answer) = amazon.get(&path, &amazon.seller_token().await).await;
    let response = fetch(&amazon, Method::GET, answer["url"].as_str().expect("a URL"), &[]).await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn documents_look_like_their_types() {
    let amazon = Amazon::start().await;
    let cases = [
        ("FEE_DISCOUNTS_REPORT", "PK\u{3}\u{4}"),
        (
            "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT",
            "{\"reportSpecification\"",
        ),
        (
            "GET_B2B_PRODUCT_OPPORTUNITIES_RECOMMENDED_FOR_YOU",
            "amazon-order-id,",
        ),
        ("GET_ORDER_REPORT_DATA_SHIPPING", "<?xml version="),
    ];
    for (report_type, beginning) in cases {
        let report = amazon.finished_report(report_type, &json!({})).await;
        let truth = truth(&amazon, &report).await;
        let actual = truth["beginning"].as_str().expect("text");
        assert!(actual.starts_with(beginning), "{report_type}: {actual}");
    }
}
