//! Telling an obstacle's owner of it, once, and the seller if it is the seller's authorization that Amazon does
//! not take.

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, RowKey, Standing, Teller};
use pipeline::domain::news::News;
use pipeline::domain::obstacle::Obstacle;
use pipeline::domain::{Account, AdviceCode, Announcement, Failure};
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
        // First: what is told of an obstacle is told when its owner is.
        if let Obstacle::Authorization(seller) = obstacle
            && failure.advice_on_obstacle().code == AdviceCode::AuthorizeAgain
        {
            self.ask_to_authorize(seller, &failure, standing.since, teller)
                .await?;
        }
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

    /// Asks a seller to authorize again whose authorization Amazon has not taken since then.
    async fn ask_to_authorize(
        &self,
        seller: &Account,
        failure: &Failure,
        since: Timestamp,
        teller: Teller<'_>,
    ) -> Result<(), PipelineError> {
        // An address may be for the news of one region.
        let region = self.amazon.region(seller).await?;
        let row = RowKey::of_lost_authorization(seller, since);
        let kind = AnnouncementKind::Failure;
        let Some(turn) = self.publisher.take_turn(row.clone(), kind, teller).await? else {
            return Ok(());
        };
        let news = News::of_lost_authorization(seller, region, failure, since, Timestamp::now());
        turn.publish(&news, &Announcement::of_lost_authorization(seller, region, since))
            .await?;
        persistently(|| self.ledger().record_told(row.clone())).await
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
