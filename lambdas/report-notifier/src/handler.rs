use pipeline::adapters::{Ledger, LedgerRow, Topic};
use pipeline::domain::Announcement;
use pipeline::domain::order::FailedOrder;
use pipeline::domain::stages::Outcome;
use pipeline::{PipelineError, StageError, persistently};
use serde::Deserialize;
use sp_api::RegionCode;

/// What notifying needs.
pub struct Notifier {
    pub topic: Topic,
    pub ledger: Ledger,
    pub selling_partners_table: String,
}

/// What there is to tell.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum News {
    /// How a report's delivery ended.
    Report(Box<Outcome>),
    /// That an order could not be placed.
    FailedOrder(Box<FailedOrder>),
}

impl Notifier {
    /// Sends the e-mail, then completes the row.
    ///
    /// An e-mail that the ledger knows of is not sent again. Between SNS's yes and the ledger's there
    /// is an instant in which this function can die; then the e-mail is sent a second time.
    pub async fn notify(&self, news: News) -> Result<(), StageError> {
        let told = match news {
            News::Report(outcome) => self.notify_of_report(&outcome).await,
            News::FailedOrder(order) => self.notify_of_order(&order).await,
        };
        Ok(told?)
    }

    async fn notify_of_report(&self, outcome: &Outcome) -> Result<(), PipelineError> {
        let report = &outcome.report;
        let (seller, id) = (&report.seller_id, report.report_id.as_str());
        let row = self.ledger.row(seller, id).await?;
        if is_told(row.as_ref(), outcome.failure.is_some()) {
            tracing::info!(%seller, id, "told before; nothing to do");
            return Ok(());
        }
        // A message without a region is better than none: the region is for filters only.
        let region = self
            .ledger
            .region_of(row.as_ref(), seller, &self.selling_partners_table)
            .await
            .inspect_err(|error| tracing::warn!("{error}"))
            .ok();
        let mut attributes = vec![
            ("SellerId", seller.as_str()),
            ("ReportType", report.report_type.as_str()),
            ("ProcessingStatus", report.processing_status.as_str()),
        ];
        attributes.extend(region.map(|region| ("RegionCode", region.as_str())));
        self.topic
            .publish(&Announcement::of(outcome, region), &attributes)
            .await?;
        persistently(|| self.record(outcome, region)).await
    }

    async fn record(&self, outcome: &Outcome, region: Option<RegionCode>) -> Result<(), PipelineError> {
        let report = &outcome.report;
        if outcome.failure.is_some() {
            let id = report.report_id.as_str();
            return self
                .ledger
                .record_failure_announcement(&report.seller_id, id)
                .await;
        }
        self.ledger
            .record_announcement(report, region, outcome.stored_document.as_ref())
            .await
    }

    async fn notify_of_order(&self, order: &FailedOrder) -> Result<(), PipelineError> {
        let (seller, id) = (&order.seller_id, order.request_id.as_str());
        let row = self.ledger.row(seller, id).await?;
        if is_told(row.as_ref(), true) {
            return Ok(());
        }
        let attributes = [
            ("SellerId", seller.as_str()),
            ("ReportType", order.report_type.as_str()),
            ("RegionCode", order.region_code.as_str()),
        ];
        self.topic
            .publish(&Announcement::of_failed_order(order), &attributes)
            .await?;
        persistently(|| self.ledger.record_failure_announcement(seller, id)).await
    }
}

/// Whether the ledger knows that these news were told.
fn is_told(row: Option<&LedgerRow>, failed: bool) -> bool {
    let told = |at: &str| row.is_some_and(|row| row.time(at).is_some());
    // A failure that comes after the good news is none to tell of.
    told("announcedAt") || (failed && told("failureAnnouncedAt"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_dynamodb::types::error::{ProvisionedThroughputExceededException, ResourceNotFoundException};
    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::{Value, json};

    use super::*;

    const TIME: &str = "2026-11-22T05:00:00.000Z";

    /// Notifies, where the ledger's row has these attributes.
    async fn notify(
        news: Value,
        row: &'static [&'static str],
        publish: &Rule,
        update: &Rule,
    ) -> Result<(), StageError> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            let item = row
                .iter()
                .map(|name| ((*name).to_owned(), AttributeValue::S(TIME.to_owned())));
            GetItemOutput::builder().set_item(Some(item.collect())).build()
        });
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get, update]);
        let notifier = Notifier {
            topic: Topic::new(
                mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[publish]),
                "arn:topic".into(),
            ),
            ledger: Ledger::new(dynamodb, "reports".into()),
            selling_partners_table: "partners".into(),
        };
        notifier.notify(serde_json::from_value(news).expect("news")).await
    }

    fn update() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
    }

    fn publish() -> Rule {
        mock!(aws_sdk_sns::Client::publish).then_output(|| PublishOutput::builder().build())
    }

    fn cancelled() -> Value {
        json!({"SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "CANCELLED"})
    }

    fn failed() -> Value {
        let mut outcome = cancelled();
        outcome["ProcessingStatus"] = json!("DONE");
        outcome["Failure"] = json!({"Error": "SellerNotFound", "Cause": ""});
        outcome
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
        notify(cancelled(), &[], &publish, &update)
            .await
            .expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn what_the_ledger_knows_is_told_is_not_told_again() {
        let (publish, update) = (publish(), update());
        notify(cancelled(), &["announcedAt"], &publish, &update)
            .await
            .expect("nothing to do");
        notify(failed(), &["failureAnnouncedAt"], &publish, &update)
            .await
            .expect("nothing to do");
        notify(failed(), &["announcedAt"], &publish, &update)
            .await
            .expect("nothing to do");
        assert_eq!((publish.num_calls(), update.num_calls()), (0, 0));
        // Good news after bad ones are news.
        notify(cancelled(), &["failureAnnouncedAt"], &publish, &update)
            .await
            .expect("notified");
        assert_eq!(publish.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_failed_delivery_is_told_and_its_row_says_so() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                request
                    .subject()
                    .is_some_and(|it| it.starts_with("Amazon report not delivered"))
            })
            .then_output(|| PublishOutput::builder().build());
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| request.update_expression() == Some("SET failureAnnouncedAt = :now"))
            .then_output(|| UpdateItemOutput::builder().build());
        notify(failed(), &["failedAt"], &publish, &update)
            .await
            .expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn an_order_that_failed_is_told() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                request
                    .subject()
                    .is_some_and(|it| it.starts_with("Amazon report not ordered: GET_X"))
                    && request.message().is_some_and(|it| it.contains("order-"))
            })
            .then_output(|| PublishOutput::builder().build());
        let update = update();
        let news = json!({
            "SellerId": "A3", "RequestId": format!("order-{:032x}", 1), "RegionCode": "EU", "ReportType": "GET_X",
            "Placement": {"Status": "WAITING"}, "Failure": {"Error": "Rejected", "Cause": ""},
        });
        notify(news, &[], &publish, &update).await.expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn a_throttled_ledger_does_not_send_the_message_twice() {
        let throttled = mock!(aws_sdk_dynamodb::Client::update_item)
            .sequence()
            .error(|| {
                let error = ProvisionedThroughputExceededException::builder().build();
                UpdateItemError::ProvisionedThroughputExceededException(error)
            })
            .times(2)
            .output(|| UpdateItemOutput::builder().build())
            .build();
        let publish = publish();
        notify(cancelled(), &[], &publish, &throttled)
            .await
            .expect("notified");
        assert_eq!((publish.num_calls(), throttled.num_calls()), (1, 3));
    }

    #[tokio::test]
    async fn a_ledger_that_refuses_is_an_error() {
        let gone = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            UpdateItemError::ResourceNotFoundException(ResourceNotFoundException::builder().build())
        });
        assert!(notify(cancelled(), &[], &publish(), &gone).await.is_err());
    }
}
