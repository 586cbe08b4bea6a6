//! The stack that it storms on, and the sellers who live there.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use aws_sdk_sfn::types::ExecutionStatus;
use aws_sdk_sqs::types::QueueAttributeName;
use end_to_end::{Caller, Executions, Mailbox, ReportsApi, Simulator, Stack};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::output::Printer;
use crate::plan::PlannedAccount;

/// How soon a message comes back that was not handled. In a deployment that takes minutes.
const VISIBILITY_SECONDS: &str = "10";

/// How long somebody tries to store a refresh token.
const STORES_TOKEN_WITHIN: Duration = Duration::from_secs(60);

/// A seller in a region, by its real name.
#[derive(Clone, Debug)]
pub struct Account {
    /// Made up for this run; of a merged account's second region with the region, as the ledger has it.
    pub seller: String,
    /// As planned.
    pub plan: PlannedAccount,
}

/// The seller's id, of which an account's name begins.
pub fn id_of(account: &str) -> &str {
    account.split('_').next().unwrap_or(account)
}

/// The name of the account, one of these, that a seller has in a region.
pub fn account_of(accounts: &[&str], seller: &str, region: Option<&str>) -> String {
    let further = region.map(|region| format!("{seller}_{region}"));
    further
        .filter(|further| accounts.contains(&further.as_str()))
        .unwrap_or_else(|| seller.to_owned())
}

/// Everything that the storm can reach.
pub struct Scene {
    pub stack: Stack,
    pub api: ReportsApi,
    pub role: Caller,
    pub simulator: Simulator,
    pub mailbox: Mailbox,
    pub deliveries: Executions,
    pub orders: Executions,
    pub printer: Printer,
    /// What tells this run's names from another's.
    pub run: String,
    pub started: Timestamp,
    /// How long createReport's and getReportDocument's quotas take to come back by one call.
    pub interval: Duration,
}

impl Scene {
    /// The stack that the environment describes.
    pub async fn find(printer: Printer, speed_up: Option<f64>) -> Result<Self> {
        if !Stack::is_up() {
            bail!("there is no stack in the environment; cargo local chaos brings one");
        }
        let stack = Stack::from_env().await?;
        let simulator = stack.simulator()?;
        let speed_up = match speed_up {
            Some(factor) => factor,
            None => simulator.speed_up().await?,
        };
        let rate = sp_api::rates::Operation::GetReportDocument.rate();
        let interval = Duration::try_from_secs_f64(1.0 / (rate.per_second * speed_up))?;
        let started = Timestamp::now();
        printer.line(&format!(
            "Amazon's quotas fill up {speed_up} times faster here: one report every {:.2} s after the first {}",
            interval.as_secs_f64(),
            rate.burst
        ));
        Ok(Self {
            api: stack.reports_api()?,
            role: stack.invoke_role().await?,
            mailbox: stack.mailbox()?,
            deliveries: stack.executions()?,
            orders: stack.order_executions()?,
            simulator,
            stack,
            printer,
            run: format!("{:X}", started.as_millisecond()),
            started,
            interval,
        })
    }

    /// Makes up sellers, stores their tokens and subscribes them.
    ///
    /// One of them may find no destination at first.
    pub async fn settle_in(
        &self,
        accounts: &[PlannedAccount],
        finds_no_destination: Option<usize>,
    ) -> Result<Vec<Account>> {
        let mut settled = Vec::new();
        for (index, plan) in accounts.iter().enumerate() {
            let seller = match plan.is_vendor {
                true => format!("amzn1.vg.{}{index:02}", self.started.as_millisecond()),
                false if plan.is_merged => format!("A{}00", self.run),
                false => format!("A{}{index:02}", self.run),
            };
            let mut token = json!({"SellerId": seller});
            let refresh_token = if plan.is_merged {
                token["RegionCode"] = plan.region.into();
                format!("Atzr|{seller}|{}|chaos", plan.region)
            } else {
                format!("Atzr|{seller}|chaos")
            };
            self.simulator.register_seller(&seller, &refresh_token).await?;
            token["RefreshToken"] = refresh_token.into();
            self.post("/tokens", &token).await?;
            if finds_no_destination == Some(index) {
                let order = json!({"kind": "no-destination", "times": 2, "sellerId": seller});
                self.simulator.be_odd(&order).await?;
            }
            let subscription = json!({
                "SellerId": seller, "RegionCode": plan.region,
                "NotificationType": "REPORT_PROCESSING_FINISHED",
            });
            self.post("/notifications", &subscription).await?;
            let is_further = settled.iter().any(|account: &Account| account.seller == seller);
            let seller = if is_further {
                format!("{seller}_{}", plan.region)
            } else {
                seller
            };
            settled.push(Account { seller, plan: *plan });
        }
        Ok(settled)
    }

    /// A seller authorizes the application again, and the new refresh token is stored, however long that
    /// takes in this weather.
    pub async fn authorize_again(&self, seller: &str) -> Result<()> {
        let refresh_token = format!("Atzr|{seller}|again");
        self.simulator.restore_seller(seller).await?;
        self.simulator.register_seller(seller, &refresh_token).await?;
        self.simulator.revoke(&format!("Atzr|{seller}|chaos")).await?;
        let token = json!({"SellerId": seller, "RefreshToken": refresh_token});
        let deadline = Instant::now() + STORES_TOKEN_WITHIN;
        loop {
            match self.post("/tokens", &token).await {
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
                Ok(_) => return Ok(()),
            }
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.api.post(&self.role, path, body).await?;
        if answer.status != 200 {
            bail!("{path} answered {}: {}", answer.status, answer.body);
        }
        Ok(answer.body)
    }

    /// The executions that run, of both workflows.
    pub async fn running(&self) -> Result<Vec<String>> {
        let mut running = self.deliveries.in_state(ExecutionStatus::Running).await?;
        running.extend(self.orders.in_state(ExecutionStatus::Running).await?);
        Ok(running)
    }

    /// The number of the last entry in Amazon's journal.
    pub async fn journal_position(&self) -> Result<u64> {
        let entries = self.simulator.journal_after(0).await?;
        Ok(entries
            .last()
            .and_then(|entry| entry["sequence"].as_u64())
            .unwrap_or(0))
    }

    /// Lets messages that were not handled come back soon; gives what it was before.
    pub async fn redeliver_quickly(&self) -> Result<String> {
        let name = QueueAttributeName::VisibilityTimeout;
        let before = self.queue_attribute(name).await?;
        self.redeliver_after(VISIBILITY_SECONDS).await?;
        Ok(before)
    }

    /// Sets how soon messages come back.
    pub async fn redeliver_after(&self, seconds: &str) -> Result<()> {
        self.stack
            .sqs()
            .set_queue_attributes()
            .queue_url(self.stack.output("NOTIFICATIONS_QUEUE_URL")?)
            .attributes(QueueAttributeName::VisibilityTimeout, seconds)
            .send()
            .await?;
        Ok(())
    }

    /// How many notifications wait or are being handled.
    pub async fn waiting_messages(&self) -> Result<u64> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesDelayed as Delayed,
            ApproximateNumberOfMessagesNotVisible as InWork,
        };
        let mut messages = 0;
        for name in [Waiting, InWork, Delayed] {
            messages += self.queue_attribute(name).await?.parse().unwrap_or(0);
        }
        Ok(messages)
    }

    async fn queue_attribute(&self, name: QueueAttributeName) -> Result<String> {
        let answer = self
            .stack
            .sqs()
            .get_queue_attributes()
            .queue_url(self.stack.output("NOTIFICATIONS_QUEUE_URL")?)
            .attribute_names(name.clone())
            .send()
            .await?;
        let value = answer.attributes().and_then(|all| all.get(&name));
        Ok(value.cloned().unwrap_or_else(|| "0".to_owned()))
    }
}
