use pipeline::adapters::SellingPartners;
use pipeline::api::ApiError;
use pipeline::requests::{ForgetSeller, InvalidRequest, Parameters, StoreToken};
use serde::Serialize;
use sp_api::ids::SellerId;

/// `{sellerId, status: "SUCCESS"}`, as the Quick Start answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    seller_id: SellerId,
    status: &'static str,
}

impl Done {
    fn with(seller_id: SellerId) -> Self {
        Self {
            seller_id,
            status: "SUCCESS",
        }
    }
}

/// Keeps the refresh token of `body`, instead of an earlier one of the same selling partner.
pub async fn store_token(partners: &SellingPartners, body: &[u8]) -> Result<Done, ApiError> {
    let StoreToken {
        seller_id,
        refresh_token,
    } = StoreToken::parse(body)?;
    partners.store_refresh_token(&seller_id, &refresh_token).await?;
    Ok(Done::with(seller_id))
}

/// Forgets the selling partner that `parameters` name: token, region, and what is looked for.
pub async fn forget(
    partners: &SellingPartners,
    parameters: Result<Parameters, InvalidRequest>,
) -> Result<Done, ApiError> {
    let ForgetSeller { seller_id } = ForgetSeller::parse(parameters?)?;
    partners.forget(&seller_id).await?;
    Ok(Done::with(seller_id))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemOutput};
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_sdk_kms::operation::encrypt::EncryptOutput;
    use aws_sdk_kms::primitives::Blob;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::api::respond;
    use serde_json::{Value, json};

    use super::*;

    fn partners(dynamodb: &Rule, kms: &[&Rule]) -> SellingPartners {
        SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[dynamodb]),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, kms),
            "partners".into(),
            "arn:key".into(),
        )
    }

    fn answer(result: Result<Done, ApiError>) -> (u16, Value) {
        let response = respond(result);
        let body = serde_json::from_slice(response.body()).expect("JSON");
        (response.status().as_u16(), body)
    }

    #[tokio::test]
    async fn only_a_valid_body_is_stored() {
        let encrypt = mock!(aws_sdk_kms::Client::encrypt).then_output(|| {
            EncryptOutput::builder()
                .ciphertext_blob(Blob::new("sealed"))
                .build()
        });
        let update =
            mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| UpdateItemOutput::builder().build());
        let partners = partners(&update, &[&encrypt]);
        let invalid = store_token(&partners, br#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":""}"#).await;
        assert!(invalid.is_err());
        assert_eq!((encrypt.num_calls(), update.num_calls()), (0, 0));

        let body = br#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":"Atzr|IwEBI"}"#;
        let stored = store_token(&partners, body).await;
        assert_eq!(
            answer(stored),
            (200, json!({"sellerId": "A3TH9S8BH6GOGM", "status": "SUCCESS"}))
        );
        assert_eq!(update.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_seller_is_forgotten_once() {
        let delete = mock!(aws_sdk_dynamodb::Client::delete_item)
            .sequence()
            .output(|| DeleteItemOutput::builder().build())
            .error(|| {
                let error = ConditionalCheckFailedException::builder().build();
                DeleteItemError::ConditionalCheckFailedException(error)
            })
            .build();
        let partners = partners(&delete, &[]);
        let ask = async |pairs: &[(&str, &str)]| {
            answer(forget(&partners, Parameters::new(pairs.iter().copied())).await)
        };
        let forgotten = json!({"sellerId": "A3TH9S8BH6GOGM", "status": "SUCCESS"});
        assert_eq!(ask(&[("SellerId", "A3TH9S8BH6GOGM")]).await, (200, forgotten));
        let (status, refusal) = ask(&[("SellerId", "A3TH9S8BH6GOGM")]).await;
        assert_eq!((status, &refusal["code"]), (404, &json!("SellerNotFound")));
        let (status, refusal) = ask(&[("SellerId", "A B")]).await;
        assert_eq!((status, &refusal["field"]), (400, &json!("SellerId")));
    }
}
