use sp_api::ids::ReportId;

use super::row::text;
use super::{Ledger, send};
use crate::PipelineError;
use crate::domain::{Account, Counted, Findings};

/// An upload that is not complete yet, so that another invocation can go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedUpload {
    /// S3's id for it.
    pub id: String,
    /// What is being uploaded, and as what: only the very same may be added to it.
    pub of: String,
    /// How far a text's bytes had been counted when the invocation ended.
    pub counted: Option<Counted>,
}

/// What earlier invocations left of a document that is not stored yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EarlierTransfer {
    /// The upload that was begun.
    pub upload: Option<UnfinishedUpload>,
    /// What was found out.
    pub findings: Option<Findings>,
}

impl Ledger {
    /// Writes that the parts of a report's document are being stored.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_upload(
        &self,
        seller: &Account,
        report: &ReportId,
        upload: &UnfinishedUpload,
    ) -> Result<(), PipelineError> {
        let update = self
            .update(seller, report.as_str())
            .update_expression("SET uploadId = :id, uploadOf = :of REMOVE uploadCounted")
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":id", text(&upload.id))
            .expression_attribute_values(":of", text(&upload.of));
        send(update).await.map(drop)
    }

    /// Writes how far the text of an upload has been counted.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_counted(
        &self,
        seller: &Account,
        report: &ReportId,
        upload_id: &str,
        counted: &Counted,
    ) -> Result<(), PipelineError> {
        let counted = serde_json::to_string(counted).expect("numbers and texts");
        let update = self
            .update(seller, report.as_str())
            .update_expression("SET uploadCounted = :counted")
            .condition_expression("uploadId = :id")
            .expression_attribute_values(":id", text(upload_id))
            .expression_attribute_values(":counted", text(counted));
        send(update).await.map(drop)
    }

    /// Writes what must be known before the document is read once more.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_findings(
        &self,
        seller: &Account,
        report: &ReportId,
        findings: &Findings,
    ) -> Result<(), PipelineError> {
        let findings = serde_json::to_string(findings).expect("numbers and texts");
        let update = self
            .update(seller, report.as_str())
            .update_expression("SET documentFindings = :findings REMOVE uploadId, uploadOf, uploadCounted")
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":findings", text(findings));
        send(update).await.map(drop)
    }

    /// What earlier invocations have left.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn earlier_transfer(
        &self,
        seller: &Account,
        report: &ReportId,
    ) -> Result<EarlierTransfer, PipelineError> {
        let Some(row) = self.row(seller, report.as_str()).await? else {
            return Ok(EarlierTransfer::default());
        };
        let upload = row
            .text("uploadId")
            .zip(row.text("uploadOf"))
            .map(|(id, of)| UnfinishedUpload {
                id: id.to_owned(),
                of: of.to_owned(),
                // What can't be read is counted again.
                counted: row
                    .text("uploadCounted")
                    .and_then(|json| serde_json::from_str(json).ok()),
            });
        let findings = row.text("documentFindings");
        Ok(EarlierTransfer {
            upload,
            findings: findings.and_then(|json| serde_json::from_str(json).ok()),
        })
    }
}
