use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_smithy_mocks::{Rule, mock};
use pipeline::subscribing::Patience;
use pipeline::subscriptions::Subscriptions;
use serde_json::{Value, json};
use test_doubles::{GRANTLESS_TOKEN, SELLER_TOKEN, answer, selling_partners, token_server, written};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

mod trouble;

const OURS: &str = "arn:aws:sqs:eu-west-1:1:ours";
const SUBSCRIPTION: &str = "/eu/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED";

fn subscriber(server: &MockServer, update: &Rule) -> Handler {
    patient_subscriber(server, update, Duration::from_secs(60))
}

/// A subscriber that takes so much time for a request, and makes short pauses.
fn patient_subscriber(server: &MockServer, update: &Rule, whole: Duration) -> Handler {
    let partners = selling_partners(update);
    let amazon = test_doubles::amazon(server, partners.clone());
    Handler(Subscriber {
        subscriptions: Subscriptions::new(amazon, OURS.into()),
        partners,
        redeliveries: test_doubles::redeliveries(),
        patience: Patience {
            whole,
            first_pause: Duration::from_millis(1),
        },
    })
}

/// Amazon with two destinations, of which ours is one, and a subscription to `destination` if any.
async fn amazon(destination: Option<&str>) -> MockServer {
    let server = token_server().await;
    let queue =
        |id: &str, arn: &str| json!({"destinationId": id, "name": id, "resource": {"sqs": {"arn": arn}}});
    let destinations = [
        queue("d-ours", OURS),
        queue("d-other", "arn:aws:sqs:eu-west-1:1:other"),
    ];
    Mock::given(method("GET"))
        .and(path("/eu/notifications/v1/destinations"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"payload": destinations})))
        .mount(&server)
        .await;
    let (status, body) = match destination {
        Some(id) => (
            200,
            json!({"payload": {"subscriptionId": "s-1", "payloadVersion": "1.0", "destinationId": id}}),
        ),
        None => (404, json!({"errors": [{"code": "NotFound", "message": "none"}]})),
    };
    Mock::given(method("GET"))
        .and(path(SUBSCRIPTION))
        .and(header("x-amz-access-token", SELLER_TOKEN))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .and(path(format!("{SUBSCRIPTION}/s-1")))
        .and(header("x-amz-access-token", GRANTLESS_TOKEN))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .mount(&server)
        .await;
    server
}

async fn deletions(server: &MockServer) -> usize {
    let requests = server.received_requests().await.expect("recorded");
    requests
        .iter()
        .filter(|request| request.method.as_str() == "DELETE")
        .count()
}

async fn unsubscribe(server: &MockServer) -> (u16, Value) {
    let parameters = Parameters::new([
        ("SellerId", "A3"),
        ("RegionCode", "EU"),
        ("NotificationType", "REPORT_PROCESSING_FINISHED"),
    ]);
    answer(subscriber(server, &written()).unsubscribe(parameters).await)
}

#[tokio::test]
async fn a_subscription_to_our_queue_is_deleted() {
    let server = amazon(Some("d-ours")).await;
    let answer = unsubscribe(&server).await;
    assert_eq!(answer, (200, json!({"subscriptionId": "s-1"})));
    assert_eq!(deletions(&server).await, 1);
}

#[tokio::test]
async fn a_subscription_to_another_queue_is_left_alone() {
    let server = amazon(Some("d-other")).await;
    let (status, refusal) = unsubscribe(&server).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("SubscribedElsewhere")));
    let message = refusal["message"].as_str().expect("a text");
    assert!(message.contains("arn:aws:sqs:eu-west-1:1:other"), "{message}");
    assert_eq!(deletions(&server).await, 0);
}

#[tokio::test]
async fn no_subscription_is_not_found() {
    let (status, refusal) = unsubscribe(&amazon(None).await).await;
    assert_eq!((status, &refusal["code"]), (404, &json!("SubscriptionNotFound")));
}

/// What is written of a seller who subscribes with `more` in the body.
async fn remembered(more: Value) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    let update = mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(move |request| {
            let values = request.expression_attribute_values().expect("values");
            let expression = request.update_expression().expect("an update");
            sender.send(format!("{expression} {values:?}")).is_ok()
        })
        .then_output(|| UpdateItemOutput::builder().build());
    let server = amazon(Some("d-ours")).await;
    let mut body = json!({
        "SellerId": "A3", "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
    });
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    let subscribed = subscriber(&server, &update)
        .subscribe(body.to_string().as_bytes())
        .await;
    let expected = json!({"destinationId": "d-ours", "subscriptionId": "s-1"});
    assert_eq!(answer(subscribed), (200, expected));
    let updates: Vec<String> = receiver.try_iter().collect();
    updates.join("\n")
}

#[tokio::test]
async fn what_is_looked_for_is_remembered_with_the_region() {
    let written = remembered(json!({"DiscoverReportTypes": ["GET_A", "GET_B"]})).await;
    assert!(
        written.contains("regionCode") && written.contains(r#"Ss(["GET_A", "GET_B"])"#),
        "{written}"
    );
    let written = remembered(json!({"DiscoverReportTypes": []})).await;
    assert!(written.contains("REMOVE discoverReportTypes"), "{written}");
    let written = remembered(json!({})).await;
    assert!(!written.contains("discover"), "{written}");
}

#[tokio::test]
async fn what_is_delivered_is_remembered_and_nothing_is_not_the_same_as_nothing_said() {
    let written = remembered(json!({"DeliverReportTypes": ["GET_B", "GET_A"]})).await;
    let last = written.lines().last().expect("a write");
    assert!(last.contains(r#"L([S("GET_A"), S("GET_B")])"#), "{last}");
    let written = remembered(json!({"DeliverReportTypes": []})).await;
    assert!(
        written.ends_with(r#"SET #types = :types {":types": L([])}"#),
        "{written}"
    );
    assert!(!remembered(json!({})).await.contains("#types"));
}

#[tokio::test]
async fn the_subscription_is_kept_so_that_it_can_be_ended_without_the_seller() {
    let written = remembered(json!({})).await;
    assert!(
        written.contains(r#"Ss(["EU REPORT_PROCESSING_FINISHED s-1"])"#),
        "{written}"
    );
}
