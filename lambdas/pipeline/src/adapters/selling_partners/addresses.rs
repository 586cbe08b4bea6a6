//! Where SES sends sellers' news, for those who have no business with tokens.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::{Row, if_there, row};
use crate::PipelineError;
use crate::domain::{Account, EmailAddress, Undeliverable};

/// All that is read of a selling partner's row.
const READ: &str = "sellerId, notificationEmail, mailRegion, mailOffSince";

/// The addresses in the selling partners table.
#[derive(Clone, Debug)]
pub struct MailAddresses {
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
}

/// A seller to whose address nothing more is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    /// Whose news went there.
    pub account: Account,
    /// Since when nothing does.
    pub since: Timestamp,
}

impl MailAddresses {
    /// Those in the table named `table`.
    #[must_use]
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { dynamodb, table }
    }

    /// Where a seller's news go of `region`, or of one that nobody knows: to the addresses that are for that
    /// region, and to those for all of the seller's. None that is switched off.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn of(
        &self,
        seller: &SellerId,
        region: Option<RegionCode>,
    ) -> Result<Vec<EmailAddress>, PipelineError> {
        let mut addresses = Vec::new();
        for account in Account::all_of(seller) {
            let row = row(&self.dynamodb, &self.table, &account, READ).await?;
            let row = row.filter(|row| is_for(row, region));
            let address = row.as_ref().and_then(switched_on);
            addresses.extend(address.filter(|address| !addresses.contains(address)));
        }
        Ok(addresses)
    }

    /// Sends nothing more to an address, whosever news went there, until it is stored again. Done again it
    /// gives the same, so that the owner is told of all.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn switch_off(
        &self,
        address: &EmailAddress,
        why: Undeliverable,
        now: Timestamp,
    ) -> Result<Vec<SwitchedOff>, PipelineError> {
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(&self.table)
            .filter_expression("attribute_exists(notificationEmail)")
            .projection_expression(READ)
            .into_paginator()
            .items()
            .send();
        let mut switched_off = Vec::new();
        while let Some(row) = pages.next().await {
            let row = row.map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            let Some((account, kept)) = text(&row, "sellerId").zip(text(&row, "notificationEmail")) else {
                continue;
            };
            // Mail servers return addresses in letters of their own.
            if !kept.eq_ignore_ascii_case(address.as_str()) {
                continue;
            }
            let account =
                Account::parse(account).map_err(|error| PipelineError::InvalidInput(error.to_string()))?;
            let since = text(&row, "mailOffSince").and_then(|since| since.parse().ok());
            if since.is_some() || self.switch_off_of(&account, kept, why, now).await? {
                switched_off.push(SwitchedOff {
                    account,
                    since: since.unwrap_or(now),
                });
            }
        }
        Ok(switched_off)
    }

    /// Whether the address was still this one.
    async fn switch_off_of(
        &self,
        account: &Account,
        address: &str,
        why: Undeliverable,
        now: Timestamp,
    ) -> Result<bool, PipelineError> {
        let result = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(account.to_string()))
            .update_expression("SET mailOffSince = :now, mailOffReason = :why")
            // Who has been forgotten meanwhile, or has another address, is none to switch off.
            .condition_expression("notificationEmail = :address")
            .expression_attribute_values(":address", AttributeValue::S(address.to_owned()))
            .expression_attribute_values(":why", AttributeValue::S(why.name().to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .send()
            .await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception)
    }
}

/// Whether the address of a row is for news of that region.
fn is_for(row: &Row, region: Option<RegionCode>) -> bool {
    text(row, "mailRegion").is_none_or(|only| region.is_some_and(|region| region.as_str() == only))
}

/// The address of a row, unless it is switched off.
fn switched_on(row: &Row) -> Option<EmailAddress> {
    let address = text(row, "notificationEmail").filter(|_| !row.contains_key("mailOffSince"))?;
    EmailAddress::parse(address).ok()
}

fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::scan::ScanOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    const NOW: &str = "2026-11-22T08:30:00Z";

    fn addresses(rules: &[&Rule]) -> MailAddresses {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, rules);
        MailAddresses::new(client, "partners".into())
    }

    fn account(text: &str) -> Account {
        Account::parse(text).expect("valid")
    }

    fn ann() -> EmailAddress {
        EmailAddress::parse("ann@example.com").expect("valid")
    }

    fn now() -> Timestamp {
        NOW.parse().expect("a time")
    }

    fn attributes(texts: &[(&str, &str)]) -> Row {
        let texts = texts.iter();
        texts
            .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
            .collect()
    }

    /// The row of a seller.
    fn kept(seller: &'static str, texts: &'static [(&str, &str)]) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(move |request| {
                request.key().expect("a key")["sellerId"] == AttributeValue::S(seller.into())
            })
            .then_output(move || GetItemOutput::builder().set_item(Some(attributes(texts))).build())
    }

    /// Nothing is kept of the seller's other accounts.
    fn none() -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build())
    }

    async fn of(rows: &[&Rule], region: Option<RegionCode>) -> Vec<String> {
        let none = none();
        let rows: Vec<_> = rows.iter().copied().chain([&none]).collect();
        let seller = account("A3").seller().clone();
        let found = addresses(&rows).of(&seller, region).await.expect("read");
        found.iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn an_address_gets_the_news_of_its_region_or_of_all() {
        let all = kept("A3", &[("notificationEmail", "ann@example.com")]);
        let europe = kept(
            "A3_EU",
            &[("notificationEmail", "bob@example.com"), ("mailRegion", "EU")],
        );
        let rows = [&all, &europe];
        assert_eq!(of(&rows, None).await, ["ann@example.com"]);
        assert_eq!(of(&rows, Some(RegionCode::Na)).await, ["ann@example.com"]);
        let both = ["ann@example.com", "bob@example.com"];
        assert_eq!(of(&rows, Some(RegionCode::Eu)).await, both);
    }

    #[tokio::test]
    async fn what_is_switched_off_gets_nothing() {
        let off = kept(
            "A3",
            &[("notificationEmail", "ann@example.com"), ("mailOffSince", NOW)],
        );
        assert!(of(&[&off], None).await.is_empty());
        assert!(of(&[&kept("A3", &[])], None).await.is_empty());
    }

    fn sellers() -> Rule {
        mock!(aws_sdk_dynamodb::Client::scan).then_output(|| {
            ScanOutput::builder()
                .items(attributes(&[
                    ("sellerId", "A1"),
                    ("notificationEmail", "Ann@Example.com"),
                ]))
                .items(attributes(&[
                    ("sellerId", "A2"),
                    ("notificationEmail", "bob@example.com"),
                ]))
                .items(attributes(&[
                    ("sellerId", "A3_EU"),
                    ("notificationEmail", "ann@example.com"),
                    ("mailOffSince", "2026-11-22T05:00:00Z"),
                ]))
                .build()
        })
    }

    #[tokio::test]
    async fn all_sellers_of_an_address_are_switched_off_and_no_others() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.key().expect("a key")["sellerId"] == AttributeValue::S("A1".into())
                    && values[":address"] == AttributeValue::S("Ann@Example.com".into())
                    && values[":why"] == AttributeValue::S("MailBounced".into())
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let off = addresses(&[&sellers(), &update])
            .switch_off(&ann(), Undeliverable::Bounced, now())
            .await
            .expect("switched off");
        let expected = [
            SwitchedOff {
                account: account("A1"),
                since: now(),
            },
            SwitchedOff {
                account: account("A3_EU"),
                since: "2026-11-22T05:00:00Z".parse().expect("a time"),
            },
        ];
        assert_eq!(off, expected);
    }

    #[tokio::test]
    async fn who_has_another_address_meanwhile_is_not_switched_off() {
        let other = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
        let off = addresses(&[&sellers(), &other])
            .switch_off(&ann(), Undeliverable::Complaint, now())
            .await
            .expect("nothing to do");
        let accounts: Vec<_> = off.iter().map(|it| it.account.as_str()).collect();
        assert_eq!(accounts, ["A3_EU"]);
    }
}
