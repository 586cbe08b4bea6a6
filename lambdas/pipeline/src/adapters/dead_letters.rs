use aws_sdk_sqs::types::MessageAttributeValue;

use crate::PipelineError;

/// SQS's limit for a message with its attributes is a megabyte; a reason needs no more than this.
const LONGEST_REASON: usize = 1000;

/// The queue for messages that can't be processed.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

impl DeadLetters {
    /// The queue with that URL.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }

    /// Puts a message aside, with the reason as the attributes `ErrorType` and `ErrorMessage`.
    ///
    /// # Errors
    /// SQS failed.
    pub async fn put_aside(
        &self,
        body: &str,
        error_type: &str,
        error_message: &str,
    ) -> Result<(), PipelineError> {
        let message: String = error_message.chars().take(LONGEST_REASON).collect();
        self.client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .message_attributes("ErrorType", attribute(error_type))
            .message_attributes("ErrorMessage", attribute(&message))
            .send()
            .await
            .map_err(|error| PipelineError::aws("SQS", &error))?;
        Ok(())
    }
}

fn attribute(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .expect("a data type is all it needs")
}
