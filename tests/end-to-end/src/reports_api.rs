use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use serde_json::Value;

use crate::signing::sign;
use crate::stack::variable;

/// Who calls the endpoints.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Nobody: the request is not signed.
    Anonymous,
    /// Somebody with these keys.
    Signed(Credentials),
}

impl Caller {
    /// The invoke user, with nothing but its own keys.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn user() -> Result<Self> {
        let (id, secret) = (
            variable("INVOKE_USER_ACCESS_KEY_ID")?,
            variable("INVOKE_USER_SECRET_ACCESS_KEY")?,
        );
        Ok(Self::Signed(Credentials::new(
            id,
            secret,
            None,
            None,
            "invoke user",
        )))
    }

    /// The invoke user in the invoke role.
    pub(crate) async fn with_role(aws: &SdkConfig) -> Result<Self> {
        let Self::Signed(user) = Self::user()? else {
            unreachable!("the user has keys")
        };
        let config = aws_sdk_sts::config::Builder::from(aws)
            .credentials_provider(user)
            .build();
        let assumed = aws_sdk_sts::Client::from_conf(config)
            .assume_role()
            .role_arn(variable("INVOKE_ROLE_ARN")?)
            .role_session_name("end-to-end")
            .send()
            .await
            .context("the invoke user could not assume the invoke role")?;
        let keys = assumed.credentials().context("STS gave no credentials")?;
        Ok(Self::Signed(Credentials::new(
            keys.access_key_id(),
            keys.secret_access_key(),
            Some(keys.session_token().to_owned()),
            None,
            "invoke role",
        )))
    }
}

/// What an endpoint answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON; a JSON text where the body is none.
    pub body: Value,
    /// `Retry-After`, if there is one.
    pub retry_after: Option<String>,
}

/// The endpoints.
#[derive(Clone, Debug)]
pub struct ReportsApi {
    http: reqwest::Client,
    url: String,
    region: String,
}

impl ReportsApi {
    pub(crate) fn new(http: reqwest::Client, aws: &SdkConfig) -> Result<Self> {
        let region = aws.region().context("AWS_REGION is not set")?.to_string();
        Ok(Self {
            http,
            url: variable("REPORTS_API_URL")?,
            region,
        })
    }

    /// `POST`s JSON.
    ///
    /// # Errors
    /// The connection fails. A refusal is an answer, not an error.
    pub async fn post(&self, caller: &Caller, path: &str, body: &Value) -> Result<Answer> {
        self.post_text(caller, path, &body.to_string()).await
    }

    /// `POST`s JSON under an idempotency key.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn post_once(&self, caller: &Caller, path: &str, key: &str, body: &Value) -> Result<Answer> {
        let request = self.json("POST", path)?.header("idempotency-key", key);
        self.send(caller, request, &body.to_string()).await
    }

    /// `POST`s a body that need not be JSON.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn post_text(&self, caller: &Caller, path: &str, body: &str) -> Result<Answer> {
        self.send(caller, self.json("POST", path)?, body).await
    }

    /// `GET`s a path with its query.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn get(&self, caller: &Caller, path: &str) -> Result<Answer> {
        self.send(caller, self.request("GET", path)?, "").await
    }

    /// `DELETE`s a path with its query.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn delete(&self, caller: &Caller, path: &str) -> Result<Answer> {
        self.send(caller, self.request("DELETE", path)?, "").await
    }

    fn request(&self, method: &str, path: &str) -> Result<http::request::Builder> {
        let url: http::Uri = format!("{}{path}", self.url.trim_end_matches('/')).parse()?;
        Ok(http::Request::builder().method(method).uri(url))
    }

    fn json(&self, method: &str, path: &str) -> Result<http::request::Builder> {
        Ok(self
            .request(method, path)?
            .header("content-type", "application/json"))
    }

    async fn send(&self, caller: &Caller, request: http::request::Builder, body: &str) -> Result<Answer> {
        let mut request = request.body(body.to_owned())?;
        if let Caller::Signed(credentials) = caller {
            sign(&mut request, credentials, &self.region, "execute-api")?;
        }
        let response = self.http.execute(request.try_into()?).await?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|it| it.to_str().ok())
            .map(str::to_owned);
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            status,
            body,
            retry_after,
        })
    }
}
