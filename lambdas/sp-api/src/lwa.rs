//! Login with Amazon: grants in, access tokens out.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::wire::or_default;
use crate::{Callee, SpApiClient, SpApiError};

/// The application's own credentials at Login with Amazon.
#[derive(Clone, Debug)]
pub struct LwaCredentials {
    /// `amzn1.application-oa2-client.…`
    pub client_id: String,
    /// The client secret; rotated every 180 days.
    pub client_secret: SecretString,
}

/// What an access token is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'a> {
    /// Calls on behalf of a selling partner, by the refresh token that it granted.
    RefreshToken(&'a SecretString),
    /// Calls on the application's own behalf.
    ClientCredentials(GrantlessScope),
}

/// The scopes of grantless operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantlessScope {
    /// Destinations, and subscriptions by id.
    Notifications,
    /// Rotation of the client secret.
    ClientCredentialRotation,
}

impl GrantlessScope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Notifications => "sellingpartnerapi::notifications",
            Self::ClientCredentialRotation => "sellingpartnerapi::client_credential:rotation",
        }
    }
}

/// A token for the header `x-amz-access-token`: LWA's, or a restricted data token.
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    expires_at: Timestamp,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessToken")
            .field("secret", &"[REDACTED]")
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

impl AccessToken {
    pub(crate) fn new(secret: SecretString, lifetime_seconds: u32) -> Self {
        let lifetime = SignedDuration::from_secs(i64::from(lifetime_seconds));
        Self {
            secret,
            expires_at: Timestamp::now() + lifetime,
        }
    }

    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Whether the token still lives for at least `margin` after `now`.
    #[must_use]
    pub fn outlives(&self, now: Timestamp, margin: SignedDuration) -> bool {
        self.expires_at > now + margin
    }
}

/// What a token lives if LWA does not say so.
const USUAL_LIFETIME: u32 = 3600;

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Value,
}

impl TokenAnswer {
    /// Seconds, as a number or as a text.
    fn lifetime(&self) -> u32 {
        let told = match &self.expires_in {
            Value::Number(seconds) => seconds.as_u64(),
            Value::String(seconds) => seconds.trim().parse().ok(),
            _ => None,
        };
        told.and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or(USUAL_LIFETIME)
    }
}

#[derive(Deserialize)]
struct LwaRefusal {
    error: String,
    #[serde(default, deserialize_with = "or_default")]
    error_description: String,
}

impl SpApiClient {
    /// Exchanges a grant for an access token, which lives 3600 seconds.
    ///
    /// # Errors
    /// [`SpApiError::AuthorizationRevoked`] for a dead refresh token,
    /// [`SpApiError::AuthorizationForeign`] for one that was granted to another application,
    /// [`SpApiError::ClientCredentialsRefused`] for wrong client credentials,
    /// [`SpApiError::Transient`] when LWA is not to be had: when anything but its JSON comes, under
    /// whatever status.
    pub async fn access_token(
        &self,
        credentials: &LwaCredentials,
        grant: Grant<'_>,
    ) -> Result<AccessToken, SpApiError> {
        let answer = self.exchange_grant(credentials, grant).await;
        self.observed().show(Callee::Lwa, answer)
    }

    async fn exchange_grant(
        &self,
        credentials: &LwaCredentials,
        grant: Grant<'_>,
    ) -> Result<AccessToken, SpApiError> {
        let (grant_type, argument) = match grant {
            Grant::RefreshToken(token) => ("refresh_token", ("refresh_token", token.expose_secret())),
            Grant::ClientCredentials(scope) => ("client_credentials", ("scope", scope.as_str())),
        };
        let (status, body) = self.ask_lwa(credentials, grant_type, argument).await?;
        read(status, &body, grant)
    }

    /// Sends a grant, with the application's own credentials.
    pub(crate) async fn ask_lwa(
        &self,
        credentials: &LwaCredentials,
        grant_type: &str,
        argument: (&str, &str),
    ) -> Result<(StatusCode, Bytes), SpApiError> {
        let form = [
            ("grant_type", grant_type),
            argument,
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.client_secret.expose_secret()),
        ];
        let transient = |error| SpApiError::transient("LWA", error);
        let answer = self
            .http()
            .post(self.endpoints().lwa())
            .form(&form)
            .send()
            .await
            .map_err(transient)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(transient)?;
        Ok((status, body))
    }
}

/// LWA's answer. What stands between us and LWA answers, too: with a page, or nothing, under any status.
fn read(status: StatusCode, body: &[u8], grant: Grant<'_>) -> Result<AccessToken, SpApiError> {
    if status.is_success()
        && let Ok(token) = serde_json::from_slice::<TokenAnswer>(body)
    {
        let lifetime = token.lifetime();
        return Ok(AccessToken::new(token.access_token, lifetime));
    }
    let is_of_a_seller = matches!(grant, Grant::RefreshToken(_));
    Err(refused(status, body, is_of_a_seller))
}

/// What LWA's answer means that is no token. `is_of_a_seller`: whether the grant is one that a selling partner gave
/// to an application, and that may have been another one.
pub(crate) fn refused(status: StatusCode, body: &[u8], is_of_a_seller: bool) -> SpApiError {
    let Ok(refusal) = serde_json::from_slice::<LwaRefusal>(body) else {
        return SpApiError::Transient {
            call: "LWA".into(),
            message: format!("{status}, without LWA's JSON"),
        };
    };
    let message = format!("{}: {}", refusal.error, refusal.error_description);
    match (refusal.error.as_str(), is_of_a_seller) {
        ("invalid_grant", _) => SpApiError::AuthorizationRevoked { message },
        ("unauthorized_client", true) => SpApiError::AuthorizationForeign { message },
        ("invalid_client" | "unauthorized_client", _) => SpApiError::ClientCredentialsRefused { message },
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => SpApiError::Transient {
            call: "LWA".into(),
            message,
        },
        _ => SpApiError::unexpected("LWA", &message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANTLESS: Grant<'_> = Grant::ClientCredentials(GrantlessScope::Notifications);

    fn refused(status: u16, body: &str, grant: Grant<'_>) -> SpApiError {
        let status = StatusCode::from_u16(status).expect("a status");
        read(status, body.as_bytes(), grant).expect_err("a refusal")
    }

    #[test]
    fn lwa_errors_keep_their_meaning() {
        let token = SecretString::from("Atzr|1");
        let seller = Grant::RefreshToken(&token);
        let grant =
            r#"{"error":"invalid_grant","error_description":"The request has an invalid grant parameter"}"#;
        assert!(matches!(
            refused(400, grant, seller),
            SpApiError::AuthorizationRevoked { .. }
        ));
        let client = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
        assert!(matches!(
            refused(401, client, seller),
            SpApiError::ClientCredentialsRefused { .. }
        ));
        let scope = r#"{"error":"invalid_scope","error_description":null}"#;
        assert!(matches!(
            refused(400, scope, GRANTLESS),
            SpApiError::UnexpectedAnswer { .. }
        ));
        let busy = r#"{"error":"temporarily_unavailable"}"#;
        assert!(matches!(
            refused(503, busy, GRANTLESS),
            SpApiError::Transient { .. }
        ));
    }

    #[test]
    fn a_refresh_token_of_another_application_is_not_the_secrets_fault() {
        let token = SecretString::from("Atzr|1");
        let unauthorized = r#"{"error":"unauthorized_client","error_description":"Not authorized"}"#;
        assert!(matches!(
            refused(400, unauthorized, Grant::RefreshToken(&token)),
            SpApiError::AuthorizationForeign { .. }
        ));
        assert!(matches!(
            refused(400, unauthorized, GRANTLESS),
            SpApiError::ClientCredentialsRefused { .. }
        ));
    }

    #[test]
    fn what_is_not_lwas_json_passes_whatever_its_status() {
        for status in [200, 403, 404, 429, 502] {
            for body in [
                "",
                "<html>Request blocked</html>",
                "{}",
                "null",
                r#"{"access_token":null}"#,
            ] {
                let error = refused(status, body, GRANTLESS);
                assert!(
                    matches!(error, SpApiError::Transient { .. }),
                    "{status} {body}: {error}"
                );
            }
        }
    }

    #[test]
    fn a_lifetime_is_read_in_any_form() {
        for (lifetime, seconds) in [
            ("3000", 3000),
            (r#""3000""#, 3000),
            ("null", 3600),
            (r#""?""#, 3600),
        ] {
            let body = format!(r#"{{"access_token":"Atza|1","expires_in":{lifetime}}}"#);
            let token: TokenAnswer = serde_json::from_str(&body).expect("an answer");
            assert_eq!(token.lifetime(), seconds, "{lifetime}");
        }
        let body = br#"{"access_token":"Atza|1"}"#;
        assert!(read(StatusCode::OK, body, GRANTLESS).is_ok());
    }

    #[test]
    fn an_access_token_cannot_be_printed() {
        let token = AccessToken::new(SecretString::from("Atza|secret"), 3600);
        assert!(!format!("{token:?}").contains("Atza"));
    }
}
