//! Login with Amazon: grants in, access tokens out.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{SpApiClient, SpApiError};

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

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    expires_in: u32,
}

#[derive(Deserialize)]
struct LwaRefusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl SpApiClient {
    /// Exchanges a grant for an access token, which lives 3600 seconds.
    ///
    /// # Errors
    /// [`SpApiError::AuthorizationRevoked`] for a dead refresh token,
    /// [`SpApiError::ClientCredentialsRefused`] for wrong client credentials,
    /// [`SpApiError::Transient`] when LWA is not to be had.
    pub async fn access_token(
        &self,
        credentials: &LwaCredentials,
        grant: Grant<'_>,
    ) -> Result<AccessToken, SpApiError> {
        let (grant_type, argument) = match grant {
            Grant::RefreshToken(token) => ("refresh_token", ("refresh_token", token.expose_secret())),
            Grant::ClientCredentials(scope) => ("client_credentials", ("scope", scope.as_str())),
        };
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
        if status.is_success() {
            let token: TokenAnswer = serde_json::from_slice(&body)
                .map_err(|_| SpApiError::unexpected("LWA", "no access token in the answer"))?;
            return Ok(AccessToken::new(token.access_token, token.expires_in));
        }
        Err(refusal(status, &body))
    }
}

fn refusal(status: http::StatusCode, body: &[u8]) -> SpApiError {
    let refusal = serde_json::from_slice::<LwaRefusal>(body).unwrap_or_else(|_| LwaRefusal {
        error: format!("HTTP {status}"),
        error_description: String::new(),
    });
    let message = format!("{}: {}", refusal.error, refusal.error_description);
    match refusal.error.as_str() {
        "invalid_grant" => SpApiError::AuthorizationRevoked { message },
        "invalid_client" | "unauthorized_client" => SpApiError::ClientCredentialsRefused { message },
        _ if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS => {
            SpApiError::Transient {
                call: "LWA".into(),
                message,
            }
        }
        _ => SpApiError::unexpected("LWA", &message),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn lwa_errors_keep_their_meaning() {
        let of = |status, body: &str| refusal(status, body.as_bytes());
        let grant =
            r#"{"error":"invalid_grant","error_description":"The request has an invalid grant parameter"}"#;
        assert!(matches!(
            of(StatusCode::BAD_REQUEST, grant),
            SpApiError::AuthorizationRevoked { .. }
        ));
        let client = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
        assert!(matches!(
            of(StatusCode::UNAUTHORIZED, client),
            SpApiError::ClientCredentialsRefused { .. }
        ));
        assert!(matches!(
            of(StatusCode::BAD_GATEWAY, "<html>"),
            SpApiError::Transient { .. }
        ));
        assert!(matches!(
            of(StatusCode::BAD_REQUEST, r#"{"error":"invalid_scope"}"#),
            SpApiError::UnexpectedAnswer { .. }
        ));
    }

    #[test]
    fn an_access_token_cannot_be_printed() {
        let token = AccessToken::new(SecretString::from("Atza|secret"), 3600);
        assert!(!format!("{token:?}").contains("Atza"));
    }
}
