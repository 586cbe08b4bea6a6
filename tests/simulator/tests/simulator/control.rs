//! The control API itself.

use serde_json::json;

use crate::common::{Amazon, LISTINGS, QUEUE, REFRESH_TOKEN, SELLER, read};

#[tokio::test]
async fn bad_requests_are_refused_and_the_field_is_named() {
    let amazon = Amazon::start().await;
    let cases = [
        ("/outcomes", json!({ "status": "READY" }), "status"),
        ("/outcomes", json!({ "sizeBytes": "big" }), "sizeBytes"),
        ("/outcomes", json!({ "sizeBytes": 1, "body": "a" }), "sizeBytes"),
        ("/outcomes", json!({ "charset": "klingon" }), "charset"),
        ("/outcomes", json!({ "charset": "UTF-16" }), "charset"),
        (
            "/outcomes",
            json!({ "charset": "ISO-8859-1", "body": "日本" }),
            "body",
        ),
        ("/outcomes", json!({ "count": 0 }), "count"),
        ("/outcomes", json!({ "delay": 5 }), "delay"),
        (
            "/faults",
            json!({ "operation": "getEverything", "kind": "reset" }),
            "operation",
        ),
        (
            "/faults",
            json!({ "operation": "getReport", "kind": "explode" }),
            "kind",
        ),
        (
            "/faults",
            json!({ "operation": "getReport", "kind": "truncate", "afterBytes": 1 }),
            "kind",
        ),
        (
            "/faults",
            json!({ "operation": "lwa", "kind": "corrupt" }),
            "kind",
        ),
        ("/outcomes", json!({ "reportOptions": 1 }), "reportOptions"),
        (
            "/rotate-client-secret",
            json!({ "keepOldSeconds": "ten" }),
            "keepOldSeconds",
        ),
        ("/rotation-queue", json!({ "queueArn": "queue" }), "queueArn"),
        ("/rotation-queue", json!({}), "queueArn"),
        ("/announce-secret-end", json!({}), "queueArn"),
        ("/announce-secret-end", json!({ "inSeconds": -1 }), "inSeconds"),
        (
            "/faults",
            json!({ "operation": "getReport", "kind": "stall" }),
            "milliseconds",
        ),
        (
            "/faults",
            json!({ "operation": "getReport", "kind": "status", "status": 200 }),
            "status",
        ),
        (
            "/faults",
            json!({ "operation": "lwa", "kind": "reset", "probability": 2 }),
            "probability",
        ),
        (
            "/reports",
            json!({ "region": "NA", "reportType": LISTINGS }),
            "sellerId",
        ),
        (
            "/reports",
            json!({ "sellerId": SELLER, "region": "XX", "reportType": LISTINGS }),
            "region",
        ),
        ("/notifications", json!({ "queueArn": QUEUE }), "body"),
        (
            "/notifications",
            json!({ "queueArn": "queue", "body": "x" }),
            "queueArn",
        ),
        (
            "/sellers",
            json!({ "refreshToken": "nonsense", "sellerId": SELLER }),
            "refreshToken",
        ),
        (
            "/sellers",
            json!({ "refreshToken": REFRESH_TOKEN, "sellerId": "nobody" }),
            "sellerId",
        ),
        ("/revoke", json!({}), "refreshToken"),
        ("/rotate-client-secret", json!({}), "clientSecret"),
        ("/reset", json!({ "everything": true }), "everything"),
        ("/reset", json!([]), "body"),
    ];
    for (path, body, field) in cases {
        let (status, answer) = amazon.try_control(path, &body).await;
        assert_eq!(
            (status.as_u16(), &answer["field"]),
            (400, &json!(field)),
            "{path} {body}: {answer}"
        );
        assert!(
            answer["error"]
                .as_str()
                .is_some_and(|error| error.starts_with(field))
        );
    }
    for (path, status) in [
        ("/journal?sellerID=A", 400),
        ("/journal?status=many", 400),
        ("/nothing", 404),
    ] {
        let url = format!("{}{path}", amazon.simulator.control_url());
        assert_eq!(
            read(amazon.http.get(url).send().await.expect("an answer"))
                .await
                .0,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_journal_says_who_asked_what_and_never_the_token() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let url = format!(
        "{}/reports/2021-06-30/reports?reportTypes={LISTINGS}",
        amazon.endpoint
    );
    let request = amazon.http.get(url).header("x-amz-access-token", &token);
    request
        .header("user-agent", "sp-reports/1.0 (Language=Rust)")
        .send()
        .await
        .expect("an answer");
    let entries = amazon
        .journal(&format!("operation=getReports&sellerId={SELLER}&status=200"))
        .await;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    for (field, value) in [
        ("region", "NA"),
        ("method", "GET"),
        ("path", "/na/reports/2021-06-30/reports"),
        ("query", "reportTypes=GET_MERCHANT_LISTINGS_ALL_DATA"),
        ("userAgent", "sp-reports/1.0 (Language=Rust)"),
        ("token", "seller"),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    let all = amazon.journal("").await;
    assert!(!format!("{all:?}").contains(token.split('|').nth(1).expect("a secret part")));
    assert!(!format!("{all:?}").contains(REFRESH_TOKEN));
    let last = all
        .last()
        .and_then(|entry| entry["sequence"].as_u64())
        .expect("a number");
    assert_eq!(amazon.journal(&format!("after={last}")).await.len(), 0);
    let url = format!("{}/journal", amazon.simulator.control_url());
    amazon.http.delete(url).send().await.expect("an answer");
    assert_eq!(amazon.journal("").await.len(), 0);
    amazon.seller_token().await;
    assert_eq!(amazon.journal("").await[0]["sequence"], last + 1, "numbers go on");
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let amazon = Amazon::start().await;
    amazon.subscribe(REFRESH_TOKEN).await;
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    let url = amazon.document_url(&report).await;
    amazon
        .control("/faults", &json!({ "operation": "getReport", "kind": "reset" }))
        .await;
    amazon.control("/reset", &json!({})).await;
    assert_eq!(amazon.journal("").await.len(), 0);
    assert_eq!(amazon.look("/reports").await["reports"], json!([]));
    assert_eq!(amazon.look("/faults").await["faults"], json!([]));
    assert_eq!(amazon.simulator.delivered(), []);
    assert_eq!(
        amazon.http.get(url).send().await.expect("an answer").status(),
        403
    );
    let (_, destinations) = amazon
        .get("/notifications/v1/destinations", &amazon.grantless_token().await)
        .await;
    assert_eq!(destinations["payload"], json!([]));
    let again = amazon.finished_report(LISTINGS, &json!({})).await;
    assert_ne!(
        again["reportId"], report["reportId"],
        "ids are not given out twice"
    );
}

#[tokio::test]
async fn outcomes_are_scripted() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let scripts = [
        json!({ "status": "FATAL", "document": true, "body": "why", "delayMilliseconds": 0 }),
        json!({ "status": "CANCELLED", "delayMilliseconds": 0, "reportType": "GET_OTHER" }),
        json!({ "status": "DONE", "document": false, "delayMilliseconds": 0, "sellerId": SELLER, "always": true }),
    ];
    for script in scripts {
        amazon.control("/outcomes", &script).await;
    }
    let mut ends = Vec::new();
    for _ in 0..3 {
        let report = crate::common::listings_report();
        let (_, answer) = amazon.post("/reports/2021-06-30/reports", &token, &report).await;
        let id = answer["reportId"].as_str().expect("an id").to_owned();
        let is_over =
            |report: &serde_json::Value| report["status"] != "IN_QUEUE" && report["status"] != "IN_PROGRESS";
        let report = amazon.report_when(&id, is_over).await;
        ends.push((report["status"].clone(), report["bytes"].clone()));
    }
    let done = (json!("DONE"), json!(null));
    assert_eq!(ends, [(json!("FATAL"), json!(3)), done.clone(), done]);
}

/// Whoever asks for the same type many times tells the reports apart by their options.
#[tokio::test]
async fn an_outcome_is_for_the_report_with_those_options() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    for (order, status) in [("1", "CANCELLED"), ("2", "FATAL")] {
        let script = json!({ "reportOptions": { "order": order }, "status": status, "delayMilliseconds": 0 });
        amazon.control("/outcomes", &script).await;
    }
    for (order, status) in [("2", "FATAL"), ("3", "DONE"), ("1", "CANCELLED")] {
        let mut report = crate::common::listings_report();
        report["reportOptions"] = json!({ "order": order });
        let (_, answer) = amazon.post("/reports/2021-06-30/reports", &token, &report).await;
        let id = answer["reportId"].as_str().expect("an id");
        amazon.report_when(id, |report| report["status"] == status).await;
    }
}
