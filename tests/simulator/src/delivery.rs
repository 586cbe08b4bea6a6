//! Brings notifications to their queues.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::error::DisplayErrorContext;
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::journal::Entry;
use crate::world::World;

/// Where notifications end up.
pub trait Sink: Send + Sync {
    /// Puts a message into the queue with that ARN; the error says why it could not.
    fn send<'a>(&'a self, queue_arn: &'a str, body: &'a str) -> BoxFuture<'a, Result<(), String>>;
}

/// A notification that was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// The queue.
    pub queue_arn: String,
    /// The message's text.
    pub body: String,
}

/// The notifications that were delivered, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Deliveries(VecDeque<Delivered>);

/// Notifications beyond this are forgotten, oldest first.
const KEPT: usize = 10_000;

impl Deliveries {
    fn keep(&mut self, delivered: Delivered) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(delivered);
    }

    pub(crate) fn all(&self) -> Vec<Delivered> {
        self.0.iter().cloned().collect()
    }
}

/// Sends notifications to SQS. Endpoint and credentials come from the environment, the region from
/// the queue's ARN.
#[derive(Debug)]
pub struct SqsSink {
    config: SdkConfig,
    clients: Mutex<HashMap<String, aws_sdk_sqs::Client>>,
}

impl SqsSink {
    /// Uses that configuration, whatever its region.
    #[must_use]
    pub fn new(config: SdkConfig) -> Self {
        Self {
            config,
            clients: Mutex::default(),
        }
    }

    /// Uses the environment's configuration.
    pub async fn from_environment() -> Self {
        Self::new(aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
    }

    fn client(&self, region: &str) -> aws_sdk_sqs::Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config = aws_sdk_sqs::config::Builder::from(&self.config);
            aws_sdk_sqs::Client::from_conf(config.region(Region::new(region.to_owned())).build())
        };
        clients.entry(region.to_owned()).or_insert_with(make).clone()
    }

    /// The queue's URL, made up like Amazon does: asking for it would need a permission that queue
    /// policies for SP-API don't grant.
    fn url(&self, region: &str, account: &str, name: &str) -> String {
        match self.config.endpoint_url() {
            Some(endpoint) => format!("{}/{account}/{name}", endpoint.trim_end_matches('/')),
            None => format!("https://sqs.{region}.amazonaws.com/{account}/{name}"),
        }
    }
}

impl Sink for SqsSink {
    fn send<'a>(&'a self, queue_arn: &'a str, body: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let parts = queue_arn.split(':').collect::<Vec<_>>();
            let [_, _, _, region, account, name] = parts[..] else {
                return Err(format!("{queue_arn} is not a queue's ARN"));
            };
            let message = self
                .client(region)
                .send_message()
                .queue_url(self.url(region, account, name))
                .message_body(body);
            match message.send().await {
                Ok(_) => Ok(()),
                Err(error) => Err(DisplayErrorContext(error).to_string()),
            }
        })
    }
}

/// How often a message is tried; with doubling pauses that makes half a minute.
const ATTEMPTS: u32 = 8;

const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Sends a message, again and again if need be; whether it arrived. Every attempt is journaled.
pub(crate) async fn deliver(world: &World, queue_arn: &str, body: &str, seller_id: Option<&str>) -> bool {
    for attempt in 0..ATTEMPTS {
        let result = match &world.sink {
            Some(sink) => sink.send(queue_arn, body).await,
            // Kept in memory only, below.
            None => Ok(()),
        };
        let is_delivered = result.is_ok();
        let detail = result
            .err()
            .map(|problem| format!("attempt {} of {ATTEMPTS}: {problem}", attempt + 1));
        {
            let mut state = world.state();
            if is_delivered {
                state.deliveries.keep(Delivered {
                    queue_arn: queue_arn.to_owned(),
                    body: body.to_owned(),
                });
            }
            state.journal.record(Entry {
                time: jiff::Timestamp::now(),
                method: "SEND".to_owned(),
                path: queue_arn.to_owned(),
                operation: "sendMessage".to_owned(),
                seller_id: seller_id.map(str::to_owned),
                status: if is_delivered { 200 } else { 0 },
                detail,
                ..Entry::default()
            });
        }
        if is_delivered {
            return true;
        }
        if attempt + 1 < ATTEMPTS {
            tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt)).await;
        }
    }
    false
}
