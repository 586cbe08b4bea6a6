use aws_sdk_sns::types::MessageAttributeValue;
use sp_api::RegionCode;

use crate::PipelineError;
use crate::domain::{Announcement, FinishedReport};

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

    /// Sends `announcement`, with the attributes that a subscription's filter policy can choose by.
    ///
    /// # Errors
    /// SNS failed.
    pub async fn publish(
        &self,
        announcement: &Announcement,
        report: &FinishedReport,
        region: Option<RegionCode>,
    ) -> Result<(), PipelineError> {
        let mut message = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(&announcement.subject)
            .message(&announcement.text)
            .message_attributes("SellerId", attribute(report.seller_id.as_str()))
            .message_attributes("ReportType", attribute(report.report_type.as_str()))
            .message_attributes("ProcessingStatus", attribute(report.processing_status.as_str()));
        if let Some(region) = region {
            message = message.message_attributes("RegionCode", attribute(region.as_str()));
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
    async fn subscribers_can_filter_by_seller_type_status_and_region() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                let attributes = request.message_attributes().expect("attributes");
                let value = |name: &str| attributes[name].string_value().expect("a text");
                request.subject() == Some("s")
                    && request.message() == Some("t")
                    && value("SellerId") == "A3"
                    && value("ReportType") == "GET_X"
                    && value("ProcessingStatus") == "CANCELLED"
                    && value("RegionCode") == "EU"
            })
            .then_output(|| PublishOutput::builder().build());
        let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&publish]);
        let report = serde_json::from_value(serde_json::json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "CANCELLED",
        }))
        .expect("a report");
        let announcement = Announcement {
            subject: "s".into(),
            text: "t".into(),
        };
        let topic = Topic::new(client, "arn:topic".into());
        topic
            .publish(&announcement, &report, Some(RegionCode::Eu))
            .await
            .expect("published");
        assert_eq!(publish.num_calls(), 1);
    }
}
