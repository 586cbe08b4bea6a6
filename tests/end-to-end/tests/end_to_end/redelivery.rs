//! Deliveries that failed, and begin again: many at once, by what they have in common.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::world::{LISTINGS, PATIENCE, Seller, World};

#[tokio::test]
async fn what_failed_begins_again_as_a_job_and_arrives_once() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let mut reports = Vec::new();
    for _ in 0..3 {
        let silent = world.simulator.script(&seller.id, json!({"notify": false})).await;
        silent.expect("scripted");
        let report = world.order(&seller, "EU", LISTINGS).await;
        world.finished(&seller, &report).await;
        fail(&world, &seller, &report).await;
        reports.push(report);
    }
    let body = json!({"SellerId": seller.id, "Error": "OutOfOrder", "Since": "2026-01-01T00:00:00Z"});
    let job = done(&world, &body).await;
    assert_eq!(
        (&job["matched"], &job["started"]),
        (&json!(3), &json!(3)),
        "{job}"
    );
    assert_eq!(job["criteria"]["SellerId"], seller.id);
    for report in &reports {
        let email = world
            .mailbox
            .wait_for(&seller.id, report, PATIENCE)
            .await
            .expect("an e-mail comes");
        world.assert_linked(&email, &seller, report).await;
        let emails = world.mailbox.all_about(&seller.id, report).await.expect("read");
        assert_eq!(emails.len(), 1, "{emails:?}");
    }
    // What has arrived does not begin again.
    let job = done(&world, &body).await;
    assert_eq!(
        (&job["matched"], &job["started"]),
        (&json!(0), &json!(0)),
        "{job}"
    );
}

#[tokio::test]
async fn what_is_not_a_job_is_refused() {
    let Some(world) = World::find().await else { return };
    for (body, field) in [
        (json!({}), Value::Null),
        (json!({"Status": "ANNOUNCED"}), json!("Status")),
        (json!({"ReportIds": []}), json!("ReportIds")),
        (json!({"Since": "yesterday"}), json!("Since")),
    ] {
        let answer = world.post("/deliveries", &body).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("InvalidRequest")),
            "{body}"
        );
        assert_eq!(answer.body["field"], field, "{body}");
    }
    let answer = world.get("/deliveries/redelivery-0", &[]).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (404, &json!("JobNotFound"))
    );
}

/// Begins a job and waits until it is done.
async fn done(world: &World, body: &Value) -> Value {
    let answer = world.post("/deliveries", body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let job = answer.body["jobId"].as_str().expect("a name").to_owned();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let job = world.get_ok(&format!("/deliveries/{job}"), &[]).await;
        if job["status"] == "DONE" {
            return job;
        }
        assert!(Instant::now() < deadline, "{job}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// As the workflow leaves a row whose delivery failed.
pub async fn fail(world: &World, seller: &Seller, report: &str) {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let known = world.finished(seller, report).await;
    let document = known["documentId"].as_str().expect("a document");
    world
        .stack
        .dynamodb()
        .update_item()
        .table_name(world.stack.output("REPORTS_TABLE").expect("set"))
        .key("sellerId", text(&seller.id))
        .key("reportId", text(report))
        .update_expression(
            "SET #status = :failed, progress = :progress, processingStatus = :done, reportDocumentId = :document, \
             #error = :error, errorCause = :error, failedAt = :now, failureAnnouncedAt = :now REMOVE due, dueAt",
        )
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#error", "error")
        .expression_attribute_values(":failed", text("FAILED"))
        .expression_attribute_values(":progress", AttributeValue::N("25".into()))
        .expression_attribute_values(":done", text("DONE"))
        .expression_attribute_values(":document", text(document))
        .expression_attribute_values(":error", text("OutOfOrder"))
        .expression_attribute_values(":now", text(&jiff::Timestamp::now().to_string()))
        .send()
        .await
        .expect("written");
}
