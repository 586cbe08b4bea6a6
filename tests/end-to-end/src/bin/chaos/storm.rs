//! The storm itself, from the first order to the table.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use end_to_end::AwsFaults;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::evidence::calls::{Call, Costs};
use crate::evidence::{Evidence, Memory, WithoutSecret, ledger};
use crate::mail::{self, Mail};
use crate::options::{Faults, Kind, Options};
use crate::ordering::{self, Sent};
use crate::output::Printer;
use crate::plan::{Event, Plan, garbage};
use crate::processes::Hunt;
use crate::result::{AwsCounts, Oddities, StormResult};
use crate::scene::{Account, Scene, id_of};
use crate::settling::{self, Standing};
use crate::verdict::Verdict;
use crate::warm_up::warm_up;

/// How many requests a caller has under way at once.
const AT_ONCE: usize = 8;

/// For how long the client's old secret is good after a rotation. At Amazon it is a week.
const KEEP_OLD_SECRET_SECONDS: u64 = 10;

/// How often people hear how it stands.
const TELL: Duration = Duration::from_secs(10);

/// What it needs on the way.
struct Storm {
    scene: Arc<Scene>,
    accounts: Arc<Vec<Account>>,
    plan: Arc<Plan>,
    hunt: Hunt,
    memory: Memory,
    missed_kills: u64,
    /// The secret that Amazon takes, while the stack has not heard of it.
    secret_to_store: Option<Value>,
}

/// Runs the storm; what came of it.
pub async fn run(options: &Options, printer: Printer) -> Result<StormResult> {
    let aws = AwsFaults::find()?;
    let faults = possible_faults(options, aws.is_some(), printer)?;
    let scene = Scene::find(printer, options.speed_up).await?;
    let plan = Plan::draw(options.reports, options.seed, &faults, scene.interval);
    let odd_before = scene.simulator.oddities().await?;
    let accounts = scene.settle_in(&plan.accounts, plan.finds_no_destination).await?;
    let sellers: Vec<_> = accounts.iter().map(|account| account.seller.clone()).collect();
    let sellers: Vec<_> = sellers.iter().map(String::as_str).collect();
    for order in &plan.orders {
        let outcome = order.outcome(id_of(&accounts[order.account].seller));
        scene.simulator.outcome(&outcome).await?;
    }
    let visibility = scene.redeliver_quickly().await?;
    let warm = warm_up(&scene, &accounts, &plan.orders).await?;
    printer.line(&format!(
        "Storm: {} reports of {} sellers, seed {}, {:.0} s, faults: {faults}",
        options.reports,
        accounts.len(),
        options.seed,
        plan.length.as_secs_f64()
    ));
    let position = scene.journal_position().await?;
    if let Some(aws) = &aws {
        aws.begin(&plan.aws_rules).await?;
    }
    let mut mail = Mail::of(&plan.letters);
    let mut storm = Storm {
        hunt: Hunt::on(&scene.stack)?,
        scene: Arc::new(scene),
        accounts: Arc::new(accounts.clone()),
        plan: Arc::new(plan),
        memory: Memory::default(),
        missed_kills: 0,
        secret_to_store: None,
    };
    let raged = storm.rage(&sellers, &mut mail).await;
    if let Some(credentials) = storm.secret_to_store.take() {
        store_secret(&storm.scene, &credentials).await?;
    }
    // Whatever happened: others may want to use the stack.
    storm.scene.simulator.clear_faults().await?;
    storm.scene.simulator.clear_oddities().await?;
    if let Some(aws) = &aws {
        aws.end().await?;
    }
    let mut posts = raged?;
    while let Some(sent) = posts.join_next().await {
        storm.memory.orders.extend(sent?);
    }
    storm.memory.orders.extend(warm);
    storm.memory.orders.sort_by_key(|sent| sent.order);
    let scene = &storm.scene;
    let at_the_end = Standing::now(scene, &sellers, &storm.memory.orders, &mail).await?;
    printer.line(&format!("The weather is fine again: {}", at_the_end.line()));
    settling::settle(scene, &sellers, &storm.memory.orders, &mut mail).await?;
    scene.redeliver_after(&visibility).await?;
    let peak_memory = storm.hunt.peak_memory();

    printer.line("Comparing Amazon's reports with bucket, ledger, mailbox and dead-letter queue");
    let entries = scene.simulator.journal_after(position).await?;
    let evidence = Evidence::gather(scene, aws.as_ref(), &sellers, storm.memory.clone()).await?;
    let warm_ups = accounts.len();
    let is_stormy = |order: Option<usize>| order.is_none_or(|order| order >= warm_ups);
    let stormy: Vec<_> = evidence
        .reports
        .iter()
        .filter(|report| is_stormy(report.order))
        .cloned()
        .collect();
    let aws_counts = match &aws {
        Some(aws) => Some(AwsCounts::of(
            &aws.fired().await?,
            &aws.calls().await?,
            stormy.len(),
        )),
        None => None,
    };
    Ok(StormResult {
        reports: options.reports,
        seed: options.seed,
        faults: faults.to_string(),
        warm_ups,
        settled_when_it_ended: at_the_end.settled,
        verdict: Verdict::of(&evidence),
        costs: Costs::of(&Call::of(&entries, &sellers), &stormy, scene.interval),
        aws: aws_counts,
        kills: count_kills(&evidence),
        missed_kills: storm.missed_kills,
        peak_memory,
        odd: Oddities::between(&odd_before, scene.simulator.oddities().await?),
        notifications: notifications(&storm.plan, &mail, evidence.garbage.len()),
    })
}

/// The faults that were asked for, less those that this environment has no means for.
fn possible_faults(options: &Options, has_proxy: bool, printer: Printer) -> Result<Faults> {
    let mut faults = options.faults.clone().unwrap_or_else(Faults::all);
    let has_secret = std::env::var_os("LWA_SECRET_NAME").is_some();
    for (kind, is_possible, missing) in [
        (Kind::Aws, has_proxy, "FAULT_PROXY_URL is not set"),
        (Kind::Rotation, has_secret, "LWA_SECRET_NAME is not set"),
    ] {
        if !faults.have(kind) || is_possible {
            continue;
        }
        if options.faults.is_some() {
            bail!("there is no way to do what --faults asks for: {missing}");
        }
        printer.line(&format!("Left out, because {missing}: {}", Faults::only(kind)));
        faults.remove(kind);
    }
    Ok(faults)
}

impl Storm {
    /// Lets everything happen that is planned. Gives the requests that are still under way.
    async fn rage(&mut self, sellers: &[&str], mail: &mut Mail) -> Result<JoinSet<Vec<Sent>>> {
        let scene = Arc::clone(&self.scene);
        let plan = Arc::clone(&self.plan);
        tokio::select! {
            posts = self.follow(&plan) => posts,
            error = watch(&scene, sellers, mail) => Err(error),
        }
    }

    async fn follow(&mut self, plan: &Plan) -> Result<JoinSet<Vec<Sent>>> {
        let begun = Instant::now();
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut requests = JoinSet::new();
        let (mut posts, mut events) = (plan.posts.iter().peekable(), plan.events.iter().peekable());
        loop {
            let next_post = posts.peek().map(|(at, _)| *at);
            let next_event = events.peek().map(|(at, _)| *at);
            let next = [next_post, next_event]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(plan.length);
            tokio::time::sleep_until(begun + next).await;
            if let Some((_, event)) = events.next_if(|(at, _)| *at <= next) {
                self.happen(event).await?;
            } else if let Some((_, post)) = posts.next_if(|(at, _)| *at <= next) {
                let (scene, accounts) = (Arc::clone(&self.scene), Arc::clone(&self.accounts));
                let (plan, post, at_once) = (Arc::clone(&self.plan), post.clone(), Arc::clone(&at_once));
                requests.spawn(async move {
                    // The semaphore is never closed.
                    let _turn = at_once.acquire_owned().await;
                    ordering::send(&scene, &accounts, &plan.orders, &post).await
                });
            } else {
                return Ok(requests);
            }
        }
    }

    async fn happen(&mut self, event: &Event) -> Result<()> {
        let scene = &self.scene;
        match event {
            Event::Fault { account, fault } => {
                let mut fault = fault.clone();
                if let Some(account) = account {
                    fault["sellerId"] = id_of(&self.accounts[*account].seller).into();
                }
                scene.simulator.fault(&fault).await?;
            }
            Event::Garbage { number } => {
                let garbage = garbage(&scene.run, *number);
                let queue = scene.stack.output("NOTIFICATIONS_QUEUE_ARN")?;
                scene.simulator.send_message(&queue, &garbage).await?;
                self.memory.garbage.push(garbage);
            }
            Event::Revoke { account } => {
                let seller = &self.accounts[*account].seller;
                scene.simulator.revoke_seller(seller).await?;
                self.memory.revoked.insert(seller.clone());
            }
            Event::AuthorizeAgain { account } => {
                scene.authorize_again(&self.accounts[*account].seller).await?;
            }
            Event::BeOdd { mode } => scene.simulator.be_odd(mode).await?,
            Event::ForgetAccessTokens => scene.simulator.expire_access_tokens().await?,
            Event::Rotate => match scene.stack.output("CLIENT_SECRET_QUEUE_ARN") {
                // The stack does the rest by itself.
                Ok(queue) => {
                    scene.simulator.register_rotation_queue(&queue).await?;
                    scene.simulator.announce_secret_end().await?;
                }
                Err(_) => {
                    let credentials = rotate(scene, KEEP_OLD_SECRET_SECONDS).await?;
                    store_secret(scene, &credentials).await?;
                }
            },
            Event::SecretRunsOut => {
                self.secret_to_store = Some(rotate(scene, 0).await?);
                self.memory.without_secret = WithoutSecret::Shortly;
            }
            Event::SecretIsStored => {
                if self.plan.has_outage {
                    let waited = waiting(scene, &self.accounts).await?;
                    scene
                        .printer
                        .line(&format!("The secret is mended; {waited} reports and orders wait"));
                    self.memory.without_secret = WithoutSecret::Long { waited };
                }
                if let Some(credentials) = self.secret_to_store.take() {
                    store_secret(scene, &credentials).await?;
                }
            }
            Event::Kill { function, choice } => match self.hunt.kill(function, *choice) {
                Some(killed) => self.memory.kills.push(killed),
                None => self.missed_kills += 1,
            },
        }
        Ok(())
    }
}

/// Sends late notifications and tells how it stands, until something fails.
async fn watch(scene: &Scene, sellers: &[&str], mail: &mut Mail) -> anyhow::Error {
    let mut told = Instant::now();
    loop {
        let look = async {
            let reports = mail::look(scene, sellers).await?;
            mail.send_due(scene, &reports).await?;
            if told.elapsed() >= TELL {
                let standing = Standing::now(scene, sellers, &[], mail).await?;
                scene.printer.line(&format!("  {}", standing.line()));
                told = Instant::now();
            }
            Ok(())
        };
        if let Err(error) = look.await {
            return error;
        }
        tokio::time::sleep(mail::PAUSE).await;
    }
}

/// How many reports and orders wait for what is somebody else's to mend.
async fn waiting(scene: &Scene, accounts: &[Account]) -> Result<usize> {
    let sellers: Vec<_> = accounts.iter().map(|account| account.seller.as_str()).collect();
    let rows = ledger::rows(scene, &sellers).await?;
    Ok(rows.iter().filter(|row| row.is_waiting()).count())
}

/// A new secret from Amazon, as a developer gets it every half year.
async fn rotate(scene: &Scene, keep_old_seconds: u64) -> Result<Value> {
    let (id, secret) = scene.simulator.rotate_client_secret(keep_old_seconds).await?;
    Ok(json!({"ClientId": id, "ClientSecret": secret}))
}

/// Puts it into the stack's secret.
async fn store_secret(scene: &Scene, credentials: &Value) -> Result<()> {
    scene
        .stack
        .secrets()
        .put_secret_value()
        .secret_id(scene.stack.output("LWA_SECRET_NAME")?)
        .secret_string(credentials.to_string())
        .send()
        .await
        .context("the new client secret could not be stored")?;
    Ok(())
}

fn count_kills(evidence: &Evidence) -> std::collections::BTreeMap<String, u64> {
    let mut kills = std::collections::BTreeMap::new();
    for kill in &evidence.kills {
        *kills.entry(kill.function.to_owned()).or_default() += 1;
    }
    kills
}

fn notifications(plan: &Plan, mail: &Mail, garbage: usize) -> std::collections::BTreeMap<&'static str, u64> {
    let orders = |copies: u64| plan.orders.iter().filter(|order| order.copies == copies).count();
    let late = plan.letters.iter().filter(|letter| letter.is_late).count();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    std::collections::BTreeMap::from([
        ("dropped", count(orders(0) - late)),
        ("late", mail.late),
        ("tenfold", count(orders(10))),
        ("once more", mail.repeated),
        ("garbage", count(garbage)),
    ])
}
