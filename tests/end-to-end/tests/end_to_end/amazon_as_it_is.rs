//! Amazon's messages and answers as they come, not as Amazon's schemas have them.

use serde_json::{Value, json};

use crate::world::{LISTINGS, Seller, World};

/// A report that is finished at Amazon and of which nobody has told yet: its id and its document's.
async fn unannounced(world: &World, seller: &Seller) -> (String, String) {
    let made = json!({"notify": false});
    let made = world
        .simulator
        .report_made_elsewhere(&seller.id, "EU", LISTINGS, made)
        .await;
    let report = made.expect("made");
    let document = world.finished(seller, &report).await["documentId"].clone();
    (report, document.as_str().expect("a document").to_owned())
}

async fn send(world: &World, message: &Value) {
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    world
        .simulator
        .send_message(&queue, &message.to_string())
        .await
        .expect("sent");
}

fn notification(report: &Value) -> Value {
    json!({
        "notificationVersion": "2020-09-04", "notificationType": "REPORT_PROCESSING_FINISHED",
        "payloadVersion": "1.0", "eventTime": "2022-01-03T16:22:54.260Z",
        "payload": {"reportProcessingFinishedNotification": report},
        "notificationMetadata": {"notificationId": "n"},
    })
}

/// The messages of `cases.md` and their kind: every one names a seller and a report, and is delivered.
#[tokio::test]
async fn messages_that_break_the_schema_are_delivered() {
    let Some(world) = World::find().await else { return };
    let seller = world.silent_seller("EU").await;
    let token = format!("amzn1.merchant.o.{}", seller.id);
    type Odd<'a> = (&'a str, Box<dyn Fn(&str, &str) -> Value + 'a>);
    let of_2022 = |report: &str, document: &str| {
        json!({"sellerId": seller.id, "reportId": report, "reportType": LISTINGS,
            "processingStatus": "DONE", "reportDocumentId": document})
    };
    let changed = |report: &str, document: &str, field: &str, value: Value| {
        let mut message = of_2022(report, document);
        message[field] = value;
        notification(&message)
    };
    let kinds: [Odd<'_>; 9] = [
        ("of 2022", Box::new(|r, d| notification(&of_2022(r, d)))),
        (
            "without seller",
            Box::new(|r, d| {
                let mut message = of_2022(r, d);
                message["sellerId"] = Value::Null;
                message["accountId"] = json!(token);
                notification(&message)
            }),
        ),
        (
            "without document",
            Box::new(|r, d| changed(r, d, "reportDocumentId", json!(""))),
        ),
        (
            "without type",
            Box::new(|r, d| changed(r, d, "reportType", Value::Null)),
        ),
        (
            "unknown status",
            Box::new(|r, d| changed(r, d, "processingStatus", json!("COMPLETED"))),
        ),
        (
            "numbers",
            Box::new(|r, d| {
                let number = r.parse::<u64>().map_or(json!(r), |number| json!(number));
                changed(r, d, "reportId", number)
            }),
        ),
        (
            "an EventBridge event",
            Box::new(
                |r, d| json!({"version": "0", "detail-type": "x", "detail": notification(&of_2022(r, d))}),
            ),
        ),
        (
            "an SNS message",
            Box::new(
                |r, d| json!({"Type": "Notification", "Message": notification(&of_2022(r, d)).to_string()}),
            ),
        ),
        (
            "JSON in a text",
            Box::new(|r, d| json!(notification(&of_2022(r, d)).to_string())),
        ),
    ];
    let mut reports = Vec::new();
    for (kind, message) in &kinds {
        let (report, document) = unannounced(&world, &seller).await;
        send(&world, &message(&report, &document)).await;
        reports.push((kind, report));
    }
    for (kind, report) in reports {
        // What has to be looked up never goes through the express lane.
        let email = world
            .mailbox
            .wait_for(&seller.id, &report, crate::world::PATIENCE)
            .await;
        let email = email.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert!(
            email.subject.starts_with("Amazon report ready"),
            "{kind}: {}",
            email.subject
        );
        world.assert_linked(&email, &seller, &report).await;
    }
}

/// Answers that look final, and are none.
#[tokio::test]
async fn answers_that_pass_do_not_lose_the_report() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let document = "getReportDocument";
    for (operation, status, code, message) in [
        (
            document,
            403,
            "Unauthorized",
            "Access to requested resource is denied.",
        ),
        (document, 400, "InvalidInput", "Invalid reportDocumentId"),
        (document, 404, "NotFound", "No such document."),
        (document, 408, "RequestTimeout", "Timed out."),
        (document, 425, "TooEarly", "Too early."),
        ("lwa", 403, "Forbidden", "Request blocked."),
    ] {
        let fault = json!({
            "operation": operation, "sellerId": seller.id, "kind": "status", "status": status,
            "code": code, "message": message,
        });
        let report = if operation == "lwa" {
            // Whichever function has no token yet meets it; the one that orders must not.
            let report = world.order(&seller, "EU", LISTINGS).await;
            world.simulator.fault(&fault).await.expect("scripted");
            report
        } else {
            world.simulator.fault(&fault).await.expect("scripted");
            world.order(&seller, "EU", LISTINGS).await
        };
        let email = world
            .mailbox
            .wait_for(&seller.id, &report, crate::world::PATIENCE)
            .await;
        let email = email.unwrap_or_else(|error| panic!("{status} {code}: {error}"));
        assert!(
            email.subject.starts_with("Amazon report ready"),
            "{status}: {}",
            email.subject
        );
    }
}
