use pipeline::StageError;
use pipeline::adapters::{ReportsTable, Topic};
use pipeline::domain::Announcement;
use pipeline::domain::stages::Outcome;

/// What notifying needs.
pub struct Notifier {
    pub topic: Topic,
    pub reports: ReportsTable,
    pub selling_partners_table: String,
}

impl Notifier {
    /// Sends the e-mail, then completes the report's row. A failed delivery's row has been marked by
    /// the workflow itself, which needs no function for it.
    pub async fn notify(&self, outcome: Outcome) -> Result<(), StageError> {
        let report = &outcome.report;
        // A message without a region is better than none: the region is for filters only.
        let region = self
            .reports
            .region_of(&report.seller_id, &report.report_id, &self.selling_partners_table)
            .await
            .inspect_err(|error| tracing::warn!("{error}"))
            .ok();
        self.topic
            .publish(&Announcement::of(&outcome, region), report, region)
            .await?;
        if outcome.failure.is_none() {
            self.reports
                .record_announcement(report, region, outcome.stored_document.as_ref())
                .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::{Value, json};

    use super::*;

    async fn notify(outcome: Value, publish: &Rule, update: &Rule) -> Result<(), StageError> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get, update]);
        let notifier = Notifier {
            topic: Topic::new(
                mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[publish]),
                "arn:topic".into(),
            ),
            reports: ReportsTable::new(dynamodb, "reports".into()),
            selling_partners_table: "partners".into(),
        };
        notifier
            .notify(serde_json::from_value(outcome).expect("an outcome"))
            .await
    }

    fn update() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
    }

    #[tokio::test]
    async fn an_unknown_region_does_not_silence_the_news() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                !request
                    .message_attributes()
                    .is_some_and(|it| it.contains_key("RegionCode"))
            })
            .then_output(|| PublishOutput::builder().build());
        let update = update();
        let cancelled = json!({"SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "CANCELLED"});
        notify(cancelled, &publish, &update).await.expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn a_failed_delivery_is_told_and_its_row_left_as_marked() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                request
                    .subject()
                    .is_some_and(|it| it.starts_with("Amazon report not delivered"))
            })
            .then_output(|| PublishOutput::builder().build());
        let update = update();
        let failed = json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "Failure": {"Error": "SellerNotFound", "Cause": ""},
        });
        notify(failed, &publish, &update).await.expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 0));
    }
}
