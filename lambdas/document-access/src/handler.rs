use std::time::Duration;

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use pipeline::adapters::{DocumentStore, Ledger, LedgerRow, Named, StoredHeaders, UrlMethod};
use pipeline::answers::{Document, NewLink, RevokedLinks};
use pipeline::api::ApiError;
use pipeline::domain::{Account, FinalStatus};
use pipeline::linking::{LinkMaker, StoredReport};
use pipeline::logging::About;
use pipeline::requests::{InvalidRequest, MakeLink, NamedReport, Parameters};
use sp_api::ids::ReportId;

/// How long a URL is good: as long as a caller takes to begin.
const URL_LIFETIME: Duration = Duration::from_secs(300);

/// What the answers need.
pub struct DocumentAccess {
    pub ledger: Ledger,
    pub documents: DocumentStore,
    pub maker: LinkMaker,
}

/// A report that there is a row of.
struct Known {
    account: Account,
    report: ReportId,
    row: LedgerRow,
}

impl DocumentAccess {
    /// `GET /reports/{reportId}/document`.
    pub async fn document(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<Document, ApiError> {
        let known = self.known(&NamedReport::parse(parameters?)?).await?;
        let stored = known.stored()?;
        let headers = self.headers(&stored).await?;
        let key = stored.target.object_key;
        let signed = self
            .documents
            .presigned(&key, UrlMethod::Get, URL_LIFETIME)
            .await?;
        let about = About::report(&stored.target.account, &stored.target.report);
        tracing::info!("{about} is about to be downloaded by a caller of the API");
        let last_part = key.rsplit('/').next().unwrap_or_default();
        Ok(Document {
            url: signed.url,
            expires_at: signed.expires_at,
            bytes: headers.bytes,
            content_type: headers.content_type,
            content_encoding: headers.content_encoding,
            crc64nvme: known
                .row
                .text("crc64nvme")
                .map(str::to_owned)
                .or(headers.crc64nvme),
            file_name: headers.file_name.unwrap_or_else(|| last_part.to_owned()),
            object_key: key,
        })
    }

    /// `POST /reports/{reportId}/links`.
    pub async fn link(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<NewLink, ApiError> {
        let most_days = self.maker.lifetimes().document_days;
        let MakeLink { report, options } = MakeLink::parse(parameters?, body, most_days)?;
        let stored = self.known(&report).await?.stored()?;
        self.headers(&stored).await?;
        let link = self.maker.link_to(&stored, options.days, now).await?;
        let link = link.ok_or_else(|| gone(&stored.target.report))?;
        let about = About::report(&stored.target.account, &stored.target.report);
        tracing::info!(
            "{about} has a further link, which works until {:.0}",
            link.expires_at
        );
        Ok(NewLink {
            link: link.url,
            expires_at: link.expires_at,
        })
    }

    /// `DELETE /reports/{reportId}/links`.
    pub async fn revoke(
        &self,
        parameters: Result<Parameters, InvalidRequest>,
    ) -> Result<RevokedLinks, ApiError> {
        let revoked = match self.named(&NamedReport::parse(parameters?)?).await? {
            Named::Report { account, report, .. } => {
                let revoked = self.maker.links().revoke(&account, Some(&report)).await?;
                let about = About::report(&account, &report);
                tracing::info!("{about} has no link any more: {revoked} were revoked");
                revoked
            }
            Named::Order(_) | Named::Placed(_) => 0,
        };
        Ok(RevokedLinks { revoked })
    }

    /// What is known of the report of that name.
    async fn known(&self, report: &NamedReport) -> Result<Known, ApiError> {
        match self.named(report).await? {
            Named::Report { account, report, row } => Ok(Known { account, report, row }),
            Named::Order(row) => Err(not_stored(report.name.as_str(), row.status())),
            Named::Placed(_) => Err(unknown(report)),
        }
    }

    async fn named(&self, report: &NamedReport) -> Result<Named, ApiError> {
        let NamedReport {
            seller_id,
            region,
            name,
        } = report;
        let found = self.ledger.find_report(seller_id, *region, name.as_str()).await?;
        let found = found.ok_or_else(|| unknown(report))?;
        if let Named::Report { account, report, row } = &found {
            About::report(account, report)
                .as_in(Some(row))
                .is_all_of_the_invocation();
        }
        Ok(found)
    }

    /// What the document says of itself, as long as it is there.
    async fn headers(&self, stored: &StoredReport) -> Result<StoredHeaders, ApiError> {
        let target = &stored.target;
        let headers = self.documents.headers(&target.object_key).await?;
        headers.ok_or_else(|| gone(&target.report))
    }
}

impl Known {
    /// Its document.
    fn stored(&self) -> Result<StoredReport, ApiError> {
        let Self { account, report, row } = self;
        StoredReport::of(account, report, row).ok_or_else(|| {
            let status = row.status();
            let has_none = [FinalStatus::Cancelled, FinalStatus::Fatal, FinalStatus::Dropped];
            if has_none.iter().any(|ended| ended.as_str() == status) {
                let message = format!("report {report} has no document: it ended as {status}");
                return ApiError::new(StatusCode::NOT_FOUND, "NoDocument", message);
            }
            not_stored(report.as_str(), status)
        })
    }
}

fn unknown(report: &NamedReport) -> ApiError {
    ApiError::unknown_report(&report.seller_id, report.name.as_str())
}

fn not_stored(id: &str, status: &str) -> ApiError {
    let message = format!("the document of {id} is not stored: it is {status} here");
    ApiError::new(StatusCode::CONFLICT, "NotDelivered", message)
}

fn gone(report: &ReportId) -> ApiError {
    let message = format!("the document of {report} has been deleted, as all are after their time");
    ApiError::new(StatusCode::NOT_FOUND, "DocumentGone", message)
}

#[cfg(test)]
mod tests;
