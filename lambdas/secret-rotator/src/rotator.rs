use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{LwaSecret, RejectedSecret, SecretRotations};
use pipeline::domain::SecretAge;
use pipeline::metrics::Metric;
use sp_api::{AccessToken, Grant, GrantlessScope, LwaCredentials, RegionCode, SpApiClient, SpApiError};

/// What rotating takes. Nothing here has a seller's token.
pub struct Rotator {
    pub client: SpApiClient,
    pub secret: LwaSecret,
    /// Where is kept what can't be used.
    pub rejected: RejectedSecret,
    pub rotations: SecretRotations,
    /// After so many deliveries a message is given up.
    pub max_receive_count: u32,
}

impl Rotator {
    /// Asks for a new secret if the end of the present one is known and near.
    ///
    /// # Errors
    /// The new secret could not be asked for.
    pub async fn see_to_end(&self, now: Timestamp) -> Result<(), PipelineError> {
        let stored = match self.secret.stored().await {
            Err(PipelineError::LwaCredentialsMissing { .. }) => {
                tracing::info!("no client secret is stored yet, so there is none to rotate");
                return Ok(());
            }
            stored => stored?,
        };
        // What Amazon has said last of this version.
        let noted = self.rotations.noted_end(&stored.version).await?;
        let ends_at = noted.or(stored.ends_at);
        match SecretAge::of(ends_at, now) {
            SecretAge::Fresh => {
                tracing::info!(
                    "the client secret is not due for rotation: it ends at {}",
                    told(ends_at)
                );
                return Ok(());
            }
            SecretAge::Due => tracing::info!("the client secret ends at {}", told(ends_at)),
            SecretAge::EndsSoon => {
                Metric::ClientSecretEndsSoon.count();
                tracing::error!(
                    "the client secret ends at {}, and there is no new one",
                    told(ends_at)
                );
            }
        }
        self.ask_for_rotation(&stored.credentials, now).await
    }

    /// Asks Amazon for a new secret, unless that has been done within a day.
    pub(crate) async fn ask_for_rotation(
        &self,
        credentials: &LwaCredentials,
        now: Timestamp,
    ) -> Result<(), PipelineError> {
        if !self.rotations.claim(now).await? {
            tracing::info!("a new client secret has been asked for within a day, and is waited for");
            return Ok(());
        }
        match self.ask(credentials).await {
            Ok(()) => tracing::info!("Amazon has been asked for a new client secret"),
            // It may be on its way, and comes by itself then.
            Err(doubt) if doubt.is_in_doubt() => return Err(doubt.into()),
            Err(refusal) => {
                self.rotations.give_back().await?;
                return Err(refusal.into());
            }
        }
        Ok(())
    }

    /// An application is known where its developer registered it, which nothing here says.
    async fn ask(&self, credentials: &LwaCredentials) -> Result<(), SpApiError> {
        let token = self.token(credentials).await?;
        let ask_in = async |region| self.client.rotate_application_client_secret(region, &token).await;
        let mut asked = ask_in(RegionCode::Na).await;
        for region in [RegionCode::Eu, RegionCode::Fe] {
            if matches!(asked, Err(SpApiError::Unauthorized { .. })) {
                asked = ask_in(region).await;
            }
        }
        asked
    }

    /// A grantless token for rotations: who gets one has credentials that LWA takes.
    pub(crate) async fn token(&self, credentials: &LwaCredentials) -> Result<AccessToken, SpApiError> {
        let grant = Grant::ClientCredentials(GrantlessScope::ClientCredentialRotation);
        self.client.access_token(credentials, grant).await
    }
}

/// When a secret ends, in words.
pub fn told(ends_at: Option<Timestamp>) -> String {
    ends_at.map_or_else(
        || "a time that Amazon has not said".to_owned(),
        |end| end.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use pipeline::domain::NewSecret;

    use super::*;
    use crate::messages::tests::{Stand, in_days};

    #[tokio::test]
    async fn a_secret_whose_end_is_near_is_rotated_and_no_other() {
        for (days, asked) in [(None, 0), (Some(15), 0), (Some(13), 1), (Some(3), 1)] {
            let stand = Stand::new(days.map(in_days)).await;
            stand
                .rotator()
                .see_to_end(Timestamp::now())
                .await
                .expect("seen to");
            assert_eq!(stand.rotations_asked().await, asked, "{days:?}");
        }
    }

    #[tokio::test]
    async fn without_a_secret_there_is_nothing_to_do() {
        let stand = Stand::empty().await;
        stand
            .rotator()
            .see_to_end(Timestamp::now())
            .await
            .expect("seen to");
        assert_eq!(stand.rotations_asked().await, 0);
    }

    #[tokio::test]
    async fn what_amazon_told_of_the_end_counts() {
        let stand = Stand::new(None).await.with_noted_end(in_days(5));
        stand
            .rotator()
            .see_to_end(Timestamp::now())
            .await
            .expect("seen to");
        assert_eq!(stand.rotations_asked().await, 1);
    }

    #[tokio::test]
    async fn a_rotation_is_asked_for_once_a_day() {
        let stand = Stand::new(Some(in_days(5))).await.claimed();
        stand
            .rotator()
            .see_to_end(Timestamp::now())
            .await
            .expect("seen to");
        assert_eq!(stand.rotations_asked().await, 0);
    }

    #[tokio::test]
    async fn a_refusal_may_be_asked_about_again_and_a_doubt_not() {
        for (status, given_back) in [(400, 1), (429, 1), (503, 0)] {
            let stand = Stand::new(Some(in_days(5))).await;
            stand.amazon_answers(status).await;
            let asked = stand.rotator().see_to_end(Timestamp::now()).await;
            assert!(asked.is_err(), "{status}");
            assert_eq!(stand.given_back(), given_back, "{status}");
        }
    }

    #[tokio::test]
    async fn an_application_that_is_not_known_in_one_region_may_be_in_another() {
        let stand = Stand::new(Some(in_days(5))).await;
        stand.known_in("/eu/").await;
        stand.rotator().see_to_end(Timestamp::now()).await.expect("asked");
        assert_eq!(stand.rotations_asked().await, 2);
    }

    #[test]
    fn an_end_is_told_in_words() {
        assert_eq!(told(None), "a time that Amazon has not said");
        let new = NewSecret {
            client_id: "id".into(),
            client_secret: "new".to_owned().into(),
            ends_at: "2027-05-27T08:00:00Z".parse().ok(),
        };
        assert_eq!(told(new.ends_at), "2027-05-27T08:00:00Z");
    }
}
