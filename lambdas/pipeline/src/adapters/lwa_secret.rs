use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sp_api::LwaCredentials;
use tokio::sync::Mutex;

use crate::PipelineError;

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

/// The secret's JSON.
#[derive(Deserialize)]
struct Content {
    #[serde(rename = "ClientId", alias = "clientId", default)]
    client_id: String,
    #[serde(rename = "ClientSecret", alias = "clientSecret", default)]
    client_secret: SecretString,
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
        let credentials = self.read().await?;
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

    async fn read(&self) -> Result<LwaCredentials, PipelineError> {
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
        Ok(LwaCredentials {
            client_id: content.client_id,
            client_secret: content.client_secret,
        })
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
