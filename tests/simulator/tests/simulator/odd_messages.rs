//! Every way in which a notification can be odd, in the queue that it comes to.

use serde_json::{Value, json};

use crate::common::{Amazon, LISTINGS, REFRESH_TOKEN, SELLER};

/// A report and what its notification says, word for word.
struct Announced {
    report: Value,
    text: String,
}

impl Announced {
    /// A report that is announced in an odd way.
    async fn oddly(kind: &str) -> Self {
        Self::after(kind, &json!({})).await
    }

    /// The same for a report that ends as `outcome` says.
    async fn after(kind: &str, outcome: &Value) -> Self {
        let amazon = Amazon::start().await;
        amazon.subscribe(REFRESH_TOKEN).await;
        amazon.control("/oddities", &json!({ "kind": kind })).await;
        let report = amazon.finished_report(LISTINGS, outcome).await;
        let report_id = report["reportId"].as_str().expect("an id");
        amazon
            .report_when(report_id, |report| report["notified"] == 1)
            .await;
        let text = amazon.simulator.delivered().pop().expect("a notification").body;
        let sent = amazon.look("/oddities").await["sent"]["messages"].clone();
        assert_eq!(sent, json!({ kind: 1 }));
        Self { report, text }
    }

    fn message(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    fn payload(&self) -> Value {
        payload(&self.message()).clone()
    }

    /// Whether a message is that of this report, and keeps the schema.
    fn is_kept_by(&self, message: &Value) -> bool {
        message["notificationType"] == "REPORT_PROCESSING_FINISHED"
            && payload(message)["reportId"] == self.report["reportId"]
            && payload(message)["sellerId"] == SELLER
    }
}

fn payload(message: &Value) -> &Value {
    &message["payload"]["reportProcessingFinishedNotification"]
}

fn account() -> Value {
    format!("amzn1.merchant.o.{SELLER}").into()
}

#[tokio::test]
async fn seller_only() {
    let payload = Announced::oddly("seller-only").await.payload();
    assert_eq!(
        (payload["sellerId"].as_str(), payload.get("accountId")),
        (Some(SELLER), None)
    );
}

#[tokio::test]
async fn account_only() {
    let payload = Announced::oddly("account-only").await.payload();
    assert_eq!(
        (payload.get("sellerId"), &payload["accountId"]),
        (None, &account())
    );
}

#[tokio::test]
async fn null_seller_and_empty_seller() {
    for (kind, seller) in [("null-seller", Value::Null), ("empty-seller", json!(""))] {
        let payload = Announced::oddly(kind).await.payload();
        assert_eq!(payload.get("sellerId"), Some(&seller));
        assert_eq!(payload["accountId"], account());
    }
}

#[tokio::test]
async fn null_account_and_empty_account() {
    for (kind, account) in [("null-account", Value::Null), ("empty-account", json!(""))] {
        let payload = Announced::oddly(kind).await.payload();
        assert_eq!(payload.get("accountId"), Some(&account));
        assert_eq!(payload["sellerId"], SELLER);
    }
}

#[tokio::test]
async fn extra_fields() {
    let announced = Announced::oddly("extra-fields").await;
    let message = announced.message();
    assert!(announced.is_kept_by(&message));
    assert!(
        message["schemaRevision"].is_object() && message["notificationMetadata"]["deliveryAttempt"].is_u64()
    );
    assert!(payload(&message)["marketplaces"].is_array());
}

#[tokio::test]
async fn numbers_for_texts() {
    let announced = Announced::oddly("numbers-for-texts").await;
    let id = announced.payload()["reportId"].as_u64().expect("a number");
    assert_eq!(announced.report["reportId"], id.to_string());
}

#[tokio::test]
async fn pascal_case() {
    let announced = Announced::oddly("pascal-case").await;
    let message = announced.message();
    assert_eq!(message["NotificationType"], "REPORT_PROCESSING_FINISHED");
    let payload = &message["Payload"]["ReportProcessingFinishedNotification"];
    assert_eq!(
        (&payload["ReportId"], &payload["SellerId"]),
        (&announced.report["reportId"], &json!(SELLER))
    );
}

#[tokio::test]
async fn upper_case_ids() {
    let announced = Announced::oddly("upper-case-ids").await;
    let payload = announced.payload();
    assert_eq!(
        (
            &payload["reportID"],
            &payload["sellerID"],
            &payload["reportDocumentID"]
        ),
        (
            &announced.report["reportId"],
            &json!(SELLER),
            &announced.report["documentId"]
        )
    );
}

#[tokio::test]
async fn without_document_null_document_and_empty_document() {
    for (kind, document) in [
        ("without-document", None),
        ("null-document", Some(Value::Null)),
        ("empty-document", Some(json!(""))),
    ] {
        let announced = Announced::oddly(kind).await;
        let payload = announced.payload();
        assert_eq!(payload["processingStatus"], "DONE");
        assert_eq!(payload.get("reportDocumentId"), document.as_ref());
        assert!(
            announced.report["documentId"].is_string(),
            "there is one all the same"
        );
    }
}

#[tokio::test]
async fn without_type_and_null_type() {
    for (kind, report_type) in [("without-type", None), ("null-type", Some(Value::Null))] {
        let payload = Announced::oddly(kind).await.payload();
        assert_eq!(payload.get("reportType"), report_type.as_ref());
    }
}

#[tokio::test]
async fn unknown_status() {
    let payload = Announced::oddly("unknown-status").await.payload();
    assert_eq!(payload["processingStatus"], "COMPLETED");
}

#[tokio::test]
async fn lower_case_status() {
    let outcome = json!({ "status": "CANCELLED" });
    let payload = Announced::after("lower-case-status", &outcome).await.payload();
    assert_eq!(payload["processingStatus"], "cancelled");
}

#[tokio::test]
async fn event_bridge() {
    let announced = Announced::oddly("event-bridge").await;
    let event = announced.message();
    assert!(announced.is_kept_by(&event["detail"]));
    assert_eq!(event["detail-type"], "REPORT_PROCESSING_FINISHED");
    assert!(
        event["source"]
            .as_str()
            .is_some_and(|source| source.starts_with("aws.partner/"))
    );
}

#[tokio::test]
async fn sns_envelope() {
    let announced = Announced::oddly("sns-envelope").await;
    let envelope = announced.message();
    assert_eq!(envelope["Type"], "Notification");
    let text = envelope["Message"].as_str().expect("text");
    assert!(announced.is_kept_by(&serde_json::from_str(text).expect("JSON")));
}

#[tokio::test]
async fn json_in_json() {
    let announced = Announced::oddly("json-in-json").await;
    let message = announced.message();
    let text = message.as_str().expect("text");
    assert!(announced.is_kept_by(&serde_json::from_str(text).expect("JSON")));
}

/// What would name nobody is no oddity but garbage.
#[tokio::test]
async fn an_order_waits_for_a_message_that_can_be_odd_like_that() {
    let amazon = Amazon::start().await;
    let vendor = "amzn1.vg.6213651";
    amazon.subscribe(&format!("Atzr|{vendor}|x")).await;
    amazon
        .control("/oddities", &json!({ "kind": "account-only" }))
        .await;
    amazon
        .control("/oddities", &json!({ "kind": "without-document" }))
        .await;
    let outcome = json!({ "sellerId": vendor, "status": "FATAL", "document": true });
    let report = amazon
        .finished_report("GET_VENDOR_INVENTORY_REPORT", &outcome)
        .await;
    let report_id = report["reportId"].as_str().expect("an id");
    amazon
        .report_when(report_id, |report| report["notified"] == 1)
        .await;
    let answer = amazon.look("/oddities").await;
    assert_eq!(answer["orders"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["sent"]["messages"], json!({}));
}
