//! Our queue as a destination at Amazon.

use pipeline::PipelineError;
use pipeline::domain::hexadecimal;
use sha2::{Digest, Sha256};
use sp_api::ids::DestinationId;
use sp_api::{Destination, GrantlessScope, RegionCode, SpApiError};

use crate::handler::Subscriber;

impl Subscriber {
    /// The id of the destination that is our queue, made if need be.
    pub(crate) async fn destination(&self, region: RegionCode) -> Result<DestinationId, PipelineError> {
        if let Some(destination) = self.find_destination(region).await? {
            return Ok(destination.id);
        }
        let name = &destination_name(&self.queue_arn);
        let created = self
            .amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                client
                    .create_destination(region, &token, name, &self.queue_arn)
                    .await
            })
            .await;
        match created {
            // Made by a concurrent request since we looked.
            Err(PipelineError::Amazon(conflict @ SpApiError::Rejected { status: 409, .. })) => {
                let made = self.find_destination(region).await?;
                made.map(|destination| destination.id).ok_or(conflict.into())
            }
            result => Ok(result?.id),
        }
    }

    /// The destination that is our queue.
    pub(crate) async fn find_destination(
        &self,
        region: RegionCode,
    ) -> Result<Option<Destination>, PipelineError> {
        let destinations = self.destinations(region).await?;
        let ours = Some(self.queue_arn.as_str());
        Ok(destinations
            .into_iter()
            .find(|destination| destination.queue_arn.as_deref() == ours))
    }

    /// Every destination of the application.
    pub(crate) async fn destinations(&self, region: RegionCode) -> Result<Vec<Destination>, PipelineError> {
        self.amazon
            .grantless(GrantlessScope::Notifications, move |client, token| async move {
                client.get_destinations(region, &token).await
            })
            .await
    }
}

/// A name of its own for each queue: names are unique within an application, which may have several
/// deployments.
fn destination_name(queue_arn: &str) -> String {
    let digest = Sha256::digest(queue_arn);
    format!("sp-reports-{}", hexadecimal(&digest[..6]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_deployments_have_two_destinations() {
        let names = ["arn:aws:sqs:eu-west-1:1:a", "arn:aws:sqs:eu-west-1:1:b"].map(destination_name);
        assert_ne!(names[0], names[1]);
        assert_eq!(names[0], destination_name("arn:aws:sqs:eu-west-1:1:a"));
    }
}
