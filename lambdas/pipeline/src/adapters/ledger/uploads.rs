use sp_api::ids::{ReportId, SellerId};

use super::row::text;
use super::{Ledger, send};
use crate::PipelineError;

/// An upload that is not complete yet, so that another invocation can go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedUpload {
    /// S3's id for it.
    pub id: String,
    /// What is being uploaded, and as what: only the very same may be added to it.
    pub of: String,
}

impl Ledger {
    /// Writes that the parts of a report's document are being stored.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_upload(
        &self,
        seller: &SellerId,
        report: &ReportId,
        upload: &UnfinishedUpload,
    ) -> Result<(), PipelineError> {
        let update = self
            .update(seller, report.as_str())
            .update_expression("SET uploadId = :id, uploadOf = :of")
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":id", text(&upload.id))
            .expression_attribute_values(":of", text(&upload.of));
        send(update).await.map(drop)
    }

    /// The upload that an earlier invocation has begun and not completed.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn unfinished_upload(
        &self,
        seller: &SellerId,
        report: &ReportId,
    ) -> Result<Option<UnfinishedUpload>, PipelineError> {
        let row = self.row(seller, report.as_str()).await?;
        Ok(row.and_then(|row| {
            Some(UnfinishedUpload {
                id: row.text("uploadId")?.to_owned(),
                of: row.text("uploadOf")?.to_owned(),
            })
        }))
    }
}
