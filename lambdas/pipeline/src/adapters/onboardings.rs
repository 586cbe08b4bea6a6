//! The table of invitations, and of authorizations that have begun in a browser. Of their secrets it has hashes only.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use crate::PipelineError;
use crate::domain::{AccountType, Country, EmailAddress, TokenHash};

/// Who is invited to authorize the application, and what is to be done then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Whom it is for alone; without one, for whoever has it.
    pub seller: Option<SellerId>,
    /// Where.
    pub region: RegionCode,
    /// On whose pages.
    pub account_type: AccountType,
    /// On which country's pages, if that was said.
    pub country: Option<Country>,
    /// Who is to get the seller's news.
    pub mail: Option<EmailAddress>,
}

/// An authorization that a browser has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The invitation that it began with; `None` if it was in the Appstore.
    pub invitation: Option<TokenHash>,
    /// Who is expected to come back, if that is known.
    pub seller: Option<SellerId>,
    /// Where.
    pub region: RegionCode,
    /// Who is to get the seller's news.
    pub mail: Option<EmailAddress>,
}

/// The invitations and attempts that there are.
#[derive(Clone, Debug)]
pub struct Onboardings {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

type Row = HashMap<String, AttributeValue>;

impl Onboardings {
    /// The table of that name.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { client, table }
    }

    /// Keeps a new invitation, `until` then. DynamoDB deletes what has ended some time later.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn invite(
        &self,
        secret: &TokenHash,
        invitation: &Invitation,
        until: Timestamp,
    ) -> Result<(), PipelineError> {
        let mut row = row(
            Kind::Invitation,
            secret,
            invitation.seller.as_ref(),
            invitation.region,
            invitation.mail.as_ref(),
        );
        row.insert("accountType".to_owned(), text(invitation.account_type.as_str()));
        if let Some(country) = invitation.country {
            row.insert("country".to_owned(), text(country.as_str()));
        }
        self.put(row, until).await
    }

    /// The invitation that can be followed `now`; `None` for one that is unknown, used or over, all of which is found
    /// out alike.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn invitation(
        &self,
        secret: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Invitation>, PipelineError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(Kind::Invitation, secret)))
            // What was used a moment ago is.
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(answer.item.and_then(|row| {
            let ends: i64 = row.get("expiresAt")?.as_n().ok()?.parse().ok()?;
            let can_be_followed = ends > now.as_second() && !row.contains_key("usedAt");
            can_be_followed.then_some(())?;
            Some(Invitation {
                seller: seller_in(&row)?,
                region: region_in(&row)?,
                account_type: string(&row, "accountType")?.parse().ok()?,
                country: string(&row, "country").and_then(Country::parse),
                mail: mail_in(&row)?,
            })
        }))
    }

    /// Keeps that an authorization has begun, which ends `until` then. Only a browser that has both secrets, `state`
    /// from Amazon and `cookie` from here, can finish it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn begin(
        &self,
        state: &TokenHash,
        cookie: &TokenHash,
        attempt: &Attempt,
        until: Timestamp,
    ) -> Result<(), PipelineError> {
        let mut row = row(
            Kind::State,
            state,
            attempt.seller.as_ref(),
            attempt.region,
            attempt.mail.as_ref(),
        );
        row.insert("cookieHash".to_owned(), text(cookie.as_str()));
        if let Some(invitation) = &attempt.invitation {
            row.insert("invitation".to_owned(), text(invitation.as_str()));
        }
        self.put(row, until).await
    }

    /// Takes the attempt with that `state` away, which is how it is used once: `None` if there is none `now`, or
    /// another browser began it. That one can still finish it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn take(
        &self,
        state: &TokenHash,
        cookie: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Attempt>, PipelineError> {
        let taken = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(Kind::State, state)))
            .condition_expression("cookieHash = :cookie AND expiresAt > :now")
            .expression_attribute_values(":cookie", text(cookie.as_str()))
            .expression_attribute_values(":now", number(now.as_second()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        let row = match taken {
            Ok(taken) => taken.attributes.unwrap_or_default(),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(PipelineError::aws("DynamoDB", &error)),
        };
        let attempt = || {
            Some(Attempt {
                invitation: string(&row, "invitation").map(TokenHash::kept),
                seller: seller_in(&row)?,
                region: region_in(&row)?,
                mail: mail_in(&row)?,
            })
        };
        Ok(attempt())
    }

    /// Uses an invitation up, for `seller`; whether it was there to be used. That it has ended since the browser
    /// began is no reason to send anybody away.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn claim(
        &self,
        secret: &TokenHash,
        seller: &SellerId,
        now: Timestamp,
    ) -> Result<bool, PipelineError> {
        let claimed = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(Kind::Invitation, secret)))
            .update_expression("SET usedAt = :now, usedBy = :seller")
            // An update would make the row anew.
            .condition_expression("attribute_exists(expiresAt) AND attribute_not_exists(usedAt)")
            .expression_attribute_values(":now", text(format!("{now:.3}")))
            .expression_attribute_values(":seller", text(seller.as_str()))
            .send()
            .await;
        match claimed {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(PipelineError::aws("DynamoDB", &error)),
        }
    }

    /// Gives an invitation back that was claimed for `seller`, where nothing came of it.
    ///
    /// # Errors
    /// DynamoDB failed; then it is used up.
    pub async fn release(&self, secret: &TokenHash, seller: &SellerId) -> Result<(), PipelineError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(Kind::Invitation, secret)))
            .update_expression("REMOVE usedAt, usedBy")
            .condition_expression("usedBy = :seller")
            .expression_attribute_values(":seller", text(seller.as_str()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    async fn put(&self, row: Row, until: Timestamp) -> Result<(), PipelineError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row))
            .item("expiresAt", number(until.as_second()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }
}

/// What a secret is of: one can't be taken for the other.
#[derive(Clone, Copy)]
enum Kind {
    Invitation,
    State,
}

fn key(kind: Kind, secret: &TokenHash) -> Row {
    let kind = match kind {
        Kind::Invitation => "invitation",
        Kind::State => "state",
    };
    HashMap::from([(
        "secretHash".to_owned(),
        text(format!("{kind}/{}", secret.as_str())),
    )])
}

fn row(
    kind: Kind,
    secret: &TokenHash,
    seller: Option<&SellerId>,
    region: RegionCode,
    mail: Option<&EmailAddress>,
) -> Row {
    let mut row = key(kind, secret);
    row.insert("regionCode".to_owned(), text(region.as_str()));
    if let Some(seller) = seller {
        row.insert("sellerId".to_owned(), text(seller.as_str()));
    }
    if let Some(mail) = mail {
        row.insert("notificationEmail".to_owned(), text(mail.as_str()));
    }
    row
}

fn string<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

fn region_in(row: &Row) -> Option<RegionCode> {
    string(row, "regionCode").and_then(RegionCode::parse)
}

/// Who is meant, if anybody is. `None` where it can't be read: that is not nobody.
fn seller_in(row: &Row) -> Option<Option<SellerId>> {
    let seller = string(row, "sellerId").map(SellerId::parse);
    seller.transpose().ok()
}

fn mail_in(row: &Row) -> Option<Option<EmailAddress>> {
    let mail = string(row, "notificationEmail").map(EmailAddress::parse);
    mail.transpose().ok()
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::domain::LinkToken;

    fn onboardings(rule: &Rule) -> Onboardings {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[rule]);
        Onboardings::new(client, "onboardings".into())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn invitation() -> Invitation {
        Invitation {
            seller: SellerId::parse("A3").ok(),
            region: RegionCode::Eu,
            account_type: AccountType::Vendor,
            country: Country::parse("DE"),
            mail: EmailAddress::parse("ann@example.com").ok(),
        }
    }

    fn attempt() -> Attempt {
        Attempt {
            invitation: Some(LinkToken::random().hash()),
            seller: None,
            region: RegionCode::Fe,
            mail: None,
        }
    }

    /// Keeps what is put, and gives it back to the test.
    fn put() -> (Rule, std::sync::Arc<std::sync::Mutex<Row>>) {
        let kept = std::sync::Arc::<std::sync::Mutex<Row>>::default();
        let keeper = std::sync::Arc::clone(&kept);
        let rule = mock!(aws_sdk_dynamodb::Client::put_item)
            .match_requests(move |request| {
                *keeper.lock().expect("whole") = request.item().expect("an item").clone();
                true
            })
            .then_output(|| PutItemOutput::builder().build());
        (rule, kept)
    }

    #[tokio::test]
    async fn an_invitation_is_kept_as_its_hash_and_found_until_it_ends_or_is_used() {
        let secret = LinkToken::random();
        let (rule, kept) = put();
        let invited = onboardings(&rule)
            .invite(&secret.hash(), &invitation(), at(2000))
            .await;
        invited.expect("kept");
        let row = kept.lock().expect("whole").clone();
        assert!(!format!("{row:?}").contains(&secret.expose()));
        let found = async |row: Row, now| {
            let get = mock!(aws_sdk_dynamodb::Client::get_item)
                .match_requests(|request| request.consistent_read() == Some(true))
                .then_output(move || GetItemOutput::builder().set_item(Some(row.clone())).build());
            let found = onboardings(&get).invitation(&secret.hash(), at(now)).await;
            found.expect("read")
        };
        assert_eq!(found(row.clone(), 1999).await, Some(invitation()));
        assert_eq!(found(row.clone(), 2000).await, None);
        let mut used = row.clone();
        used.insert("usedAt".to_owned(), text("2026-11-22T05:00:00Z"));
        assert_eq!(found(used, 1999).await, None);
        // Whom it is for can't be read: it is for nobody, and not for everybody.
        let mut broken = row;
        broken.insert("sellerId".to_owned(), text("A B"));
        assert_eq!(found(broken, 1999).await, None);
    }

    #[tokio::test]
    async fn an_attempt_is_taken_away_by_who_has_both_secrets() {
        let (state, cookie) = (LinkToken::random(), LinkToken::random());
        let (rule, kept) = put();
        let begun = onboardings(&rule)
            .begin(&state.hash(), &cookie.hash(), &attempt(), at(2000))
            .await;
        begun.expect("kept");
        let row = kept.lock().expect("whole").clone();
        assert!(
            ![&state, &cookie]
                .iter()
                .any(|it| format!("{row:?}").contains(&it.expose()))
        );
        let expected = text(cookie.hash().as_str());
        let invited = row["invitation"].clone();
        let delete = mock!(aws_sdk_dynamodb::Client::delete_item)
            .match_requests(move |request| {
                let values = request.expression_attribute_values().expect("values");
                values[":cookie"] == expected
                    && values[":now"] == number(1999)
                    && request.condition_expression() == Some("cookieHash = :cookie AND expiresAt > :now")
            })
            .then_output(move || {
                DeleteItemOutput::builder()
                    .set_attributes(Some(row.clone()))
                    .build()
            });
        let taken = onboardings(&delete)
            .take(&state.hash(), &cookie.hash(), at(1999))
            .await;
        let taken = taken.expect("taken").expect("there");
        assert_eq!(
            (taken.region, taken.seller, taken.mail),
            (RegionCode::Fe, None, None)
        );
        assert_eq!(taken.invitation.map(|it| text(it.as_str())), Some(invited));
    }

    #[tokio::test]
    async fn what_is_not_there_or_another_browsers_is_not_taken() {
        let delete = mock!(aws_sdk_dynamodb::Client::delete_item).then_error(|| {
            let unmet = ConditionalCheckFailedException::builder().build();
            DeleteItemError::ConditionalCheckFailedException(unmet)
        });
        let hash = LinkToken::random().hash();
        let taken = onboardings(&delete).take(&hash, &hash, at(0)).await;
        assert_eq!(taken.expect("an answer"), None);
    }

    #[tokio::test]
    async fn an_invitation_is_claimed_once() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let unmet = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(unmet)
        });
        let seller = SellerId::parse("A3").expect("valid");
        let claimed = onboardings(&update)
            .claim(&LinkToken::random().hash(), &seller, at(0))
            .await;
        assert!(!claimed.expect("an answer"));
    }
}
