//! Telling an obstacle's owner of it, once.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, Ledger, Standing, Topic, Turn, or_warn};
use pipeline::domain::obstacle::Obstacle;
use pipeline::domain::{Announcement, Failure};
use pipeline::{PipelineError, adapters, persistently};

/// Clocks differ by less.
const CLOCKS: Duration = Duration::from_secs(1);

/// Who tells: an invocation called `name`, which ends at `deadline`.
pub struct Teller<'a> {
    pub ledger: &'a Ledger,
    pub topic: &'a Topic,
    pub name: &'a str,
    pub deadline: SystemTime,
}

impl Teller<'_> {
    /// Tells the owner that it stands, and how many wait.
    pub async fn tell_of(&self, standing: &Standing) -> Result<(), PipelineError> {
        let obstacle = &standing.obstacle;
        let failure = Failure {
            error: standing.error.clone(),
            cause: standing.cause.clone(),
        };
        let waiting = self.ledger.count_waiting(obstacle).await?;
        let news = Announcement::of_obstacle(obstacle, &failure, waiting);
        if self.tell(obstacle, AnnouncementKind::Failure, &news).await? {
            persistently(|| self.ledger.record_failure_announcement(obstacle)).await?;
        }
        Ok(())
    }

    /// Tells the owner that it is gone.
    pub async fn tell_of_end(&self, obstacle: &Obstacle) -> Result<(), PipelineError> {
        self.tell(obstacle, AnnouncementKind::End, &Announcement::of_end(obstacle))
            .await
            .map(drop)
    }

    /// Whether it was this one's turn.
    async fn tell(
        &self,
        obstacle: &Obstacle,
        kind: AnnouncementKind,
        news: &Announcement,
    ) -> Result<bool, PipelineError> {
        let turn = adapters::Teller {
            name: self.name,
            until: Timestamp::try_from(self.deadline + CLOCKS)
                .map_err(|error| PipelineError::InvalidInput(error.to_string()))?,
        };
        match self.ledger.take_turn(obstacle, kind, turn).await? {
            Turn::Ours(_) => {}
            Turn::Past => return Ok(false),
            Turn::Others => {
                return Err(PipelineError::AwsTransient {
                    service: "DynamoDB",
                    message: format!("another execution is about to tell of {obstacle}"),
                });
            }
        }
        // The operator's affairs are no seller's: there is no seller to choose them by.
        let seller = obstacle
            .account()
            .map(|account| ("SellerId", account.seller().as_str()));
        let published = self.topic.publish(news, seller.as_slice()).await;
        if published.is_err() {
            or_warn(self.ledger.end_turn(obstacle, turn).await);
        }
        published.map(|()| true)
    }
}
