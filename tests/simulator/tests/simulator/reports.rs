//! Reports: asked for, listed, cancelled, finished.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::common::{Amazon, LISTINGS, SELLER, code, listings_report};

const REPORTS: &str = "/reports/2021-06-30/reports";

#[tokio::test]
async fn a_report_ends_and_its_document_is_served() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let (status, answer) = amazon.post(REPORTS, &token, &listings_report()).await;
    assert_eq!(status, 202);
    let report_id = answer["reportId"].as_str().expect("an id");
    let truth = amazon
        .report_when(report_id, |report| report["status"] == "DONE")
        .await;
    let (_, report) = amazon.get(&format!("{REPORTS}/{report_id}"), &token).await;
    assert_eq!(report["processingStatus"], "DONE");
    assert_eq!(report["reportDocumentId"], truth["documentId"]);
    let text = amazon
        .http
        .get(amazon.document_url(&truth).await)
        .send()
        .await
        .expect("an answer");
    let text = text.text().await.expect("text");
    assert!(text.starts_with("listing-id\tseller-sku\t"), "{text}");
}

#[tokio::test]
async fn bad_requests_are_refused_and_the_field_is_named() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let many = (0..26).map(|number| format!("A{number}")).collect::<Vec<_>>();
    let changes = [
        ("reportType", json!("BAD_FEE_DISCOUNTS_REPORT")),
        ("reportType", json!("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2")),
        // Removed by Amazon.
        ("reportType", json!("GET_FBA_SNS_FORECAST_DATA")),
        ("reportType", json!("GET LISTINGS")),
        ("reportType", Value::Null),
        ("marketplaceIds", json!([])),
        ("marketplaceIds", json!(many)),
        ("marketplaceIds", json!("ATVPDKIKX0DER")),
        ("marketplaceIds", json!(["A,B"])),
        ("reportOptions", json!({ "custom": true })),
        ("dataStartTime", json!("2024-03-10")),
        ("dataStartTime", json!("2099-03-10T20:11:24.000Z")),
        ("dataEndTime", json!("2024-03-09T20:11:24.000Z")),
    ];
    for (field, value) in changes {
        let mut wanted = listings_report();
        wanted[field] = value.clone();
        let (status, answer) = amazon.post(REPORTS, &token, &wanted).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "InvalidInput"),
            "{field}: {value}"
        );
        assert_eq!(answer["errors"][0]["details"], field, "{answer}");
    }
    let mut unknown = listings_report();
    unknown["reportType"] = "GET_A_TYPE_OF_2031".into();
    assert_eq!(amazon.post(REPORTS, &token, &unknown).await.0, 202);
    let url = format!("{}{REPORTS}", amazon.endpoint);
    let request = |body: &'static str, kind| {
        let request = amazon.http.post(&url).header("x-amz-access-token", &token);
        request.header("content-type", kind).body(body).send()
    };
    assert_eq!(
        request("{", "application/json")
            .await
            .expect("an answer")
            .status(),
        400
    );
    assert_eq!(
        request("", "application/json").await.expect("an answer").status(),
        400
    );
    assert_eq!(
        request("a=b", "text/plain").await.expect("an answer").status(),
        415
    );
}

#[tokio::test]
async fn reports_come_in_pages_and_the_token_stands_alone() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let mut made = Vec::new();
    for status in ["DONE", "CANCELLED", "DONE", "FATAL", "DONE"] {
        made.push(
            amazon
                .finished_report(LISTINGS, &json!({ "status": status }))
                .await["reportId"]
                .clone(),
        );
    }
    made.reverse();
    let list = async |query: &str| amazon.get(&format!("{REPORTS}?{query}"), &token).await;
    let ids = |answer: &Value| {
        let reports = answer["reports"].as_array().expect("a list");
        reports
            .iter()
            .map(|report| report["reportId"].clone())
            .collect::<Vec<_>>()
    };
    let query = format!("reportTypes={LISTINGS}");
    assert_eq!(ids(&list(&query).await.1), made);
    let (_, cancelled) = list(&format!("{query}&processingStatuses=CANCELLED,FATAL")).await;
    assert_eq!(ids(&cancelled), [made[1].clone(), made[3].clone()]);

    let (_, page) = list(&format!("{query}&pageSize=3")).await;
    assert_eq!(ids(&page), made[..3]);
    let next = page["nextToken"].as_str().expect("more");
    amazon.finished_report(LISTINGS, &json!({})).await;
    let (_, page) = list(&format!("nextToken={next}")).await;
    assert_eq!(ids(&page), made[3..]);
    assert_eq!(page.get("nextToken"), None);

    let wrong = [
        String::new(),
        "nextToken=unknown".to_owned(),
        format!("nextToken={next}&pageSize=3"),
        format!("{query}&pageSize=0"),
        format!("{query}&pageSize=101"),
        format!("{query}&processingStatuses=READY"),
        format!("{query}&createdSince=yesterday"),
        // 90 days and a second ago.
        format!(
            "{query}&createdSince={:.3}",
            Timestamp::now() - SignedDuration::from_secs(90 * 86_400 + 1)
        ),
        format!("reportTypes={}", [LISTINGS; 11].join(",")),
        format!("{query}&reportTypes=GET_OTHER"),
        format!("{query}&marketplaceIds=1,2,3,4,5,6,7,8,9,10,11"),
    ];
    for query in wrong {
        let (status, answer) = list(&query).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "InvalidInput"), "{query}");
    }
    assert_eq!(
        ids(&list(&format!("{query}&marketplaceIds=A1F83G8C2ARO7P")).await.1),
        [] as [Value; 0]
    );
    assert_eq!(
        ids(&list(&format!("{query}&createdUntil=2024-01-01T00:00:00Z"))
            .await
            .1),
        [] as [Value; 0]
    );
}

#[tokio::test]
async fn only_what_is_in_the_queue_can_be_cancelled() {
    let amazon = Amazon::start().await;
    amazon.subscribe(crate::common::REFRESH_TOKEN).await;
    let token = amazon.seller_token().await;
    amazon
        .control("/outcomes", &json!({ "delayMilliseconds": 3_600_000 }))
        .await;
    let (_, answer) = amazon.post(REPORTS, &token, &listings_report()).await;
    let report_id = answer["reportId"].as_str().expect("an id");
    let path = format!("{REPORTS}/{report_id}");
    assert_eq!(amazon.get(&path, &token).await.1["processingStatus"], "IN_QUEUE");
    assert_eq!(amazon.delete(&path, &token).await.0, 200);
    let report = amazon
        .report_when(report_id, |report| report["notified"] == 1)
        .await;
    assert_eq!(
        (&report["status"], &report["documentId"]),
        (&json!("CANCELLED"), &Value::Null)
    );
    let (status, answer) = amazon.delete(&path, &token).await;
    assert_eq!((status.as_u16(), code(&answer)), (400, "InvalidInput"));
    assert_eq!(amazon.delete(&format!("{REPORTS}/1"), &token).await.0, 404);
}

#[tokio::test]
async fn ids_are_unique_only_together_with_the_seller() {
    let amazon = Amazon::start().await;
    let mut ids = Vec::new();
    for seller_id in [SELLER, "A2OTHERSELLER"] {
        let wanted = json!({ "sellerId": seller_id, "region": "NA", "reportType": LISTINGS });
        ids.push(amazon.control("/reports", &wanted).await["reportId"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let path = format!("/reports/{}/document", ids[0].as_str().expect("an id"));
    let url = format!("{}{path}", amazon.simulator.control_url());
    let (status, answer) = crate::common::read(amazon.http.get(url).send().await.expect("an answer")).await;
    assert_eq!((status.as_u16(), &answer["field"]), (400, &json!("sellerId")));
}

#[tokio::test]
async fn what_was_ordered_long_ago_is_listed_where_it_belongs() {
    let amazon = Amazon::start().await;
    let token = amazon.seller_token().await;
    let (mut ids, now) = (Vec::new(), Timestamp::now());
    for days in [3, 80, 20, 0] {
        let created = now - SignedDuration::from_hours(24 * days);
        let wanted = json!({
            "sellerId": SELLER, "region": "NA", "reportType": LISTINGS, "createdTime": created.to_string(),
        });
        ids.push(amazon.control("/reports", &wanted).await["reportId"].clone());
    }
    let mut path = format!("{REPORTS}?reportTypes={LISTINGS}&pageSize=3");
    let mut listed = Vec::new();
    while listed.len() < 4 {
        let (status, page) = amazon.get(&path, &token).await;
        assert_eq!(status, 200, "{page}");
        let reports = page["reports"].as_array().expect("a list");
        listed.extend(reports.iter().map(|report| report["reportId"].clone()));
        path = format!(
            "{REPORTS}?nextToken={}",
            page["nextToken"].as_str().unwrap_or_default()
        );
    }
    assert_eq!(listed, [3, 0, 2, 1].map(|index: usize| ids[index].clone()));
}
