use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sp_api::LwaCredentials;
use tokio::sync::Mutex;

use crate::PipelineError;
use crate::domain::NewSecret;

/// How long a function instance trusts what it read. A rotation is noticed sooner: by Amazon's
/// `invalid_client`.
const LIFETIME: Duration = Duration::from_secs(300);

/// The secret that holds the application's LWA credentials.
#[derive(Debug)]
pub struct LwaSecret {
    client: aws_sdk_secretsmanager::Client,
    name: String,
    cached: Mutex<Option<(Instant, LwaCredentials)>>,
}

/// The credentials with what is known of their secret.
#[derive(Clone, Debug)]
pub struct StoredCredentials {
    /// The credentials.
    pub credentials: LwaCredentials,
    /// When their secret ends, if a rotation has stored it.
    pub ends_at: Option<Timestamp>,
    /// What Secrets Manager calls this version.
    pub version: String,
    /// Since when it is there.
    pub stored_at: Option<Timestamp>,
}

/// The secret's JSON. An operator puts in the first two; what else is in it is nobody's.
#[derive(Deserialize)]
struct Content {
    #[serde(rename = "ClientId", alias = "clientId", default)]
    client_id: String,
    #[serde(rename = "ClientSecret", alias = "clientSecret", default)]
    client_secret: SecretString,
    /// A text that is no time is no end that anybody knows.
    #[serde(rename = "SecretExpiresAt", default)]
    ends_at: Option<String>,
}

/// What a rotation stores, for [`Content`] to read.
pub(super) fn content_of(new: &NewSecret) -> serde_json::Value {
    json!({
        "ClientId": new.client_id,
        "ClientSecret": new.client_secret.expose_secret(),
        "SecretExpiresAt": new.ends_at.map(|end| end.to_string()),
    })
}

impl LwaSecret {
    /// The secret with that name.
    #[must_use]
    pub fn new(client: aws_sdk_secretsmanager::Client, name: String) -> Self {
        Self {
            client,
            name,
            cached: Mutex::default(),
        }
    }

    /// The credentials, read at most every five minutes.
    ///
    /// # Errors
    /// [`PipelineError::LwaCredentialsMissing`] while the operator has not put them in.
    pub async fn credentials(&self) -> Result<LwaCredentials, PipelineError> {
        let mut cached = self.cached.lock().await;
        if let Some((read_at, credentials)) = &*cached
            && read_at.elapsed() < LIFETIME
        {
            return Ok(credentials.clone());
        }
        let credentials = self.stored().await?.credentials;
        *cached = Some((Instant::now(), credentials.clone()));
        Ok(credentials)
    }

    /// The credentials as they are now, after Amazon refused those that were cached.
    ///
    /// # Errors
    /// As [`Self::credentials`].
    pub async fn read_afresh(&self) -> Result<LwaCredentials, PipelineError> {
        *self.cached.lock().await = None;
        self.credentials().await
    }

    /// The credentials as they are now, with what is known of their secret.
    ///
    /// # Errors
    /// As [`Self::credentials`].
    pub async fn stored(&self) -> Result<StoredCredentials, PipelineError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.name)
            .send()
            .await
            .map_err(|error| PipelineError::aws("Secrets Manager", &error))?;
        let missing = |problem| PipelineError::LwaCredentialsMissing {
            secret: self.name.clone(),
            problem,
        };
        let content: Content = serde_json::from_str(answer.secret_string().unwrap_or(""))
            .map_err(|_| missing("it is no JSON object of texts"))?;
        if content.client_id.is_empty() {
            return Err(missing("ClientId is empty"));
        }
        if content.client_secret.expose_secret().is_empty() {
            return Err(missing("ClientSecret is empty"));
        }
        Ok(StoredCredentials {
            credentials: LwaCredentials {
                client_id: content.client_id,
                client_secret: content.client_secret,
            },
            ends_at: content.ends_at.and_then(|end| end.parse().ok()),
            version: answer.version_id().unwrap_or_default().to_owned(),
            stored_at: answer
                .created_date()
                .and_then(|time| Timestamp::from_millisecond(time.to_millis().ok()?).ok()),
        })
    }

    /// Stores a new secret. The one before stays in Secrets Manager as the previous version.
    ///
    /// # Errors
    /// Secrets Manager failed.
    pub async fn replace(&self, new: &NewSecret) -> Result<(), PipelineError> {
        self.client
            .put_secret_value()
            .secret_id(&self.name)
            .secret_string(content_of(new).to_string())
            .send()
            .await
            .map_err(|error| PipelineError::aws("Secrets Manager", &error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    fn answering(text: &'static str) -> (aws_smithy_mocks::Rule, LwaSecret) {
        let get = mock!(aws_sdk_secretsmanager::Client::get_secret_value)
            .match_requests(|request| request.secret_id() == Some("lwa"))
            .then_output(move || GetSecretValueOutput::builder().secret_string(text).build());
        let client = mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &[&get]);
        (get, LwaSecret::new(client, "lwa".into()))
    }

    #[tokio::test]
    async fn the_secret_is_read_once_and_again_on_demand() {
        let (get, secret) = answering(r#"{"ClientId":"id","ClientSecret":"secret"}"#);
        assert_eq!(secret.credentials().await.expect("there").client_id, "id");
        secret.credentials().await.expect("there");
        assert_eq!(get.num_calls(), 1);
        secret.read_afresh().await.expect("there");
        assert_eq!(get.num_calls(), 2);
    }

    #[tokio::test]
    async fn what_a_rotation_stores_is_read_again() {
        let new = NewSecret {
            client_id: "id".into(),
            client_secret: SecretString::from("new"),
            ends_at: "2027-05-27T08:00:00Z".parse().ok(),
        };
        for ends_at in [new.ends_at, None] {
            let text = content_of(&NewSecret {
                ends_at,
                ..new.clone()
            })
            .to_string();
            let (_, secret) = answering(text.leak());
            let stored = secret.stored().await.expect("there");
            assert_eq!(stored.credentials.client_id, "id");
            assert_eq!(stored.credentials.client_secret.expose_secret(), "new");
            assert_eq!(stored.ends_at, ends_at);
        }
    }

    #[tokio::test]
    async fn what_an_operator_stores_has_no_end_that_is_known() {
        for text in [
            r#"{"clientId":"id","clientSecret":"secret","note":5}"#,
            r#"{"ClientId":"id","ClientSecret":"secret","SecretExpiresAt":"in spring"}"#,
        ] {
            let (_, secret) = answering(text);
            assert_eq!(secret.stored().await.expect("there").ends_at, None);
        }
    }

    #[tokio::test]
    async fn an_empty_secret_is_said_to_be_empty() {
        for (text, problem) in [
            (r#"{"ClientId":"","ClientSecret":""}"#, "ClientId is empty"),
            (r#"{"ClientId":"id"}"#, "ClientSecret is empty"),
            ("generated password", "it is no JSON object of texts"),
        ] {
            let (_, secret) = answering(text);
            let error = secret.credentials().await.expect_err("empty");
            assert_eq!(error.name(), "LwaCredentialsMissing");
            assert!(error.to_string().contains(problem), "{error}");
            assert!(!error.to_string().contains("generated password"));
        }
    }
}
