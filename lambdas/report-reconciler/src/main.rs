//! *ReportReconciler*: on a schedule, looks after reports and orders that are overdue, discovers reports that
//! nobody announced, and reminds of authorizations that end.

mod backfill;
mod discovery;
mod execution;
mod overdue;
mod reminders;
mod slow;

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use overdue::{Reconciler, Seen};
use pipeline::StageError;
use pipeline::adapters::{Ledger, MeteredAmazon, SellingPartners, StateMachine, aws_config};
use pipeline::domain::AuthorizationTerm;
use pipeline::metrics::{Line, Metric};
use pipeline::redelivery::Redeliveries;
use pipeline::settings::{self, AmazonSettings, Hours, NewsSettings};
use pipeline::telling::Publisher;
use pipeline::workflows::Workflows;
use reminders::Reminders;
use serde_json::Value;
use slow::SlowReports;

/// This much of the function's time is left unused, so that it ends by itself.
const RESERVE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let quotas_table = settings::required("QUOTAS_TABLE")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let delivery_arn = settings::required("STATE_MACHINE_ARN")?;
    let orders_arn = settings::required("ORDER_STATE_MACHINE_ARN")?;
    let redelivery_arn = settings::required("REDELIVERY_STATE_MACHINE_ARN")?;
    let reports_bucket = settings::required("REPORTS_BUCKET")?;
    let overdue = Duration::from_secs(settings::required("OVERDUE_SECONDS")?);
    let news_settings = NewsSettings::from_env()?;
    let Hours(slow_after) = settings::required("SLOW_AFTER_HOURS")?;
    let term: AuthorizationTerm = settings::required("REAUTHORIZATION_DAYS")?;
    let aws = aws_config();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table);
    let sfn = aws_sdk_sfn::Client::new(&aws);
    let reconciler = &Reconciler {
        amazon: MeteredAmazon::connect(&amazon_settings, quotas_table, &aws),
        partners: SellingPartners::connect(&amazon_settings, &aws),
        slow: SlowReports {
            publisher: Publisher::connect(news_settings, ledger.clone(), &aws),
            after: slow_after,
        },
        reports_bucket,
        redeliveries: Redeliveries::new(StateMachine::new(sfn.clone(), redelivery_arn), ledger.clone()),
        workflows: Workflows {
            ledger,
            deliveries: StateMachine::new(sfn.clone(), delivery_arn),
            orders: StateMachine::new(sfn, orders_arn),
            overdue,
        },
    };
    let reminders = &Reminders {
        publisher: &reconciler.slow.publisher,
        partners: &reconciler.partners,
        term,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let until = event.context.deadline() - RESERVE;
        let obstacles = reconciler.see_to_obstacles().await?;
        let seen = reconciler.look_after_overdue(until).await?;
        let walked = reconciler.partners.walk(term.ending(Timestamp::now())).await?;
        let reminded = reminders.send(&walked.given, until).await;
        let discovered = reconciler.discover(&walked.discovering, until).await;
        let backfilled = reconciler.backfill(until).await?;
        measured(&seen, obstacles, discovered, backfilled).emit();
        tracing::info!(
            "{} rows were overdue, {} executions had to be started, {} rows could not be looked after; {obstacles} \
             obstacles are looked at, {reminded} are reminded of authorizations that end, {discovered} reports discovered, \
             {backfilled} found that were there before",
            seen.overdue,
            seen.started,
            seen.failed
        );
        Ok::<_, StageError>(())
    }))
    .await
}

/// What a run counts. Nothing that is overdue has no age.
fn measured(seen: &Seen, obstacles: usize, discovered: usize, backfilled: u64) -> Line {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Line::default()
        .with(Metric::OverdueRows, count(seen.overdue))
        .with(Metric::OverdueStarted, count(seen.started))
        .with(Metric::OverdueFailed, count(seen.failed))
        .with(Metric::ObstaclesChecked, count(obstacles))
        .with(Metric::ReportsDiscovered, count(discovered))
        .with(Metric::BackfillsStarted, backfilled)
        .with_any(
            Metric::OldestUndelivered,
            seen.oldest_undelivered.map(|age| age.as_secs()),
        )
        .with_any(
            Metric::OldestUnfinished,
            seen.oldest_unfinished.map(|age| age.as_secs()),
        )
}
