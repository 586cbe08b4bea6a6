//! `cargo local demo`: does the pipeline's job as a user would, and shows every step.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_sfn::types::ExecutionStatus;
use end_to_end::{Caller, ReportsApi, Stack, sha256};
use serde_json::{Value, json};

const SELLER: &str = "A3TH9S8BH6GOGM";
const REPORT_TYPE: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one step and prints its line.
async fn step<T>(what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let started = Instant::now();
    let result = work
        .await
        .with_context(|| format!("the step \"{what}\" failed"))?;
    println!("✓ {what:<58} {:>7.2} s", started.elapsed().as_secs_f64());
    Ok(result)
}

async fn run() -> Result<()> {
    println!("\nA report's whole way, as a user sees it\n");
    let stack = Stack::from_env().await?;
    let api = stack.reports_api()?;
    let role = step("Assume the invoke role", stack.invoke_role()).await?;
    let token = json!({"SellerId": SELLER, "RefreshToken": format!("Atzr|{SELLER}|demo")});
    step(
        "POST /tokens: store the seller's refresh token",
        post(&api, &role, "/tokens", token),
    )
    .await?;
    let subscription = json!({
        "SellerId": SELLER, "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
    });
    step(
        "POST /notifications: subscribe",
        post(&api, &role, "/notifications", subscription),
    )
    .await?;
    let order = json!({
        "SellerId": SELLER, "RegionCode": "EU", "ReportType": REPORT_TYPE, "MarketplaceIds": "A1PA6795UKMFR9",
    });
    let ordered = step(
        "POST /reports: order a report",
        post(&api, &role, "/reports", order),
    )
    .await?;
    let report = ordered["reportId"]
        .as_str()
        .context("no reportId in the answer")?
        .to_owned();
    let row = step(
        "Amazon announces it, the workflow runs",
        announced(&api, &role, &report),
    )
    .await?;
    let mailbox = stack.mailbox()?;
    let email = step("Read the e-mail", mailbox.wait_for(SELLER, &report, PATIENCE)).await?;
    let link = email.link().context("there is no link in the e-mail")?.to_owned();
    let (content_type, downloaded) = step("Download through its link", download(&stack, &link)).await?;
    let truth = stack.simulator()?.document(SELLER, &report).await?;

    show(
        "The e-mail",
        &format!("Subject: {}\n\n{}", email.subject, email.text),
    );
    match stack.has_express_lane() {
        true => show("The report's row", &serde_json::to_string_pretty(&row)?),
        false => show("The workflow's steps", &steps(&stack, &report).await?),
    }
    let (text, _, _) = charset(&content_type).decode(&downloaded);
    let lines: Vec<&str> = text.lines().take(4).collect();
    show("The report's first lines", &lines.join("\n"));

    let (got, served) = (sha256(&downloaded), truth["sha256"].as_str().unwrap_or_default());
    println!("SHA-256 of what Amazon served: {served}");
    println!("SHA-256 of what was downloaded: {got}");
    ensure!(got == served, "the bytes differ");
    println!("\n✓ {} bytes, and they are the same\n", downloaded.len());
    Ok(())
}

/// The report's row, once the seller has been told.
async fn announced(api: &ReportsApi, caller: &Caller, report: &str) -> Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let path = format!("/reports/{report}?SellerId={SELLER}");
        let row = api.get(caller, &path).await?.body;
        match row["status"].as_str() {
            Some("ANNOUNCED") => return Ok(row),
            Some("FAILED") => bail!("the delivery failed: {row}"),
            _ => {}
        }
        ensure!(
            Instant::now() < deadline,
            "it has not within {} s: {row}",
            PATIENCE.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What the workflow did, and how long each step took.
async fn steps(stack: &Stack, report: &str) -> Result<String> {
    let executions = stack.executions()?;
    let execution = executions.wait_for(SELLER, report, PATIENCE).await?;
    ensure!(
        execution.status == ExecutionStatus::Succeeded,
        "the workflow ended {:?} with {:?}",
        execution.status,
        execution.error
    );
    let steps = executions.steps(&execution.arn).await?;
    let mut lines: Vec<String> = steps
        .iter()
        .map(|step| format!("{:<28} {:>7.2} s", step.name, step.took.as_secs_f64()))
        .collect();
    lines.push(
        "(DeliverDocument retrieves and stores; the emulator's history leaves its inner steps out.)"
            .to_owned(),
    );
    Ok(lines.join("\n"))
}

async fn post(api: &ReportsApi, caller: &Caller, path: &str, body: Value) -> Result<Value> {
    let answer = api.post(caller, path, &body).await?;
    if answer.status != 200 {
        bail!("{path} answered {}: {}", answer.status, answer.body);
    }
    Ok(answer.body)
}

async fn download(stack: &Stack, link: &str) -> Result<(String, Vec<u8>)> {
    let response = stack.open(link).await?.error_for_status()?;
    let content_type = response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    Ok((content_type, response.bytes().await?.to_vec()))
}

/// What a browser would read the report as: Amazon's charsets differ by marketplace.
fn charset(content_type: &str) -> &'static encoding_rs::Encoding {
    let label = content_type
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("charset="));
    label
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8)
}

fn show(title: &str, text: &str) {
    println!(
        "\n── {title} {}",
        "─".repeat(70_usize.saturating_sub(title.len()))
    );
    println!("{}\n", text.trim_end());
}
