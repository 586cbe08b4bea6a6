use sp_api::ids::SellerId;
use sp_api::{
    AccessToken, Endpoints, Grant, GrantlessScope, LwaCredentials, SpApiClient, SpApiError, TokenCache,
};

use super::{LwaSecret, SellingPartners};
use crate::PipelineError;
use crate::settings::AmazonSettings;

/// SP-API with the tokens it needs: reads them where they are kept, caches what LWA gives, renews
/// what Amazon no longer accepts.
#[derive(Debug)]
pub struct Amazon {
    client: SpApiClient,
    secret: LwaSecret,
    partners: SellingPartners,
    seller_tokens: TokenCache<SellerId>,
    grantless_tokens: TokenCache<GrantlessScope>,
}

impl Amazon {
    /// Amazon as `settings` have it, reached from a function with the configuration `aws`.
    #[must_use]
    pub fn connect(settings: &AmazonSettings, aws: &aws_config::SdkConfig) -> Self {
        let secrets = aws_sdk_secretsmanager::Client::new(aws);
        let secret = LwaSecret::new(secrets, settings.lwa_secret_name.clone());
        Self::new(
            settings.endpoints.clone(),
            secret,
            SellingPartners::connect(settings, aws),
        )
    }

    /// Amazon at `endpoints`, with the application's credentials from `secret` and refresh tokens
    /// from `partners`.
    #[must_use]
    pub fn new(endpoints: Endpoints, secret: LwaSecret, partners: SellingPartners) -> Self {
        Self {
            client: SpApiClient::new(endpoints),
            secret,
            partners,
            seller_tokens: TokenCache::default(),
            grantless_tokens: TokenCache::default(),
        }
    }

    /// Makes `call` on behalf of `seller`. A token from the cache that Amazon denies is replaced once:
    /// it may have been revoked since, or granted anew.
    ///
    /// # Errors
    /// The call's own, and those of getting a token.
    pub async fn as_seller<T, Answer>(
        &self,
        seller: &SellerId,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        if let Some(token) = self.seller_tokens.get(seller) {
            match call(self.client.clone(), token).await {
                Err(SpApiError::Unauthorized { .. }) => self.seller_tokens.forget(seller),
                result => return Ok(result?),
            }
        }
        let refresh_token = self.partners.refresh_token(seller).await?;
        let token = self.exchange(Grant::RefreshToken(&refresh_token)).await?;
        self.seller_tokens.insert(seller.clone(), token.clone());
        Ok(call(self.client.clone(), token).await?)
    }

    /// Makes `call` on the application's own behalf.
    ///
    /// # Errors
    /// The call's own, and those of getting a token.
    pub async fn grantless<T, Answer>(
        &self,
        scope: GrantlessScope,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        if let Some(token) = self.grantless_tokens.get(&scope) {
            match call(self.client.clone(), token).await {
                Err(SpApiError::Unauthorized { .. }) => self.grantless_tokens.forget(&scope),
                result => return Ok(result?),
            }
        }
        let token = self.exchange(Grant::ClientCredentials(scope)).await?;
        self.grantless_tokens.insert(scope, token.clone());
        Ok(call(self.client.clone(), token).await?)
    }

    /// Asks LWA; once more if the client secret has been rotated since it was read.
    async fn exchange(&self, grant: Grant<'_>) -> Result<AccessToken, PipelineError> {
        let credentials = self.secret.credentials().await?;
        match self.client.access_token(&credentials, grant).await {
            Err(SpApiError::ClientCredentialsRefused { message }) => {
                let current = self.secret.read_afresh().await?;
                if is_same(&current, &credentials) {
                    return Err(SpApiError::ClientCredentialsRefused { message }.into());
                }
                Ok(self.client.access_token(&current, grant).await?)
            }
            result => Ok(result?),
        }
    }
}

fn is_same(a: &LwaCredentials, b: &LwaCredentials) -> bool {
    use secrecy::ExposeSecret;
    a.client_id == b.client_id && a.client_secret.expose_secret() == b.client_secret.expose_secret()
}
