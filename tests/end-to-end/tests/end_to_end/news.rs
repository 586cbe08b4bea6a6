//! What programs are told: on a queue that is subscribed to the topic, and by events.

use std::time::Instant;

use aws_sdk_sqs::types::QueueAttributeName::{Policy, QueueArn};
use serde_json::{Value, json};

use crate::aws_cli::aws;
use crate::world::{LISTINGS, PATIENCE, Seller, World, marketplace_of};

/// A queue of a program that waits for news.
pub struct Queue {
    client: aws_sdk_sqs::Client,
    pub url: String,
    arn: String,
}

impl Queue {
    /// A queue that `service` may write to.
    async fn open_to(service: &str, world: &World, seller: &Seller) -> Self {
        let client = world.stack.sqs();
        let name = format!("news-{}-{}", service.replace('.', "-"), seller.id);
        let created = client
            .create_queue()
            .queue_name(name)
            .send()
            .await
            .expect("created");
        let url = created.queue_url().expect("a URL").to_owned();
        let described = client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueArn)
            .send()
            .await
            .expect("described");
        let arn = described.attributes().expect("attributes")[&QueueArn].clone();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn,
        }]});
        client
            .set_queue_attributes()
            .queue_url(&url)
            .attributes(Policy, policy.to_string())
            .send()
            .await
            .expect("allowed");
        Self { client, url, arn }
    }

    /// The next message's body.
    pub async fn next(&self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let received = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .wait_time_seconds(1)
                .send()
                .await
                .expect("received");
            if let Some(message) = received.messages().first() {
                self.client
                    .delete_message()
                    .queue_url(&self.url)
                    .receipt_handle(message.receipt_handle().expect("a handle"))
                    .send()
                    .await
                    .expect("deleted");
                return serde_json::from_str(message.body().expect("a body")).expect("JSON");
            }
            assert!(Instant::now() < deadline, "nothing comes");
        }
    }
}

/// Has events about a seller's reports sent to a new queue.
pub async fn events(world: &World, seller: &Seller, kind: &str) -> Queue {
    let queue = Queue::open_to("events.amazonaws.com", world, seller).await;
    let rule = format!("news-{}", seller.id);
    let pattern =
        json!({"source": ["sp-reports"], "detail-type": [kind], "detail": {"sellerId": [seller.id]}});
    aws(&[
        "events",
        "put-rule",
        "--name",
        &rule,
        "--event-pattern",
        &pattern.to_string(),
    ]);
    let target = format!("Id=queue,Arn={}", queue.arn);
    aws(&["events", "put-targets", "--rule", &rule, "--targets", &target]);
    queue
}

/// Has news of that type about a seller sent by the topic to a new queue.
async fn messages(world: &World, seller: &Seller, kind: &str) -> Queue {
    let queue = Queue::open_to("sns.amazonaws.com", world, seller).await;
    let topic = world.stack.output("TOPIC_ARN").expect("set");
    let policy = json!({"SellerId": [seller.id], "Outcome": [kind]}).to_string();
    let attributes = json!({"FilterPolicy": policy, "RawMessageDelivery": "true"}).to_string();
    aws(&[
        "sns",
        "subscribe",
        "--topic-arn",
        &topic,
        "--protocol",
        "sqs",
        "--notification-endpoint",
        &queue.arn,
        "--attributes",
        &attributes,
    ]);
    queue
}

/// The topic's message and the event are one document, and the caller's own name comes back everywhere.
#[tokio::test]
async fn a_program_is_told_the_same_by_message_and_by_event() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let (topic, bus) = (
        messages(&world, &seller, "ReportDelivered").await,
        events(&world, &seller, "ReportDelivered").await,
    );
    let order = json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": marketplace_of("EU"),
        "Reference": "Monday's listings",
    });
    let answer = world.post_ok("/reports", &order).await;
    assert_eq!(answer["reference"], "Monday's listings");
    let report = answer["reportId"].as_str().expect("a report id").to_owned();
    let email = world.delivered(&seller, &report).await;
    assert_eq!(email.fact("Reference"), Some("Monday's listings"));

    let news = topic.next().await;
    assert_eq!(bus.next().await["detail"], news);
    let row = world.shown(&seller, &report).await;
    assert_eq!(row["reference"], "Monday's listings");
    assert_eq!(
        news["report"],
        json!({
            "reportId": report, "reportType": LISTINGS, "processingStatus": "DONE",
            "marketplaceIds": [marketplace_of("EU")],
        })
    );
    let bucket = world.stack.output("REPORTS_BUCKET").expect("set");
    let object = &news["object"];
    assert_eq!(
        (
            &object["bucket"],
            &object["key"],
            &object["bytes"],
            &object["crc64nvme"]
        ),
        (
            &json!(bucket),
            &row["objectKey"],
            &row["bytes"],
            &row["crc64nvme"]
        )
    );
    assert_eq!(
        (&news["type"], &news["reference"], &news["regionCode"]),
        (
            &json!("ReportDelivered"),
            &json!("Monday's listings"),
            &json!("EU")
        )
    );
    assert!(!news.to_string().contains("https:"), "{news}");
}

/// Nobody who waits for what is done gets what failed.
#[tokio::test]
async fn an_order_that_failed_is_its_owners_news() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let owner = messages(&world, &seller, "OrderFailed").await;
    let refusal = json!({
        "operation": "createReport", "sellerId": seller.id, "kind": "status", "status": 400,
        "message": "This report type is not for you.",
    });
    world.simulator.fault(&refusal).await.expect("scripted");
    let order = json!({
        "SellerId": seller.id, "RegionCode": "EU", "ReportType": LISTINGS, "MarketplaceIds": marketplace_of("EU"),
        "Reference": "Monday's listings",
    });
    let answer = world.post("/reports", &json!({"Orders": [order]})).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let queued = &answer.body["orders"][0];
    let news = owner.next().await;
    assert_eq!(
        (&news["type"], &news["requestId"], &news["reference"]),
        (&json!("OrderFailed"), &queued["requestId"], &queued["reference"])
    );
    assert_eq!(
        (&news["error"], &news["adviceCode"]),
        (&json!("Rejected"), &json!("MendOrder"))
    );
    assert_eq!(news["report"]["marketplaceIds"], json!([marketplace_of("EU")]));
}

/// Each seller's mailbox has only its own, and the owner's has both.
#[tokio::test]
async fn two_sellers_addresses_get_their_own_news_only() {
    let Some(world) = World::find().await else { return };
    let mut told = Vec::new();
    for _ in 0..2 {
        let seller = world.subscribed_seller("EU").await;
        let address = format!("{}@example.com", seller.id.to_lowercase());
        let token = json!({
            "SellerId": seller.id, "RefreshToken": seller.refresh_token, "NotificationEmail": address,
        });
        world.post_ok("/tokens", &token).await;
        let report = world.order(&seller, "EU", LISTINGS).await;
        world.delivered(&seller, &report).await;
        told.push((seller, address, report));
    }
    let deadline = Instant::now() + PATIENCE;
    let mails = loop {
        let mails = world.mailbox.all().await.expect("read");
        if told
            .iter()
            .all(|(_, address, _)| mails.iter().any(|mail| mail.recipient == *address))
        {
            break mails;
        }
        assert!(Instant::now() < deadline, "not all come");
    };
    for (seller, address, report) in &told {
        let got: Vec<_> = mails.iter().filter(|mail| mail.recipient == *address).collect();
        assert!(
            got.iter().all(|mail| mail.seller() == Some(&seller.id)) && got.len() == 1,
            "{got:?}"
        );
        let about = mails.iter().filter(|mail| mail.concerns(&seller.id, report));
        assert_eq!(about.count(), 2, "the owner's and the seller's");
        let forgotten = world.forget(seller, &[]).await;
        assert_eq!(forgotten.status, 200, "{}", forgotten.body);
    }
}

/// Nobody is told of what is no address.
#[tokio::test]
async fn what_is_no_address_is_refused_by_its_field() {
    let Some(world) = World::find().await else { return };
    let seller = world.seller().await;
    let token = json!({
        "SellerId": seller.id, "RefreshToken": seller.refresh_token, "NotificationEmail": "Ann <ann@example.com>",
    });
    let answer = world.post("/tokens", &token).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (400, &json!("NotificationEmail"))
    );
}
