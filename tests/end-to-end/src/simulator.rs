use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Amazon's side, through the simulator's control API (see `tests/simulator/README.md`).
#[derive(Clone, Debug)]
pub struct Simulator {
    http: reqwest::Client,
    url: String,
}

impl Simulator {
    pub(crate) fn new(http: reqwest::Client, url: String) -> Self {
        Self { http, url }
    }

    /// Says which selling partner granted a refresh token.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn register_seller(&self, seller: &str, refresh_token: &str) -> Result<()> {
        self.post(
            "sellers",
            &json!({"sellerId": seller, "refreshToken": refresh_token}),
        )
        .await?;
        Ok(())
    }

    /// Has a seller choose the application in the Appstore; gives Amazon's state of that visit.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn appstore_visit(&self, seller: &str) -> Result<String> {
        let visit = self.post("appstore-visits", &json!({"sellerId": seller})).await?;
        let state = visit["amazonState"]
            .as_str()
            .context("the simulator gave no state")?;
        Ok(state.to_owned())
    }

    /// Makes a refresh token worthless, as a seller does who withdraws the authorization.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn revoke(&self, refresh_token: &str) -> Result<()> {
        self.post("revoke", &json!({"refreshToken": refresh_token}))
            .await?;
        Ok(())
    }

    /// Scripts how the next report of `seller` ends.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn script(&self, seller: &str, outcome: Value) -> Result<()> {
        let mut outcome = outcome;
        outcome["sellerId"] = seller.into();
        self.post("outcomes", &outcome).await?;
        Ok(())
    }

    /// Scripts a fault.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn fault(&self, fault: &Value) -> Result<()> {
        self.post("faults", fault).await?;
        Ok(())
    }

    /// Makes a report that this pipeline did not order: in Seller Central, by a schedule. Gives its id.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn report_made_elsewhere(
        &self,
        seller: &str,
        region: &str,
        report_type: &str,
        outcome: Value,
    ) -> Result<String> {
        let mut report = outcome;
        report["sellerId"] = seller.into();
        report["region"] = region.into();
        report["reportType"] = report_type.into();
        let answer = self.post("reports", &report).await?;
        answer["reportId"]
            .as_str()
            .map(str::to_owned)
            .context("the simulator gave no report id")
    }

    /// Sends a message to a queue as Amazon would.
    ///
    /// # Errors
    /// The simulator could not deliver it.
    pub async fn send_message(&self, queue_arn: &str, body: &str) -> Result<()> {
        let sent = self
            .post("notifications", &json!({"queueArn": queue_arn, "body": body}))
            .await?;
        if sent["sent"] != 1 {
            bail!("the message was not delivered: {sent}");
        }
        Ok(())
    }

    /// What Amazon really served for a report: `{sha256, bytes, contentType, beginning, …}`.
    ///
    /// # Errors
    /// The report has no document.
    pub async fn document(&self, seller: &str, report: &str) -> Result<Value> {
        self.get(&format!("reports/{report}/document?sellerId={seller}"))
            .await
    }

    /// The same, of a seller who has reports of that id in several regions.
    ///
    /// # Errors
    /// The report has no document.
    pub async fn document_in(&self, region: &str, seller: &str, report: &str) -> Result<Value> {
        self.get(&format!(
            "reports/{report}/document?sellerId={seller}&region={region}"
        ))
        .await
    }

    /// The requests that were made of Amazon, by operation and seller.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn journal(&self, operation: &str, seller: Option<&str>) -> Result<Vec<Value>> {
        let seller = seller
            .map(|seller| format!("&sellerId={seller}"))
            .unwrap_or_default();
        let journal = self
            .get(&format!("journal?operation={operation}{seller}"))
            .await?;
        Ok(journal["entries"].as_array().cloned().unwrap_or_default())
    }

    /// How many times faster than at Amazon quotas fill up again.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn speed_up(&self) -> Result<f64> {
        let health = self.get("health").await?;
        health["speedUp"]
            .as_f64()
            .context("the simulator does not say how fast it is")
    }

    /// Every report there is, the newest first: `{reportId, sellerId, status, sha256, …}`.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn reports(&self, with_checksums: bool) -> Result<Vec<Value>> {
        let checksums = if with_checksums { "yes" } else { "no" };
        let answer = self.get(&format!("reports?checksums={checksums}")).await?;
        Ok(answer["reports"].as_array().cloned().unwrap_or_default())
    }

    /// Everything that was asked of Amazon after the entry with that number, and what was answered.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn journal_after(&self, sequence: u64) -> Result<Vec<Value>> {
        let journal = self.get(&format!("journal?after={sequence}")).await?;
        Ok(journal["entries"].as_array().cloned().unwrap_or_default())
    }

    /// Scripts how reports end.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn outcome(&self, outcome: &Value) -> Result<()> {
        self.post("outcomes", outcome).await?;
        Ok(())
    }

    /// Takes back every fault that has not struck yet.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn clear_faults(&self) -> Result<()> {
        self.answer(self.http.delete(self.control("faults"))).await?;
        Ok(())
    }

    /// Orders what is odd, in one case or every so often.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn be_odd(&self, order: &Value) -> Result<()> {
        self.post("oddities", order).await?;
        Ok(())
    }

    /// Takes back everything odd that has not happened yet.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn clear_oddities(&self) -> Result<()> {
        self.answer(self.http.delete(self.control("oddities"))).await?;
        Ok(())
    }

    /// How many odd messages, documents and answers of each kind there have been.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn oddities(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>> {
        let mut answer = self.get("oddities").await?;
        Ok(serde_json::from_value(answer["sent"].take())?)
    }

    /// Announces a finished report, as many times as that.
    ///
    /// # Errors
    /// There is no such report or no subscription.
    pub async fn announce(&self, seller: &str, region: &str, report: &str, copies: u64) -> Result<()> {
        let message = json!({"sellerId": seller, "region": region, "reportId": report, "copies": copies});
        self.post("notifications", &message).await?;
        Ok(())
    }

    /// Withdraws every authorization that a seller has given.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn revoke_seller(&self, seller: &str) -> Result<()> {
        self.post("revoke", &json!({"sellerId": seller})).await?;
        Ok(())
    }

    /// Lets a seller's authorizations count again, but for refresh tokens that were revoked by themselves.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn restore_seller(&self, seller: &str) -> Result<()> {
        self.post("unrevoke", &json!({"sellerId": seller})).await?;
        Ok(())
    }

    /// Makes every access token worthless that is out.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn expire_access_tokens(&self) -> Result<()> {
        self.post("expire-access-tokens", &json!({})).await?;
        Ok(())
    }

    /// Rotates the application's secret; the old one is good for some seconds more. Gives the client id
    /// and the new secret.
    ///
    /// # Errors
    /// The simulator has no credentials.
    pub async fn rotate_client_secret(&self, keep_old_seconds: u64) -> Result<(String, String)> {
        let rotation = json!({"keepOldSeconds": keep_old_seconds});
        let answer = self.post("rotate-client-secret", &rotation).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        text("clientId")
            .zip(text("clientSecret"))
            .context("the simulator gave no new secret")
    }

    /// Registers the queue to which is sent what concerns the client secret, as the developer does.
    ///
    /// # Errors
    /// The simulator refuses.
    pub async fn register_rotation_queue(&self, queue_arn: &str) -> Result<()> {
        self.post("rotation-queue", &json!({"queueArn": queue_arn}))
            .await?;
        Ok(())
    }

    /// Announces that the client secret ends in a week.
    ///
    /// # Errors
    /// No queue is registered.
    pub async fn announce_secret_end(&self) -> Result<()> {
        self.post("announce-secret-end", &json!({})).await?;
        Ok(())
    }

    /// Ends the client secrets that have been replaced.
    ///
    /// # Errors
    /// The simulator can't be reached.
    pub async fn end_old_secrets(&self) -> Result<()> {
        self.post("end-old-secrets", &json!({})).await?;
        Ok(())
    }

    async fn post(&self, control: &str, body: &Value) -> Result<Value> {
        self.answer(self.http.post(self.control(control)).json(body))
            .await
    }

    async fn get(&self, control: &str) -> Result<Value> {
        self.answer(self.http.get(self.control(control))).await
    }

    fn control(&self, name: &str) -> String {
        format!("{}/_simulator/{name}", self.url)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let response = request
            .send()
            .await
            .context("the simulator could not be reached")?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("the simulator answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}
