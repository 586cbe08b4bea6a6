use anyhow::{Context, Result, ensure};
use aws_credential_types::Credentials;
use serde_json::Value;

use crate::signing::sign;
use crate::stack::variable;

/// The administrator's calls to services of which a few questions are asked only, by AWS's JSON protocol. Their SDKs
/// would take minutes to compile.
#[derive(Clone, Debug)]
pub struct AwsJson {
    http: reqwest::Client,
    endpoint: String,
    region: String,
    credentials: Credentials,
}

/// A service that speaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonService {
    /// CloudWatch.
    Metrics,
    /// CloudWatch Logs.
    Logs,
    /// KMS.
    Keys,
}

impl JsonService {
    /// As in signatures, and before the operation's name.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Metrics => ("monitoring", "GraniteServiceVersion20100801"),
            Self::Logs => ("logs", "Logs_20140328"),
            Self::Keys => ("kms", "TrentService"),
        }
    }
}

impl AwsJson {
    pub(crate) fn new(http: reqwest::Client) -> Result<Self> {
        let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
        Ok(Self {
            http,
            endpoint: variable("AWS_ENDPOINT_URL")?,
            region: variable("AWS_REGION")?,
            credentials: Credentials::new(id, secret, None, None, "administrator"),
        })
    }

    /// The answer to a question.
    ///
    /// # Errors
    /// The service can't be reached or refuses.
    pub async fn ask(&self, service: JsonService, operation: &str, question: &Value) -> Result<Value> {
        let (name, target) = service.names();
        let mut request = http::Request::builder()
            .method("POST")
            .uri(format!("{}/", self.endpoint.trim_end_matches('/')))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{target}.{operation}"))
            .body(question.to_string())?;
        sign(&mut request, &self.credentials, &self.region, name)?;
        let response = self.http.execute(request.try_into()?).await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "{operation} answered {status}: {text}");
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{operation} answered no JSON"))
    }
}
