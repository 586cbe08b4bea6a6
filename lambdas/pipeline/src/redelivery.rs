//! What has deliveries and orders go on that had stopped: the workflow `statemachine/redelivery.asl.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use sp_api::ids::SellerId;

use crate::PipelineError;
use crate::adapters::{Ledger, StateMachine};
use crate::domain::obstacle::Obstacle;
use crate::domain::stopped::Stopped;
use crate::domain::{Account, ExecutionNames};

/// What the workflow is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// See whether an obstacle is gone, and have everything go on that it stopped.
    Obstacle(String),
    /// Have deliveries begin again that stopped.
    Stopped(Stopped),
}

/// Where redeliveries are asked for.
#[derive(Clone, Debug)]
pub struct Redeliveries {
    workflow: StateMachine,
    ledger: Ledger,
}

impl Redeliveries {
    /// Those that `workflow` carries out, of what stands in `ledger`.
    #[must_use]
    pub fn new(workflow: StateMachine, ledger: Ledger) -> Self {
        Self { workflow, ledger }
    }

    /// Those that the state machine `redelivery_arn` carries out, of what stands in `reports_table`, reached
    /// from a function with the configuration `aws`.
    #[must_use]
    pub fn connect(redelivery_arn: String, reports_table: String, aws: &aws_config::SdkConfig) -> Self {
        Self::new(
            StateMachine::new(aws_sdk_sfn::Client::new(aws), redelivery_arn),
            Ledger::new(aws_sdk_dynamodb::Client::new(aws), reports_table),
        )
    }

    /// Has deliveries begin again that stopped, under the name of the job that does so.
    ///
    /// # Errors
    /// DynamoDB or Step Functions failed.
    pub async fn begin_again(&self, which: &Stopped) -> Result<String, PipelineError> {
        let job = format!("redelivery-{:032x}", fastrand::u128(..));
        self.ledger.begin_job(&job, which).await?;
        let task = Task::Stopped(which.clone());
        self.workflow.start(&job, &json!({"Task": task})).await?;
        Ok(job)
    }

    /// How far a job is, as callers see it; `None` if there is none of that name.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn job(&self, id: &str) -> Result<Option<Value>, PipelineError> {
        let Some(row) = self.ledger.job(id).await? else {
            return Ok(None);
        };
        let mut shown = row.job_to_json();
        shown.insert("jobId".into(), id.into());
        Ok(Some(Value::Object(shown)))
    }

    /// Has an obstacle seen to at once.
    ///
    /// # Errors
    /// Step Functions failed.
    pub async fn see_to(&self, obstacle: &Obstacle) -> Result<(), PipelineError> {
        let name = format!("{obstacle}_{}", Timestamp::now().as_millisecond()).replace('/', "_");
        let task = Task::Obstacle(obstacle.to_string());
        self.workflow
            .start(&ExecutionNames::new(name, 0).first(), &json!({"Task": task}))
            .await
            .map(drop)
    }

    /// Has everything seen to at once that a seller's new authorization, or newly known region, may have
    /// mended. Should that fail, the reconciler does it later.
    pub async fn see_to_seller(&self, seller: &SellerId) {
        let seen_to = async {
            for obstacle in self.ledger.obstacles(None).await? {
                if obstacle.account().map(Account::seller) == Some(seller) {
                    self.see_to(&obstacle).await?;
                }
            }
            Ok::<_, PipelineError>(())
        };
        if let Err(error) = seen_to.await {
            tracing::warn!(%seller, "what waited for {seller} goes on later: {error}");
        }
    }
}
