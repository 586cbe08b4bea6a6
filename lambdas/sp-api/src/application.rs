//! Application Management API 2023-11-30.

use http::Method;

use crate::client::Call;
use crate::rates::Operation;
use crate::{AccessToken, RegionCode, SpApiClient, SpApiError};

impl SpApiClient {
    /// Has Amazon make a new client secret, which it sends to the queue that the developer has registered.
    /// The old one is good for a week more. `token` is a grantless one of the scope
    /// [`ClientCredentialRotation`](crate::GrantlessScope::ClientCredentialRotation).
    ///
    /// # Errors
    /// [`SpApiError::Rejected`] while no queue is registered in the developer console.
    pub async fn rotate_application_client_secret(
        &self,
        region: RegionCode,
        token: &AccessToken,
    ) -> Result<(), SpApiError> {
        self.carry_out(Call::without_body(
            Operation::RotateApplicationClientSecret,
            Method::POST,
            self.url(region, &["applications", "2023-11-30", "clientSecret"]),
            token,
        ))
        .await
    }
}
