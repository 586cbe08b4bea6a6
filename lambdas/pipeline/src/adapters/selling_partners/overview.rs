//! Sellers at a glance, for those who have no business with tokens.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::{NotificationType, SellerId};

use super::authorizations::given_at;
use super::subscriptions::KeptSubscription;
use super::{Row, region_in, row};
use crate::PipelineError;
use crate::domain::Account;

/// All that is read of a selling partner's row: nothing of its token, and nobody's address.
const READ: &str =
    "sellerId, regionCode, authorizedAt, updatedAt, subscriptions, mailOffSince, mailOffReason";

/// What is known of the sellers in the selling partners table.
#[derive(Clone, Debug)]
pub struct SellersOverview {
    dynamodb: Client,
    table: String,
}

/// What is known of a seller's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellerRow {
    /// Which.
    pub account: Account,
    /// Where, if that is known.
    pub region: Option<RegionCode>,
    /// To what it is subscribed here.
    pub subscribed: BTreeSet<NotificationType>,
    /// When the seller gave the authorization.
    pub authorized_at: Option<Timestamp>,
    /// Since when and why its address gets nothing, if it is switched off.
    pub mail_off: Option<(Timestamp, String)>,
}

impl SellersOverview {
    /// That of the table named `table`.
    #[must_use]
    pub fn new(dynamodb: Client, table: String) -> Self {
        Self { dynamodb, table }
    }

    /// `limit` accounts at most, in the table's order, those after `after`; and after which one the next page
    /// begins, if there may be one.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn page(
        &self,
        limit: u8,
        after: Option<&Account>,
    ) -> Result<(Vec<SellerRow>, Option<Account>), PipelineError> {
        let mut scan = self
            .dynamodb
            .scan()
            .table_name(&self.table)
            .projection_expression(READ)
            .limit(i32::from(limit));
        if let Some(after) = after {
            scan = scan.exclusive_start_key("sellerId", AttributeValue::S(after.to_string()));
        }
        let page = scan
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        let next = page.last_evaluated_key().and_then(account);
        Ok((page.items().iter().filter_map(SellerRow::read).collect(), next))
    }

    /// The accounts of `seller`; none if no token of the seller is kept.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn of(&self, seller: &SellerId) -> Result<Vec<SellerRow>, PipelineError> {
        let mut found = Vec::new();
        for account in Account::all_of(seller) {
            let row = row(&self.dynamodb, &self.table, &account, READ).await?;
            found.extend(row.as_ref().and_then(SellerRow::read));
        }
        Ok(found)
    }
}

impl SellerRow {
    fn read(row: &Row) -> Option<Self> {
        let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
        let account = account(row)?;
        let kept = row.get("subscriptions").and_then(|value| value.as_ss().ok());
        let kept = kept
            .into_iter()
            .flatten()
            .filter_map(|text| KeptSubscription::parse(text));
        let mail_off = text("mailOffSince").and_then(|since| since.parse().ok());
        Some(Self {
            region: account.further_region().or_else(|| region_in(row)),
            account,
            subscribed: kept.map(|kept| kept.notification_type).collect(),
            authorized_at: given_at(row),
            mail_off: mail_off.map(|since| (since, text("mailOffReason").cloned().unwrap_or_default())),
        })
    }
}

fn account(row: &Row) -> Option<Account> {
    Account::parse(row.get("sellerId")?.as_s().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::scan::ScanOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    #[tokio::test]
    async fn a_page_begins_where_the_one_before_ended_and_reads_no_token() {
        let scan = mock!(Client::scan)
            .match_requests(|request| {
                let read = request.projection_expression().expect("a projection");
                let from = request.exclusive_start_key().expect("a start");
                request.limit() == Some(2)
                    && from["sellerId"] == text("A1")
                    && !read.contains("Token")
                    && !read.contains("mail,")
            })
            .then_output(|| {
                let subscriptions = AttributeValue::Ss(vec![
                    "EU REPORT_PROCESSING_FINISHED s-1".into(),
                    "NA REPORT_PROCESSING_FINISHED s-2".into(),
                    "unreadable".into(),
                ]);
                let first: Row = [
                    ("sellerId", text("A3")),
                    ("regionCode", text("EU")),
                    ("updatedAt", text("2026-01-01T00:00:00Z")),
                    ("subscriptions", subscriptions),
                    ("mailOffSince", text("2026-11-22T05:00:00Z")),
                    ("mailOffReason", text("MailBounced")),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .into();
                let further: Row = [("sellerId".to_owned(), text("A2_FE"))].into();
                ScanOutput::builder()
                    .items(first)
                    .items(further)
                    .last_evaluated_key("sellerId", text("A2_FE"))
                    .build()
            });
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&scan]);
        let overview = SellersOverview::new(dynamodb, "partners".into());
        let account = |text: &str| Account::parse(text).expect("valid");
        let (rows, next) = overview.page(2, Some(&account("A1"))).await.expect("read");
        assert_eq!(next, Some(account("A2_FE")));
        let finished = NotificationType::parse("REPORT_PROCESSING_FINISHED").expect("valid");
        let expected = [
            SellerRow {
                account: account("A3"),
                region: Some(RegionCode::Eu),
                subscribed: [finished].into(),
                authorized_at: "2026-01-01T00:00:00Z".parse().ok(),
                mail_off: Some((
                    "2026-11-22T05:00:00Z".parse().expect("a time"),
                    "MailBounced".into(),
                )),
            },
            SellerRow {
                account: account("A2_FE"),
                region: Some(RegionCode::Fe),
                subscribed: BTreeSet::new(),
                authorized_at: None,
                mail_off: None,
            },
        ];
        assert_eq!(rows, expected);
    }
}
