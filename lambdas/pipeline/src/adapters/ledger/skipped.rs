//! Reports that were announced, and that nobody wants here: a row for each, for a while.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use sp_api::RegionCode;

use super::queries::Due;
use super::reports::told;
use super::row::{LedgerRow, number, text, time};
use super::{DUE, Ledger, Written, send};
use crate::PipelineError;
use crate::domain::AnnouncedReport;
use crate::domain::ledger::{SKIPPED, SKIPPED_PROGRESS, Stage};

/// How long such a row stays.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// What makes a delivery of a report that was skipped; it is begun at once.
pub(super) const DELIVER: &str = "#status = :notified, progress = :progress, due = :due, dueAt = :now \
                                  REMOVE expiresAt";

/// What a notification of a report that nobody wants means to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The first.
    First,
    /// A repetition.
    Again,
}

impl Ledger {
    /// Writes what was announced of a report that nobody wants. `None` if somebody does: it was ordered
    /// here, or is being delivered, or was.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn skip(
        &self,
        report: &AnnouncedReport,
        region: Option<RegionCode>,
    ) -> Result<Option<Skipped>, PipelineError> {
        let now = Timestamp::now();
        let mut assignments = "#status = :skipped, progress = :progress, notifiedAt = :now, \
                               expiresAt = :expires"
            .to_owned();
        let mut update = self
            .update(&report.seller_id, report.report_id.as_str())
            .condition_expression("attribute_not_exists(progress)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":skipped", text(SKIPPED))
            .expression_attribute_values(":progress", number(SKIPPED_PROGRESS))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":expires", number((now + KEPT).as_second()));
        let region = region.map(|region| ("regionCode", text(region.as_str())));
        for (name, value) in told(report).chain(region) {
            assignments.push_str(&format!(", {name} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        Ok(
            match send(update.update_expression(format!("SET {assignments}"))).await? {
                Written::Yes(_) => Some(Skipped::First),
                Written::No(row) => row.is_skipped().then_some(Skipped::Again),
            },
        )
    }

    /// Has a report delivered after all that was skipped. `None` if it was not, or is no more.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn unskip(&self, report: &Due) -> Result<Option<LedgerRow>, PipelineError> {
        let update = of_skipped(self.update(&report.seller_id, &report.id))
            .update_expression(format!("SET {DELIVER}"))
            .expression_attribute_values(":now", time(Timestamp::now()));
        Ok(match send(update).await? {
            Written::Yes(row) => Some(row),
            Written::No(_) => None,
        })
    }
}

/// An update of a row that is skipped, of which [`DELIVER`] is a part.
pub(super) fn of_skipped(update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
    update
        .condition_expression("#status = :skipped")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":skipped", text(SKIPPED))
        .expression_attribute_values(":notified", text(Stage::Notified.status()))
        .expression_attribute_values(":progress", number(Stage::Notified.progress()))
        .expression_attribute_values(":due", text(DUE))
        .return_values(ReturnValue::AllNew)
}

impl LedgerRow {
    /// Whether the report was announced, and nobody wants it here.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.status() == SKIPPED
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::json;

    use super::*;

    fn ledger(rule: &Rule) -> Ledger {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, &[rule]);
        Ledger::new(client, "reports".into())
    }

    fn announced() -> AnnouncedReport {
        let report = json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "ReportDocumentId": "d",
        });
        serde_json::from_value(report).expect("announced")
    }

    /// The row that is in the way has this status.
    fn refused(status: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(move || {
            let error = ConditionalCheckFailedException::builder().item("status", text(status));
            UpdateItemError::ConditionalCheckFailedException(error.build())
        })
    }

    #[tokio::test]
    async fn what_was_announced_is_kept_for_a_week_and_nothing_is_due() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                let expires: i64 = values[":expires"]
                    .as_n()
                    .expect("a time")
                    .parse()
                    .expect("seconds");
                let days = (expires - Timestamp::now().as_second() + 60) / 86_400;
                let names = request.expression_attribute_names().expect("names");
                days == 7
                    && names.len() == 1
                    && values[":skipped"] == text("SKIPPED")
                    && values[":reportType"] == text("GET_X")
                    && values[":processingStatus"] == text("DONE")
                    && values[":reportDocumentId"] == text("d")
                    && request.condition_expression() == Some("attribute_not_exists(progress)")
                    && request.update_expression().is_some_and(|it| !it.contains("due"))
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let skipped = ledger(&update).skip(&announced(), None).await;
        assert_eq!(skipped.expect("written"), Some(Skipped::First));
    }

    #[tokio::test]
    async fn a_repetition_is_skipped_again_and_what_was_ordered_is_not() {
        let again = ledger(&refused("SKIPPED")).skip(&announced(), None).await;
        assert_eq!(again.expect("asked"), Some(Skipped::Again));
        for status in ["ORDERED", "NOTIFIED", "FAILED", "ANNOUNCED"] {
            let skipped = ledger(&refused(status)).skip(&announced(), None).await;
            assert_eq!(skipped.expect("asked"), None, "{status}");
        }
    }

    #[tokio::test]
    async fn who_wants_it_after_all_has_it_delivered_and_kept() {
        let report = Due {
            seller_id: announced().seller_id,
            id: "1".into(),
        };
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.condition_expression() == Some("#status = :skipped")
                    && request
                        .update_expression()
                        .is_some_and(|it| it.ends_with("REMOVE expiresAt"))
                    && values[":notified"] == text("NOTIFIED")
                    && values[":due"] == text("OPEN")
            })
            .then_output(|| {
                UpdateItemOutput::builder()
                    .attributes("status", text("NOTIFIED"))
                    .build()
            });
        let row = ledger(&update).unskip(&report).await.expect("written");
        assert_eq!(row.expect("it was skipped").status(), "NOTIFIED");
        let others = ledger(&refused("NOTIFIED")).unskip(&report).await;
        assert_eq!(others.expect("asked"), None);
    }
}
