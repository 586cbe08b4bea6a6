use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use pipeline::adapters::{Started, Workflow};
use pipeline::domain::Notification;

/// Starts an execution for every report in the batch. What fails is named, so that the queue delivers
/// only that again, and after some attempts hands it to the dead-letter queue.
pub async fn process(workflow: &Workflow, batch: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        if let Err(error) = process_message(workflow, &message).await {
            let message_id = message.message_id.unwrap_or_default();
            tracing::error!(message_id, "{error}");
            response.add_failure(message_id);
        }
    }
    response
}

async fn process_message(
    workflow: &Workflow,
    message: &SqsMessage,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match Notification::parse(message.body.as_deref().unwrap_or_default())? {
        Notification::ReportFinished(report) => {
            let started = workflow.start(&report).await?;
            let note = match started {
                Started::New => "delivery started",
                Started::Before => "notified before; nothing to do",
            };
            tracing::info!(
                seller_id = report.seller_id.as_str(),
                report_id = report.report_id.as_str(),
                processing_status = report.processing_status.as_str(),
                "{note}"
            );
        }
        Notification::OfAnotherType(notification_type) => {
            tracing::info!(notification_type, "skipped: not a finished report");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::operation::start_execution::{StartExecutionError, StartExecutionOutput};
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::error::ExecutionAlreadyExists;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::json;

    use super::*;

    fn report(report_id: &str) -> String {
        json!({
            "notificationType": "REPORT_PROCESSING_FINISHED",
            "payload": {"reportProcessingFinishedNotification": {
                "sellerId": "A3", "accountId": "amzn1.merchant.o.A3", "reportId": report_id,
                "reportType": "GET_X", "processingStatus": "DONE", "reportDocumentId": "d",
            }},
        })
        .to_string()
    }

    fn started() -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution).then_output(|| {
            let output = StartExecutionOutput::builder()
                .execution_arn("arn")
                .start_date(DateTime::from_secs(0));
            output.build().expect("complete")
        })
    }

    async fn failures(rule: &Rule, bodies: &[String]) -> Vec<String> {
        let records: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(i, body)| json!({"messageId": i.to_string(), "body": body}))
            .collect();
        let batch = serde_json::from_value(json!({"Records": records})).expect("a batch");
        let client = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[rule]);
        let response = process(&Workflow::new(client, "arn:machine".into()), batch).await;
        response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect()
    }

    #[tokio::test]
    async fn one_bad_message_does_not_hold_up_the_others() {
        let rule = started();
        let bodies = [report("1"), "garbage".to_owned(), report("2")];
        assert_eq!(failures(&rule, &bodies).await, ["1"]);
        assert_eq!(rule.num_calls(), 2);
    }

    #[tokio::test]
    async fn other_types_are_skipped_knowingly() {
        let rule = started();
        let other = json!({"notificationType": "ANY_OFFER_CHANGED", "payload": {}}).to_string();
        assert!(failures(&rule, &[other]).await.is_empty());
        assert_eq!(rule.num_calls(), 0);
    }

    #[tokio::test]
    async fn a_repeated_notification_is_no_failure() {
        let rule = mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::ExecutionAlreadyExists(ExecutionAlreadyExists::builder().build())
        });
        assert!(failures(&rule, &[report("1"), report("1")]).await.is_empty());
    }
}
