use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sp_api::ids::SellerId;
use sp_api::rates::Operation;
use sp_api::{
    AccessToken, AuthorizationCode, Endpoints, Grant, GrantlessScope, LwaCredentials, RegionCode,
    SpApiClient, SpApiError, TokenCache,
};

use super::{KnownAccount, LwaSecret, SellingPartners};
use crate::PipelineError;
use crate::domain::Account;
use crate::metrics::AmazonMetrics;
use crate::settings::AmazonSettings;

/// A quota that gives its next call later than this is not waited for in a function.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// With [`LONGEST_WAIT`] this stays below what API Gateway waits for a function.
const MOST_WAITS: u32 = 6;

/// SP-API with the tokens it needs: reads them where they are kept, caches what LWA gives, renews
/// what Amazon no longer accepts.
#[derive(Debug)]
pub struct Amazon {
    client: SpApiClient,
    secret: LwaSecret,
    partners: SellingPartners,
    seller_tokens: TokenCache<(SellerId, RegionCode)>,
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
            client: SpApiClient::new(endpoints).observed_by(Arc::new(AmazonMetrics)),
            secret,
            partners,
            seller_tokens: TokenCache::default(),
            grantless_tokens: TokenCache::default(),
        }
    }

    /// Makes `call` on behalf of `seller` in `region`, and waits for a quota that comes back within a second or
    /// two. A token from the cache that Amazon denies is replaced once: it may have been revoked
    /// since, or granted anew.
    ///
    /// # Errors
    /// The call's own, and those of getting a token.
    pub async fn as_seller<T, Answer>(
        &self,
        seller: &SellerId,
        region: RegionCode,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        // On the heap, like what else calls Amazon: futures nested as deep as these are too much for the compiler.
        Box::pin(self.with_sellers_token(&self.client, MOST_WAITS, seller, region, call)).await
    }

    /// As [`Self::as_seller`], but a refusal is the answer: the caller has a slot, or waits elsewhere.
    /// Also gives the rates that Amazon's answers told.
    pub(super) async fn as_seller_once<T, Answer>(
        &self,
        seller: &SellerId,
        region: RegionCode,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> (Result<T, PipelineError>, Vec<(Operation, f64)>)
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        let (client, rates) = self.client.recording_rates();
        let result = self.with_sellers_token(&client, 0, seller, region, call).await;
        (result, rates.take())
    }

    async fn with_sellers_token<T, Answer>(
        &self,
        client: &SpApiClient,
        waits: u32,
        seller: &SellerId,
        region: RegionCode,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        let caller = Caller::Seller(seller, region);
        match self.with_token(client, waits, caller, call).await {
            Err(PipelineError::Amazon(denied @ SpApiError::Unauthorized { .. })) => {
                Err(self.denied_elsewhere(seller, region, denied).await.into())
            }
            result => result,
        }
    }

    /// Asks LWA whether it takes the application's credentials.
    ///
    /// # Errors
    /// It does not, or there are none, or it can't be asked.
    pub async fn check_credentials(&self) -> Result<(), PipelineError> {
        let grant = Grant::ClientCredentials(GrantlessScope::Notifications);
        self.exchange(grant).await.map(drop)
    }

    /// Where `account` is, if that is known.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn region(&self, account: &Account) -> Result<Option<RegionCode>, PipelineError> {
        self.partners.region(account).await
    }

    /// Asks LWA whether it takes the refresh token that is kept for `account`, whatever is in the cache.
    ///
    /// # Errors
    /// It does not, or there is none, or it can't be asked.
    pub async fn check_authorization(&self, account: &Account) -> Result<(), PipelineError> {
        for region in RegionCode::ALL {
            self.seller_tokens.forget(&(account.seller().clone(), region));
        }
        let refresh_token = self.partners.refresh_token_of(account).await?;
        self.exchange(Grant::RefreshToken(&refresh_token)).await.map(drop)
    }

    /// A denial in a region for which no authorization is kept, but for another one: says so.
    async fn denied_elsewhere(
        &self,
        seller: &SellerId,
        region: RegionCode,
        denied: SpApiError,
    ) -> SpApiError {
        let SpApiError::Unauthorized {
            operation,
            code,
            message,
        } = denied
        else {
            return denied;
        };
        let home = self.partners.account(seller, region).await;
        let message = match home {
            Ok(KnownAccount {
                region: Some(home), ..
            }) if home != region => format!(
                "{message} The refresh token that is kept of selling partner {seller} is for {home}, and this is \
                 {region}: store one for {region} with POST /tokens and RegionCode {region}."
            ),
            _ => message,
        };
        SpApiError::Unauthorized {
            operation,
            code,
            message,
        }
    }

    /// An access token of the seller's for `region`, from the cache or from LWA.
    ///
    /// # Errors
    /// LWA's refusal, or there is no refresh token.
    pub(super) async fn sellers_token(
        &self,
        seller: &SellerId,
        region: RegionCode,
    ) -> Result<AccessToken, PipelineError> {
        let holder = (seller.clone(), region);
        if let Some(token) = self.seller_tokens.get(&holder) {
            return Ok(token);
        }
        let refresh_token = self.partners.refresh_token(seller, region).await?;
        let token = self.exchange(Grant::RefreshToken(&refresh_token)).await?;
        self.seller_tokens.insert(holder, token.clone());
        Ok(token)
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
        Box::pin(self.with_token(&self.client, MOST_WAITS, Caller::Application(scope), call)).await
    }

    /// Makes `call` with the token that is in the cache, and otherwise with a new one. One from the cache
    /// that is denied is replaced; a new one only if there is another client secret.
    async fn with_token<T, Answer>(
        &self,
        client: &SpApiClient,
        waits: u32,
        caller: Caller<'_>,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        if let Some(token) = self.cached_token(caller) {
            match patiently(client, waits, &call, token).await {
                Err(error) if is_about_the_token(&error) => self.forget_token(caller),
                result => return Ok(result?),
            }
        }
        let token = self.new_token(caller).await?;
        match patiently(client, waits, &call, token).await {
            Err(SpApiError::ClientCredentialsRefused { message }) => {
                self.forget_token(caller);
                self.expect_another_secret(message).await?;
                let token = self.new_token(caller).await?;
                Ok(patiently(client, waits, &call, token).await?)
            }
            result => Ok(result?),
        }
    }

    fn cached_token(&self, caller: Caller<'_>) -> Option<AccessToken> {
        match caller {
            Caller::Seller(seller, region) => self.seller_tokens.get(&(seller.clone(), region)),
            Caller::Application(scope) => self.grantless_tokens.get(&scope),
        }
    }

    fn forget_token(&self, caller: Caller<'_>) {
        match caller {
            Caller::Seller(seller, region) => self.seller_tokens.forget(&(seller.clone(), region)),
            Caller::Application(scope) => self.grantless_tokens.forget(&scope),
        }
    }

    async fn new_token(&self, caller: Caller<'_>) -> Result<AccessToken, PipelineError> {
        match caller {
            Caller::Seller(seller, region) => self.sellers_token(seller, region).await,
            Caller::Application(scope) => self.grantless_token(scope).await,
        }
    }

    async fn grantless_token(&self, scope: GrantlessScope) -> Result<AccessToken, PipelineError> {
        let token = self.exchange(Grant::ClientCredentials(scope)).await?;
        self.grantless_tokens.insert(scope, token.clone());
        Ok(token)
    }

    /// An operation has refused a fresh token because of the client secret: LWA takes one that has
    /// expired still, so its tokens tell nothing. Reads the secret afresh.
    ///
    /// # Errors
    /// It is the same as before: the refusal is the answer.
    async fn expect_another_secret(&self, refusal: String) -> Result<(), PipelineError> {
        let before = self.secret.credentials().await?;
        let current = self.secret.read_afresh().await?;
        if is_same(&before, &current) {
            return Err(SpApiError::ClientCredentialsRefused { message: refusal }.into());
        }
        Ok(())
    }

    /// Exchanges what a selling partner's browser brought from Amazon's consent page for the refresh token.
    ///
    /// # Errors
    /// LWA's refusal, or its silence.
    pub async fn exchange_code(&self, code: &AuthorizationCode) -> Result<SecretString, PipelineError> {
        self.ask_lwa(|credentials| async move { self.client.exchange_code(&credentials, code).await })
            .await
    }

    async fn exchange(&self, grant: Grant<'_>) -> Result<AccessToken, PipelineError> {
        let ask = |credentials| async move { self.client.access_token(&credentials, grant).await };
        Box::pin(self.ask_lwa(ask)).await
    }

    /// Asks LWA; once more if the client secret has been rotated since it was read.
    async fn ask_lwa<T, Answer>(&self, ask: impl Fn(LwaCredentials) -> Answer) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        let credentials = self.secret.credentials().await?;
        match ask(credentials.clone()).await {
            Err(SpApiError::ClientCredentialsRefused { message }) => {
                let current = self.secret.read_afresh().await?;
                if is_same(&current, &credentials) {
                    return Err(SpApiError::ClientCredentialsRefused { message }.into());
                }
                Ok(ask(current).await?)
            }
            result => Ok(result?),
        }
    }
}

/// In whose name a call is made.
#[derive(Clone, Copy)]
enum Caller<'a> {
    Seller(&'a SellerId, RegionCode),
    Application(GrantlessScope),
}

/// Makes `call`, and up to `waits` times waits for a quota that gives its next call within a second or
/// two. Slower ones are not waited for in a function, which costs money while it does.
async fn patiently<T, Answer>(
    client: &SpApiClient,
    waits: u32,
    call: &impl Fn(SpApiClient, AccessToken) -> Answer,
    token: AccessToken,
) -> Result<T, SpApiError>
where
    Answer: Future<Output = Result<T, SpApiError>>,
{
    for _ in 0..waits {
        match call(client.clone(), token.clone()).await {
            Err(SpApiError::Throttled { retry_after, .. }) if retry_after <= LONGEST_WAIT => {
                // Spread out, so that those who were refused together don't come back together.
                tokio::time::sleep(retry_after.mul_f64(1.0 + fastrand::f64())).await;
            }
            result => return result,
        }
    }
    call(client.clone(), token).await
}

/// Whether another token may do what this one can't: it may have been revoked since, granted anew, or
/// come of a client secret that has expired.
fn is_about_the_token(error: &SpApiError) -> bool {
    matches!(
        error,
        SpApiError::Unauthorized { .. } | SpApiError::ClientCredentialsRefused { .. }
    )
}

fn is_same(a: &LwaCredentials, b: &LwaCredentials) -> bool {
    use secrecy::ExposeSecret;
    a.client_id == b.client_id && a.client_secret.expose_secret() == b.client_secret.expose_secret()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_kms::operation::decrypt::DecryptOutput;
    use aws_sdk_kms::primitives::Blob;
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::json;
    use sp_api::ids::ReportDocumentId;
    use wiremock::matchers::{body_string_contains, header, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    /// Gives the seller's refresh token, and client secrets in this order.
    fn amazon(server: &MockServer, secrets: &[&'static str]) -> Amazon {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            let ciphertext = AttributeValue::B(Blob::new("sealed"));
            GetItemOutput::builder()
                .item("refreshTokenCiphertext", ciphertext)
                .build()
        });
        let decrypt = mock!(aws_sdk_kms::Client::decrypt).then_output(|| {
            DecryptOutput::builder()
                .plaintext(Blob::new("Atzr|token"))
                .build()
        });
        let reads: Vec<Rule> = secrets
            .iter()
            .map(|secret| {
                let content = json!({"ClientId": "id", "ClientSecret": secret}).to_string();
                mock!(aws_sdk_secretsmanager::Client::get_secret_value)
                    .then_output(move || GetSecretValueOutput::builder().secret_string(&content).build())
            })
            .collect();
        let partners = SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[&decrypt]),
            "partners".into(),
            "arn:key".into(),
        );
        let secret = mock_client!(aws_sdk_secretsmanager, RuleMode::Sequential, &reads);
        let endpoints = Endpoints::simulator(&server.uri()).expect("a URL");
        Amazon::new(endpoints, LwaSecret::new(secret, "lwa".into()), partners)
    }

    /// LWA gives `token` to whoever knows `client_secret`.
    async fn lwa_gives(server: &MockServer, client_secret: &str, token: &str, times: u64) {
        Mock::given(method("POST"))
            .and(body_string_contains(format!("client_secret={client_secret}")))
            .respond_with(
                ResponseTemplate::new(200).set_body_json(json!({"access_token": token, "expires_in": 3600})),
            )
            .up_to_n_times(times)
            .mount(server)
            .await;
    }

    async fn accepts(server: &MockServer, token: &str, status: u16, times: u64) {
        Mock::given(method("GET"))
            .and(header("x-amz-access-token", token))
            .respond_with(
                ResponseTemplate::new(status).set_body_json(json!({"url": "https://example.com/d"})),
            )
            .up_to_n_times(times)
            .mount(server)
            .await;
    }

    async fn ask(amazon: &Amazon) -> Result<(), PipelineError> {
        let seller = SellerId::parse("A3TH9S8BH6GOGM").expect("valid");
        let document = &ReportDocumentId::parse("d").expect("valid");
        amazon
            .as_seller(&seller, RegionCode::Eu, |client, token| async move {
                client.get_report_document(RegionCode::Eu, &token, document).await
            })
            .await?;
        Ok(())
    }

    async fn requests(server: &MockServer) -> usize {
        server.received_requests().await.expect("recorded").len()
    }

    #[tokio::test]
    async fn an_access_token_serves_many_calls() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atza|1", 1).await;
        accepts(&server, "Atza|1", 200, 2).await;
        let amazon = amazon(&server, &["old"]);
        ask(&amazon).await.expect("answered");
        ask(&amazon).await.expect("answered");
        assert_eq!(requests(&server).await, 3);
    }

    #[tokio::test]
    async fn a_cached_token_that_amazon_denies_is_replaced_once() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atza|1", 1).await;
        accepts(&server, "Atza|1", 200, 1).await;
        accepts(&server, "Atza|1", 403, 1).await;
        lwa_gives(&server, "old", "Atza|2", 1).await;
        accepts(&server, "Atza|2", 200, 1).await;
        let amazon = amazon(&server, &["old"]);
        ask(&amazon).await.expect("answered");
        ask(&amazon).await.expect("answered with the second token");
    }

    #[tokio::test]
    async fn a_denied_fresh_token_is_the_answer() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atza|1", 1).await;
        accepts(&server, "Atza|1", 403, 1).await;
        let error = ask(&amazon(&server, &["old"])).await.expect_err("denied");
        assert_eq!(error.name(), "AccessDenied");
        assert_eq!(requests(&server).await, 2);
    }

    #[tokio::test]
    async fn a_slow_quota_is_not_waited_for() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atza|1", 1).await;
        accepts(&server, "Atza|1", 429, 1).await;
        let error = ask(&amazon(&server, &["old"])).await.expect_err("throttled");
        assert_eq!(error.name(), "Throttled");
        assert_eq!(requests(&server).await, 2);
    }

    #[tokio::test]
    async fn a_quick_quota_is_waited_for() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atc|1", 1).await;
        accepts(&server, "Atc|1", 429, 1).await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"payload": []})))
            .mount(&server)
            .await;
        let amazon = amazon(&server, &["old"]);
        let listed = amazon
            .grantless(GrantlessScope::Notifications, |client, token| async move {
                client.get_destinations(RegionCode::Eu, &token).await
            })
            .await;
        assert_eq!(listed.expect("listed in the end"), []);
    }

    async fn lwa_refuses(server: &MockServer, client_secret: &str) {
        Mock::given(method("POST"))
            .and(body_string_contains(format!("client_secret={client_secret}")))
            .respond_with(ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client"})))
            .mount(server)
            .await;
    }

    #[tokio::test]
    async fn a_rotated_secret_is_read_afresh() {
        let server = MockServer::start().await;
        lwa_refuses(&server, "old").await;
        lwa_gives(&server, "new", "Atza|1", 1).await;
        accepts(&server, "Atza|1", 200, 1).await;
        ask(&amazon(&server, &["old", "new"])).await.expect("answered");
    }

    #[tokio::test]
    async fn a_wrong_secret_is_not_tried_twice() {
        let server = MockServer::start().await;
        lwa_refuses(&server, "old").await;
        let error = ask(&amazon(&server, &["old", "old"])).await.expect_err("refused");
        assert_eq!(error.name(), "LwaCredentialsRefused");
        assert_eq!(requests(&server).await, 1);
    }

    /// SP-API refuses the tokens that LWA gives for this client secret.
    async fn sp_api_refuses_the_secret(server: &MockServer, token: &str) {
        let details = "The LWA secret token you provided has expired.";
        let body = json!({"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied.",
            "details": details}]});
        Mock::given(method("GET"))
            .and(header("x-amz-access-token", token))
            .respond_with(ResponseTemplate::new(403).set_body_json(body))
            .mount(server)
            .await;
    }

    #[tokio::test]
    async fn a_secret_that_has_expired_at_sp_api_only_is_read_afresh() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atza|old", 1).await;
        lwa_gives(&server, "new", "Atza|new", 1).await;
        sp_api_refuses_the_secret(&server, "Atza|old").await;
        accepts(&server, "Atza|new", 200, 2).await;
        let amazon = amazon(&server, &["old", "new"]);
        ask(&amazon).await.expect("answered");
        ask(&amazon).await.expect("answered from the cache");
    }

    #[tokio::test]
    async fn an_expired_secret_that_nobody_has_replaced_is_called_so() {
        let server = MockServer::start().await;
        lwa_gives(&server, "old", "Atza|old", 9).await;
        sp_api_refuses_the_secret(&server, "Atza|old").await;
        let error = ask(&amazon(&server, &["old", "old"])).await.expect_err("refused");
        assert_eq!(error.name(), "LwaCredentialsRefused");
        assert!(error.to_string().contains("has expired"), "{error}");
    }
}
