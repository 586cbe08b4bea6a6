//! `cargo local redrive`: moves dead letters back to the notifications queue, as
//! `aws sqs start-message-move-task` does on AWS.

use std::process::ExitCode;

use anyhow::{Context, Result};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use end_to_end::Stack;

/// Longer than all of them take: nobody else may move the same letters meanwhile.
const HIDDEN_SECONDS: i32 = 300;
/// As many as SQS hands out at once.
const BATCH: i32 = 10;
/// Long enough for SQS to ask all of its servers.
const WAIT_SECONDS: i32 = 1;
/// A longer explanation is for `aws sqs receive-message`.
const WIDEST_MESSAGE: usize = 80;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let stack = Stack::from_env().await?;
    let queues = Queues {
        sqs: stack.sqs(),
        dead_letters: stack.output("DEAD_LETTER_QUEUE_URL")?,
        notifications: stack.output("NOTIFICATIONS_QUEUE_URL")?,
    };
    let letters = queues.dead_letters().await?;
    if letters.is_empty() {
        println!("There are no dead letters.");
        return Ok(());
    }
    println!("{}", table(&letters));
    for letter in &letters {
        queues.move_back(letter).await?;
    }
    println!("{} moved back to the notifications queue.", count(letters.len()));
    Ok(())
}

/// Where letters come from and go to.
struct Queues {
    sqs: Client,
    dead_letters: String,
    notifications: String,
}

impl Queues {
    /// All dead letters that nobody else is at work on. For a while nobody else gets them.
    async fn dead_letters(&self) -> Result<Vec<Message>> {
        let mut letters = Vec::new();
        loop {
            let answer = self
                .sqs
                .receive_message()
                .queue_url(&self.dead_letters)
                .max_number_of_messages(BATCH)
                .wait_time_seconds(WAIT_SECONDS)
                .visibility_timeout(HIDDEN_SECONDS)
                .message_attribute_names("All")
                .send()
                .await
                .context("the dead-letter queue can't be read")?;
            match answer.messages {
                Some(messages) if !messages.is_empty() => letters.extend(messages),
                _ => return Ok(letters),
            }
        }
    }

    /// Moves a letter. Should this end in the middle, it is in both queues and not in none: a
    /// report that is announced twice is delivered once.
    async fn move_back(&self, letter: &Message) -> Result<()> {
        let id = letter.message_id().unwrap_or_default();
        let receipt = letter
            .receipt_handle()
            .with_context(|| format!("{id} has no receipt"))?;
        self.sqs
            .send_message()
            .queue_url(&self.notifications)
            .message_body(letter.body().unwrap_or_default())
            .set_message_attributes(letter.message_attributes.clone())
            .send()
            .await
            .with_context(|| format!("{id} can't be sent to the notifications queue"))?;
        self.sqs
            .delete_message()
            .queue_url(&self.dead_letters)
            .receipt_handle(receipt)
            .send()
            .await
            .with_context(|| format!("{id} is in both queues: it can't be deleted from the dead letters"))?;
        Ok(())
    }
}

/// Which letters there are, and what was wrong with each.
fn table(letters: &[Message]) -> String {
    let mut rows = vec![[
        "Message".to_owned(),
        "ErrorType".to_owned(),
        "ErrorMessage".to_owned(),
    ]];
    rows.extend(letters.iter().map(|letter| {
        [
            letter.message_id().unwrap_or_default().to_owned(),
            // What a function's death or the last receive sends there, SQS doesn't explain.
            attribute(letter, "ErrorType")
                .unwrap_or("none, moved by SQS")
                .to_owned(),
            shortened(attribute(letter, "ErrorMessage").unwrap_or_default()),
        ]
    }));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    let line = |[id, kind, message]: &[String; 3]| {
        let line = format!("{id:<first$}  {kind:<second$}  {message}");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

fn attribute<'a>(letter: &'a Message, name: &str) -> Option<&'a str> {
    letter.message_attributes.as_ref()?.get(name)?.string_value()
}

/// One line, not too long.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WIDEST_MESSAGE {
        return line;
    }
    let start: String = line.chars().take(WIDEST_MESSAGE - 1).collect();
    format!("{start}…")
}

fn count(letters: usize) -> String {
    match letters {
        1 => "1 dead letter".to_owned(),
        _ => format!("{letters} dead letters"),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::operation::delete_message::DeleteMessageOutput;
    use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
    use aws_sdk_sqs::operation::send_message::{SendMessageError, SendMessageOutput};
    use aws_sdk_sqs::types::MessageAttributeValue;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    fn letter(id: &str, error: Option<(&str, &str)>) -> Result<Message> {
        let text = |value: &str| {
            let attribute = MessageAttributeValue::builder();
            attribute.data_type("String").string_value(value).build()
        };
        let mut letter = Message::builder()
            .message_id(id)
            .receipt_handle(format!("receipt-{id}"))
            .body(format!("body-{id}"));
        if let Some((kind, message)) = error {
            letter = letter
                .message_attributes("ErrorType", text(kind)?)
                .message_attributes("ErrorMessage", text(message)?);
        }
        Ok(letter.build())
    }

    fn queues(sqs: Client) -> Queues {
        Queues {
            sqs,
            dead_letters: "https://sqs/dead".to_owned(),
            notifications: "https://sqs/notifications".to_owned(),
        }
    }

    #[tokio::test]
    async fn letters_are_read_until_there_are_none() -> Result<()> {
        let (one, two) = (letter("1", None)?, letter("2", None)?);
        let receive = mock!(Client::receive_message)
            .match_requests(|request| request.queue_url() == Some("https://sqs/dead"))
            .sequence()
            .output(move || ReceiveMessageOutput::builder().messages(one.clone()).build())
            .output(move || ReceiveMessageOutput::builder().messages(two.clone()).build())
            .output(|| ReceiveMessageOutput::builder().build())
            .build();
        let queues = queues(mock_client!(aws_sdk_sqs, RuleMode::Sequential, [&receive]));
        let letters = queues.dead_letters().await?;
        let bodies: Vec<_> = letters.iter().filter_map(Message::body).collect();
        assert_eq!(bodies, ["body-1", "body-2"]);
        Ok(())
    }

    #[tokio::test]
    async fn a_letter_is_deleted_once_it_is_sent_with_all_it_had() -> Result<()> {
        let send = mock!(Client::send_message)
            .match_requests(|request| {
                request.queue_url() == Some("https://sqs/notifications")
                    && request.message_body() == Some("body-1")
                    && request
                        .message_attributes()
                        .is_some_and(|attributes| attributes.contains_key("ErrorType"))
            })
            .then_output(|| SendMessageOutput::builder().build());
        let delete = mock!(Client::delete_message)
            .match_requests(|request| {
                request.queue_url() == Some("https://sqs/dead")
                    && request.receipt_handle() == Some("receipt-1")
            })
            .then_output(|| DeleteMessageOutput::builder().build());
        let queues = queues(mock_client!(aws_sdk_sqs, RuleMode::Sequential, [&send, &delete]));
        queues
            .move_back(&letter("1", Some(("Unreadable", "no JSON")))?)
            .await?;
        assert_eq!((send.num_calls(), delete.num_calls()), (1, 1));
        Ok(())
    }

    #[tokio::test]
    async fn a_letter_that_can_not_be_sent_stays() -> Result<()> {
        let send =
            mock!(Client::send_message).then_error(|| SendMessageError::unhandled("the queue is gone"));
        let delete = mock!(Client::delete_message).then_output(|| DeleteMessageOutput::builder().build());
        let queues = queues(mock_client!(aws_sdk_sqs, RuleMode::MatchAny, [&send, &delete]));
        assert!(queues.move_back(&letter("1", None)?).await.is_err());
        assert_eq!(delete.num_calls(), 0);
        Ok(())
    }

    #[test]
    fn the_table_says_what_was_wrong() -> Result<()> {
        let long = "word ".repeat(30);
        let letters = [
            letter("m-1", Some(("Unreadable", "no\n JSON")))?,
            letter("m-22", None)?,
            letter("m-3", Some(("Refused", &long)))?,
        ];
        let shown = table(&letters);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "Message  ErrorType           ErrorMessage");
        assert_eq!(lines[1], "m-1      Unreadable          no JSON");
        assert_eq!(lines[2], "m-22     none, moved by SQS");
        assert!(
            lines[3].ends_with("word…") || lines[3].ends_with("wor…"),
            "{}",
            lines[3]
        );
        Ok(())
    }
}
