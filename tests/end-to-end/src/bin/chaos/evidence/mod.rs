//! What can be seen after the storm, from all sides.

mod bucket;
pub mod calls;
mod dead_letters;
pub mod ledger;
mod mailbox;
pub mod truth;

use std::collections::BTreeSet;

use anyhow::Result;
use end_to_end::AwsFaults;
use jiff::Timestamp;

use crate::ordering::Sent;
use crate::processes::Killed;
use crate::scene::Scene;
pub use bucket::{DATA, Object, Upload, report_of};
pub use dead_letters::DeadLetter;
pub use ledger::Row;
pub use mailbox::{Kind, Mail, Publish};
pub use truth::TrueReport;

/// Everything that the verdict is about.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What was ordered.
    pub orders: Vec<Sent>,
    /// What Amazon made.
    pub reports: Vec<TrueReport>,
    /// The ledger.
    pub rows: Vec<Row>,
    /// The bucket.
    pub objects: Vec<Object>,
    /// Uploads that were begun and not ended.
    pub uploads: Vec<Upload>,
    /// How many uploads S3 began without its answer's being heard.
    pub uploads_without_answer: u64,
    /// The e-mails.
    pub mails: Vec<Mail>,
    /// The e-mails on their way to SNS, where a proxy saw them.
    pub publishes: Vec<Publish>,
    /// The dead-letter queue.
    pub dead_letters: Vec<DeadLetter>,
    /// The garbage that was sent.
    pub garbage: Vec<String>,
    /// The processes that were killed.
    pub kills: Vec<Killed>,
    /// Sellers whose authorization was withdrawn.
    pub revoked: BTreeSet<String>,
    /// What the stack's having no secret that Amazon takes was like.
    pub without_secret: WithoutSecret,
    /// Executions that run although nothing is left to do.
    pub running: Vec<String>,
    /// Messages that are still in the queue.
    pub waiting_messages: u64,
    /// Whether reports without an order are as they should be.
    pub some_made_elsewhere: bool,
}

/// What the time was like in which the stack had no secret that Amazon takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutSecret {
    /// There was no such time.
    #[default]
    Never,
    /// It was too short for anybody to look twice.
    Shortly,
    /// So long that the owner must have heard of it, and of its end. When it ended so many reports and
    /// orders waited.
    Long { waited: usize },
}

/// What only the storm itself knows.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What was ordered.
    pub orders: Vec<Sent>,
    /// The garbage that was sent.
    pub garbage: Vec<String>,
    /// The processes that were killed.
    pub kills: Vec<Killed>,
    /// Sellers whose authorization was withdrawn.
    pub revoked: BTreeSet<String>,
    /// What the stack's having no secret that Amazon takes was like.
    pub without_secret: WithoutSecret,
    /// Whether reports without an order are as they should be.
    pub some_made_elsewhere: bool,
}

impl Evidence {
    /// Looks everywhere.
    pub async fn gather(
        scene: &Scene,
        aws: Option<&AwsFaults>,
        sellers: &[&str],
        memory: Memory,
    ) -> Result<Self> {
        let (passed, fired) = match aws {
            Some(aws) => (aws.publishes().await?, aws.fired().await?),
            None => (Vec::new(), Vec::new()),
        };
        let unheard = fired.iter().filter(|fault| {
            fault.operation == "CreateMultipartUpload" && fault.kind.as_deref() == Some("lostAnswer")
        });
        let reports = scene.simulator.reports(true).await?;
        let mut running = scene.running().await?;
        running.sort();
        Ok(Self {
            reports: TrueReport::of(&reports, sellers),
            rows: ledger::rows(scene, sellers).await?,
            objects: bucket::objects(scene, sellers).await?,
            uploads: bucket::uploads(scene, sellers).await?,
            mails: mailbox::mails(scene, sellers).await?,
            uploads_without_answer: unheard.map(|fault| fault.count).sum(),
            publishes: passed
                .into_iter()
                .flat_map(|passed| Publish::of(passed, sellers))
                .collect(),
            dead_letters: dead_letters::read(scene).await?,
            running,
            waiting_messages: scene.waiting_messages().await?,
            orders: memory.orders,
            garbage: memory.garbage,
            kills: memory.kills,
            revoked: memory.revoked,
            without_secret: memory.without_secret,
            some_made_elsewhere: memory.some_made_elsewhere,
        })
    }
}

/// A time as AWS gives it.
fn timestamp(time: aws_sdk_s3::primitives::DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(time.to_millis().ok()?).ok()
}
