mod deliveries;
mod discovery;
mod history;
mod known;
mod schedules;
mod subscriptions;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use deliveries::deliver_attribute;
pub use discovery::Discovering;
pub use known::KnownSellers;
pub use schedules::KeptSchedule;
pub use subscriptions::{Kept, KeptSubscription};

use crate::PipelineError;
use crate::settings::AmazonSettings;

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

    /// Keeps `token` for `seller`, instead of an earlier one. What else the row says stays.
    ///
    /// # Errors
    /// KMS or DynamoDB failed; then nothing has changed.
    pub async fn store_refresh_token(
        &self,
        seller: &SellerId,
        token: &SecretString,
    ) -> Result<(), PipelineError> {
        let encrypted = self
            .kms
            .encrypt()
            .key_id(&self.key_arn)
            .encryption_context(CONTEXT, seller.as_str())
            .plaintext(Blob::new(token.expose_secret()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("KMS", &error))?;
        let ciphertext = encrypted.ciphertext_blob.ok_or(PipelineError::AwsRefused {
            service: "KMS",
            message: "no ciphertext in the answer".into(),
        })?;
        self.update(seller)
            .update_expression("SET refreshTokenCiphertext = :token, updatedAt = :now")
            .expression_attribute_values(":token", AttributeValue::B(ciphertext))
            .expression_attribute_values(":now", AttributeValue::S(Timestamp::now().to_string()))
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }

    /// The refresh token kept for `seller`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when there is none.
    pub async fn refresh_token(&self, seller: &SellerId) -> Result<SecretString, PipelineError> {
        let Some(AttributeValue::B(ciphertext)) = self.attribute(seller, "refreshTokenCiphertext").await?
        else {
            return Err(PipelineError::SellerNotFound(seller.clone()));
        };
        let decrypted = self
            .kms
            .decrypt()
            .key_id(&self.key_arn)
            .encryption_context(CONTEXT, seller.as_str())
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

    /// Deletes all that is kept of `seller`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is, or DynamoDB failed.
    pub async fn forget(&self, seller: &SellerId) -> Result<(), PipelineError> {
        let result = self
            .dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(seller.to_string()))
            .condition_expression("attribute_exists(sellerId)")
            .send()
            .await;
        if if_there(result, DeleteItemError::is_conditional_check_failed_exception)? {
            Ok(())
        } else {
            Err(PipelineError::SellerNotFound(seller.clone()))
        }
    }

    /// Where `seller` sells, if it has subscribed here.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn region(&self, seller: &SellerId) -> Result<Option<RegionCode>, PipelineError> {
        region_of(&self.dynamodb, &self.table, seller).await
    }

    fn update(&self, seller: &SellerId) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(seller.to_string()))
    }

    async fn attribute(
        &self,
        seller: &SellerId,
        name: &str,
    ) -> Result<Option<AttributeValue>, PipelineError> {
        attribute(&self.dynamodb, &self.table, seller, name).await
    }
}

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

/// Where `seller` sells, as the selling partners table `table` remembers it.
///
/// # Errors
/// DynamoDB failed.
pub(super) async fn region_of(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    seller: &SellerId,
) -> Result<Option<RegionCode>, PipelineError> {
    let region = attribute(dynamodb, table, seller, "regionCode").await?;
    Ok(region
        .as_ref()
        .and_then(|value| value.as_s().ok())
        .and_then(|code| RegionCode::parse(code)))
}

async fn attribute(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    seller: &SellerId,
    name: &str,
) -> Result<Option<AttributeValue>, PipelineError> {
    let row = dynamodb
        .get_item()
        .table_name(table)
        .key("sellerId", AttributeValue::S(seller.to_string()))
        .projection_expression(name)
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
    Ok(row.item.and_then(|mut item| item.remove(name)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_sdk_kms::operation::decrypt::DecryptOutput;
    use aws_sdk_kms::operation::encrypt::{EncryptError, EncryptOutput};
    use aws_sdk_kms::types::error::KmsInternalException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    pub(super) fn seller() -> SellerId {
        SellerId::parse("A3TH9S8BH6GOGM").expect("valid")
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
                request.table_name() == Some("partners")
                    && values[":token"] == AttributeValue::B(Blob::new("sealed"))
                    && !format!("{values:?}").contains("Atzr")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let token = SecretString::from("Atzr|token");
        partners(&[&update], &[&encrypt])
            .store_refresh_token(&seller(), &token)
            .await
            .expect("stored");
        assert_eq!((encrypt.num_calls(), update.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn nothing_is_stored_when_kms_fails() {
        let encrypt = mock!(aws_sdk_kms::Client::encrypt)
            .then_error(|| EncryptError::KmsInternalException(KmsInternalException::builder().build()));
        let update =
            mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build());
        let result = partners(&[&update], &[&encrypt])
            .store_refresh_token(&seller(), &SecretString::from("x"))
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
            .refresh_token(&seller())
            .await
            .expect("there");
        assert_eq!(token.expose_secret(), "Atzr|token");
    }

    #[tokio::test]
    async fn an_unknown_seller_is_named() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| GetItemOutput::builder().build());
        let error = partners(&[&get], &[])
            .refresh_token(&seller())
            .await
            .expect_err("unknown");
        assert!(matches!(error, PipelineError::SellerNotFound(unknown) if unknown == seller()));
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
