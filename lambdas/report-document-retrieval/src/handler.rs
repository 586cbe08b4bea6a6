use pipeline::adapters::{InSlot, Ledger, LedgerRow, MeteredAmazon, SellingPartners, or_warn};
use pipeline::domain::quota::Slot;
use pipeline::domain::stages::{Question, Retrieval as Retrieved, RetrievalRequest, RetrievedDocument};
use pipeline::domain::{Account, AnnouncedReport, FinishedReport};
use pipeline::logging::About;
use pipeline::{PipelineError, StageError};
use serde::Serialize;
use sp_api::ids::ReportDocumentId;
use sp_api::rates::Operation;
use sp_api::{AccessToken, RegionCode, ReportDocument, SpApiClient, SpApiError, report_types};

use crate::look_up::LookUp;

/// What retrieving needs.
pub struct Retrieval {
    pub amazon: MeteredAmazon,
    pub ledger: Ledger,
    pub partners: SellingPartners,
}

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Document(Retrieved),
    Report(pipeline::domain::stages::LookedUp),
}

impl Retrieval {
    /// Answers where a report's document is, or what the report is that was announced so briefly.
    pub async fn answer(&self, question: Question) -> Result<Answer, StageError> {
        Ok(match question {
            Question::Document(request) => Answer::Document(self.retrieve(request).await?),
            Question::Report(request) => Answer::Report(LookUp(self).run(request).await?),
        })
    }

    /// Asks Amazon for the URL of the report's document, if it is time; says when, if it is not.
    async fn retrieve(&self, request: RetrievalRequest) -> Result<Retrieved, PipelineError> {
        let report = &request.report.report;
        let about =
            About::report(&report.seller_id, &report.report_id).in_execution(request.execution.as_deref());
        about.is_all_of_the_invocation();
        let retrieved = self.ask(&request, about).await;
        let (seller, id) = (&report.seller_id, report.report_id.as_str());
        match self.ledger.noting(seller, id, retrieved).await {
            Err(error) => match self
                .park(report.clone().into(), error, request.retry_count)
                .await?
            {
                Some(error) => Err(error),
                None => Ok(Retrieved {
                    document: None,
                    slot: None,
                    is_parked: true,
                }),
            },
            retrieved => retrieved,
        }
    }

    /// Has the report wait, if that is what the error asks for. Otherwise the error.
    pub async fn park(
        &self,
        report: AnnouncedReport,
        error: PipelineError,
        retries: u32,
    ) -> Result<Option<PipelineError>, PipelineError> {
        self.ledger.park_report_after(&report, error, retries).await
    }

    /// The region of a report: where its row says it was made, or else where its account is.
    async fn region(&self, row: Option<&LedgerRow>, account: &Account) -> Result<RegionCode, PipelineError> {
        if let Some(region) = row.and_then(LedgerRow::region) {
            return Ok(region);
        }
        let region = self.partners.region(account).await?;
        region.ok_or_else(|| PipelineError::RegionUnknown(account.seller().clone()))
    }

    async fn ask(&self, request: &RetrievalRequest, about: About<'_>) -> Result<Retrieved, PipelineError> {
        let report = &request.report.report;
        let document_id = report.report_document_id.as_ref().ok_or_else(|| {
            let status = report.processing_status.as_str();
            PipelineError::InvalidInput(format!(
                "report {} is {status} without a ReportDocumentId",
                report.report_id
            ))
        })?;
        let row = self
            .ledger
            .row(&report.seller_id, report.report_id.as_str())
            .await?;
        let region = self.region(row.as_ref(), &report.seller_id).await?;
        about.in_region(region).is_all_of_the_invocation();
        let wanted = WantedDocument {
            retrieval: self,
            report,
            document_id,
            region,
        };
        let document = match wanted.get(request.slot()).await? {
            InSlot::Done(document) => document,
            InSlot::Wait(slot) => {
                let until = slot.not_before;
                tracing::info!(%until, "{about} waits for Amazon's quota until {until:.0}");
                return Ok(Retrieved {
                    document: None,
                    slot: Some(slot),
                    is_parked: false,
                });
            }
        };
        // The answer has cost a call of a small quota; a note is not worth asking again.
        let execution = request.execution.as_deref();
        or_warn(self.ledger.record_retrieval(report, region, execution).await);
        tracing::info!("{about} has its document at hand, as Amazon says");
        // Without a notification, as when somebody started the execution by hand, its start will do.
        let notified_at = row.as_ref().and_then(|row| row.time("notifiedAt"));
        Ok(Retrieved {
            document: Some(RetrievedDocument {
                region_code: region,
                url: document.url,
                compression_algorithm: document.compression_algorithm,
                key_time: notified_at.unwrap_or(request.started_at),
                marketplace_ids: row.map(|row| row.marketplaces()).unwrap_or_default(),
            }),
            slot: None,
            is_parked: false,
        })
    }
}

/// A document, and what it is asked for with.
struct WantedDocument<'a> {
    retrieval: &'a Retrieval,
    report: &'a FinishedReport,
    document_id: &'a ReportDocumentId,
    region: RegionCode,
}

impl WantedDocument<'_> {
    /// Which types hold personal data, Amazon's lists and Amazon's doors don't agree on. So where the
    /// one token is refused, the other is tried once.
    async fn get(&self, held: Option<Slot>) -> Result<InSlot<ReportDocument>, PipelineError> {
        let is_restricted = report_types::find(&self.report.report_type).is_some_and(|info| info.restricted);
        if is_restricted {
            return self.with_restricted_token(held, Fallback::SellersToken).await;
        }
        let region = self.region;
        let document_id = self.document_id;
        let asked = self
            .in_slot(
                &[Operation::GetReportDocument],
                held,
                |client, token| async move { client.get_report_document(region, &token, document_id).await },
            )
            .await;
        let Err(PipelineError::Amazon(SpApiError::Unauthorized {
            operation,
            code,
            message,
        })) = asked
        else {
            return asked;
        };
        tracing::warn!("denied, so a restricted data token is tried: {message}");
        match self.with_restricted_token(None, Fallback::None).await {
            Err(PipelineError::Amazon(refusal)) if is_refusal(&refusal) => {
                let message = format!("{message} Nor does a restricted data token help: {refusal}");
                Err(SpApiError::Unauthorized {
                    operation,
                    code,
                    message,
                }
                .into())
            }
            result => result,
        }
    }

    async fn with_restricted_token(
        &self,
        held: Option<Slot>,
        fallback: Fallback,
    ) -> Result<InSlot<ReportDocument>, PipelineError> {
        let (region, document_id) = (self.region, self.document_id);
        let operations = [Operation::CreateRestrictedDataToken, Operation::GetReportDocument];
        self.in_slot(&operations, held, |client, token| async move {
            restricted_document(&client, region, &token, document_id, fallback).await
        })
        .await
    }

    async fn in_slot<Call>(
        &self,
        operations: &[Operation],
        held: Option<Slot>,
        call: impl Fn(SpApiClient, AccessToken) -> Call,
    ) -> Result<InSlot<ReportDocument>, PipelineError>
    where
        Call: Future<Output = Result<ReportDocument, SpApiError>>,
    {
        let seller = self.report.seller_id.seller();
        let amazon = &self.retrieval.amazon;
        amazon.in_slot(seller, self.region, operations, held, call).await
    }
}

/// What is tried where there is no restricted data token to be had.
#[derive(Clone, Copy)]
enum Fallback {
    /// Some applications need no other, and for some documents Amazon gives no other.
    SellersToken,
    /// It has been tried.
    None,
}

/// A document with personal data takes a restricted data token.
async fn restricted_document(
    client: &SpApiClient,
    region: RegionCode,
    token: &AccessToken,
    document_id: &ReportDocumentId,
    fallback: Fallback,
) -> Result<ReportDocument, SpApiError> {
    let granted = client
        .create_restricted_data_token(region, token, document_id)
        .await;
    match (granted, fallback) {
        (Ok(restricted), _) => client.get_report_document(region, &restricted, document_id).await,
        (Err(refusal), Fallback::SellersToken) if is_refusal(&refusal) => {
            tracing::warn!("no restricted data token: {refusal}");
            let plain = client.get_report_document(region, token, document_id).await;
            plain.map_err(|error| with_reason(error, &refusal))
        }
        (Err(error), _) => Err(error),
    }
}

/// Whether Amazon has said no, and not only that it can't just now.
fn is_refusal(error: &SpApiError) -> bool {
    matches!(
        error,
        SpApiError::Unauthorized { .. } | SpApiError::Rejected { .. } | SpApiError::NotFound { .. }
    )
}

/// The seller's token is denied because it is no restricted one, so why there was none belongs to it.
fn with_reason(error: SpApiError, no_restricted_token: &SpApiError) -> SpApiError {
    match error {
        SpApiError::Unauthorized {
            operation,
            code,
            message,
        } => SpApiError::Unauthorized {
            operation,
            code,
            message: format!("{message} Nor is there a restricted data token: {no_restricted_token}"),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests;
