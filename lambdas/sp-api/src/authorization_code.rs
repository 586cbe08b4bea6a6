//! What a selling partner's browser brings back from Amazon's consent page, and the refresh token that it is
//! exchanged for.

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::lwa::refused;
use crate::{LwaCredentials, SpApiClient, SpApiError};

/// More than any code of Amazon's has.
const LONGEST: usize = 1024;

/// KMS, which is to encrypt it, takes no more; Amazon's have some 400.
const LONGEST_TOKEN: usize = 4096;

/// `spapi_oauth_code`: good for one exchange within five minutes. It can't be printed.
#[derive(Clone, Debug)]
pub struct AuthorizationCode(SecretString);

/// Why a text is no authorization code; without a character of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is empty, too long, or not made of visible ASCII")]
pub struct InvalidAuthorizationCode;

impl AuthorizationCode {
    /// Parses a code as it stands in the redirect, decoded.
    ///
    /// # Errors
    /// It can be none.
    pub fn parse(text: &str) -> Result<Self, InvalidAuthorizationCode> {
        let is_fine = (1..=LONGEST).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        if is_fine {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidAuthorizationCode)
        }
    }
}

#[derive(Deserialize)]
struct CodeAnswer {
    refresh_token: SecretString,
}

impl SpApiClient {
    /// Exchanges an authorization code for the selling partner's refresh token.
    ///
    /// # Errors
    /// [`SpApiError::AuthorizationRevoked`] for a code that is used up or too old,
    /// [`SpApiError::AuthorizationForeign`] for one that was given to another application,
    /// [`SpApiError::ClientCredentialsRefused`] for wrong client credentials,
    /// [`SpApiError::Transient`] when LWA is not to be had.
    pub async fn exchange_code(
        &self,
        credentials: &LwaCredentials,
        code: &AuthorizationCode,
    ) -> Result<SecretString, SpApiError> {
        let argument = ("code", code.0.expose_secret());
        let (status, body) = self.ask_lwa(credentials, "authorization_code", argument).await?;
        read(status, &body)
    }
}

fn read(status: StatusCode, body: &[u8]) -> Result<SecretString, SpApiError> {
    if status.is_success()
        && let Ok(CodeAnswer { refresh_token }) = serde_json::from_slice(body)
    {
        let length = refresh_token.expose_secret().len();
        return if (1..=LONGEST_TOKEN).contains(&length) {
            Ok(refresh_token)
        } else {
            Err(SpApiError::unexpected(
                "LWA",
                &"a refresh token that is empty or longer than 4096 bytes",
            ))
        };
    }
    Err(refused(status, body, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_it_is_and_not_printed() {
        let code = AuthorizationCode::parse("ANDMxqpCmqWHJeyzdbwH").expect("a code");
        assert_eq!(code.0.expose_secret(), "ANDMxqpCmqWHJeyzdbwH");
        assert!(!format!("{code:?}").contains("ANDM"));
        for text in ["", "a b", "a\n", "ä", &"a".repeat(1025)] {
            assert!(AuthorizationCode::parse(text).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn the_answer_has_the_refresh_token() {
        let body = br#"{"access_token":"Atza|1","refresh_token":"Atzr|1","token_type":"bearer"}"#;
        let token = read(StatusCode::OK, body).expect("a token");
        assert_eq!(token.expose_secret(), "Atzr|1");
        assert!(!format!("{token:?}").contains("Atzr"));
    }

    #[test]
    fn refusals_keep_their_meaning() {
        let refused = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).expect("a status");
            read(status, body.as_bytes()).expect_err("a refusal")
        };
        assert!(matches!(
            refused(400, r#"{"error":"invalid_grant"}"#),
            SpApiError::AuthorizationRevoked { .. }
        ));
        assert!(matches!(
            refused(400, r#"{"error":"unauthorized_client"}"#),
            SpApiError::AuthorizationForeign { .. }
        ));
        assert!(matches!(
            refused(401, r#"{"error":"invalid_client"}"#),
            SpApiError::ClientCredentialsRefused { .. }
        ));
        assert!(matches!(
            refused(200, r#"{"access_token":"Atza|1"}"#),
            SpApiError::Transient { .. }
        ));
        assert!(matches!(
            refused(200, r#"{"refresh_token":""}"#),
            SpApiError::UnexpectedAnswer { .. }
        ));
    }
}
