use std::time::SystemTime;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::PipelineError;
use crate::domain::news::News;

/// What every event says it comes from.
const SOURCE: &str = "sp-reports";

/// The account's default event bus, on which programs are told of every report; or none.
#[derive(Clone, Debug)]
pub struct EventBus(Option<aws_sdk_eventbridge::Client>);

impl EventBus {
    /// The default bus of the client's account.
    #[must_use]
    pub fn new(client: aws_sdk_eventbridge::Client) -> Self {
        Self(Some(client))
    }

    /// None: there are no events.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Puts the news on the bus. Put twice, they are two events with the same news id.
    ///
    /// # Errors
    /// EventBridge failed.
    pub async fn put(&self, news: &News) -> Result<(), PipelineError> {
        let Some(client) = &self.0 else {
            return Ok(());
        };
        let event = PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(news.kind.as_str())
            .detail(news.to_json())
            .time(SystemTime::from(news.time).into())
            .build();
        let put = client
            .put_events()
            .entries(event)
            .send()
            .await
            .map_err(|error| PipelineError::aws("EventBridge", &error))?;
        // Refused events come with the status of success.
        match put.entries().iter().find_map(|entry| entry.error_code()) {
            None if put.failed_entry_count() == 0 => Ok(()),
            code => {
                let words = put.entries().iter().find_map(|entry| entry.error_message());
                Err(PipelineError::aws_refusal(
                    "EventBridge",
                    code.unwrap_or("UnknownError"),
                    words,
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
    use aws_sdk_eventbridge::types::PutEventsResultEntry;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::domain::news::tests::delivered;

    async fn put(rule: &Rule) -> Result<(), PipelineError> {
        let client = mock_client!(aws_sdk_eventbridge, RuleMode::MatchAny, &[rule]);
        EventBus::new(client).put(&delivered()).await
    }

    #[tokio::test]
    async fn an_event_can_be_chosen_by_what_happened() {
        let rule = mock!(aws_sdk_eventbridge::Client::put_events)
            .match_requests(|request| {
                let [event] = request.entries() else {
                    return false;
                };
                (event.source(), event.detail_type(), event.event_bus_name())
                    == (Some("sp-reports"), Some("ReportDelivered"), None)
                    && event.detail() == Some(&delivered().to_json())
            })
            .then_output(|| PutEventsOutput::builder().build());
        put(&rule).await.expect("put");
        assert_eq!(rule.num_calls(), 1);
        EventBus::none().put(&delivered()).await.expect("nothing to do");
    }

    #[tokio::test]
    async fn an_event_that_was_not_taken_is_an_error() {
        for (code, name) in [
            ("ThrottlingException", "Transient"),
            ("InternalFailure", "Transient"),
            ("NotAuthorizedForSourceException", "AwsRefused"),
        ] {
            let refused = mock!(aws_sdk_eventbridge::Client::put_events).then_output(move || {
                let entry = PutEventsResultEntry::builder().error_code(code).build();
                PutEventsOutput::builder()
                    .failed_entry_count(1)
                    .entries(entry)
                    .build()
            });
            assert_eq!(put(&refused).await.expect_err("refused").name(), name, "{code}");
        }
    }
}
