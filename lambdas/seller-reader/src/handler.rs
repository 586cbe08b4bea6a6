use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Among, Ledger, LedgerRow, SellerRow, SellersOverview};
use pipeline::answers::{LastReport, Seller, SellerList};
use pipeline::api::ApiError;
use pipeline::domain::newest::Position;
use pipeline::domain::{Account, AuthorizationTerm};
use pipeline::requests::{InvalidRequest, ListSellers, NamedSeller, Parameters};

use crate::trouble::{Standings, trouble_of};

/// How many accounts' last reports are asked for at a time.
const AT_A_TIME: usize = 10;

/// What the answers need.
pub struct Reader {
    pub sellers: SellersOverview,
    pub ledger: Ledger,
    /// How long authorizations last.
    pub term: AuthorizationTerm,
}

impl Reader {
    /// `GET /sellers`. A page costs a scan of as many rows, a query for each account and one for all obstacles,
    /// and a batch with as many reports.
    pub async fn list(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<SellerList, ApiError> {
        let ListSellers { limit, after } = ListSellers::parse(parameters?)?;
        let (rows, next) = self.sellers.page(limit, after.as_ref()).await?;
        Ok(SellerList {
            sellers: self.shown(rows).await?,
            next_token: next.as_ref().map(ListSellers::next_token),
        })
    }

    /// `GET /sellers/{SellerId}`: each of the seller's accounts, or that of one region.
    pub async fn one(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<SellerList, ApiError> {
        let NamedSeller { seller_id, region } = NamedSeller::parse(parameters?)?;
        let mut rows = self.sellers.of(&seller_id).await?;
        rows.retain(|row| region.is_none() || row.region == region);
        if rows.is_empty() {
            return Err(PipelineError::SellerNotFound(seller_id).into());
        }
        Ok(SellerList {
            sellers: self.shown(rows).await?,
            next_token: None,
        })
    }

    async fn shown(&self, rows: Vec<SellerRow>) -> Result<Vec<Seller>, PipelineError> {
        let now = Timestamp::now();
        let standings = Standings::read(&self.ledger, &rows).await?;
        let last_reports = self.last_reports(&rows).await?;
        let shown = rows.into_iter().map(|row| {
            let last = last_reports
                .iter()
                .find(|it| it.text("sellerId") == Some(row.account.as_str()));
            Seller {
                trouble: trouble_of(&row, &standings, self.term, now),
                seller_id: row.account.seller().clone(),
                region_code: row.region,
                subscribed: row.subscribed,
                authorized_at: row.authorized_at,
                reauthorization_due: row.authorized_at.and_then(|at| self.term.end(at)),
                last_report: last.and_then(last_report),
            }
        });
        Ok(shown.collect())
    }

    /// The rows of the reports that Amazon was done with last: one of each account, if there is one.
    async fn last_reports(&self, rows: &[SellerRow]) -> Result<Vec<LedgerRow>, PipelineError> {
        let accounts: Vec<Account> = rows.iter().map(|row| row.account.clone()).collect();
        let keys: Vec<_> = stream::iter(accounts)
            .map(|account| self.last_of(account))
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        self.ledger.rows(&keys).await
    }

    async fn last_of(&self, account: Account) -> Result<Option<(Account, String)>, PipelineError> {
        let (all, start) = (Among::default(), Position::Start);
        let mut newest = self.ledger.finished(&account, &all, &start, 1).await?;
        Ok(newest.keys.pop_front().map(|key| (account, key.id)))
    }
}

fn last_report(row: &LedgerRow) -> Option<LastReport> {
    Some(LastReport {
        report_id: row.text("reportId")?.to_owned(),
        report_type: row.text("reportType").map(str::to_owned),
        notified_at: row.text("notifiedAt")?.to_owned(),
        status: row.status().to_owned(),
    })
}

#[cfg(test)]
mod tests;
