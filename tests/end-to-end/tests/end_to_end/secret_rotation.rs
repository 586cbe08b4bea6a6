//! The client secret, which rotates itself: what works is used by everybody, and what does not changes nothing.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::aws_cli::{aws, function_name, lwa_credentials};
use crate::secrecy::assert_unlogged;
use crate::world::{LISTINGS, PATIENCE, Seller, World, new_seller_id};

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// So long nobody else sees a letter that the test has looked at.
const GLANCE_SECONDS: i32 = 2;

/// Amazon announces the end of the secret, while reports are ordered and delivered. A new one is asked for, comes, is
/// tried and stored; no call fails for it. When Amazon ends the old one, everybody takes the new one.
#[tokio::test]
async fn an_announced_end_leads_to_a_new_secret_that_everybody_uses() {
    let Some(world) = World::with_rotation().await else {
        return;
    };
    let seller = world.subscribed_seller("EU").await;
    let name = world.stack.output("LWA_SECRET_NAME").expect("set");
    forget_rotation(&world).await;
    let before = content(&world, &name, CURRENT).await;
    let simulator = &world.simulator;
    simulator
        .register_rotation_queue(&queue_arn(&world))
        .await
        .expect("registered");
    let refused = refused_tokens(&world).await;
    simulator.announce_secret_end().await.expect("announced");
    let is_new = |now: &Value| now["ClientSecret"] != before["ClientSecret"];
    let (after, ()) = tokio::join!(until(&world, &name, is_new), deliver_reports(&world, &seller));

    assert_eq!(after["ClientId"], before["ClientId"]);
    assert!(after["SecretExpiresAt"].is_string(), "no end is known");
    assert_eq!(
        content(&world, &name, PREVIOUS).await["ClientSecret"],
        before["ClientSecret"]
    );
    let asked = simulator.journal("rotateApplicationClientSecret", None).await;
    let asked = asked.expect("told");
    assert!(asked.iter().all(|entry| entry["status"] == 204), "{asked:?}");
    // Functions that have the old one still go on with it.
    simulator.expire_access_tokens().await.expect("expired");
    deliver_reports(&world, &seller).await;
    assert_eq!(
        refused_tokens(&world).await,
        refused,
        "a call failed because of the rotation"
    );

    simulator.end_old_secrets().await.expect("ended");
    simulator.expire_access_tokens().await.expect("expired");
    deliver_reports(&world, &seller).await;

    let secrets = [text(&before, "ClientSecret"), text(&after, "ClientSecret")];
    assert_nowhere_else(&world, &secrets).await;
}

/// A foreign secret, one that LWA does not take, and a message that nobody can read are kept aside, encrypted, and
/// counted. The present secret stays.
#[tokio::test]
async fn what_can_not_be_used_is_kept_aside_and_changes_nothing() {
    let Some(world) = World::with_rotation().await else {
        return;
    };
    let before = lwa_credentials();
    let mark = new_seller_id();
    let [foreign, wrong, unreadable] =
        ["foreign", "wrong", "unreadable"].map(|what| format!("amzn1.oa2-cs.v1.{what}-{mark}"));
    let rejected = world.stack.output("REJECTED_SECRET_NAME").expect("set");

    let message = new_secret("amzn1.application-oa2-client.another", &foreign);
    send(&world, &message).await;
    let kept = until(&world, &rejected, |kept| kept["ClientSecret"] == foreign.as_str()).await;
    assert!(
        text(&kept, "Reason").contains("another application"),
        "{}",
        kept["Reason"]
    );

    send(&world, &format!("?{unreadable}")).await;
    until(&world, &rejected, |kept| {
        kept["Message"]
            .as_str()
            .is_some_and(|message| message.contains(&unreadable))
    })
    .await;

    // From the queue it would come twenty times, for an hour: here it comes for the first time and for the last.
    let message = new_secret(&before.0, &wrong);
    assert_eq!(
        deliver(&message, 1)["batchItemFailures"][0]["itemIdentifier"],
        "1"
    );
    assert_ne!(
        content(&world, &rejected, CURRENT).await["ClientSecret"],
        wrong.as_str()
    );
    assert_eq!(deliver(&message, 20)["batchItemFailures"], json!([]));
    let kept = content(&world, &rejected, CURRENT).await;
    assert_eq!(kept["ClientSecret"], wrong.as_str());

    assert_eq!(lwa_credentials(), before);
    let secrets = [&foreign, &wrong, &unreadable].map(String::as_str);
    assert_nowhere_else(&world, &secrets).await;
    assert!(has_logged("ClientSecretRejected"), "nothing is counted");
}

/// Another run of the test may have asked for a rotation not a day ago.
async fn forget_rotation(world: &World) {
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let delete = world.stack.dynamodb().delete_item();
    delete
        .table_name(world.stack.output("QUOTAS_TABLE").expect("set"))
        .key("sellerId", key("application/secret"))
        .key("operation", key("rotateApplicationClientSecret"))
        .send()
        .await
        .expect("deleted");
}

/// Orders a few reports at once, and waits until all are delivered.
async fn deliver_reports(world: &World, seller: &Seller) {
    let one = async || {
        let report = world.order(seller, "EU", LISTINGS).await;
        world.delivered(seller, &report).await;
    };
    tokio::join!(one(), one(), one());
}

/// How often Login with Amazon has refused the client's credentials.
async fn refused_tokens(world: &World) -> usize {
    let asked = world.simulator.journal("lwa", None).await.expect("told");
    asked.iter().filter(|entry| entry["status"] == 401).count()
}

fn queue_arn(world: &World) -> String {
    world.stack.output("CLIENT_SECRET_QUEUE_ARN").expect("set")
}

fn text<'a>(content: &'a Value, field: &str) -> &'a str {
    content[field].as_str().expect("a text")
}

async fn send(world: &World, message: &str) {
    let sent = world.simulator.send_message(&queue_arn(world), message).await;
    sent.expect("sent");
}

fn new_secret(client_id: &str, secret: &str) -> String {
    json!({
        "notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET",
        "payload": {"applicationOAuthClientNewSecret": {
            "clientId": client_id, "newClientSecret": secret,
            "newClientSecretExpiryTime": "2099-01-01T00:00:00.000Z",
        }},
    })
    .to_string()
}

/// Hands the function a message as its queue does, and gives its answer.
fn deliver(message: &str, receive_count: u32) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let [event, answer] = ["event.json", "answer.json"].map(|name| folder.path().join(name));
    let record = json!({
        "messageId": "1", "receiptHandle": "r", "body": message, "md5OfBody": "", "messageAttributes": {},
        "attributes": {"ApproximateReceiveCount": receive_count.to_string()},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
        "awsRegion": "us-east-1",
    });
    std::fs::write(&event, json!({"Records": [record]}).to_string()).expect("written");
    let payload = format!("fileb://{}", event.display());
    let function = function_name("SecretRotator");
    let answered_into = answer.to_str().expect("UTF-8");
    let arguments = [
        "lambda",
        "invoke",
        "--function-name",
        &function,
        "--payload",
        &payload,
    ];
    aws(&[&arguments[..], &[answered_into]].concat());
    serde_json::from_slice(&std::fs::read(&answer).expect("an answer")).expect("JSON")
}

/// What a version of a secret holds.
async fn content(world: &World, name: &str, stage: &str) -> Value {
    let secrets = world.stack.secrets();
    let version = secrets.get_secret_value().secret_id(name).version_stage(stage);
    let version = version.send().await.expect("the secret can be read");
    serde_json::from_str(version.secret_string().expect("a text")).expect("JSON")
}

/// Waits until a secret is as it should be.
async fn until(world: &World, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = content(world, name, CURRENT).await;
        if is_it(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "{name} does not change");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// No log and no dead-letter queue has these secrets. The queue that they come in has no dead-letter queue of its
/// own, and is empty soon.
async fn assert_nowhere_else(world: &World, secrets: &[&str]) {
    let sqs = world.stack.sqs();
    let arn = queue_arn(world);
    let name = arn.rsplit(':').next().expect("a name");
    let url = sqs
        .get_queue_url()
        .queue_name(name)
        .send()
        .await
        .expect("it is there");
    let url = url.queue_url().expect("a URL").to_owned();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let attributes = sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .expect("they can be read");
        let attributes = attributes.attributes.unwrap_or_default();
        assert!(!attributes.contains_key(&QueueAttributeName::RedrivePolicy));
        let count = |name| attributes.get(&name).map(String::as_str) == Some("0");
        if count(QueueAttributeName::ApproximateNumberOfMessages)
            && count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        {
            break;
        }
        assert!(Instant::now() < deadline, "messages stay in the queue");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let letters = sqs
        .receive_message()
        .queue_url(world.stack.output("DEAD_LETTER_QUEUE_URL").expect("set"))
        .max_number_of_messages(10)
        .visibility_timeout(GLANCE_SECONDS)
        .send()
        .await
        .expect("the dead-letter queue can be read");
    for letter in letters.messages() {
        let body = letter.body().unwrap_or_default();
        assert!(
            !secrets.iter().any(|secret| body.contains(secret)),
            "a letter has a secret"
        );
    }
    assert_unlogged(secrets);
}

/// Whether the rotator's log has that text.
fn has_logged(what: &str) -> bool {
    let groups = aws(&["logs", "describe-log-groups"]);
    let names = groups["logGroups"].as_array().into_iter().flatten();
    let mut names = names.filter_map(|group| group["logGroupName"].as_str());
    let name = names
        .find(|name| name.contains("SecretRotator"))
        .expect("its log");
    let events = aws(&["logs", "filter-log-events", "--log-group-name", name]);
    let events = events["events"].as_array().into_iter().flatten();
    events
        .filter_map(|event| event["message"].as_str())
        .any(|message| message.contains(what))
}
