//! Tokens API 2021-03-01.

use http::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::client::Call;
use crate::ids::ReportDocumentId;
use crate::rates::Operation;
use crate::{AccessToken, RegionCode, SpApiClient, SpApiError};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestrictedDataTokenRequest {
    restricted_resources: [RestrictedResource; 1],
}

#[derive(Serialize)]
struct RestrictedResource {
    method: &'static str,
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestrictedDataTokenAnswer {
    restricted_data_token: SecretString,
    expires_in: u32,
}

impl SpApiClient {
    /// A token that may read one document with personal data in it, to be used instead of `token`.
    ///
    /// # Errors
    /// [`SpApiError::Unauthorized`] when the application has no role that gives it such data.
    pub async fn create_restricted_data_token(
        &self,
        region: RegionCode,
        token: &AccessToken,
        document: &ReportDocumentId,
    ) -> Result<AccessToken, SpApiError> {
        let path = format!("/reports/2021-06-30/documents/{document}");
        let request = RestrictedDataTokenRequest {
            restricted_resources: [RestrictedResource { method: "GET", path }],
        };
        let answer: RestrictedDataTokenAnswer = self
            .send(Call {
                operation: Operation::CreateRestrictedDataToken,
                method: Method::POST,
                url: self.url(region, &["tokens", "2021-03-01", "restrictedDataToken"]),
                token,
                body: Some(&request),
            })
            .await?;
        Ok(AccessToken::new(answer.restricted_data_token, answer.expires_in))
    }
}
