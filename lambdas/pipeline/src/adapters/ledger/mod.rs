//! The reports table: what became of every order and every report.
//!
//! A row is a report, under Amazon's report id, or an order that is queued or must not be carried out
//! twice, under its request id. All writes are conditional: a report's life goes one way.

mod announcements;
mod backfills;
mod finished;
mod gathered;
mod jobs;
mod look_ups;
mod news_rows;
mod obstacles;
mod order_row;
mod orders;
mod queries;
mod reports;
mod row;
mod skipped;
mod transactions;
mod uploads;
mod waiting;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Display};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use sp_api::RegionCode;

pub use announcements::{AnnouncementKind, Teller, Turn};
pub use backfills::{Backfill, Found, Traits};
pub use finished::Among;
pub use gathered::GatheredNews;
pub use look_ups::Named;
pub use obstacles::Standing;
pub use order_row::{OrderRow, OrderState};
pub use orders::{Accepted, Cancellation, NewOrder};
pub use queries::{Due, Page, PageToken};
pub use reports::{Claim, Notified, OrderedReport};
pub use row::LedgerRow;
pub use skipped::Skipped;
pub use uploads::{EarlierTransfer, UnfinishedUpload};
pub use waiting::Going;

use super::selling_partners;
use crate::PipelineError;
use crate::domain::Account;
use row::{Attributes, text};

/// The value of `due` in every row that the reconciler must look after, so that an index finds them.
const DUE: &str = "OPEN";

/// The reports table.
#[derive(Clone, Debug)]
pub struct Ledger {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl Ledger {
    /// The table of that name.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { client, table }
    }

    /// A row as it is now: a report by Amazon's id, an order by its request id.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn row(&self, seller: &Account, id: &str) -> Result<Option<LedgerRow>, PipelineError> {
        self.get_row((seller, id).into()).await
    }

    async fn get_row(&self, row: RowKey<'_>) -> Result<Option<LedgerRow>, PipelineError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(row.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(answer.item.map(LedgerRow))
    }

    /// The region of a report: where its `row` says it was ordered; for one that was made elsewhere,
    /// where its seller sells, as `selling_partners_table` remembers it.
    ///
    /// # Errors
    /// [`PipelineError::RegionUnknown`] when neither knows.
    pub async fn region_of(
        &self,
        row: Option<&LedgerRow>,
        seller: &Account,
        selling_partners_table: &str,
    ) -> Result<RegionCode, PipelineError> {
        if let Some(region) = row.and_then(LedgerRow::region) {
            return Ok(region);
        }
        selling_partners::region_of(&self.client, selling_partners_table, seller)
            .await?
            .ok_or_else(|| PipelineError::RegionUnknown(seller.seller().clone()))
    }

    fn update(&self, seller: &Account, id: &str) -> UpdateItemFluentBuilder {
        self.update_row((seller, id).into())
    }

    fn update_row(&self, row: RowKey<'_>) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(row.attributes()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// For a write that is a service to the reader and must not undo what it tells of.
pub fn or_warn(written: Result<(), PipelineError>) {
    if let Err(error) = written {
        tracing::warn!("the ledger could not be written: {error}");
    }
}

/// A row's key: a report's or an order's, or one of another kind, whose partition has a slash, as no
/// seller's id has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowKey<'a> {
    partition: Cow<'a, str>,
    id: &'a str,
}

impl<'a> From<(&'a Account, &'a str)> for RowKey<'a> {
    fn from((seller, id): (&'a Account, &'a str)) -> Self {
        Self {
            partition: seller.as_str().into(),
            id,
        }
    }
}

impl RowKey<'_> {
    /// Of the row of that kind called `name`.
    fn of_kind(kind: &'static str, name: impl Display) -> Self {
        Self {
            partition: format!("{kind}/{name}").into(),
            id: kind,
        }
    }

    fn attributes(self) -> Attributes {
        HashMap::from([
            ("sellerId".to_owned(), text(self.partition.into_owned())),
            ("reportId".to_owned(), text(self.id)),
        ])
    }
}

impl Display for RowKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.partition, self.id)
    }
}

fn key(seller: &Account, id: &str) -> Attributes {
    RowKey::from((seller, id)).attributes()
}

/// What a conditional update came to.
enum Written {
    /// As much of the row as the update gives back.
    Yes(LedgerRow),
    /// The condition was not met, by this row.
    No(LedgerRow),
}

impl Written {
    /// As much of the row as the update gives back, if it was written.
    fn row(self) -> Option<LedgerRow> {
        match self {
            Self::Yes(row) => Some(row),
            Self::No(_) => None,
        }
    }
}

async fn send(update: UpdateItemFluentBuilder) -> Result<Written, PipelineError> {
    match update.send().await {
        Ok(written) => Ok(Written::Yes(LedgerRow(written.attributes.unwrap_or_default()))),
        Err(error) => match unmet(&error) {
            Some(row) => Ok(Written::No(LedgerRow(row))),
            None => Err(PipelineError::aws("DynamoDB", &error)),
        },
    }
}

/// The row that did not meet a condition; empty where there is none.
fn unmet<R>(error: &SdkError<UpdateItemError, R>) -> Option<Attributes> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(unmet)) => {
            Some(unmet.item().cloned().unwrap_or_default())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn a_region_comes_from_the_order_then_from_the_seller() {
        let region = async |ordered: Option<&str>, remembered: Option<&'static str>| {
            let get = mock!(aws_sdk_dynamodb::Client::get_item)
                .match_requests(|request| request.table_name() == Some("partners"))
                .then_output(move || {
                    let item = remembered.map(|code| HashMap::from([("regionCode".to_owned(), text(code))]));
                    GetItemOutput::builder().set_item(item).build()
                });
            let row = ordered.map(|code| LedgerRow(HashMap::from([("regionCode".to_owned(), text(code))])));
            let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]);
            let seller = Account::parse("A3TH9S8BH6GOGM").expect("valid");
            Ledger::new(client, "reports".into())
                .region_of(row.as_ref(), &seller, "partners")
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
}
