//! What has deliveries and orders go on that had stopped: the workflow `statemachine/redelivery.asl.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sp_api::ids::SellerId;

use crate::PipelineError;
use crate::adapters::{Ledger, StateMachine};
use crate::domain::ExecutionNames;
use crate::domain::obstacle::Obstacle;

/// What the workflow is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// See whether an obstacle is gone, and have everything go on that it stopped.
    Obstacle(String),
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
                if obstacle.seller() == Some(seller) {
                    self.see_to(&obstacle).await?;
                }
            }
            Ok::<_, PipelineError>(())
        };
        if let Err(error) = seen_to.await {
            tracing::warn!(seller_id = %seller, "what waited for the seller goes on later: {error}");
        }
    }
}
