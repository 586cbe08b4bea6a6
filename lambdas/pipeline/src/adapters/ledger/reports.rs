use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::{ReportDocumentId, ReportId, ReportType};

use super::queries::due_at;
use super::row::{LedgerRow, number, particulars, text, time};
use super::skipped::{DELIVER, of_skipped};
use super::{DUE, Ledger, Written, send};
use crate::PipelineError;
use crate::domain::ledger::{FINAL_PROGRESS, Stage};
use crate::domain::order::RequestId;
use crate::domain::stages::StoredDocument;
use crate::domain::{Account, AnnouncedReport, FinalStatus, FinishedReport, Particulars};

/// A report that was ordered through this pipeline.
#[derive(Clone, Debug)]
pub struct OrderedReport<'a> {
    /// Whose report.
    pub seller_id: &'a Account,
    /// Amazon's id for it.
    pub report_id: &'a ReportId,
    /// The order that it came of.
    pub request_id: &'a RequestId,
    /// Where it was ordered.
    pub region: RegionCode,
    /// What it reports.
    pub report_type: &'a ReportType,
    /// What else was ordered.
    pub particulars: &'a Particulars,
}

/// Whether a report belongs to the order that asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Now, or since an earlier attempt.
    Ours,
    /// Now, and it was announced and skipped before: its delivery is to begin. Its row.
    OursAnnounced(Box<LedgerRow>),
    /// Another order has it.
    Taken,
}

/// What a notification of a finished report means to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notified {
    /// The first.
    First,
    /// A repetition; the delivery has begun.
    Again {
        /// When the first came.
        since: Option<Timestamp>,
    },
    /// A repetition; everything is done.
    Done,
}

impl Ledger {
    /// Writes the row of a new order, and makes the report that order's own. A fast report may be
    /// finished before this is written: what its row says by then stays, unless it was skipped because
    /// nothing was known of the order.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_order(
        &self,
        order: &OrderedReport<'_>,
        overdue: Duration,
    ) -> Result<Claim, PipelineError> {
        let now = Timestamp::now();
        let mut facts =
            "requestId = :request, regionCode = :region, reportType = :type, orderedAt = :now".to_owned();
        for (name, _) in particulars(order.particulars) {
            facts.push_str(&format!(", #{name} = :{name}"));
        }
        let fresh = self
            .ordered(order, now)
            .update_expression(format!(
                "SET {facts}, #status = :ordered, progress = :progress, due = :due, dueAt = :dueAt"
            ))
            .condition_expression("attribute_not_exists(orderedAt) AND attribute_not_exists(progress)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":ordered", text(Stage::Ordered.status()))
            .expression_attribute_values(":progress", number(Stage::Ordered.progress()))
            .expression_attribute_values(":due", text(DUE))
            .expression_attribute_values(":dueAt", due_at(now, overdue));
        match send(fresh).await? {
            Written::Yes(_) => return Ok(Claim::Ours),
            Written::No(row) if row.is_skipped() => {
                let wanted =
                    of_skipped(self.ordered(order, now)).update_expression(format!("SET {facts}, {DELIVER}"));
                if let Written::Yes(row) = send(wanted).await? {
                    return Ok(Claim::OursAnnounced(Box::new(row)));
                }
            }
            Written::No(_) => {}
        }
        let late = self
            .ordered(order, now)
            .update_expression(format!("SET {facts}"))
            .condition_expression("attribute_not_exists(orderedAt) OR requestId = :request");
        Ok(match send(late).await? {
            Written::Yes(_) => Claim::Ours,
            Written::No(_) => Claim::Taken,
        })
    }

    fn ordered(&self, order: &OrderedReport<'_>, now: Timestamp) -> UpdateItemFluentBuilder {
        let mut update = self.update(order.seller_id, order.report_id.as_str());
        for (name, value) in particulars(order.particulars) {
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        update
            .expression_attribute_values(":request", text(order.request_id.as_str()))
            .expression_attribute_values(":region", text(order.region.as_str()))
            .expression_attribute_values(":type", text(order.report_type.as_str()))
            .expression_attribute_values(":now", time(now))
    }

    /// Writes that Amazon is done with a report.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_notification(
        &self,
        report: &AnnouncedReport,
        region: Option<RegionCode>,
        overdue: Duration,
    ) -> Result<Notified, PipelineError> {
        let now = Timestamp::now();
        let mut more = vec![("due", text(DUE)), ("dueAt", due_at(now, overdue))];
        more.push(("execution", text(report.execution_name())));
        more.extend(told(report));
        if let Some(region) = region {
            more.push(("regionCode", text(region.as_str())));
        }
        // Below, not up to: a repetition changes nothing, not even the row of a delivery that failed.
        let update = self.stage_of(
            &report.seller_id,
            &report.report_id,
            Stage::Notified,
            now,
            &more,
            // One that was skipped before is kept like any other.
            "REMOVE expiresAt",
            "<",
        );
        Ok(match send(update).await? {
            Written::Yes(_) => Notified::First,
            Written::No(row) if row.progress() >= FINAL_PROGRESS => Notified::Done,
            // Our own: the answer was lost, and the SDK has asked again.
            Written::No(row) if row.0.get(Stage::Notified.time_attribute()) == Some(&time(now)) => {
                Notified::First
            }
            Written::No(row) => Notified::Again {
                since: row.time(Stage::Notified.time_attribute()),
            },
        })
    }

    /// Writes that Amazon told where the document is, and which execution asked.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_retrieval(
        &self,
        report: &FinishedReport,
        region: RegionCode,
        execution: Option<&str>,
    ) -> Result<(), PipelineError> {
        let mut more = vec![
            ("reportType", text(report.report_type.as_str())),
            ("processingStatus", text(report.processing_status.as_str())),
            ("regionCode", text(region.as_str())),
        ];
        more.extend(execution.map(|name| ("execution", text(name))));
        let update = self
            .stage(
                report,
                Stage::Retrieved,
                Timestamp::now(),
                &more,
                "REMOVE waitingSince, waitingFor, waitingAs ADD attempts :one",
                "<=",
            )
            .expression_attribute_values(":one", number(1));
        send(update).await.map(drop)
    }

    /// Writes that the document is in the bucket.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_storage(
        &self,
        seller: &Account,
        report: &ReportId,
        stored: &StoredDocument,
    ) -> Result<(), PipelineError> {
        let more = document(stored);
        let update = self.stage_of(
            seller,
            report,
            Stage::Stored,
            Timestamp::now(),
            &more,
            "REMOVE uploadId, uploadOf, uploadCounted, documentFindings",
            "<=",
        );
        send(update).await.map(drop)
    }

    /// Writes that there is a link to the document.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_link(&self, seller: &Account, report: &ReportId) -> Result<(), PipelineError> {
        let update = self.stage_of(seller, report, Stage::Linked, Timestamp::now(), &[], "", "<=");
        send(update).await.map(drop)
    }

    /// Writes that the caller has asked Amazon to cancel a report.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_cancel_request(
        &self,
        seller: &Account,
        report: &ReportId,
    ) -> Result<(), PipelineError> {
        let update = self
            .update(seller, report.as_str())
            .update_expression("SET cancelRequestedAt = :now")
            // One that was made elsewhere gets its row when it is announced.
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Passes a stage's result on; notes an error in the row before, as its last one.
    ///
    /// # Errors
    /// The result's own.
    pub async fn noting<T>(
        &self,
        seller: &Account,
        id: &str,
        result: Result<T, PipelineError>,
    ) -> Result<T, PipelineError> {
        if let Err(error) = &result {
            self.note_error(seller, id, error).await;
        }
        result
    }

    /// Notes an error in a row, as its last one. The note is a service to the reader: if it can't be
    /// written, the error itself is what matters.
    pub async fn note_error(&self, seller: &Account, id: &str, error: &PipelineError) {
        let update = self
            .update(seller, id)
            .update_expression("SET lastError = :error, lastErrorAt = :now ADD attempts :one")
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":error", text(format!("{}: {error}", error.name())))
            .expression_attribute_values(":now", time(Timestamp::now()))
            .expression_attribute_values(":one", number(1));
        if let Err(problem) = send(update).await {
            tracing::warn!("an error could not be noted in the ledger: {problem}");
        }
    }

    pub(super) fn stage(
        &self,
        report: &FinishedReport,
        stage: Stage,
        now: Timestamp,
        more: &[(&str, AttributeValue)],
        then: &str,
        progress: &str,
    ) -> UpdateItemFluentBuilder {
        self.stage_of(
            &report.seller_id,
            &report.report_id,
            stage,
            now,
            more,
            then,
            progress,
        )
    }

    /// The update that takes a report to `stage`, unless it is further: `progress` is `<` or `<=`.
    #[expect(clippy::too_many_arguments, reason = "one place where an expression is made")]
    pub(super) fn stage_of(
        &self,
        seller: &Account,
        report: &ReportId,
        stage: Stage,
        now: Timestamp,
        more: &[(&str, AttributeValue)],
        then: &str,
        progress: &str,
    ) -> UpdateItemFluentBuilder {
        let at = stage.time_attribute();
        let mut assignments =
            format!("#status = :status, progress = :progress, {at} = if_not_exists({at}, :now)");
        let mut update = self
            .update(seller, report.as_str())
            .condition_expression(format!(
                "attribute_not_exists(progress) OR progress {progress} :progress"
            ))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", text(stage.status()))
            .expression_attribute_values(":progress", number(stage.progress()))
            .expression_attribute_values(":now", time(now));
        for (name, value) in more {
            assignments.push_str(&format!(", #{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        update.update_expression(format!("SET {assignments} {then}"))
    }
}

/// What an announcement told of a report.
pub(super) fn told(report: &AnnouncedReport) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    let texts = [
        ("reportType", report.report_type.as_ref().map(ReportType::as_str)),
        (
            "processingStatus",
            report.processing_status.map(FinalStatus::as_str),
        ),
        (
            "reportDocumentId",
            report.report_document_id.as_ref().map(ReportDocumentId::as_str),
        ),
    ];
    let texts = texts.map(|(name, value)| (name, value.map(text)));
    texts.into_iter().filter_map(|(name, value)| Some((name, value?)))
}

pub(super) fn document(stored: &StoredDocument) -> Vec<(&'static str, AttributeValue)> {
    let mut document = vec![
        ("objectKey", text(&stored.object_key)),
        ("bytes", number(stored.bytes)),
        ("crc64nvme", text(stored.crc64nvme.to_string())),
    ];
    if stored.invalid_sequences > 0 {
        document.push(("invalidSequences", number(stored.invalid_sequences)));
    }
    if let Some(charset) = &stored.charset {
        document.push(("charset", text(charset)));
    }
    if let Some(from) = stored.charset_from {
        document.push(("charsetFrom", text(from.as_str())));
    }
    if let Some(reason) = &stored.reason {
        document.push(("reason", text(reason)));
    }
    if !stored.notes.is_empty() {
        let notes = stored.notes.iter().map(text).collect();
        document.push(("notes", AttributeValue::L(notes)));
    }
    document
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::domain::Reference;

    fn ledger(rules: &[&Rule]) -> Ledger {
        Ledger::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, rules),
            "reports".into(),
        )
    }

    fn finished() -> FinishedReport {
        serde_json::from_value(serde_json::json!({
            "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502", "ReportType": "GET_X",
            "ProcessingStatus": "DONE", "ReportDocumentId": "d",
        }))
        .expect("a report")
    }

    fn unmet(progress: u8) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(move || {
            let error = ConditionalCheckFailedException::builder()
                .item("progress", number(progress))
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    fn met() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build())
    }

    async fn order(rules: &[&Rule]) -> Claim {
        let report = finished();
        let order = OrderedReport {
            seller_id: &report.seller_id,
            report_id: &report.report_id,
            request_id: &RequestId::random(),
            region: RegionCode::Eu,
            report_type: &report.report_type,
            particulars: &Particulars {
                reference: Reference::parse("Monday's listings").ok(),
                ..Particulars::default()
            },
        };
        ledger(rules)
            .record_order(&order, Duration::from_secs(60))
            .await
            .expect("recorded")
    }

    #[tokio::test]
    async fn an_order_does_not_overwrite_what_a_fast_report_has_become() {
        let late = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let expression = request.update_expression().expect("an update");
                expression.contains("orderedAt = :now")
                    && expression.ends_with("#reference = :reference")
                    && !expression.contains("#status")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        assert_eq!(order(&[&unmet(40), &late]).await, Claim::Ours);
        assert_eq!(late.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_report_belongs_to_one_order() {
        assert_eq!(order(&[&met()]).await, Claim::Ours);
        assert_eq!(order(&[&unmet(10), &unmet(10)]).await, Claim::Taken);
    }

    #[tokio::test]
    async fn a_repeated_notification_is_told_from_the_first() {
        let notified = async |rule: Rule| {
            ledger(&[&rule])
                .record_notification(&finished().into(), None, Duration::from_secs(60))
                .await
                .expect("recorded")
        };
        let named = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":execution"] == text("A3TH9S8BH6GOGM_54517018502")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        assert_eq!(notified(named).await, Notified::First);
        assert_eq!(notified(unmet(30)).await, Notified::Again { since: None });
        assert_eq!(notified(unmet(60)).await, Notified::Done);
    }

    #[tokio::test]
    async fn a_notification_whose_note_was_answered_too_late_is_the_first_all_the_same() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let receiver = std::sync::Mutex::new(receiver);
        let ours = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let values = request.expression_attribute_values().expect("values");
                sender.send(values[":now"].clone()).is_ok()
            })
            .then_error(move || {
                let now = receiver.lock().expect("one test").recv().expect("a time");
                let error = ConditionalCheckFailedException::builder()
                    .item("progress", number(20))
                    .item("notifiedAt", now)
                    .build();
                UpdateItemError::ConditionalCheckFailedException(error)
            });
        let notified = ledger(&[&ours])
            .record_notification(&finished().into(), None, Duration::from_secs(60))
            .await;
        assert_eq!(notified.expect("recorded"), Notified::First);
    }

    #[tokio::test]
    async fn a_stage_writes_only_to_a_row_that_is_no_further() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.condition_expression()
                    == Some("attribute_not_exists(progress) OR progress <= :progress")
                    && values[":progress"] == number(30)
                    && values[":status"] == text("RETRIEVED")
                    && values[":execution"] == text("A3_1")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        ledger(&[&update])
            .record_retrieval(&finished(), RegionCode::Eu, Some("A3_1"))
            .await
            .expect("recorded");
        assert_eq!(update.num_calls(), 1);
        // And a row that is further is no error: somebody else was quicker.
        ledger(&[&unmet(60)])
            .record_retrieval(&finished(), RegionCode::Eu, Some("A3_1"))
            .await
            .expect("left alone");
    }

    #[tokio::test]
    async fn an_error_is_noted_and_passed_on() {
        let noted = met();
        let error: Result<(), _> = Err(PipelineError::InvalidInput("nonsense".into()));
        let report = finished();
        let passed = ledger(&[&noted])
            .noting(&report.seller_id, report.report_id.as_str(), error)
            .await;
        assert_eq!(passed.expect_err("passed on").name(), "InvalidInput");
        assert_eq!(noted.num_calls(), 1);
    }
}
