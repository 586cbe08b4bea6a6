//! What can't be read, and how it is tried again.
//!
//! The tests share one dead-letter queue, and a redrive moves all that is in it. Garbage comes back, and
//! a letter that somebody else is looking at right now is moved the next time.

use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::Message;
use serde_json::json;

use crate::failures::notification;
use crate::world::{LISTINGS, PATIENCE, World, new_seller_id};

/// So long nobody else sees a letter that a test has looked at.
const GLANCE_SECONDS: i32 = 2;

/// Garbage is put aside with its reason, and holds up nobody.
#[tokio::test]
async fn garbage_is_put_aside_with_its_reason() {
    let Some(world) = World::find().await else { return };
    let queue = world.stack.output("NOTIFICATIONS_QUEUE_ARN").expect("set");
    let garbage = format!("garbage {}", new_seller_id());
    world
        .simulator
        .send_message(&queue, &garbage)
        .await
        .expect("sent");

    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;

    let letter = letter(&world, &garbage).await;
    assert_eq!(
        attribute(&letter, "ErrorType"),
        Some("UnreadableNotification"),
        "{letter:?}"
    );
    assert!(
        attribute(&letter, "ErrorMessage").is_some_and(|it| it.contains("no notification of Amazon's")),
        "{letter:?}"
    );
}

/// A letter that should never have got there: whatever was wrong is mended, and it is sent through again.
#[tokio::test]
async fn a_dead_letter_that_is_sent_through_again_is_delivered() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let report = world
        .simulator
        .report_made_elsewhere(&seller.id, "EU", LISTINGS, json!({"notify": false}))
        .await
        .expect("made");
    let made = world.finished(&seller, &report).await;
    let document = made["documentId"].as_str().expect("a document");
    let sent = world
        .stack
        .sqs()
        .send_message()
        .queue_url(world.stack.output("DEAD_LETTER_QUEUE_URL").expect("set"))
        .message_body(notification(&seller.id, &report, "DONE", document))
        .send()
        .await
        .expect("sent");
    let letter = sent.message_id().expect("it has a name");

    let deadline = Instant::now() + PATIENCE;
    while !redrive().await.contains(letter) {
        assert!(Instant::now() < deadline, "{letter} is not moved");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
}

/// Moves what is there, and gives what is said about it.
async fn redrive() -> String {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_redrive"))
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits for the dead letter with that text, and takes it away.
async fn letter(world: &World, body: &str) -> Message {
    let dead_letters = world.stack.output("DEAD_LETTER_QUEUE_URL").expect("set");
    let sqs = world.stack.sqs();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let received = sqs
            .receive_message()
            .queue_url(&dead_letters)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .visibility_timeout(GLANCE_SECONDS)
            .message_attribute_names("All")
            .send()
            .await
            .expect("the dead-letter queue can be read");
        let letters = received.messages.unwrap_or_default();
        if let Some(letter) = letters.into_iter().find(|it| it.body() == Some(body)) {
            sqs.delete_message()
                .queue_url(&dead_letters)
                .receipt_handle(letter.receipt_handle().expect("a receipt"))
                .send()
                .await
                .expect("taken away");
            return letter;
        }
        assert!(Instant::now() < deadline, "no dead letter says {body}");
    }
}

fn attribute<'a>(letter: &'a Message, name: &str) -> Option<&'a str> {
    letter.message_attributes()?.get(name)?.string_value()
}
