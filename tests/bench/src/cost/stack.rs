//! Reports that are ordered and delivered on the local stack, and what was counted on their way.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use end_to_end::{Caller, ReportsApi, Stack};
use serde_json::{Value, json};

use super::item_size::item_bytes;
use super::measured::{Calls, FunctionUse, Measured};
use crate::numbers::number;
use crate::surroundings::Surroundings;

/// How many reports are delivered.
pub const REPORTS: u64 = 60;

/// Amazon lets each seller order 15 at once, and one is for warming up.
const REPORTS_PER_SELLER: u64 = 12;

/// A middling report.
const DOCUMENT_BYTES: u64 = 1_000_000;

/// Longer than any delivery takes here.
const PATIENCE: Duration = Duration::from_secs(120);

/// The functions that work on a report which is ordered here.
const FUNCTIONS: [&str; 6] = [
    "report-creator",
    "notifications-processor",
    "report-document-retrieval",
    "report-document-storage",
    "presigned-url-generator",
    "report-notifier",
];

/// The tables, by the variables that name them.
const TABLES: [&str; 4] = [
    "REPORTS_TABLE",
    "QUOTAS_TABLE",
    "SELLING_PARTNERS_TABLE",
    "LINKS_TABLE",
];

/// Delivers reports, one after the other, and counts.
pub async fn measure(surroundings: &Surroundings) -> Result<Measured> {
    ensure!(
        Stack::is_up(),
        "there is no stack in the environment; `cargo local bench` brings one"
    );
    let stack = Stack::from_env().await?;
    let orders = Orders {
        api: stack.reports_api()?,
        role: stack.invoke_role().await?,
        stack,
    };
    let outcome = json!({"always": true, "sizeBytes": DOCUMENT_BYTES, "delayMilliseconds": 0});
    orders.stack.simulator()?.outcome(&outcome).await?;
    let mut sellers = Vec::new();
    for index in 0..REPORTS / REPORTS_PER_SELLER {
        let seller = orders.seller(index).await?;
        // The function instances, the tokens and what the limiter has to learn.
        orders.deliver(&seller).await?;
        sellers.push(seller);
    }
    let proxy = Proxy::of(&orders.stack)?;
    proxy.forget().await?;
    let since = milliseconds_now();
    let mut deliveries = Vec::new();
    for number in 0..REPORTS {
        let seller = &sellers[usize::try_from(number / REPORTS_PER_SELLER)?];
        deliveries.push(orders.deliver(seller).await?);
        if (number + 1) % 10 == 0 {
            eprintln!("{} of {REPORTS} reports are delivered", number + 1);
        }
    }
    let calls = proxy.calls(&orders.stack).await?;
    let functions = functions(surroundings, since)?;
    let row_bytes = row_bytes(surroundings, &orders.stack)?;
    let (delivery_seconds, express_gb_seconds) = Measured::times(&deliveries);
    Ok(Measured {
        reports: REPORTS,
        document_bytes: DOCUMENT_BYTES,
        functions,
        calls,
        row_bytes,
        delivery_seconds,
        express_gb_seconds,
    })
}

/// Who orders.
struct Orders {
    stack: Stack,
    api: ReportsApi,
    role: Caller,
}

impl Orders {
    /// A new seller, subscribed.
    async fn seller(&self, index: u64) -> Result<String> {
        let seller = format!("A{:X}{index:02}", milliseconds_now());
        let token = format!("Atzr|{seller}|bench");
        self.stack.simulator()?.register_seller(&seller, &token).await?;
        self.post("/tokens", &json!({"SellerId": seller, "RefreshToken": token}))
            .await?;
        let subscription = json!({
            "SellerId": seller, "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
        });
        self.post("/notifications", &subscription).await?;
        Ok(seller)
    }

    /// Orders a report and waits until its delivery has ended; how many seconds that took.
    async fn deliver(&self, seller: &str) -> Result<f64> {
        let order = json!({
            "SellerId": seller, "RegionCode": "EU", "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "MarketplaceIds": "A1PA6795UKMFR9",
        });
        let answer = self.post("/reports", &order).await?;
        let report = answer["reportId"]
            .as_str()
            .with_context(|| format!("the order was answered {answer}"))?;
        let executions = self.stack.executions()?;
        let execution = executions.wait_for(seller, report, PATIENCE).await?;
        if let Some(error) = execution.error {
            bail!("the delivery of {report} failed: {error}");
        }
        let steps = executions.steps(&execution.arn).await?;
        Ok(steps.iter().map(|step| step.took.as_secs_f64()).sum())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.api.post(&self.role, path, body).await?;
        ensure!(
            answer.status == 200,
            "{path} answered {}: {}",
            answer.status,
            answer.body
        );
        Ok(answer.body)
    }
}

/// The proxy before AWS, which counts.
struct Proxy {
    http: reqwest::Client,
    url: String,
}

impl Proxy {
    fn of(stack: &Stack) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().build()?,
            url: stack.output("FAULT_PROXY_URL")?,
        })
    }

    async fn forget(&self) -> Result<()> {
        self.http
            .delete(format!("{}/fired", self.url))
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    async fn calls(&self, stack: &Stack) -> Result<Calls> {
        let mut calls = Calls::default();
        for entry in self.counts("calls").await? {
            let (service, operation) = (text(&entry, "service")?, text(&entry, "operation")?);
            let operations = calls.services.entry(service).or_default();
            operations.insert(operation, entry["count"].as_u64().unwrap_or_default());
        }
        let names: Vec<(&str, String)> = TABLES
            .into_iter()
            .map(|variable| Ok((variable, stack.output(variable)?)))
            .collect::<Result<_>>()?;
        for entry in self.counts("tables").await? {
            let (table, operation) = (text(&entry, "table")?, text(&entry, "operation")?);
            let Some((variable, _)) = names.iter().find(|(_, name)| *name == table) else {
                continue;
            };
            let operations = calls.tables.entry((*variable).to_owned()).or_default();
            operations.insert(operation, entry["count"].as_u64().unwrap_or_default());
        }
        Ok(calls)
    }

    async fn counts(&self, what: &str) -> Result<Vec<Value>> {
        let answer = self.http.get(format!("{}/{what}", self.url)).send().await?;
        Ok(serde_json::from_str(&answer.error_for_status()?.text().await?)?)
    }
}

/// What the functions logged since then.
fn functions(surroundings: &Surroundings, since: u128) -> Result<BTreeMap<String, FunctionUse>> {
    let groups = aws(surroundings, &["logs", "describe-log-groups"])?;
    let groups: Vec<&str> = groups["logGroups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["logGroupName"].as_str())
        .collect();
    let since = since.to_string();
    let mut functions = BTreeMap::new();
    for name in FUNCTIONS {
        let plain = name.replace('-', "");
        let group = groups
            .iter()
            .find(|group| group.to_lowercase().contains(&plain))
            .with_context(|| format!("{name} has no log group"))?;
        let arguments = [
            "logs",
            "filter-log-events",
            "--log-group-name",
            group,
            "--start-time",
            &since,
        ];
        let events = aws(surroundings, &arguments)?;
        let mut function = FunctionUse::default();
        for event in events["events"].as_array().into_iter().flatten() {
            function.note(event["message"].as_str().unwrap_or_default());
        }
        ensure!(
            function.invocations > 0,
            "no invocation of {name} is in its log group {group}"
        );
        functions.insert(name.to_owned(), function);
    }
    Ok(functions)
}

/// The mean size of the rows of reports.
fn row_bytes(surroundings: &Surroundings, stack: &Stack) -> Result<f64> {
    let table = stack.output("REPORTS_TABLE")?;
    let rows = aws(surroundings, &["dynamodb", "scan", "--table-name", &table])?;
    let rows = rows["Items"]
        .as_array()
        .context("the reports table can't be read")?;
    ensure!(!rows.is_empty(), "the reports table is empty");
    let bytes: usize = rows.iter().map(item_bytes).sum();
    Ok(number(bytes as u64) / number(rows.len() as u64))
}

/// The answer to an `aws …` command. This process's environment says where the stack is.
fn aws(surroundings: &Surroundings, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(surroundings.aws_cli()?)
        .args(["-m", "awscli", "--output", "json"])
        .args(arguments)
        .output()
        .context("the AWS CLI can't be started")?;
    ensure!(
        output.status.success(),
        "`aws {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("`aws {}` answered no JSON", arguments.join(" ")))
}

fn text(entry: &Value, name: &str) -> Result<String> {
    let text = entry[name].as_str();
    text.map(str::to_owned)
        .with_context(|| format!("no {name} in {entry}"))
}

fn milliseconds_now() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_millis()
}
