use std::time::Duration;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use sp_api::RegionCode;

use super::row::{number, text};
use super::{Ledger, key, send};
use crate::PipelineError;
use crate::domain::ledger::Stage;
use crate::domain::{AnnouncedReport, FinishedReport};

impl Ledger {
    /// Writes what Amazon told of a report when it was asked, and what its announcement had lacked.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_look_up(
        &self,
        announced: &AnnouncedReport,
        report: &FinishedReport,
        region: RegionCode,
    ) -> Result<(), PipelineError> {
        let missing = announced.missing().into_iter().map(text).collect();
        let mut assignments = "reportType = :type, processingStatus = :status, regionCode = :region, \
                               announcedWithout = :missing"
            .to_owned();
        let mut update = self
            .update(&report.seller_id, report.report_id.as_str())
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":type", text(report.report_type.as_str()))
            .expression_attribute_values(":status", text(report.processing_status.as_str()))
            .expression_attribute_values(":region", text(region.as_str()))
            .expression_attribute_values(":missing", AttributeValue::L(missing));
        if let Some(document) = &report.report_document_id {
            assignments.push_str(", reportDocumentId = :document");
            update = update.expression_attribute_values(":document", text(document.as_str()));
        }
        send(update.update_expression(format!("SET {assignments}")))
            .await
            .map(drop)
    }

    /// Gives a report to another account of its seller, where it turned out to be: announced there, and
    /// due at once, and nothing is left of it here.
    ///
    /// # Errors
    /// DynamoDB failed. Done again, it does no harm.
    pub async fn hand_over(
        &self,
        from: &AnnouncedReport,
        to: &AnnouncedReport,
        region: RegionCode,
    ) -> Result<(), PipelineError> {
        self.record_notification(to, Some(region), Duration::ZERO).await?;
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(&from.seller_id, from.report_id.as_str())))
            // What has come further, or was ordered, is another report.
            .condition_expression("progress = :notified AND attribute_not_exists(orderedAt)")
            .expression_attribute_values(":notified", number(Stage::Notified.progress()))
            .send()
            .await;
        match deleted {
            Err(error)
                if !error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Err(PipelineError::aws("DynamoDB", &error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_an_announcement_lacked_stands_in_the_row_with_what_amazon_told() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                let missing = ["reportType", "processingStatus"].map(text).to_vec();
                values[":missing"] == AttributeValue::L(missing)
                    && values[":type"] == text("GET_X")
                    && values[":document"] == text("d")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, &[&update]);
        let report = json!({
            "SellerId": "A3", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "ReportDocumentId": "d",
        });
        let announced = json!({"SellerId": "A3", "ReportId": "1"});
        Ledger::new(client, "reports".into())
            .record_look_up(
                &serde_json::from_value(announced).expect("announced"),
                &serde_json::from_value(report).expect("a report"),
                RegionCode::Eu,
            )
            .await
            .expect("recorded");
        assert_eq!(update.num_calls(), 1);
    }
}
