use std::time::Duration;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use sp_api::RegionCode;
use sp_api::ids::{ReportId, SellerId};

use super::row::{LedgerRow, number, text};
use super::{Ledger, key, send};
use crate::PipelineError;
use crate::domain::ledger::Stage;
use crate::domain::order::RequestId;
use crate::domain::{Account, AnnouncedReport, FinishedReport};

/// What is behind the name that a caller knows a report by.
#[derive(Debug)]
pub enum Named {
    /// A report, be it by its own id or by that of the order that has become it.
    Report {
        /// Whose.
        account: Account,
        /// Amazon's id for it.
        report: ReportId,
        /// Its row.
        row: LedgerRow,
    },
    /// An order that is no report yet, with its row.
    Order(LedgerRow),
    /// An order that has become a report which there is no row of (any more), with its own row.
    Placed(LedgerRow),
}

impl Ledger {
    /// The report that a caller knows by that id, its own or its order's, wherever its seller has it; `None`
    /// if there is neither.
    ///
    /// # Errors
    /// [`PipelineError::RegionNeeded`] if several regions have one of that id; DynamoDB failed.
    pub async fn find_report(
        &self,
        seller: &SellerId,
        region: Option<RegionCode>,
        id: &str,
    ) -> Result<Option<Named>, PipelineError> {
        let Some((account, row)) = self.find(seller, region, id).await? else {
            return Ok(None);
        };
        if RequestId::parse(id).is_err()
            && let Ok(report) = ReportId::parse(id)
        {
            return Ok(Some(Named::Report { account, report, row }));
        }
        let placed_as = row.text("placedAs").and_then(|id| ReportId::parse(id).ok());
        let Some(report) = placed_as else {
            return Ok(Some(Named::Order(row)));
        };
        Ok(Some(match self.row(&account, report.as_str()).await? {
            Some(row) => Named::Report { account, report, row },
            None => Named::Placed(row),
        }))
    }

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
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use serde_json::json;

    use super::*;

    const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

    /// What is found under `id` where there are these rows.
    async fn found(id: &str, rows: &'static [(&str, &str, &str)]) -> Option<Named> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_compute_output(move |request| {
            let id = request.key().expect("a key")["reportId"].as_s().expect("a text");
            let row = rows.iter().find(|(report, ..)| report == id);
            let item = row.map(|(_, attribute, value)| [((*attribute).to_owned(), text(*value))].into());
            GetItemOutput::builder().set_item(item).build()
        });
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]);
        let seller = SellerId::parse("A3").expect("valid");
        let ledger = Ledger::new(client, "reports".into());
        let found = ledger.find_report(&seller, Some(RegionCode::Na), id).await;
        found.expect("read")
    }

    #[tokio::test]
    async fn an_order_is_the_report_that_it_has_become() {
        const STORED: &[(&str, &str, &str)] = &[("7", "status", "STORED")];
        const PLACED: &[(&str, &str, &str)] = &[(ORDER, "placedAs", "7"), ("7", "status", "STORED")];
        for (id, rows) in [("7", STORED), (ORDER, PLACED)] {
            let Some(Named::Report { report, row, .. }) = found(id, rows).await else {
                panic!("{id} is no report");
            };
            assert_eq!((report.as_str(), row.status()), ("7", "STORED"));
        }
        let waiting = found(ORDER, &[(ORDER, "status", "QUEUED")]).await;
        assert!(matches!(waiting, Some(Named::Order(row)) if row.status() == "QUEUED"));
        let forgotten = found(ORDER, &[(ORDER, "placedAs", "7")]).await;
        assert!(matches!(forgotten, Some(Named::Placed(_))));
        assert!(found("7", &[]).await.is_none());
    }

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
