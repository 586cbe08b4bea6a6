//! Telling an obstacle's owner of it, once.

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, Standing, Teller};
use pipeline::domain::news::News;
use pipeline::domain::{Announcement, Failure};
use pipeline::{PipelineError, persistently};

use crate::worker::Worker;

impl Worker {
    /// Tells the owner of an obstacle that it stands, and how many wait.
    pub async fn tell_of(&self, standing: &Standing, teller: Teller<'_>) -> Result<(), PipelineError> {
        let (ledger, obstacle) = (self.ledger(), &standing.obstacle);
        let failure = Failure {
            error: standing.error.clone(),
            cause: standing.cause.clone(),
        };
        let waiting = ledger.count_waiting(obstacle).await?;
        let kind = AnnouncementKind::Failure;
        let Some(turn) = self.publisher.take_turn(obstacle, kind, teller).await? else {
            return Ok(());
        };
        let news = News::of_obstacle(obstacle, &failure, waiting, standing.since, Timestamp::now());
        turn.publish(&news, &Announcement::of_obstacle(obstacle, &failure, waiting))
            .await?;
        persistently(|| ledger.record_failure_announcement(obstacle)).await
    }

    /// Tells the owner of an obstacle that it is gone.
    pub async fn tell_of_end(&self, standing: &Standing, teller: Teller<'_>) -> Result<(), PipelineError> {
        let obstacle = &standing.obstacle;
        let kind = AnnouncementKind::End;
        let Some(turn) = self.publisher.take_turn(obstacle, kind, teller).await? else {
            return Ok(());
        };
        let news = News::of_end(obstacle, standing.since, Timestamp::now());
        turn.publish(&news, &Announcement::of_end(obstacle)).await
    }
}
