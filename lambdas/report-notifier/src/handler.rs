use std::cell::Cell;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, LedgerRow, Teller};
use pipeline::domain::backfill::BackfillId;
use pipeline::domain::news::{Circumstances, News};
use pipeline::domain::order::FailedOrder;
use pipeline::domain::stages::Outcome;
use pipeline::domain::{Announcement, FinalStatus, FinishedReport, Retention};
use pipeline::logging::About;
use pipeline::metrics::{self, Metric};
use pipeline::telling::{Publisher, TakenTurn};
use pipeline::{PipelineError, StageError, persistently};
use serde::Deserialize;
use sp_api::RegionCode;

/// What notifying needs.
pub struct Notifier {
    pub publisher: Publisher,
    /// The bucket that the documents are in.
    pub reports_bucket: String,
    pub selling_partners_table: String,
    /// How long most reports stay.
    pub retention_days: u32,
}

/// What has come to its end.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Ending {
    /// How a report's delivery ended.
    Report(Box<Outcome>),
    /// That an order could not be placed.
    FailedOrder(Box<FailedOrder>),
}

impl Notifier {
    /// Sends the e-mail, then completes the row. This function's invocation is called `request_id` and
    /// ends until `deadline`.
    ///
    /// An e-mail that the ledger knows of is not sent again, and of two executions that come here at
    /// the same time one waits for the other. Between SNS's yes and the ledger's there is an instant in
    /// which this function can die; then the e-mail is sent a second time.
    pub async fn notify(
        &self,
        ending: Ending,
        request_id: &str,
        deadline: SystemTime,
    ) -> Result<(), StageError> {
        let teller = Teller::of_invocation(request_id, deadline)?;
        match ending {
            Ending::Report(outcome) => self.notify_of_report(&outcome, teller).await?,
            Ending::FailedOrder(order) => self.notify_of_order(&order, teller).await?,
        }
        Ok(())
    }

    async fn notify_of_report(&self, outcome: &Outcome, teller: Teller<'_>) -> Result<(), PipelineError> {
        let report = &outcome.report;
        let kind = match outcome.failure {
            None => AnnouncementKind::End,
            Some(_) => AnnouncementKind::Failure,
        };
        let about = About::report(&report.seller_id, &report.report_id);
        about.is_all_of_the_invocation();
        let row = (&report.seller_id, report.report_id.as_str());
        let Some(turn) = self.publisher.take_turn(row, kind, teller).await? else {
            return Ok(());
        };
        about.as_in(Some(&turn.row)).is_all_of_the_invocation();
        // A message without a region is better than none: the region is for filters only.
        let region = self
            .publisher
            .ledger()
            .region_of(Some(&turn.row), &report.seller_id, &self.selling_partners_table)
            .await
            .inspect_err(|error| tracing::warn!("{error}"))
            .ok();
        if let Some(backfill) = turn.row.backfill()
            && self.is_ended_in(&backfill, outcome, region, &turn).await?
        {
            count_end(outcome, &turn.row);
            tracing::info!("{about} {}, as a part of what was there before", ending(outcome));
            return Ok(());
        }
        let particulars = turn.row.particulars();
        let told = Circumstances {
            region,
            particulars: &particulars,
            releases: turn.row.releases(),
            now: Timestamp::now(),
        };
        let news = News::of_outcome(outcome, &self.reports_bucket, &told);
        turn.publish(&news, &Announcement::of(outcome, &told)).await?;
        // Counted with the news: what comes a second time after this has been told a second time.
        count_end(outcome, &turn.row);
        tracing::info!("{about} {}, and that is told", ending(outcome));
        persistently(|| self.record(outcome, region)).await
    }

    /// Whether a report has ended as a part of a backfill, of which the seller is told at once. Otherwise
    /// that has been done, and this report has an e-mail of its own.
    async fn is_ended_in(
        &self,
        backfill: &BackfillId,
        outcome: &Outcome,
        region: Option<RegionCode>,
        turn: &TakenTurn<'_>,
    ) -> Result<bool, PipelineError> {
        let (ledger, row, report) = (self.publisher.ledger(), &turn.row, &outcome.report);
        let is_in = &Cell::new(false);
        let ended = persistently(|| async move {
            let ended = match outcome.failure {
                Some(_) => ledger.record_backfill_failure(row, backfill, report).await?,
                None => {
                    let (stored, kept) = (outcome.stored_document.as_ref(), self.kept(report));
                    ledger
                        .record_backfilled(row, backfill, report, region, stored, kept)
                        .await?
                }
            };
            is_in.set(ended);
            Ok(())
        });
        if let Err(error) = ended.await {
            turn.give_back().await;
            return Err(error);
        }
        Ok(is_in.get())
    }

    fn kept(&self, report: &FinishedReport) -> Duration {
        Retention::of(&report.report_type, report.processing_status).kept(self.retention_days)
    }

    async fn record(&self, outcome: &Outcome, region: Option<RegionCode>) -> Result<(), PipelineError> {
        let (ledger, report) = (self.publisher.ledger(), &outcome.report);
        if outcome.failure.is_some() {
            let row = (&report.seller_id, report.report_id.as_str());
            return ledger.record_failure_announcement(row).await;
        }
        ledger
            .record_announcement(
                report,
                region,
                outcome.stored_document.as_ref(),
                self.kept(report),
            )
            .await
    }

    async fn notify_of_order(&self, order: &FailedOrder, teller: Teller<'_>) -> Result<(), PipelineError> {
        let about = About::order(&order.seller_id, &order.request_id).in_region(order.region_code);
        about.is_all_of_the_invocation();
        let row = (&order.seller_id, order.request_id.as_str());
        let turn = self
            .publisher
            .take_turn(row, AnnouncementKind::Failure, teller)
            .await?;
        let Some(turn) = turn else {
            return Ok(());
        };
        let particulars = turn.row.particulars();
        let told = Circumstances {
            region: Some(order.region_code),
            particulars: &particulars,
            releases: turn.row.releases(),
            now: Timestamp::now(),
        };
        let news = News::of_failed_order(order, &told);
        turn.publish(&news, &Announcement::of_failed_order(order, &told))
            .await?;
        Metric::Reports(metrics::Outcome::NotOrdered).count();
        tracing::info!(
            "{about} has failed with {}, and that is told",
            order.failure.error
        );
        persistently(|| self.publisher.ledger().record_failure_announcement(row)).await
    }
}

/// Counts how a report has ended, with how long that took.
fn count_end(outcome: &Outcome, row: &LedgerRow) {
    if outcome.failure.is_some() {
        return Metric::Reports(metrics::Outcome::NotDelivered).count();
    }
    let bytes = outcome.stored_document.as_ref().map(|stored| stored.bytes);
    metrics::of_delivery(row, outcome.report.processing_status, bytes, Timestamp::now()).emit();
}

/// How a report has ended, for the log.
fn ending(outcome: &Outcome) -> String {
    match (&outcome.failure, outcome.report.processing_status) {
        (Some(failure), _) => format!("is not delivered, because of {}", failure.error),
        (None, FinalStatus::Done) => "is delivered".to_owned(),
        (None, FinalStatus::Cancelled) => "is cancelled by Amazon".to_owned(),
        (None, FinalStatus::Fatal) => "has failed at Amazon".to_owned(),
        (None, FinalStatus::Dropped) => "is dropped by Amazon".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::transact_write_items::{
        TransactWriteItemsError, TransactWriteItemsOutput,
    };
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::{
        ConditionalCheckFailedException, ProvisionedThroughputExceededException, ResourceNotFoundException,
        TransactionCanceledException,
    };
    use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::adapters::Ledger;
    use serde_json::{Value, json};

    use super::*;

    fn publisher(publish: &Rule, dynamodb: aws_sdk_dynamodb::Client) -> Publisher {
        test_doubles::publisher(publish, Ledger::new(dynamodb, "reports".into()))
    }

    /// Notifies, where `update` answers the ledger's writes.
    async fn notify(news: Value, publish: &Rule, update: &Rule) -> Result<(), StageError> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get, update]);
        let notifier = Notifier {
            publisher: publisher(publish, dynamodb),
            reports_bucket: "bucket".into(),
            selling_partners_table: "partners".into(),
            retention_days: 540,
        };
        let deadline = SystemTime::now() + Duration::from_secs(30);
        notifier
            .notify(serde_json::from_value(news).expect("news"), "request-1", deadline)
            .await
    }

    /// Every write succeeds.
    fn update() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
    }

    /// No write succeeds, as the row has this attribute.
    fn refused(attribute: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(move || {
            let time = AttributeValue::S("2026-11-22T05:00:00.000Z".to_owned());
            let error = ConditionalCheckFailedException::builder()
                .item(attribute, time)
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    fn says(request: &UpdateItemInput, words: &str) -> bool {
        request.update_expression().is_some_and(|it| it.contains(words))
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
        notify(cancelled(), &publish, &update).await.expect("notified");
        // The turn is taken, a slot for the seller's e-mail and for the owner's, and the row completed.
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 4));
    }

    #[tokio::test]
    async fn what_the_ledger_knows_is_told_is_not_told_again() {
        let publish = publish();
        notify(cancelled(), &publish, &refused("announcedAt"))
            .await
            .expect("nothing to do");
        notify(failed(), &publish, &refused("failureAnnouncedAt"))
            .await
            .expect("nothing to do");
        assert_eq!(publish.num_calls(), 0);
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
            .match_requests(|request| {
                [
                    "SET announcingUntil",
                    "SET slot1",
                    "SET failureAnnouncedAt = :now",
                ]
                .iter()
                .any(|words| says(request, words))
            })
            .then_output(|| UpdateItemOutput::builder().build());
        notify(failed(), &publish, &update).await.expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 3));
    }

    /// Notifies of a report that belongs to a backfill, whose transactions come to `transacted`.
    async fn notify_in_backfill(news: Value, transacted: &Rule, publish: &Rule, update: &Rule) {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[transacted, update]);
        let notifier = Notifier {
            publisher: publisher(publish, dynamodb),
            reports_bucket: "bucket".into(),
            selling_partners_table: "partners".into(),
            retention_days: 540,
        };
        let news = serde_json::from_value(news).expect("news");
        let deadline = SystemTime::now() + Duration::from_secs(30);
        notifier
            .notify(news, "request-1", deadline)
            .await
            .expect("notified");
    }

    /// Every write succeeds, to a row of a backfill.
    fn update_in_backfill() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| {
            let text = |value: &str| AttributeValue::S(value.to_owned());
            UpdateItemOutput::builder()
                .attributes("backfill", text("A3-1"))
                .attributes("regionCode", text("EU"))
                .build()
        })
    }

    #[tokio::test]
    async fn what_belongs_to_a_backfill_ends_without_an_email_of_its_own() {
        for news in [cancelled(), failed()] {
            let ended = mock!(aws_sdk_dynamodb::Client::transact_write_items)
                .match_requests(|request| request.transact_items().len() == 2)
                .then_output(|| TransactWriteItemsOutput::builder().build());
            let (publish, update) = (publish(), update_in_backfill());
            notify_in_backfill(news, &ended, &publish, &update).await;
            // The turn is all that is written by itself.
            let calls = (ended.num_calls(), publish.num_calls(), update.num_calls());
            assert_eq!(calls, (1, 0, 1));
        }
    }

    #[tokio::test]
    async fn what_ends_after_its_backfill_was_told_of_has_an_email_of_its_own() {
        for (news, recipients) in [(cancelled(), 2), (failed(), 1)] {
            let closed = mock!(aws_sdk_dynamodb::Client::transact_write_items).then_error(|| {
                let reasons = ["None", "ConditionalCheckFailed"]
                    .map(|code| CancellationReason::builder().code(code).build());
                let error = TransactionCanceledException::builder()
                    .set_cancellation_reasons(Some(reasons.to_vec()))
                    .build();
                TransactWriteItemsError::TransactionCanceledException(error)
            });
            let (publish, update) = (publish(), update_in_backfill());
            notify_in_backfill(news, &closed, &publish, &update).await;
            let calls = (closed.num_calls(), publish.num_calls(), update.num_calls());
            // The turn, a slot for each recipient, and the row.
            assert_eq!(calls, (1, 1, 2 + recipients));
        }
    }

    #[tokio::test]
    async fn an_order_that_failed_is_told() {
        let publish = mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                request
                    .subject()
                    .is_some_and(|it| it.starts_with("Amazon report not ordered: GET_X, "))
                    && request.message().is_some_and(|it| it.contains("order-"))
            })
            .then_output(|| PublishOutput::builder().build());
        let update = update();
        let news = json!({
            "SellerId": "A3", "RequestId": format!("order-{:032x}", 1), "RegionCode": "EU", "ReportType": "GET_X",
            "Placement": {"Status": "WAITING"}, "Failure": {"Error": "Rejected", "Cause": ""},
        });
        notify(news, &publish, &update).await.expect("notified");
        assert_eq!((publish.num_calls(), update.num_calls()), (1, 3));
    }

    #[tokio::test]
    async fn a_throttled_ledger_does_not_send_the_message_twice() {
        let throttled = mock!(aws_sdk_dynamodb::Client::update_item)
            .sequence()
            .output(|| UpdateItemOutput::builder().build())
            .times(3)
            .error(|| {
                let error = ProvisionedThroughputExceededException::builder().build();
                UpdateItemError::ProvisionedThroughputExceededException(error)
            })
            .times(2)
            .output(|| UpdateItemOutput::builder().build())
            .build();
        let publish = publish();
        notify(cancelled(), &publish, &throttled).await.expect("notified");
        assert_eq!((publish.num_calls(), throttled.num_calls()), (1, 6));
    }

    #[tokio::test]
    async fn a_ledger_that_refuses_is_an_error() {
        let gone = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            UpdateItemError::ResourceNotFoundException(ResourceNotFoundException::builder().build())
        });
        let publish = publish();
        assert!(notify(cancelled(), &publish, &gone).await.is_err());
        assert_eq!(publish.num_calls(), 0);
    }
}
