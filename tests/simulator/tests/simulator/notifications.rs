//! Destinations, subscriptions, and what is sent to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sp_api_simulator::{Options, Sink, SqsSink};
use wiremock::matchers::{body_partial_json, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::{Amazon, LISTINGS, QUEUE, REFRESH_TOKEN, SELLER, code};

const DESTINATIONS: &str = "/notifications/v1/destinations";
const SUBSCRIPTIONS: &str = "/notifications/v1/subscriptions";
const SUBSCRIPTION: &str = "/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED";

/// The notifications about a report, when all of them have come.
async fn notifications(amazon: &Amazon, report: &Value, copies: usize) -> Vec<Value> {
    let report_id = report["reportId"].as_str().expect("an id");
    amazon
        .report_when(report_id, |report| report["notified"] == copies)
        .await;
    let delivered = amazon.simulator.delivered().into_iter();
    let messages = delivered.filter(|message| message.queue_arn == QUEUE);
    messages
        .map(|message| serde_json::from_str(&message.body).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn a_finished_report_is_announced_as_the_schema_has_it() {
    let amazon = Amazon::start().await;
    let (_, subscription_id) = amazon.subscribe(REFRESH_TOKEN).await;
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    let message = notifications(&amazon, &report, 1).await.remove(0);
    let payload = &message["payload"]["reportProcessingFinishedNotification"];
    let expected = json!({
        "sellerId": SELLER,
        "accountId": format!("amzn1.merchant.o.{SELLER}"),
        "reportId": report["reportId"],
        "reportType": LISTINGS,
        "processingStatus": "DONE",
        "reportDocumentId": report["documentId"],
    });
    assert_eq!(*payload, expected);
    assert_eq!(message["notificationType"], "REPORT_PROCESSING_FINISHED");
    assert_eq!(message["payloadVersion"], "1.0");
    assert_eq!(message["notificationMetadata"]["subscriptionId"], subscription_id);
    for field in ["notificationVersion", "eventTime"] {
        assert!(message[field].is_string(), "{field}");
    }
    for field in ["applicationId", "publishTime", "notificationId"] {
        assert!(message["notificationMetadata"][field].is_string(), "{field}");
    }
}

#[tokio::test]
async fn a_vendor_has_an_account_and_no_seller() {
    let amazon = Amazon::start().await;
    amazon.subscribe("Atzr|amzn1.vg.6213651|x").await;
    let outcome = json!({ "sellerId": "amzn1.vg.6213651", "status": "CANCELLED" });
    let report = amazon
        .finished_report("GET_VENDOR_INVENTORY_REPORT", &outcome)
        .await;
    let message = notifications(&amazon, &report, 1).await.remove(0);
    let payload = &message["payload"]["reportProcessingFinishedNotification"];
    assert_eq!(payload["accountId"], "amzn1.vg.6213651");
    assert_eq!(payload["processingStatus"], "CANCELLED");
    assert_eq!(
        (payload.get("sellerId"), payload.get("reportDocumentId")),
        (None, None)
    );
}

#[tokio::test]
async fn scripts_say_how_often_a_report_is_announced() {
    let amazon = Amazon::start().await;
    amazon.subscribe(REFRESH_TOKEN).await;
    amazon
        .finished_report(LISTINGS, &json!({ "notify": false }))
        .await;
    let report = amazon.finished_report(LISTINGS, &json!({ "copies": 10 })).await;
    let messages = notifications(&amazon, &report, 10).await;
    assert_eq!(messages.len(), 10, "and none of the other report");
    let mut ids = messages
        .iter()
        .map(|message| message["notificationMetadata"]["notificationId"].to_string())
        .collect::<Vec<_>>();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[tokio::test]
async fn anything_can_be_sent_to_any_queue() {
    let amazon = Amazon::start().await;
    let answer = amazon
        .control(
            "/notifications",
            &json!({ "queueArn": QUEUE, "body": "garbage {" }),
        )
        .await;
    assert_eq!(answer, json!({ "sent": 1, "failed": 0 }));
    assert_eq!(amazon.simulator.delivered()[0].body, "garbage {");
    let to_seller = json!({ "sellerId": SELLER, "region": "NA", "body": { "a": 1 }, "copies": 2 });
    assert_eq!(amazon.try_control("/notifications", &to_seller).await.0, 404);
    amazon.subscribe(REFRESH_TOKEN).await;
    assert_eq!(amazon.control("/notifications", &to_seller).await["sent"], 2);
    let report = amazon
        .finished_report(LISTINGS, &json!({ "notify": false }))
        .await;
    let again = json!({ "sellerId": SELLER, "region": "NA", "reportId": report["reportId"] });
    amazon.control("/notifications", &again).await;
    let last = amazon.simulator.delivered().pop().expect("a notification");
    assert!(last.body.contains(report["reportId"].as_str().expect("an id")));
    let listed = amazon.look("/notifications").await;
    assert_eq!(listed["delivered"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn what_exists_conflicts_and_what_does_not_is_not_found() {
    let amazon = Amazon::start().await;
    let (destination_id, subscription_id) = amazon.subscribe(REFRESH_TOKEN).await;
    let (seller, application) = (amazon.seller_token().await, amazon.grantless_token().await);
    let subscription = json!({ "payloadVersion": "1.0", "destinationId": destination_id });
    let (status, answer) = amazon.post(SUBSCRIPTION, &seller, &subscription).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "StateConflict"));
    let newer = json!({ "payloadVersion": "2020-09-04", "destinationId": destination_id });
    assert_eq!(amazon.post(SUBSCRIPTION, &seller, &newer).await.0, 200);
    let (_, latest) = amazon.get(SUBSCRIPTION, &seller).await;
    assert_eq!(latest["payload"]["payloadVersion"], "2020-09-04");
    let (_, wanted) = amazon
        .get(&format!("{SUBSCRIPTION}?payloadVersion=1.0"), &seller)
        .await;
    assert_eq!(wanted["payload"]["subscriptionId"], subscription_id);

    let other = amazon.token_of("Atzr|A2OTHERSELLER|x").await;
    assert_eq!(amazon.get(SUBSCRIPTION, &other).await.0, 404);
    let nowhere = json!({ "payloadVersion": "1.0", "destinationId": "none" });
    let (status, answer) = amazon.post(SUBSCRIPTION, &other, &nowhere).await;
    assert_eq!((status.as_u16(), code(&answer)), (400, "InvalidInput"));
    let message = answer["errors"][0]["message"].as_str().expect("a text");
    assert!(message.starts_with("No destination with id 'none'"), "{message}");
    let by_id = format!("{SUBSCRIPTION}/{subscription_id}");
    assert_eq!(amazon.get(&by_id, &seller).await.0, 403, "it is grantless");
    assert_eq!(amazon.get(&by_id, &application).await.0, 200);
    assert_eq!(
        amazon.delete(&by_id, &application).await,
        (StatusCode::OK, json!({}))
    );
    assert_eq!(amazon.delete(&by_id, &application).await.0, 404);
}

#[tokio::test]
async fn subscriptions_of_all_versions_are_listed_for_their_seller() {
    let amazon = Amazon::start().await;
    let (destination_id, subscription_id) = amazon.subscribe(REFRESH_TOKEN).await;
    let seller = amazon.seller_token().await;
    let newer = json!({ "payloadVersion": "2020-09-04", "destinationId": destination_id });
    amazon.post(SUBSCRIPTION, &seller, &newer).await;
    let list = format!("{SUBSCRIPTIONS}?notificationTypes=REPORT_PROCESSING_FINISHED");
    let versions = async |path: &str, token: &str| {
        let (status, answer) = amazon.get(path, token).await;
        assert_eq!(status, 200, "{answer}");
        let listed = answer["payload"]["subscriptions"].as_array().expect("a list");
        listed
            .iter()
            .map(|subscription| {
                subscription["payloadVersion"]
                    .as_str()
                    .expect("a text")
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&list, &seller).await, ["1.0", "2020-09-04"]);
    assert_eq!(
        versions(&format!("{list}&payloadVersion=2020-09-04"), &seller).await,
        ["2020-09-04"]
    );
    assert_eq!(
        versions(&format!("{list}&nextToken={subscription_id}"), &seller).await,
        ["2020-09-04"]
    );
    let other = amazon.token_of("Atzr|A2OTHERSELLER|x").await;
    assert!(versions(&list, &other).await.is_empty());
    let application = amazon.grantless_token().await;
    assert_eq!(amazon.get(&list, &application).await.0, 403, "it takes a seller");
    for bad in [
        SUBSCRIPTIONS.to_owned(),
        format!("{SUBSCRIPTIONS}?notificationTypes=NOPE"),
        format!("{list},ORDER_CHANGE"),
        format!("{list}&pageSize=29"),
        format!("{list}&nextToken=x"),
    ] {
        assert_eq!(amazon.get(&bad, &seller).await.0, 400, "{bad}");
    }
}

/// The case "`NotificationType: NOPE`".
#[tokio::test]
async fn unknown_notification_types_are_refused_whatever_is_asked() {
    let amazon = Amazon::start().await;
    let (destination_id, _) = amazon.subscribe(REFRESH_TOKEN).await;
    let (seller, application) = (amazon.seller_token().await, amazon.grantless_token().await);
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": destination_id });
    let nope = format!("{SUBSCRIPTIONS}/NOPE");
    let (status, answer) = amazon.post(&nope, &seller, &wanted).await;
    assert_eq!((status.as_u16(), code(&answer)), (400, "InvalidInput"));
    assert_eq!(amazon.get(&nope, &seller).await.0, 400);
    let by_id = format!("{nope}/1");
    assert_eq!(amazon.get(&by_id, &application).await.0, 400);
    assert_eq!(amazon.delete(&by_id, &application).await.0, 400);
    let known = format!("{SUBSCRIPTIONS}/ORDER_CHANGE");
    assert_eq!(amazon.post(&known, &seller, &wanted).await.0, 200);
}

/// The case "createSubscription right after createDestination", as a fault.
#[tokio::test]
async fn a_destination_may_become_visible_late() {
    let amazon = Amazon::start().await;
    let (destination_id, _) = amazon.subscribe(REFRESH_TOKEN).await;
    let seller = amazon.token_of("Atzr|A2OTHERSELLER|x").await;
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": destination_id });
    let message = format!("No destination with id '{destination_id}' for applicationId 'y'");
    let fault = json!({
        "operation": "createSubscription", "kind": "status", "status": 400, "code": "InvalidInput",
        "message": message, "count": 2,
    });
    amazon.control("/faults", &fault).await;
    for status in [400, 400, 200] {
        assert_eq!(amazon.post(SUBSCRIPTION, &seller, &wanted).await.0, status);
    }
}

#[tokio::test]
async fn bad_destinations_and_subscriptions_are_refused() {
    let amazon = Amazon::start().await;
    let (destination_id, _) = amazon.subscribe(REFRESH_TOKEN).await;
    let (seller, application) = (amazon.seller_token().await, amazon.grantless_token().await);
    let sqs = |arn: &str| json!({ "name": "n", "resourceSpecification": { "sqs": { "arn": arn } } });
    let bad = [
        sqs("arn:aws:sqs:us-east-1:queue"),
        json!({ "name": "n" }),
        json!({ "name": "n", "resourceSpecification": {} }),
        json!({ "name": "n".repeat(257), "resourceSpecification": { "sqs": { "arn": QUEUE } } }),
        json!({ "resourceSpecification": { "sqs": { "arn": QUEUE } } }),
    ];
    for wanted in bad {
        let (status, answer) = amazon.post(DESTINATIONS, &application, &wanted).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "InvalidInput"),
            "{wanted}"
        );
    }
    let bad = [
        json!({ "destinationId": destination_id }),
        json!({ "payloadVersion": "1.0" }),
        json!({ "payloadVersion": "7.5", "destinationId": destination_id }),
    ];
    for wanted in bad {
        let (status, answer) = amazon.post(SUBSCRIPTION, &seller, &wanted).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "InvalidInput"),
            "{wanted}"
        );
    }
}

/// Refuses the first two messages.
#[derive(Default)]
struct Hesitant(AtomicU32);

impl Sink for Hesitant {
    fn send<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), String>> {
        let refuses = self.0.fetch_add(1, Ordering::SeqCst) < 2;
        Box::pin(async move {
            if refuses {
                Err("the queue is not there yet".to_owned())
            } else {
                Ok(())
            }
        })
    }
}

#[tokio::test]
async fn failed_deliveries_are_tried_again_and_journaled() {
    let sink: Arc<dyn Sink> = Arc::new(Hesitant::default());
    let options = Options {
        speed_up: 1e9,
        sink: Some(sink),
        ..Options::default()
    };
    let amazon = Amazon::with(options).await;
    amazon.subscribe(REFRESH_TOKEN).await;
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    notifications(&amazon, &report, 1).await;
    let entries = amazon.journal("operation=sendMessage").await;
    let statuses = entries
        .iter()
        .map(|entry| entry["status"].clone())
        .collect::<Vec<_>>();
    assert_eq!(statuses, [json!(0), json!(0), json!(200)]);
    assert_eq!(entries[0]["detail"], "attempt 1 of 8: the queue is not there yet");
}

#[tokio::test]
async fn sqs_is_told_the_queue_and_the_text() {
    let sqs = MockServer::start().await;
    let url = format!("{}/000000000000/notifications", sqs.uri());
    Mock::given(header("x-amz-target", "AmazonSQS.SendMessage"))
        .and(body_partial_json(
            json!({ "QueueUrl": url, "MessageBody": "hello" }),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "MessageId": "1" })))
        .expect(1)
        .mount(&sqs)
        .await;
    let credentials = aws_credential_types::Credentials::for_tests();
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(sqs.uri())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            credentials,
        ))
        .build();
    let sink: Arc<dyn Sink> = Arc::new(SqsSink::new(config));
    let amazon = Amazon::with(Options {
        sink: Some(sink),
        ..Options::default()
    })
    .await;
    let answer = amazon
        .control("/notifications", &json!({ "queueArn": QUEUE, "body": "hello" }))
        .await;
    assert_eq!(answer["sent"], 1, "{:?}", amazon.journal("").await);
    let request = sqs.received_requests().await.expect("requests").remove(0);
    let signature = request.headers["authorization"].to_str().expect("text");
    assert!(
        signature.contains("/us-east-1/sqs/"),
        "the region is the queue's: {signature}"
    );
}
