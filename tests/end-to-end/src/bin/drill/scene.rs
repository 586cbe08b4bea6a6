//! The stack that is broken, and what an operator and a seller can do on it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::types::ExecutionStatus;
use aws_sdk_sqs::types::QueueAttributeName;
use end_to_end::JsonService::{Keys, Logs};
use end_to_end::{AwsFaults, AwsJson, Caller, Email, Mailbox, ReportsApi, Simulator, Stack};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::options::Options;

/// A type that needs nothing special.
pub const REPORT_TYPE: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const REGION: &str = "EU";
/// For what goes on by itself: the reconciler looks every minute, and attempts come ever more seldom.
const PATIENCE: Duration = Duration::from_secs(420);
/// As many as the API takes in one request.
const ORDERS_AT_ONCE: usize = 100;
const PAUSE: Duration = Duration::from_millis(500);

/// Everything within reach.
pub struct Scene<'a> {
    pub options: &'a Options,
    pub stack: Stack,
    pub api: ReportsApi,
    pub role: Caller,
    pub simulator: Simulator,
    pub mailbox: Mailbox,
    pub aws: AwsJson,
    pub aws_faults: AwsFaults,
}

/// A seller who has reports.
#[derive(Clone, Debug)]
pub struct Seller {
    pub id: String,
    pub refresh_token: String,
}

impl<'a> Scene<'a> {
    /// The stack that the environment describes.
    pub async fn find(options: &'a Options) -> Result<Self> {
        if !Stack::is_up() {
            bail!("there is no stack in the environment; cargo local drill brings one");
        }
        let stack = Stack::from_env().await?;
        Ok(Self {
            options,
            api: stack.reports_api()?,
            role: stack.invoke_role().await?,
            simulator: stack.simulator()?,
            mailbox: stack.mailbox()?,
            aws: stack.aws_json()?,
            aws_faults: AwsFaults::find()?
                .context("nothing can make AWS fail here: the stack has no fault proxy")?,
            stack,
        })
    }

    /// Prints a line; where JSON goes to standard output, elsewhere.
    pub fn say(&self, line: &str) {
        if self.options.json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }

    /// A new seller, whose reports are delivered here.
    pub async fn seller(&self) -> Result<Seller> {
        let id = format!("A{:X}D", Timestamp::now().as_millisecond());
        let seller = Seller {
            refresh_token: format!("Atzr|{id}|drill"),
            id,
        };
        self.simulator
            .register_seller(&seller.id, &seller.refresh_token)
            .await?;
        let token = json!({"SellerId": seller.id, "RefreshToken": seller.refresh_token});
        self.post("/tokens", &token).await?;
        let subscription = json!({
            "SellerId": seller.id, "RegionCode": REGION, "NotificationType": "REPORT_PROCESSING_FINISHED",
        });
        self.post("/notifications", &subscription).await?;
        Ok(seller)
    }

    /// Reports that Amazon finishes now and announces: what was not ordered here needs no call that could fail.
    pub async fn finished_reports(&self, seller: &Seller, count: usize) -> Result<Vec<String>> {
        let mut reports = Vec::new();
        for _ in 0..count {
            let made = self
                .simulator
                .report_made_elsewhere(&seller.id, REGION, REPORT_TYPE, json!({}));
            reports.push(made.await?);
        }
        Ok(reports)
    }

    /// The id of a report's document, once Amazon has made it.
    pub async fn document_of(&self, seller: &Seller, report: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reports = self.simulator.reports(false).await?;
            let known = reports
                .iter()
                .find(|it| it["reportId"] == report && it["sellerId"] == seller.id);
            if let Some(document) = known.and_then(|it| it["documentId"].as_str()) {
                return Ok(document.to_owned());
            }
            ensure!(Instant::now() < deadline, "Amazon has no document of {report}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Orders so many reports at once. What Amazon doesn't take yet waits here.
    pub async fn order_many(&self, seller: &Seller, count: u32) -> Result<()> {
        let orders: Vec<Value> = (0..count)
            .map(|number| {
                json!({
                    "SellerId": seller.id, "RegionCode": REGION, "ReportType": REPORT_TYPE,
                    "MarketplaceIds": "A1PA6795UKMFR9", "ReportOptions": {"order": number.to_string()},
                })
            })
            .collect();
        let Some((first, rest)) = orders.split_first() else {
            return Ok(());
        };
        // By itself, it is placed at once, and Amazon's answer has the rate that there is here. Otherwise the rest
        // would wait for as long as at Amazon.
        self.post("/reports", first).await?;
        for orders in rest.chunks(ORDERS_AT_ONCE) {
            self.post("/reports", &json!({"Orders": orders})).await?;
        }
        Ok(())
    }

    /// Waits until a seller has got that many reports.
    pub async fn all_delivered(&self, seller: &Seller, count: u32) -> Result<()> {
        // Amazon takes one a second here once the first are through, and gives one a second.
        let deadline = Instant::now() + PATIENCE + Duration::from_secs(3 * u64::from(count));
        loop {
            let news = self.mailbox.all().await?;
            let is_one = |news: &&Email| news.fact("Seller") == Some(&seller.id) && news.link().is_some();
            let reports: BTreeSet<&str> = news
                .iter()
                .filter(is_one)
                .filter_map(|news| news.fact("Report id"))
                .collect();
            if reports.len() >= usize::try_from(count)? {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "only {} of {count} reports are delivered",
                reports.len()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until each report has an e-mail with a link.
    pub async fn delivered(&self, seller: &Seller, reports: &[String]) -> Result<()> {
        for report in reports {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let emails = self.mailbox.all_about(&seller.id, report).await?;
                if emails.iter().any(|email| email.link().is_some()) {
                    break;
                }
                ensure!(
                    Instant::now() < deadline,
                    "report {report} of {} is not delivered within {} s: {}",
                    seller.id,
                    PATIENCE.as_secs(),
                    self.status(seller, report)
                        .await?
                        .unwrap_or_else(|| "no row".to_owned())
                );
            }
        }
        Ok(())
    }

    /// A seller who has nothing to do with what was wrong gets a report.
    pub async fn delivers(&self) -> Result<()> {
        let seller = self.seller().await?;
        let reports = self.finished_reports(&seller, 1).await?;
        self.delivered(&seller, &reports).await
    }

    async fn status(&self, seller: &Seller, report: &str) -> Result<Option<String>> {
        let row = self
            .stack
            .dynamodb()
            .get_item()
            .table_name(self.stack.output("REPORTS_TABLE")?)
            .key("sellerId", AttributeValue::S(seller.id.clone()))
            .key("reportId", AttributeValue::S(report.to_owned()))
            .consistent_read(true)
            .send()
            .await?;
        let status = row.item().and_then(|row| row.get("status"));
        Ok(status.and_then(|status| status.as_s().ok()).cloned())
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.api.post(&self.role, path, body).await?;
        ensure!(
            matches!(answer.status, 200 | 202),
            "{path} answered {}: {}",
            answer.status,
            answer.body
        );
        Ok(answer.body)
    }

    /// Puts Amazon and AWS in order, so that the next fault comes alone.
    pub async fn calm_down(&self) -> Result<()> {
        self.simulator.clear_faults().await?;
        self.aws_faults.end().await
    }

    /// All log groups of functions.
    pub async fn log_groups(&self) -> Result<Vec<String>> {
        let answer = self.aws.ask(Logs, "DescribeLogGroups", &json!({})).await?;
        let groups = answer["logGroups"].as_array().cloned().unwrap_or_default();
        let names = groups
            .iter()
            .filter_map(|group| group["logGroupName"].as_str().map(str::to_owned));
        Ok(names.collect())
    }

    /// A function's log group: CloudFormation names both after the construct that has them.
    pub async fn log_group(&self, function: &str) -> Result<String> {
        let construct = function
            .rsplit_once("Function")
            .map_or(function, |(before, _)| before);
        let construct = construct.rsplit_once('-').map_or(construct, |(_, name)| name);
        let beginning = format!("{construct}Logs");
        let groups = self.log_groups().await?;
        let is_it = |group: &String| {
            let name = group.rsplit(['/', '-']).next();
            name.is_some_and(|name| name.starts_with(&beginning))
        };
        groups
            .into_iter()
            .find(is_it)
            .with_context(|| format!("{function} has no log group {beginning}…"))
    }

    /// When the executions ended that ended like that.
    pub async fn ends_of_executions(
        &self,
        state_machine: &str,
        status: ExecutionStatus,
    ) -> Result<Vec<Timestamp>> {
        let mut ends = Vec::new();
        let listed = self
            .stack
            .step_functions()
            .list_executions()
            .state_machine_arn(state_machine)
            .status_filter(status);
        let mut pages = listed.into_paginator().send();
        while let Some(page) = pages.next().await {
            let stops = page?.executions;
            let seconds = stops
                .iter()
                .filter_map(|execution| Some(execution.stop_date()?.secs()));
            for second in seconds {
                ends.push(Timestamp::from_second(second)?);
            }
        }
        Ok(ends)
    }

    /// A number that a queue knows of itself.
    pub async fn queue_attribute(&self, queue: &str, name: QueueAttributeName) -> Result<u64> {
        // The notifications' URL with another name at its end.
        let url = self.stack.output("NOTIFICATIONS_QUEUE_URL")?;
        let (account, _) = url.rsplit_once('/').context("a queue's URL has a path")?;
        let answer = self
            .stack
            .sqs()
            .get_queue_attributes()
            .queue_url(format!("{account}/{queue}"))
            .attribute_names(name.clone())
            .send()
            .await?;
        let value = answer.attributes().and_then(|all| all.get(&name));
        value
            .context("the queue does not tell")?
            .parse()
            .context("the queue tells no number")
    }

    /// Waits until the dead-letter queue is empty.
    pub async fn has_no_dead_letters(&self) -> Result<()> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesNotVisible as InWork,
        };
        let url = self.stack.output("DEAD_LETTER_QUEUE_URL")?;
        let (_, queue) = url.rsplit_once('/').context("a queue's URL has a path")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let letters =
                self.queue_attribute(queue, Waiting).await? + self.queue_attribute(queue, InWork).await?;
            if letters == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{letters} dead letters are left");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Throws all dead letters away.
    pub async fn purge_dead_letters(&self) -> Result<()> {
        let queue = self.stack.output("DEAD_LETTER_QUEUE_URL")?;
        self.stack.sqs().purge_queue().queue_url(queue).send().await?;
        Ok(())
    }

    /// The id of the key that encrypts refresh tokens.
    pub async fn token_key(&self) -> Result<String> {
        let keys = self.aws.ask(Keys, "ListKeys", &json!({})).await?;
        for key in keys["Keys"].as_array().cloned().unwrap_or_default() {
            let id = key["KeyId"].as_str().unwrap_or_default();
            let described = self.aws.ask(Keys, "DescribeKey", &json!({"KeyId": id})).await?;
            let description = described["KeyMetadata"]["Description"].as_str();
            if description.is_some_and(|it| it.starts_with("Refresh tokens")) {
                return Ok(id.to_owned());
            }
        }
        bail!("the stack has no key for refresh tokens")
    }
}
