//! Failures on demand.

use std::io::Read as _;

use reqwest::Method;
use serde_json::{Value, json};
use sp_api_simulator::Options;

use crate::common::{Amazon, LISTINGS, REFRESH_TOKEN, SELLER, code, listings_report, sha256, wait_for};

const REPORT: &str = "/reports/2021-06-30/reports/1";

#[tokio::test]
async fn statuses_come_with_code_message_and_headers() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let fault = json!({
        "operation": "getReport", "sellerId": SELLER, "region": "NA", "count": 2, "kind": "status",
        "status": 503, "code": "ServiceUnavailable", "message": "later", "headers": { "retry-after": "7" },
    });
    amazon.control("/faults", &fault).await;
    let other = amazon.token_of("Atzr|A2OTHERSELLER|x").await;
    assert_eq!(
        amazon.get(REPORT, &other).await.0,
        404,
        "the fault is another seller's"
    );
    let response = amazon.send(Method::GET, REPORT, &token, None).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"7".parse().expect("ok"))
    );
    assert_eq!(amazon.look("/faults").await["faults"][0]["left"], 1);
    let (_, answer) = amazon.get(REPORT, &token).await;
    assert_eq!(
        (code(&answer), &answer["errors"][0]["message"]),
        ("ServiceUnavailable", &json!("later"))
    );
    assert_eq!(amazon.get(REPORT, &token).await.0, 404, "the count is used up");
    let details = amazon.journal("operation=getReport&status=503").await;
    assert!(
        details.iter().all(|entry| entry["detail"] == "fault: status 503"),
        "{details:?}"
    );
    assert_eq!(details.len(), 2);
}

#[tokio::test]
async fn lwa_and_documents_fail_in_their_own_words() {
    let amazon = Amazon::start().await;
    let lwa = json!({ "operation": "lwa", "kind": "status", "status": 500, "code": "server_error" });
    amazon.control("/faults", &lwa).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", REFRESH_TOKEN),
        ("client_id", "id"),
        ("client_secret", "s"),
    ];
    let (status, answer) = amazon.login(&form).await;
    assert_eq!((status.as_u16(), &answer["error"]), (500, &json!("server_error")));
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    let url = amazon.document_url(&report).await;
    let slow_down = json!({ "operation": "document", "kind": "status", "status": 503, "code": "SlowDown" });
    amazon.control("/faults", &slow_down).await;
    let response = amazon.http.get(&url).send().await.expect("an answer");
    assert_eq!(response.status(), 503);
    assert!(
        response
            .text()
            .await
            .expect("text")
            .contains("<Code>SlowDown</Code>")
    );
}

#[tokio::test]
async fn a_connection_is_reset_without_an_answer() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    // An HTTP client may try again by itself, so that one reset would not be seen.
    amazon
        .control(
            "/faults",
            &json!({ "operation": "getReport", "kind": "reset", "count": 10 }),
        )
        .await;
    let request = amazon
        .http
        .get(format!("{}{REPORT}", amazon.endpoint))
        .header("x-amz-access-token", &token);
    assert!(request.send().await.is_err());
    let entry = amazon.journal("operation=getReport").await.remove(0);
    assert_eq!(
        (&entry["status"], &entry["detail"]),
        (&json!(0), &json!("fault: connection reset"))
    );
}

/// The caller is left in doubt: what it asked for is done, and it does not know.
#[tokio::test]
async fn a_call_whose_answer_is_lost_is_carried_out() {
    // Amazon's own pace, so that the quota shows what was taken from it.
    let amazon = Amazon::with(Options::default()).await;
    let token = amazon.seller_token().await;
    let lost = json!({ "operation": "createReport", "kind": "lostAnswer" });
    amazon.control("/faults", &lost).await;
    let (reports, body) = ("/reports/2021-06-30/reports", listings_report());
    let order = amazon.http.post(format!("{}{reports}", amazon.endpoint));
    let order = order.header("x-amz-access-token", &token).json(&body);
    assert!(order.send().await.is_err());
    let made = amazon.look("/reports?checksums=no").await["reports"].clone();
    let made = made.as_array().expect("a list");
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0]["reportType"], LISTINGS);
    let journal = amazon.journal("operation=createReport").await;
    let told = journal
        .iter()
        .map(|entry| (&entry["status"], &entry["detail"]))
        .collect::<Vec<_>>();
    assert_eq!(told, [(&json!(0), &json!("fault: answer lost"))]);
    for _ in 0..14 {
        assert_eq!(amazon.post(reports, &token, &body).await.0, 202);
    }
    assert_eq!(
        amazon.post(reports, &token, &body).await.0,
        429,
        "the first order counts"
    );
}

/// The token is good, though nobody heard of it.
#[tokio::test]
async fn lwa_can_lose_an_answer_and_documents_can_not() {
    let amazon = Amazon::start().await;
    let lost = json!({ "operation": "lwa", "kind": "lostAnswer" });
    amazon.control("/faults", &lost).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", REFRESH_TOKEN),
        ("client_id", "id"),
        ("client_secret", "s"),
    ];
    let login = amazon.http.post(amazon.simulator.token_url()).form(&form);
    assert!(login.send().await.is_err());
    let entry = amazon.journal("operation=lwa").await.remove(0);
    assert_eq!(
        (&entry["status"], &entry["sellerId"], &entry["detail"]),
        (&json!(0), &json!(SELLER), &json!("fault: answer lost"))
    );
    assert_eq!(amazon.login(&form).await.0, 200);
    let document = json!({ "operation": "document", "kind": "lostAnswer" });
    let (status, refusal) = amazon.try_control("/faults", &document).await;
    assert_eq!((status.as_u16(), &refusal["field"]), (400, &json!("kind")));
}

#[tokio::test]
async fn a_document_is_cut_off() {
    let amazon = Amazon::start().await;
    let report = amazon
        .finished_report(LISTINGS, &json!({ "sizeBytes": 1_000_000 }))
        .await;
    let url = amazon.document_url(&report).await;
    let fault = json!({ "operation": "document", "kind": "truncate", "afterBytes": 300_000 });
    amazon.control("/faults", &fault).await;
    let mut response = amazon.http.get(&url).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), response.content_length()),
        (200, Some(1_000_000))
    );
    let mut received = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(error.is_some(), "{received} bytes and no error");
    assert_eq!(received, 300_000);
    let whole = amazon
        .http
        .get(&url)
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    assert_eq!(whole.len(), 1_000_000);
}

#[tokio::test]
async fn a_stalled_call_is_journaled_even_if_nobody_waits() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let fault = json!({ "operation": "getReport", "kind": "stall", "milliseconds": 2000 });
    amazon.control("/faults", &fault).await;
    let request = amazon
        .http
        .get(format!("{}{REPORT}", amazon.endpoint))
        .header("x-amz-access-token", &token);
    let impatient = request.timeout(std::time::Duration::from_millis(50)).send().await;
    assert!(impatient.is_err_and(|error| error.is_timeout()));
    let entries = wait_for(async || {
        let entries = amazon.journal("operation=getReport").await;
        (!entries.is_empty()).then_some(entries)
    });
    assert_eq!(entries.await[0]["detail"], "fault: stalled for 2000 ms");
}

#[tokio::test]
async fn a_document_stalls_in_the_middle_and_goes_on() {
    let amazon = Amazon::start().await;
    let report = amazon
        .finished_report(LISTINGS, &json!({ "sizeBytes": 100_000 }))
        .await;
    let url = amazon.document_url(&report).await;
    let fault = json!({ "operation": "document", "kind": "stall", "milliseconds": 100, "afterBytes": 5 });
    amazon.control("/faults", &fault).await;
    let bytes = amazon
        .http
        .get(&url)
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    assert_eq!(bytes.len(), 100_000);
}

/// A reader that believes every byte would not notice; one that checks the gzip would.
#[tokio::test]
async fn a_compressed_document_arrives_corrupted_once() {
    let amazon = Amazon::start().await;
    let fault = json!({ "operation": "document", "kind": "corrupt" });
    amazon.control("/faults", &fault).await;
    let plain = amazon
        .finished_report(LISTINGS, &json!({ "sizeBytes": 3_000_000 }))
        .await;
    assert_eq!(sha256(&fetch(&amazon, &plain).await), plain["sha256"]);
    let gzip = amazon
        .finished_report(LISTINGS, &json!({ "sizeBytes": 3_000_000, "gzip": true }))
        .await;
    let corrupted = fetch(&amazon, &gzip).await;
    let whole = fetch(&amazon, &gzip).await;
    assert_eq!(sha256(&whole), gzip["sha256"]);
    assert_eq!(corrupted.len(), whole.len());
    let different = (0..whole.len())
        .filter(|at| corrupted[*at] != whole[*at])
        .collect::<Vec<_>>();
    assert_eq!(different, [whole.len() / 2]);
    let mut content = Vec::new();
    let read = flate2::read::GzDecoder::new(&corrupted[..]).read_to_end(&mut content);
    assert!(read.is_err(), "gzip tells");
    let details = amazon.journal("operation=document").await;
    let details = details
        .iter()
        .map(|entry| entry["detail"].as_str())
        .collect::<Vec<_>>();
    assert_eq!(details, [None, Some("fault: corrupted"), None]);
}

async fn fetch(amazon: &Amazon, report: &Value) -> Vec<u8> {
    let url = amazon.document_url(report).await;
    let response = amazon.http.get(&url).send().await.expect("an answer");
    response.bytes().await.expect("a body").to_vec()
}
