use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::{MarketplaceId, ReportId, ReportType, SellerId};

use super::selling_partners;
use crate::PipelineError;
use crate::domain::stages::StoredDocument;
use crate::domain::{FinalStatus, FinishedReport};

/// The reports table: a row for each report, by selling partner and report.
#[derive(Clone, Debug)]
pub struct ReportsTable {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// A report that was ordered through this pipeline.
#[derive(Clone, Debug)]
pub struct OrderedReport<'a> {
    /// Whose report.
    pub seller_id: &'a SellerId,
    /// Amazon's id for it.
    pub report_id: &'a ReportId,
    /// Where it was ordered.
    pub region: RegionCode,
    /// What it reports.
    pub report_type: &'a ReportType,
    /// For which marketplaces.
    pub marketplace_ids: &'a [MarketplaceId],
}

impl ReportsTable {
    /// The table of that name.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { client, table }
    }

    /// Writes the row of a new order. A fast report may be finished before this is written: what its
    /// row says by then stays.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_order(&self, order: &OrderedReport<'_>) -> Result<(), PipelineError> {
        let marketplaces = order.marketplace_ids.iter().map(|id| text(id.as_str())).collect();
        self.update(order.seller_id, order.report_id)
            .update_expression(
                "SET #status = if_not_exists(#status, :ordered), regionCode = :region, \
                 reportType = :type, marketplaceIds = :marketplaces, orderedAt = :now",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":ordered", text("ORDERED"))
            .expression_attribute_values(":region", text(order.region.as_str()))
            .expression_attribute_values(":type", text(order.report_type.as_str()))
            .expression_attribute_values(":marketplaces", AttributeValue::L(marketplaces))
            .expression_attribute_values(":now", now())
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    /// Completes the row of a report whose seller has been told.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_announcement(
        &self,
        report: &FinishedReport,
        region: Option<RegionCode>,
        stored: Option<&StoredDocument>,
    ) -> Result<(), PipelineError> {
        let mut values = HashMap::from([
            ("status", text(final_status(report.processing_status))),
            ("processingStatus", text(report.processing_status.as_str())),
            ("reportType", text(report.report_type.as_str())),
            ("announcedAt", now()),
        ]);
        if let Some(region) = region {
            values.insert("regionCode", text(region.as_str()));
        }
        if let Some(stored) = stored {
            values.insert("objectKey", text(&stored.object_key));
            values.insert("bytes", AttributeValue::N(stored.bytes.to_string()));
            values.insert("sha256", text(&stored.sha256));
        }
        let mut update = self.update(&report.seller_id, &report.report_id);
        let mut assignments = Vec::new();
        for (name, value) in values {
            assignments.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        update
            // A delivery that succeeds after all leaves nothing of its earlier failure.
            .update_expression(format!(
                "SET {} REMOVE #error, errorCause, failedAt",
                assignments.join(", ")
            ))
            .expression_attribute_names("#error", "error")
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    /// The region of a report: where it was ordered; for one that was made elsewhere, where its
    /// seller sells, as `selling_partners_table` remembers it.
    ///
    /// # Errors
    /// [`PipelineError::RegionUnknown`] when neither table knows.
    pub async fn region_of(
        &self,
        seller: &SellerId,
        report: &ReportId,
        selling_partners_table: &str,
    ) -> Result<RegionCode, PipelineError> {
        let row = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("sellerId", text(seller.as_str()))
            .key("reportId", text(report.as_str()))
            .projection_expression("regionCode")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        let ordered_in = row
            .item()
            .and_then(|item| item.get("regionCode"))
            .and_then(|value| value.as_s().ok())
            .and_then(|code| RegionCode::parse(code));
        if let Some(region) = ordered_in {
            return Ok(region);
        }
        selling_partners::region_of(&self.client, selling_partners_table, seller)
            .await?
            .ok_or_else(|| PipelineError::RegionUnknown(seller.clone()))
    }

    fn update(&self, seller: &SellerId, report: &ReportId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("sellerId", text(seller.as_str()))
            .key("reportId", text(report.as_str()))
    }
}

/// What the row says of a report that needs nothing more.
fn final_status(status: FinalStatus) -> &'static str {
    match status {
        FinalStatus::Done => "ANNOUNCED",
        FinalStatus::Cancelled => "CANCELLED",
        FinalStatus::Fatal => "FATAL",
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn now() -> AttributeValue {
    AttributeValue::S(Timestamp::now().to_string())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn table(rules: &[&Rule]) -> ReportsTable {
        ReportsTable::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, rules),
            "reports".into(),
        )
    }

    fn seller() -> SellerId {
        SellerId::parse("A3TH9S8BH6GOGM").expect("valid")
    }

    fn report() -> ReportId {
        ReportId::parse("54517018502").expect("valid")
    }

    fn row(table: &'static str, region: Option<&'static str>) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(move |request| request.table_name() == Some(table))
            .then_output(move || {
                let answer = GetItemOutput::builder();
                match region {
                    Some(code) => answer.item("regionCode", text(code)).build(),
                    None => answer.build(),
                }
            })
    }

    #[tokio::test]
    async fn a_region_comes_from_the_order_then_from_the_seller() {
        let region = async |ordered, remembered| {
            let rules = (row("reports", ordered), row("partners", remembered));
            table(&[&rules.0, &rules.1])
                .region_of(&seller(), &report(), "partners")
                .await
        };
        assert_eq!(
            region(Some("EU"), Some("NA")).await.expect("known"),
            RegionCode::Eu
        );
        assert_eq!(region(None, Some("FE")).await.expect("known"), RegionCode::Fe);
        let error = region(None, None).await.expect_err("unknown");
        assert_eq!(error.name(), "RegionUnknown");
    }

    #[tokio::test]
    async fn an_order_does_not_overwrite_what_a_fast_report_has_become() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                request
                    .update_expression()
                    .is_some_and(|it| it.contains("if_not_exists(#status, :ordered)"))
                    && request
                        .key()
                        .is_some_and(|key| key["reportId"] == text("54517018502"))
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let (seller, report) = (seller(), report());
        let order = OrderedReport {
            seller_id: &seller,
            report_id: &report,
            region: RegionCode::Eu,
            report_type: &ReportType::parse("GET_X").expect("valid"),
            marketplace_ids: &[MarketplaceId::parse("A1PA6795UKMFR9").expect("valid")],
        };
        table(&[&update]).record_order(&order).await.expect("recorded");
        assert_eq!(update.num_calls(), 1);
    }

    #[tokio::test]
    async fn an_announcement_completes_the_row() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":status"] == text("ANNOUNCED")
                    && request
                        .update_expression()
                        .is_some_and(|it| it.ends_with("REMOVE #error, errorCause, failedAt"))
                    && values[":bytes"] == AttributeValue::N("5".into())
                    && values[":objectKey"] == text("key")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let finished = FinishedReport {
            seller_id: seller(),
            report_id: report(),
            report_type: ReportType::parse("GET_X").expect("valid"),
            processing_status: FinalStatus::Done,
            report_document_id: None,
        };
        let stored = StoredDocument {
            object_key: "key".into(),
            bytes: 5,
            sha256: "0".into(),
        };
        table(&[&update])
            .record_announcement(&finished, None, Some(&stored))
            .await
            .expect("recorded");
        assert_eq!(update.num_calls(), 1);
    }
}
