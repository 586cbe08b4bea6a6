use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

/// How often something was asked, or went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// As in signatures: `dynamodb`.
    pub service: String,
    /// As in the API reference: `UpdateItem`.
    pub operation: String,
    /// How it went wrong.
    #[serde(default)]
    pub kind: Option<String>,
    /// How often.
    pub count: u64,
}

/// A message that went on to SNS.
#[derive(Clone, Debug, Deserialize)]
pub struct Passed {
    /// What the sender calls itself.
    #[serde(default)]
    pub sender: Option<String>,
    /// When all of it had come to the proxy.
    pub at: Timestamp,
    /// Its text.
    pub message: String,
    /// What filter policies can choose by.
    pub attributes: BTreeMap<String, String>,
}

/// The proxy between the functions and AWS, which fails when it is told to (see `tests/fault-proxy`).
#[derive(Clone, Debug)]
pub struct AwsFaults {
    http: reqwest::Client,
    url: String,
}

impl AwsFaults {
    /// The proxy that the environment names; `None` if there is none.
    ///
    /// # Errors
    /// TLS roots can't be read.
    pub fn find() -> Result<Option<Self>> {
        let Ok(url) = std::env::var("FAULT_PROXY_URL") else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: reqwest::Client::builder().build()?,
            url: url.trim_end_matches('/').to_owned(),
        }))
    }

    /// From now on these rules hold, and it counts anew.
    ///
    /// # Errors
    /// The proxy refuses them.
    pub async fn begin(&self, rules: &[Value]) -> Result<()> {
        self.call(Method::DELETE, "fired", None).await?;
        self.call(Method::PUT, "rules", Some(&Value::from(rules))).await?;
        Ok(())
    }

    /// From now on everything passes.
    ///
    /// # Errors
    /// The proxy can't be reached.
    pub async fn end(&self) -> Result<()> {
        self.call(Method::DELETE, "rules", None).await?;
        Ok(())
    }

    /// What went wrong.
    ///
    /// # Errors
    /// The proxy can't be reached.
    pub async fn fired(&self) -> Result<Vec<Count>> {
        let counts = self.call(Method::GET, "fired", None).await?;
        Ok(serde_json::from_value(counts)?)
    }

    /// What was asked of AWS.
    ///
    /// # Errors
    /// The proxy can't be reached.
    pub async fn calls(&self) -> Result<Vec<Count>> {
        let counts = self.call(Method::GET, "calls", None).await?;
        Ok(serde_json::from_value(counts)?)
    }

    /// What went on to SNS.
    ///
    /// # Errors
    /// The proxy can't be reached.
    pub async fn publishes(&self) -> Result<Vec<Passed>> {
        let publishes = self.call(Method::GET, "publishes", None).await?;
        Ok(serde_json::from_value(publishes)?)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}/{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.context("the fault proxy can't be reached")?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("the fault proxy answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}
