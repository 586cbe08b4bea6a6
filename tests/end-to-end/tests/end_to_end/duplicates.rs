use serde_json::json;

use crate::world::{LISTINGS, PATIENCE, World};

/// Ten copies of one notification: one execution, one object, one e-mail.
#[tokio::test]
async fn a_notification_sent_ten_times_is_one_delivery() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    world
        .simulator
        .script(&seller.id, json!({"copies": 10}))
        .await
        .expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;

    // The proof needs the copies to have been handled: a later report of the same seller, announced
    // after them, has gone the whole way.
    let later = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &later).await;
    wait_until_the_queue_is_empty(&world).await;

    let mut names = world
        .executions
        .names(&format!("{}_", seller.id))
        .await
        .expect("listed");
    names.sort();
    let mut expected = [
        format!("{}_{report}", seller.id),
        format!("{}_{later}", seller.id),
    ];
    expected.sort();
    match world.stack.has_express_lane() {
        false => assert_eq!(names, expected),
        true => assert_eq!(names, [""; 0], "nothing had to be handed over"),
    }
    assert_eq!(world.objects(&seller).await.len(), 2);
    world
        .mailbox
        .wait_for(&seller.id, &report, PATIENCE)
        .await
        .expect("an e-mail comes");
    assert_eq!(
        world
            .mailbox
            .all_about(&seller.id, &report)
            .await
            .expect("read")
            .len(),
        1
    );
}

async fn wait_until_the_queue_is_empty(world: &World) {
    use aws_sdk_sqs::types::QueueAttributeName::{
        ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesNotVisible as InWork,
    };
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let answer = world
            .stack
            .sqs()
            .get_queue_attributes()
            .queue_url(world.stack.output("NOTIFICATIONS_QUEUE_URL").expect("set"))
            .attribute_names(Waiting)
            .attribute_names(InWork)
            .send()
            .await
            .expect("the queue can be asked");
        let attributes = answer.attributes().expect("attributes");
        // Other tests' messages may be in work at any time.
        if attributes.get(&Waiting).is_some_and(|count| count == "0") {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the queue does not drain: {attributes:?}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
