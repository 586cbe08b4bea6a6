use pipeline::adapters::SellingPartners;
use pipeline::api::ApiError;
use pipeline::requests::StoreToken;
use serde::Serialize;
use sp_api::ids::SellerId;

/// `{sellerId, status: "SUCCESS"}`, as the Quick Start answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    seller_id: SellerId,
    status: &'static str,
}

/// Keeps the refresh token of `body`, instead of an earlier one of the same selling partner.
pub async fn store_token(partners: &SellingPartners, body: &[u8]) -> Result<Stored, ApiError> {
    let StoreToken {
        seller_id,
        refresh_token,
    } = StoreToken::parse(body)?;
    partners.store_refresh_token(&seller_id, &refresh_token).await?;
    Ok(Stored {
        seller_id,
        status: "SUCCESS",
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_kms::operation::encrypt::EncryptOutput;
    use aws_sdk_kms::primitives::Blob;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn only_a_valid_body_is_stored() {
        let encrypt = mock!(aws_sdk_kms::Client::encrypt).then_output(|| {
            EncryptOutput::builder()
                .ciphertext_blob(Blob::new("sealed"))
                .build()
        });
        let update =
            mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build());
        let partners = SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&update]),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[&encrypt]),
            "partners".into(),
            "arn:key".into(),
        );
        let invalid = store_token(&partners, br#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":""}"#).await;
        assert!(invalid.is_err());
        assert_eq!((encrypt.num_calls(), update.num_calls()), (0, 0));

        let body = br#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":"Atzr|IwEBI"}"#;
        let stored = store_token(&partners, body).await.expect("stored");
        assert_eq!(
            serde_json::to_value(stored).expect("JSON"),
            serde_json::json!({"sellerId": "A3TH9S8BH6GOGM", "status": "SUCCESS"})
        );
        assert_eq!(update.num_calls(), 1);
    }
}
