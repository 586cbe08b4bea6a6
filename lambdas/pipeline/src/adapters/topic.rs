use crate::PipelineError;
use crate::domain::Announcement;
use aws_sdk_sns::types::MessageAttributeValue;

/// The topic whose subscribers are told of every report.
#[derive(Clone, Debug)]
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl Topic {
    /// The topic with that ARN.
    #[must_use]
    pub fn new(client: aws_sdk_sns::Client, arn: String) -> Self {
        Self { client, arn }
    }

    /// Sends `announcement`, with attributes that a subscription's filter policy can choose by.
    ///
    /// # Errors
    /// SNS failed.
    pub async fn publish(
        &self,
        announcement: &Announcement,
        attributes: &[(&str, &str)],
    ) -> Result<(), PipelineError> {
        let mut message = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(&announcement.subject)
            .message(&announcement.text);
        for (name, value) in attributes {
            message = message.message_attributes(*name, attribute(value));
        }
        message
            .send()
            .await
            .map_err(|error| PipelineError::aws("SNS", &error))?;
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

#[cfg(test)]
mod tests {
    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn subscribers_can_filter_by_attributes() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                let attributes = request.message_attributes().expect("attributes");
                request.subject() == Some("s")
                    && request.message() == Some("t")
                    && attributes["SellerId"].string_value() == Some("A3")
                    && attributes.len() == 1
            })
            .then_output(|| PublishOutput::builder().build());
        let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&publish]);
        let announcement = Announcement {
            subject: "s".into(),
            text: "t".into(),
        };
        let topic = Topic::new(client, "arn:topic".into());
        topic
            .publish(&announcement, &[("SellerId", "A3")])
            .await
            .expect("published");
        assert_eq!(publish.num_calls(), 1);
    }
}
