use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{
    DeadLetters, KnownAccounts, KnownSellers, Ledger, Notified, Skipped, Started, StateMachine,
};
use pipeline::domain::stages::ExpressDelivery;
use pipeline::domain::{
    Account, AnnouncedReport, FinalStatus, FinishedNotice, Notification, UnreadableNotification,
};
use pipeline::logging::About;
use pipeline::metrics::{Metric, Outcome};
use sp_api::RegionCode;
use tracing::Instrument;

/// Step Functions ends an execution of the express lane after five minutes.
const LONGEST_IN_LANE: Duration = Duration::from_secs(300);

/// What processing notifications needs.
pub struct Processor {
    pub workflow: StateMachine,
    /// Where deliveries begin, if there is one.
    pub express_lane: Option<StateMachine>,
    pub ledger: Ledger,
    /// Whose reports are delivered, and which.
    pub sellers: KnownSellers,
    pub dead_letters: DeadLetters,
    /// After so many deliveries the queue gives a message up.
    pub max_receive_count: u32,
    /// After how long the reconciler looks after a report.
    pub overdue: Duration,
}

/// Where a report belongs.
enum Place {
    /// To this account; and where it was made, if that is known.
    Account(Account, Option<RegionCode>),
    /// To this account, or another of the same seller: Amazon has to be asked in which region it is.
    OneOfSeveral(Account),
}

/// Why a message is not processed.
#[derive(Debug, thiserror::Error)]
enum Unprocessed {
    #[error(transparent)]
    Unreadable(#[from] UnreadableNotification),
    #[error(transparent)]
    NotStarted(#[from] PipelineError),
}

impl Unprocessed {
    fn name(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "UnreadableNotification",
            Self::NotStarted(error) => error.name(),
        }
    }
}

impl Processor {
    /// Starts an execution for every report in the batch. What can't be read, or has been tried often
    /// enough, is put aside with its reason. What else fails is named, so that the queue delivers only
    /// that again.
    pub async fn process(&self, batch: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for message in batch.records {
            let Err(error) = self.process_message(&message).await else {
                continue;
            };
            let message_id = message.message_id.clone().unwrap_or_default();
            if let Unprocessed::Unreadable(error) = &error {
                tracing::error!(message_id, "{error}");
            }
            let is_last = matches!(error, Unprocessed::Unreadable(_))
                || receive_count(&message) >= self.max_receive_count;
            if !is_last || !self.put_aside(&message, &error).await {
                response.add_failure(message_id);
            }
        }
        response
    }

    async fn process_message(&self, message: &SqsMessage) -> Result<(), Unprocessed> {
        match Notification::parse(message.body.as_deref().unwrap_or_default())? {
            Notification::ReportFinished(notice) => {
                let (account, report) = (Account::first(notice.seller_id.clone()), notice.report_id.clone());
                let (about, status) = (About::report(&account, &report), notice.processing_status);
                let receive_count = receive_count(message);
                async {
                    match self.deliver_if_wanted(notice, receive_count).await {
                        Ok(note) => {
                            let processing_status = status.map(FinalStatus::as_str);
                            tracing::info!(processing_status, "{about} is announced: {note}");
                            Ok(())
                        }
                        Err(error) => {
                            let message_id = message.message_id.as_deref();
                            tracing::error!(
                                message_id,
                                receive_count,
                                "{about} is announced, and its delivery is not begun: {error}"
                            );
                            Err(error)
                        }
                    }
                }
                .instrument(about.span())
                .await?;
            }
            Notification::OfAnotherType(notification_type) => {
                tracing::info!(notification_type, "skipped: not a finished report");
            }
        }
        Ok(())
    }

    /// Delivers the report if its seller wants it, or it was ordered here. Reports of one who has left,
    /// or was never here, may be announced for as long as a subscription stands; that is counted, and
    /// nobody is troubled.
    async fn deliver_if_wanted(
        &self,
        notice: FinishedNotice,
        receive_count: u32,
    ) -> Result<&'static str, PipelineError> {
        let accounts = self.sellers.accounts(&notice.seller_id).await?;
        let Some(place) = self.place(&accounts, &notice).await? else {
            Metric::AnnouncementsOfUnknownSellers.count();
            return Ok("skipped: the seller is not known here");
        };
        let wanted = match &place {
            Place::Account(account, region) => accounts.wanted(account, *region),
            Place::OneOfSeveral(_) => accounts.wanted_by_any(),
        };
        let (report, region) = match place {
            Place::Account(account, region) => (notice.of(account), region),
            Place::OneOfSeveral(account) => {
                let mut report = notice.of(account);
                // The workflow asks Amazon for what is missing, and finds the region on the way.
                report.processing_status = None;
                (report, None)
            }
        };
        if !wanted.includes(report.report_type.as_ref())
            && let Some(skipped) = self.ledger.skip(&report, region).await?
        {
            if skipped == Skipped::First {
                Metric::Reports(Outcome::Skipped).count();
            }
            return Ok("skipped: it was not ordered here");
        }
        self.deliver(&report, region, receive_count).await
    }

    /// To which account of its seller a report belongs, and in which region it was made: where the ledger
    /// knows it; else where the subscription was made; else where the seller sells. `None` if the seller
    /// is not known here.
    async fn place(
        &self,
        accounts: &KnownAccounts,
        notice: &FinishedNotice,
    ) -> Result<Option<Place>, PipelineError> {
        let id = notice.subscription_id.as_ref();
        let subscribed = id.and_then(|id| accounts.subscribed_as(id));
        let region = subscribed.map(|(_, region)| region);
        if let Some((account, home)) = accounts.only() {
            let account = account.clone();
            return Ok(Some(match region.or(home) {
                Some(_) => Place::Account(account, region),
                None => Place::OneOfSeveral(account),
            }));
        }
        // Before a seller had an account for each region, all reports were the first one's.
        for account in accounts.iter() {
            let row = self.ledger.row(account, notice.report_id.as_str()).await?;
            if row.is_some_and(|row| row.may_be_in(region)) {
                return Ok(Some(Place::Account(account.clone(), region)));
            }
        }
        if let Some((account, region)) = subscribed {
            return Ok(Some(Place::Account(account.clone(), Some(region))));
        }
        Ok(accounts.iter().next().cloned().map(Place::OneOfSeveral))
    }

    /// First the ledger, then the execution: should this end in between, the message comes again.
    async fn deliver(
        &self,
        report: &AnnouncedReport,
        region: Option<RegionCode>,
        receive_count: u32,
    ) -> Result<&'static str, PipelineError> {
        let name = report.execution_name();
        let notified = self
            .ledger
            .record_notification(report, region, self.overdue)
            .await?;
        match (notified, &self.express_lane) {
            (Notified::Done, _) => return Ok("delivered before; nothing to do"),
            // What has to be asked for may have to wait for Amazon's quota.
            (Notified::First, Some(lane)) if report.is_complete() => {
                let delivery = ExpressDelivery { name: &name, report };
                lane.start(&name, &delivery).await?;
                return Ok("sent through the express lane");
            }
            (Notified::Again { since }, Some(_)) if receive_count == 1 && may_be_in_lane(since) => {
                return Ok("notified a moment before; nothing to do");
            }
            // In the lane any number may have the same name, in the workflow only one.
            _ => {}
        }
        Ok(match self.workflow.start(&name, report).await? {
            Started::New => "delivery started",
            Started::Before => "notified before; nothing to do",
        })
    }

    /// Whether the message is safe in the dead-letter queue.
    async fn put_aside(&self, message: &SqsMessage, error: &Unprocessed) -> bool {
        let body = message.body.as_deref().unwrap_or_default();
        self.dead_letters
            .put_aside(body, error.name(), &error.to_string())
            .await
            .inspect_err(|problem| tracing::error!("not put aside: {problem}"))
            .is_ok()
    }
}

/// Whether a report that was first announced at `since` may be in the express lane still. The message
/// that sent it there is delivered again if that failed, and then this is not its first time.
fn may_be_in_lane(since: Option<Timestamp>) -> bool {
    since.is_some_and(|since| since + LONGEST_IN_LANE > Timestamp::now())
}

fn receive_count(message: &SqsMessage) -> u32 {
    message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemOutput};
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, InternalServerError};
    use aws_sdk_sfn::operation::start_execution::{StartExecutionError, StartExecutionOutput};
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::error::{ExecutionAlreadyExists, StateMachineDoesNotExist};
    use aws_sdk_sqs::operation::send_message::{SendMessageError, SendMessageOutput};
    use aws_sdk_sqs::types::error::QueueDoesNotExist;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::domain::Deliver;
    use serde_json::{Value, json};
    use test_doubles::execution;

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

    /// AWS, as far as the processor sees it.
    struct Rules {
        has_lane: bool,
        deliver: Deliver,
        seller: Rule,
        start: Rule,
        /// Skips a report.
        skip: Rule,
        note: Rule,
        put_aside: Rule,
    }

    impl Rules {
        /// Everything goes well.
        fn new() -> Self {
            Self {
                has_lane: false,
                deliver: Deliver::All,
                seller: mock!(aws_sdk_dynamodb::Client::get_item)
                    .match_requests(|request| {
                        let key = request.key().expect("a key");
                        request.table_name() == Some("partners")
                            && key["sellerId"].as_s().is_ok_and(|it| it == "A3")
                    })
                    .then_output(|| {
                        GetItemOutput::builder()
                            .item("sellerId", AttributeValue::S("A3".into()))
                            .item("regionCode", AttributeValue::S("EU".into()))
                            .build()
                    }),
                start: mock!(aws_sdk_sfn::Client::start_execution).then_output(|| {
                    let output = StartExecutionOutput::builder()
                        .execution_arn("arn")
                        .start_date(DateTime::from_secs(0));
                    output.build().expect("complete")
                }),
                skip: skip(None),
                note: mock!(aws_sdk_dynamodb::Client::update_item)
                    .then_output(|| UpdateItemOutput::builder().build()),
                put_aside: mock!(aws_sdk_sqs::Client::send_message)
                    .match_requests(|request| {
                        let attributes = request.message_attributes().expect("a reason");
                        ["ErrorType", "ErrorMessage"]
                            .iter()
                            .all(|name| attributes[*name].string_value().is_some_and(|it| !it.is_empty()))
                    })
                    .then_output(|| SendMessageOutput::builder().build()),
            }
        }

        /// The messages that the queue is to deliver again.
        async fn failures(&self, receive_count: u32, bodies: &[String]) -> Vec<String> {
            let records: Vec<_> = bodies
                .iter()
                .enumerate()
                .map(|(i, body)| {
                    json!({
                        "messageId": i.to_string(), "body": body,
                        "attributes": {"ApproximateReceiveCount": receive_count.to_string()},
                    })
                })
                .collect();
            let batch = serde_json::from_value(json!({"Records": records})).expect("a batch");
            let sfn = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[&self.start]);
            let not_there =
                mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
            let dynamodb = mock_client!(
                aws_sdk_dynamodb,
                RuleMode::MatchAny,
                &[&self.skip, &self.note, &self.seller, &not_there]
            );
            let sqs = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, &[&self.put_aside]);
            let processor = Processor {
                workflow: StateMachine::new(sfn.clone(), "arn:machine".into()),
                express_lane: self.has_lane.then(|| StateMachine::new(sfn, "arn:lane".into())),
                ledger: Ledger::new(dynamodb.clone(), "reports".into()),
                sellers: KnownSellers::new(dynamodb, "partners".into(), self.deliver),
                dead_letters: DeadLetters::new(sqs, "https://queue".into()),
                max_receive_count: 5,
                overdue: Duration::from_secs(60),
            };
            let response = processor.process(batch).await;
            response
                .batch_item_failures
                .into_iter()
                .map(|failure| failure.item_identifier)
                .collect()
        }
    }

    #[tokio::test]
    async fn garbage_is_put_aside_with_its_reason_and_holds_up_nobody() {
        let rules = Rules::new();
        let bodies = [report("1"), "garbage".to_owned(), report("2")];
        assert!(rules.failures(1, &bodies).await.is_empty());
        assert_eq!((rules.start.num_calls(), rules.put_aside.num_calls()), (2, 1));
    }

    #[tokio::test]
    async fn what_can_not_be_put_aside_stays_in_the_queue() {
        let put_aside = mock!(aws_sdk_sqs::Client::send_message)
            .then_error(|| SendMessageError::QueueDoesNotExist(QueueDoesNotExist::builder().build()));
        let rules = Rules {
            put_aside,
            ..Rules::new()
        };
        assert_eq!(rules.failures(1, &["garbage".to_owned()]).await, ["0"]);
    }

    #[tokio::test]
    async fn what_can_not_be_started_is_tried_again_and_put_aside_in_the_end() {
        let start = mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::StateMachineDoesNotExist(StateMachineDoesNotExist::builder().build())
        });
        let rules = Rules {
            start,
            ..Rules::new()
        };
        assert_eq!(rules.failures(4, &[report("1")]).await, ["0"]);
        assert_eq!(rules.put_aside.num_calls(), 0);
        assert!(rules.failures(5, &[report("1")]).await.is_empty());
        assert_eq!(rules.put_aside.num_calls(), 1);
    }

    /// Starts what lacks how the report ended, so that the workflow asks Amazon.
    fn starts_asking() -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(|request| {
                let input = request.input().expect("an input");
                request.name() == Some("A3_1")
                    && !input.contains("ProcessingStatus")
                    && input.contains("ReportDocumentId")
            })
            .then_output(execution)
    }

    /// Finds the accounts of these names among the partners, in this region, and nothing in the ledger.
    fn accounts(names: &'static [&'static str], region: Option<&'static str>) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(|request| {
                let key = request.key().expect("a key")["sellerId"].as_s().expect("a text");
                request.table_name() == Some("partners") && names.contains(&key.as_str())
            })
            .then_output(move || {
                let id = ("sellerId".to_owned(), AttributeValue::S("A3".into()));
                let region = region.map(|region| ("regionCode".to_owned(), AttributeValue::S(region.into())));
                let row = [Some(id), region].into_iter().flatten().collect();
                GetItemOutput::builder().set_item(Some(row)).build()
            })
    }

    #[tokio::test]
    async fn of_a_report_that_may_be_in_several_regions_amazon_is_asked() {
        for seller in [accounts(&["A3", "A3_EU"], Some("EU")), accounts(&["A3"], None)] {
            let rules = Rules {
                has_lane: true,
                start: starts_asking(),
                seller,
                ..Rules::new()
            };
            assert_eq!(rules.failures(1, &[report("1")]).await, [""; 0]);
            assert_eq!(rules.start.num_calls(), 1);
        }
    }

    #[tokio::test]
    async fn a_seller_who_left_makes_no_row_and_no_execution() {
        let seller =
            mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
        let rules = Rules {
            seller,
            ..Rules::new()
        };
        assert!(rules.failures(1, &[report("1"), report("2")]).await.is_empty());
        let counts = [&rules.note, &rules.start, &rules.put_aside].map(Rule::num_calls);
        // In each region that the seller might have.
        assert_eq!((rules.seller.num_calls(), counts), (8, [0, 0, 0]));
    }

    #[tokio::test]
    async fn a_seller_who_can_not_be_looked_up_is_not_taken_for_gone() {
        let seller = mock!(aws_sdk_dynamodb::Client::get_item)
            .then_error(|| GetItemError::InternalServerError(InternalServerError::builder().build()));
        let rules = Rules {
            seller,
            ..Rules::new()
        };
        assert_eq!(rules.failures(1, &[report("1")]).await, ["0"]);
        assert_eq!(rules.start.num_calls(), 0);
    }

    #[tokio::test]
    async fn other_types_are_skipped_knowingly() {
        let rules = Rules::new();
        let other = json!({"notificationType": "ANY_OFFER_CHANGED", "payload": {}}).to_string();
        assert!(rules.failures(1, &[other]).await.is_empty());
        assert_eq!((rules.start.num_calls(), rules.note.num_calls()), (0, 0));
    }

    #[tokio::test]
    async fn a_repeated_notification_is_no_failure() {
        let start = mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::ExecutionAlreadyExists(ExecutionAlreadyExists::builder().build())
        });
        let rules = Rules {
            start,
            ..Rules::new()
        };
        assert!(rules.failures(1, &[report("1"), report("1")]).await.is_empty());
    }

    #[tokio::test]
    async fn a_report_that_is_delivered_is_not_delivered_again_however_late_the_repetition() {
        let note = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder()
                .item("progress", AttributeValue::N("60".into()))
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
        let rules = Rules { note, ..Rules::new() };
        assert!(rules.failures(1, &[report("1")]).await.is_empty());
        assert_eq!(rules.start.num_calls(), 0);
    }

    /// Answers what skips a report: with the row that is in the way, if there is one of this status.
    fn skip(status: Option<&'static str>) -> Rule {
        let skipping = mock!(aws_sdk_dynamodb::Client::update_item).match_requests(|request| {
            request.condition_expression() == Some("attribute_not_exists(progress)")
        });
        match status {
            None => skipping.then_output(|| UpdateItemOutput::builder().build()),
            Some(status) => skipping.then_error(move || {
                let status = AttributeValue::S(status.into());
                let error = ConditionalCheckFailedException::builder().item("status", status);
                UpdateItemError::ConditionalCheckFailedException(error.build())
            }),
        }
    }

    /// A report is announced where only what was ordered here is delivered: how many rows, executions and
    /// messages in the dead-letter queue come of it.
    async fn of_another_type(skip: Rule, has_lane: bool) -> [usize; 3] {
        let rules = Rules {
            has_lane,
            deliver: Deliver::Ordered,
            skip,
            ..Rules::new()
        };
        assert!(rules.failures(1, &[report("1")]).await.is_empty());
        [&rules.note, &rules.start, &rules.put_aside].map(Rule::num_calls)
    }

    #[tokio::test]
    async fn what_nobody_wants_is_skipped_however_often_it_is_announced() {
        for has_lane in [false, true] {
            for status in [None, Some("SKIPPED")] {
                let counts = of_another_type(skip(status), has_lane).await;
                assert_eq!(counts, [0, 0, 0], "{status:?}");
            }
        }
    }

    #[tokio::test]
    async fn what_was_ordered_here_is_delivered_whatever_it_is() {
        for status in ["ORDERED", "NOTIFIED"] {
            assert_eq!(
                of_another_type(skip(Some(status)), false).await,
                [1, 1, 0],
                "{status}"
            );
        }
    }

    #[tokio::test]
    async fn what_can_not_be_skipped_is_not_lost() {
        let skip = mock!(aws_sdk_dynamodb::Client::update_item)
            .then_error(|| UpdateItemError::InternalServerError(InternalServerError::builder().build()));
        let rules = Rules {
            deliver: Deliver::Ordered,
            skip,
            ..Rules::new()
        };
        assert_eq!(rules.failures(1, &[report("1")]).await, ["0"]);
    }

    /// The row of a report that was announced so many seconds ago.
    fn announced(seconds_ago: u64) -> Rule {
        let since = Timestamp::now() - Duration::from_secs(seconds_ago);
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(move || {
            let error = ConditionalCheckFailedException::builder()
                .item("progress", AttributeValue::N("20".into()))
                .item("notifiedAt", AttributeValue::S(since.to_string()))
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    /// Which of the state machines are started by a notification that comes the `receive_count`th time.
    async fn started(receive_count: u32, note: Rule) -> Vec<String> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let start = mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(move |request| {
                assert_eq!(request.name(), Some("A3_1"));
                let input: Value = serde_json::from_str(request.input().expect("an input")).expect("JSON");
                let of_lane = request.state_machine_arn() == Some("arn:lane");
                let report = if of_lane { &input["Report"] } else { &input };
                assert_eq!(report["ReportId"], "1");
                assert!(!of_lane || input["Name"] == "A3_1");
                sender
                    .send(request.state_machine_arn().unwrap_or_default().to_owned())
                    .is_ok()
            })
            .then_output(|| {
                let output = StartExecutionOutput::builder()
                    .execution_arn("arn")
                    .start_date(DateTime::from_secs(0));
                output.build().expect("complete")
            });
        let rules = Rules {
            has_lane: true,
            start,
            note,
            ..Rules::new()
        };
        assert!(rules.failures(receive_count, &[report("1")]).await.is_empty());
        receiver.try_iter().collect()
    }

    #[tokio::test]
    async fn only_the_first_notification_gets_into_the_express_lane() {
        assert_eq!(started(1, Rules::new().note).await, ["arn:lane"]);
        assert!(started(1, announced(10)).await.is_empty());
    }

    #[tokio::test]
    async fn what_may_never_have_got_into_the_express_lane_takes_the_other_way() {
        assert_eq!(started(2, announced(10)).await, ["arn:machine"]);
        assert_eq!(started(1, announced(301)).await, ["arn:machine"]);
    }
}
