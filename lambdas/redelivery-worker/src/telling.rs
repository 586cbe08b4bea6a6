//! Telling an obstacle's owner of it, once.

use pipeline::adapters::{AnnouncementKind, Standing, Teller};
use pipeline::domain::obstacle::Obstacle;
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
        let news = Announcement::of_obstacle(obstacle, &failure, waiting);
        if self
            .tell(obstacle, AnnouncementKind::Failure, &news, teller)
            .await?
        {
            persistently(|| ledger.record_failure_announcement(obstacle)).await?;
        }
        Ok(())
    }

    /// Tells the owner of an obstacle that it is gone.
    pub async fn tell_of_end(&self, obstacle: &Obstacle, teller: Teller<'_>) -> Result<(), PipelineError> {
        let news = Announcement::of_end(obstacle);
        self.tell(obstacle, AnnouncementKind::End, &news, teller)
            .await
            .map(drop)
    }

    /// Whether it was this one's turn.
    async fn tell(
        &self,
        obstacle: &Obstacle,
        kind: AnnouncementKind,
        news: &Announcement,
        teller: Teller<'_>,
    ) -> Result<bool, PipelineError> {
        let Some(turn) = self.publisher.take_turn(obstacle, kind, teller).await? else {
            return Ok(false);
        };
        // The operator's affairs are no seller's: there is no seller to choose them by.
        let seller = obstacle
            .account()
            .map(|account| ("SellerId", account.seller().as_str()));
        turn.publish(news, seller.as_slice()).await.map(|()| true)
    }
}
