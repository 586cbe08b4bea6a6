mod addresses;
mod authorizations;
mod deliveries;
mod discovery;
mod history;
mod known;
mod mail;
mod overview;
mod schedules;
mod subscriptions;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sp_api::RegionCode;
use sp_api::ids::SellerId;

pub use addresses::{MailAddresses, SwitchedOff};
pub use authorizations::Given;
use deliveries::deliver_attribute;
pub use discovery::{Discovering, Walked};
pub use known::{KnownAccounts, KnownSellers};
pub use overview::{SellerRow, SellersOverview};
pub use schedules::KeptSchedule;
pub use subscriptions::{Kept, KeptSubscription};

use crate::PipelineError;
use crate::domain::Account;
use crate::settings::AmazonSettings;
use authorizations::REMINDER;

/// The encryption context's key: a ciphertext moved to another seller's row does not decrypt.
const CONTEXT: &str = "SellerId";

/// The selling partners table: a row for each, with the refresh token encrypted by KMS.
#[derive(Clone, Debug)]
pub struct SellingPartners {
    dynamodb: aws_sdk_dynamodb::Client,
    kms: aws_sdk_kms::Client,
    table: String,
    key_arn: String,
}

impl SellingPartners {
    /// The table as `settings` have it, reached from a function with the configuration `aws`.
    #[must_use]
    pub fn connect(settings: &AmazonSettings, aws: &aws_config::SdkConfig) -> Self {
        let (dynamodb, kms) = (aws_sdk_dynamodb::Client::new(aws), aws_sdk_kms::Client::new(aws));
        Self::new(
            dynamodb,
            kms,
            settings.selling_partners_table.clone(),
            settings.token_key_arn.clone(),
        )
    }

    /// The table named `table`, its tokens encrypted under `key_arn`.
    #[must_use]
    pub fn new(
        dynamodb: aws_sdk_dynamodb::Client,
        kms: aws_sdk_kms::Client,
        table: String,
        key_arn: String,
    ) -> Self {
        Self {
            dynamodb,
            kms,
            table,
            key_arn,
        }
    }

    /// Keeps `token`, which the seller gave at `authorized_at`, for `seller` in `region`, instead of an earlier one.
    /// What else the row says stays. Gives the account that has it now.
    ///
    /// # Errors
    /// KMS or DynamoDB failed; then nothing has changed.
    pub async fn store_refresh_token_in(
        &self,
        seller: &SellerId,
        region: RegionCode,
        token: &SecretString,
        authorized_at: Timestamp,
    ) -> Result<Account, PipelineError> {
        let first = Account::first(seller.clone());
        let further = Account::further(seller.clone(), region);
        let is_kept = "attribute_exists(sellerId)";
        let is_free = "attribute_not_exists(regionCode) OR regionCode = :region";
        for (account, condition) in [(&further, is_kept), (&first, is_free)] {
            let kept = self.keep_token(account, Some(region), token, authorized_at, Some(condition));
            if kept.await? {
                return Ok(account.clone());
            }
        }
        self.keep_token(&further, Some(region), token, authorized_at, None)
            .await?;
        Ok(further)
    }

    /// Keeps `token`, which the seller gave at `authorized_at`, for `account`, instead of an earlier one. What else
    /// the row says stays.
    ///
    /// # Errors
    /// KMS or DynamoDB failed; then nothing has changed.
    pub async fn store_refresh_token(
        &self,
        account: &Account,
        token: &SecretString,
        authorized_at: Timestamp,
    ) -> Result<(), PipelineError> {
        self.keep_token(account, None, token, authorized_at, None)
            .await
            .map(drop)
    }

    /// Whether the row met the condition.
    async fn keep_token(
        &self,
        account: &Account,
        region: Option<RegionCode>,
        token: &SecretString,
        authorized_at: Timestamp,
        condition: Option<&str>,
    ) -> Result<bool, PipelineError> {
        let encrypted = self
            .kms
            .encrypt()
            .key_id(&self.key_arn)
            .encryption_context(CONTEXT, account.as_str())
            .plaintext(Blob::new(token.expose_secret()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("KMS", &error))?;
        let ciphertext = encrypted.ciphertext_blob.ok_or(PipelineError::AwsRefused {
            service: "KMS",
            message: "no ciphertext in the answer".into(),
        })?;
        let mut set =
            "SET refreshTokenCiphertext = :token, updatedAt = :now, authorizedAt = :authorized".to_owned();
        let mut update = self
            .update(account)
            .set_condition_expression(condition.map(str::to_owned))
            .expression_attribute_values(":token", AttributeValue::B(ciphertext))
            .expression_attribute_values(":now", AttributeValue::S(Timestamp::now().to_string()))
            .expression_attribute_values(":authorized", AttributeValue::S(authorized_at.to_string()));
        if let Some(region) = region {
            set.push_str(", regionCode = :region");
            update = update.expression_attribute_values(":region", AttributeValue::S(region.to_string()));
        }
        // Whoever was reminded of the earlier authorization's end is to be reminded of this one's.
        let update = update.update_expression(format!("{set} REMOVE {REMINDER}"));
        if_there(
            update.send().await,
            UpdateItemError::is_conditional_check_failed_exception,
        )
    }

    /// The accounts that are kept of `seller`: those with a refresh token.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn accounts(&self, seller: &SellerId) -> Result<Vec<KnownAccount>, PipelineError> {
        let mut known = Vec::new();
        for account in Account::all_of(seller) {
            let row = self.row(&account, "sellerId, regionCode").await?;
            if let Some(row) = row {
                let region = account.further_region().or_else(|| region_in(&row));
                known.push(KnownAccount { account, region });
            }
        }
        Ok(known)
    }

    /// Whether a refresh token is kept of `seller`, in whichever region.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn is_known(&self, seller: &SellerId) -> Result<bool, PipelineError> {
        for account in Account::all_of(seller) {
            if self.attribute(&account, "updatedAt").await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The account that `seller` has in `region`. Where none is kept for that region, it is the first one,
    /// of another region or of one that is not known yet: then Amazon decides.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when there is none; DynamoDB failed.
    pub async fn account(
        &self,
        seller: &SellerId,
        region: RegionCode,
    ) -> Result<KnownAccount, PipelineError> {
        let account = self.holder(seller, region).await?;
        let row = self.row(&account, "sellerId, regionCode").await?;
        let row = row.ok_or_else(|| PipelineError::SellerNotFound(seller.clone()))?;
        let region = account.further_region().or_else(|| region_in(&row));
        Ok(KnownAccount { account, region })
    }

    async fn holder(&self, seller: &SellerId, region: RegionCode) -> Result<Account, PipelineError> {
        let further = Account::further(seller.clone(), region);
        Ok(match self.row(&further, "sellerId").await? {
            Some(_) => further,
            None => Account::first(seller.clone()),
        })
    }

    /// The refresh token with which to call Amazon for `seller` in `region`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when there is none.
    pub async fn refresh_token(
        &self,
        seller: &SellerId,
        region: RegionCode,
    ) -> Result<SecretString, PipelineError> {
        let account = self.holder(seller, region).await?;
        self.refresh_token_of(&account).await
    }

    /// The refresh token kept for `account`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when there is none.
    pub async fn refresh_token_of(&self, account: &Account) -> Result<SecretString, PipelineError> {
        let Some(AttributeValue::B(ciphertext)) = self.attribute(account, "refreshTokenCiphertext").await?
        else {
            return Err(PipelineError::SellerNotFound(account.seller().clone()));
        };
        let decrypted = self
            .kms
            .decrypt()
            .key_id(&self.key_arn)
            .encryption_context(CONTEXT, account.as_str())
            .ciphertext_blob(ciphertext)
            .send()
            .await
            .map_err(|error| PipelineError::aws("KMS", &error))?;
        decrypted
            .plaintext
            .and_then(|plaintext| String::from_utf8(plaintext.into_inner()).ok())
            .map(SecretString::from)
            .ok_or(PipelineError::AwsRefused {
                service: "KMS",
                message: "the plaintext is no token".into(),
            })
    }

    /// Deletes all that is kept of `account`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is, or DynamoDB failed.
    pub async fn forget(&self, account: &Account) -> Result<(), PipelineError> {
        let result = self
            .dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(account.to_string()))
            .condition_expression("attribute_exists(sellerId)")
            .send()
            .await;
        if if_there(result, DeleteItemError::is_conditional_check_failed_exception)? {
            Ok(())
        } else {
            Err(PipelineError::SellerNotFound(account.seller().clone()))
        }
    }

    /// Where `account` is, if that is known.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn region(&self, account: &Account) -> Result<Option<RegionCode>, PipelineError> {
        region_of(&self.dynamodb, &self.table, account).await
    }

    /// Remembers that `account` is in `region`, where Amazon has taken its authorization, unless its
    /// region is known.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn learn_region(&self, account: &Account, region: RegionCode) -> Result<(), PipelineError> {
        let result = self
            .update(account)
            .update_expression("SET regionCode = :region")
            .condition_expression("attribute_exists(sellerId) AND attribute_not_exists(regionCode)")
            .expression_attribute_values(":region", AttributeValue::S(region.to_string()))
            .send()
            .await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception).map(drop)
    }

    fn update(&self, account: &Account) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(account.to_string()))
    }

    async fn attribute(
        &self,
        account: &Account,
        name: &str,
    ) -> Result<Option<AttributeValue>, PipelineError> {
        let row = self.row(account, name).await?;
        Ok(row.and_then(|mut row| row.remove(name)))
    }

    async fn row(&self, account: &Account, projection: &str) -> Result<Option<Row>, PipelineError> {
        row(&self.dynamodb, &self.table, account, projection).await
    }
}

/// An account whose refresh token is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAccount {
    /// Which.
    pub account: Account,
    /// Where, if that is known.
    pub region: Option<RegionCode>,
}

type Row = HashMap<String, AttributeValue>;

/// Whether a conditional write found its row.
fn if_there<T, E: ProvideErrorMetadata, R>(
    result: Result<T, SdkError<E, R>>,
    is_unmet: fn(&E) -> bool,
) -> Result<bool, PipelineError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(is_unmet) => Ok(false),
        Err(error) => Err(PipelineError::aws("DynamoDB", &error)),
    }
}

/// Where `account` is, as the selling partners table `table` remembers it.
///
/// # Errors
/// DynamoDB failed.
pub(super) async fn region_of(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    account: &Account,
) -> Result<Option<RegionCode>, PipelineError> {
    if let Some(region) = account.further_region() {
        return Ok(Some(region));
    }
    let row = row(dynamodb, table, account, "regionCode").await?;
    Ok(row.as_ref().and_then(region_in))
}

fn region_in(row: &Row) -> Option<RegionCode> {
    let code = row.get("regionCode")?.as_s().ok()?;
    RegionCode::parse(code)
}

async fn row(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    account: &Account,
    projection: &str,
) -> Result<Option<Row>, PipelineError> {
    let answer = dynamodb
        .get_item()
        .table_name(table)
        .key("sellerId", AttributeValue::S(account.to_string()))
        .projection_expression(projection)
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
    Ok(answer.item)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_sdk_kms::operation::decrypt::DecryptOutput;
    use aws_sdk_kms::operation::encrypt::{EncryptError, EncryptOutput};
    use aws_sdk_kms::types::error::KmsInternalException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    pub(super) fn seller() -> Account {
        Account::parse("A3TH9S8BH6GOGM").expect("valid")
    }

    fn authorized() -> Timestamp {
        "2026-01-22T00:00:00Z".parse().expect("a time")
    }

    pub(super) fn partners(dynamodb: &[&Rule], kms: &[&Rule]) -> SellingPartners {
        partners_in(RuleMode::MatchAny, dynamodb, kms)
    }

    pub(super) fn partners_in(mode: RuleMode, dynamodb: &[&Rule], kms: &[&Rule]) -> SellingPartners {
        SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, mode, dynamodb),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, kms),
            "partners".into(),
            "arn:key".into(),
        )
    }

    #[tokio::test]
    async fn a_token_is_encrypted_for_its_seller_before_it_is_stored() {
        let encrypt = mock!(aws_sdk_kms::Client::encrypt)
            .match_requests(|request| {
                request.key_id() == Some("arn:key")
                    && request
                        .encryption_context()
                        .and_then(|context| context.get("SellerId"))
                        .map(String::as_str)
                        == Some("A3TH9S8BH6GOGM")
                    && request.plaintext().map(Blob::as_ref) == Some(b"Atzr|token".as_slice())
            })
            .then_output(|| {
                EncryptOutput::builder()
                    .ciphertext_blob(Blob::new("sealed"))
                    .build()
            });
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                let expression = request.update_expression().expect("an update");
                request.table_name() == Some("partners")
                    && expression.ends_with("authorizedAt = :authorized REMOVE authorizationReminder")
                    && values[":authorized"] == AttributeValue::S("2026-01-22T00:00:00Z".into())
                    && values[":token"] == AttributeValue::B(Blob::new("sealed"))
                    && !format!("{values:?}").contains("Atzr")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let token = SecretString::from("Atzr|token");
        partners(&[&update], &[&encrypt])
            .store_refresh_token(&seller(), &token, authorized())
            .await
            .expect("stored");
        assert_eq!((encrypt.num_calls(), update.num_calls()), (1, 1));
    }

    /// The account that has a token for EU now, of a table in which these rows are: names and regions.
    async fn stored_in_eu(rows: &'static [(&'static str, Option<&'static str>)]) -> String {
        let encrypt = mock!(aws_sdk_kms::Client::encrypt).then_output(|| {
            EncryptOutput::builder()
                .ciphertext_blob(Blob::new("sealed"))
                .build()
        });
        let is_met = move |request: &UpdateItemInput| {
            let key = request.key().expect("a key")["sellerId"].as_s().expect("a text");
            let region = rows
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, region)| *region);
            match request.condition_expression() {
                None => true,
                Some("attribute_exists(sellerId)") => region.is_some(),
                Some(_) => region.flatten().is_none_or(|region| region == "EU"),
            }
        };
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(is_met)
            .then_output(|| UpdateItemOutput::builder().build());
        let unmet = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
        let token = SecretString::from("Atzr|token");
        let stored = partners(&[&update, &unmet], &[&encrypt])
            .store_refresh_token_in(seller().seller(), RegionCode::Eu, &token, authorized())
            .await;
        stored.expect("stored").to_string()
    }

    #[tokio::test]
    async fn a_regions_token_takes_no_other_regions_place() {
        const FIRST: &str = "A3TH9S8BH6GOGM";
        const EU: &str = "A3TH9S8BH6GOGM_EU";
        assert_eq!(stored_in_eu(&[]).await, FIRST);
        assert_eq!(stored_in_eu(&[(FIRST, None)]).await, FIRST);
        assert_eq!(stored_in_eu(&[(FIRST, Some("EU"))]).await, FIRST);
        assert_eq!(stored_in_eu(&[(FIRST, Some("NA"))]).await, EU);
        assert_eq!(stored_in_eu(&[(FIRST, Some("NA")), (EU, Some("EU"))]).await, EU);
    }

    #[tokio::test]
    async fn nothing_is_stored_when_kms_fails() {
        let encrypt = mock!(aws_sdk_kms::Client::encrypt)
            .then_error(|| EncryptError::KmsInternalException(KmsInternalException::builder().build()));
        let update =
            mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build());
        let result = partners(&[&update], &[&encrypt])
            .store_refresh_token(&seller(), &SecretString::from("x"), authorized())
            .await;
        assert!(result.is_err());
        assert_eq!(update.num_calls(), 0);
    }

    #[tokio::test]
    async fn the_stored_token_comes_back() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(|request| request.consistent_read() == Some(true))
            .then_output(|| {
                GetItemOutput::builder()
                    .item("refreshTokenCiphertext", AttributeValue::B(Blob::new("sealed")))
                    .build()
            });
        let decrypt = mock!(aws_sdk_kms::Client::decrypt)
            .match_requests(|request| {
                request
                    .encryption_context()
                    .is_some_and(|context| context["SellerId"] == "A3TH9S8BH6GOGM")
            })
            .then_output(|| {
                DecryptOutput::builder()
                    .plaintext(Blob::new("Atzr|token"))
                    .build()
            });
        let token = partners(&[&get], &[&decrypt])
            .refresh_token_of(&seller())
            .await
            .expect("there");
        assert_eq!(token.expose_secret(), "Atzr|token");
    }

    #[tokio::test]
    async fn an_unknown_seller_is_named() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
        let error = partners(&[&get], &[])
            .refresh_token_of(&seller())
            .await
            .expect_err("unknown");
        assert!(matches!(error, PipelineError::SellerNotFound(unknown) if unknown == *seller().seller()));
    }

    #[tokio::test]
    async fn forgetting_deletes_the_row_and_says_if_there_was_none() {
        let delete = mock!(aws_sdk_dynamodb::Client::delete_item)
            .match_requests(|request| request.key().is_some_and(|key| key.len() == 1))
            .then_output(|| DeleteItemOutput::builder().build());
        assert!(partners(&[&delete], &[]).forget(&seller()).await.is_ok());
        let missing = mock!(aws_sdk_dynamodb::Client::delete_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            DeleteItemError::ConditionalCheckFailedException(error)
        });
        let error = partners(&[&missing], &[]).forget(&seller()).await;
        assert_eq!(error.expect_err("unknown").name(), "SellerNotFound");
    }
}
