//! Telling owners of something once: whose turn it is, the ledger says.

use std::time::Duration;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{AnnouncementKind, Ledger, RowKey, Teller, Topic, Turn, or_warn};
use pipeline::domain::Announcement;

/// How long SNS may take.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(20);

/// How long a turn lasts. Other news of the same row wait for that.
const TURN: Duration = Duration::from_secs(30);

/// Sends `news` of a `row`, unless they have been told, and has them written down.
pub async fn tell_once(
    (topic, ledger): (&Topic, &Ledger),
    row: impl Into<RowKey<'_>>,
    kind: AnnouncementKind,
    (news, attributes): (&Announcement, &[(&str, &str)]),
    write_down: impl AsyncFnOnce(Teller<'_>) -> Result<(), PipelineError>,
) -> Result<(), PipelineError> {
    let row = row.into();
    let name = format!("reconciler-{:032x}", fastrand::u128(..));
    let teller = Teller {
        name: &name,
        until: Timestamp::now() + TURN,
    };
    match ledger.take_turn(row.clone(), kind, teller).await? {
        Turn::Ours(_) => {}
        Turn::Past => return Ok(()),
        Turn::Others => {
            return Err(PipelineError::AwsTransient {
                service: "DynamoDB",
                message: format!("somebody else is about to tell: {}", news.subject),
            });
        }
    }
    let published = tokio::time::timeout(PUBLISHED_WITHIN, topic.publish(news, attributes)).await;
    let published = published.unwrap_or_else(|_| {
        Err(PipelineError::AwsTransient {
            service: "SNS",
            message: "no answer".to_owned(),
        })
    });
    if published.is_err() {
        or_warn(ledger.end_turn(row, teller).await);
    }
    published?;
    write_down(teller).await
}
