//! Notifications API v1.
//!
//! Destinations belong to the application and are managed grantless; a subscription belongs to a
//! selling partner, is made with its token, and is deleted grantless.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::Call;
use crate::ids::{DestinationId, NotificationType, SubscriptionId};
use crate::rates::Operation;
use crate::{AccessToken, RegionCode, SpApiClient, SpApiError};

const API: [&str; 2] = ["notifications", "v1"];

/// The version of the notifications that this project reads.
const PAYLOAD_VERSION: &str = "1.0";

/// A place that notifications can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Amazon's id for it.
    pub id: DestinationId,
    /// The queue's ARN; `None` for an EventBridge destination.
    pub queue_arn: Option<String>,
}

/// A selling partner's subscription to a notification type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Amazon's id for it.
    #[serde(rename = "subscriptionId")]
    pub id: SubscriptionId,
    /// Where its notifications go.
    pub destination_id: DestinationId,
}

/// The envelope around every answer of this API.
#[derive(Deserialize)]
struct Answer<Payload> {
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DestinationPayload {
    destination_id: DestinationId,
    resource: Resource,
}

#[derive(Serialize, Deserialize)]
struct Resource {
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs: Option<Sqs>,
}

#[derive(Serialize, Deserialize)]
struct Sqs {
    arn: String,
}

impl From<DestinationPayload> for Destination {
    fn from(payload: DestinationPayload) -> Self {
        Self {
            id: payload.destination_id,
            queue_arn: payload.resource.sqs.map(|sqs| sqs.arn),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateDestinationRequest<'a> {
    name: &'a str,
    resource_specification: Resource,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateSubscriptionRequest<'a> {
    payload_version: &'static str,
    destination_id: &'a DestinationId,
}

impl SpApiClient {
    /// Every destination of the application in the region. `token` is grantless.
    ///
    /// # Errors
    /// See [`SpApiError`].
    pub async fn get_destinations(
        &self,
        region: RegionCode,
        token: &AccessToken,
    ) -> Result<Vec<Destination>, SpApiError> {
        let url = self.url(region, &[API[0], API[1], "destinations"]);
        let operation = Operation::GetDestinations;
        let answer: Answer<Vec<DestinationPayload>> = self
            .send(Call::without_body(operation, Method::GET, url, token))
            .await?;
        Ok(answer.payload.into_iter().map(Destination::from).collect())
    }

    /// Makes a queue a destination. `token` is grantless.
    ///
    /// # Errors
    /// [`SpApiError::Rejected`] with status 409 when the name or the queue is taken already.
    pub async fn create_destination(
        &self,
        region: RegionCode,
        token: &AccessToken,
        name: &str,
        queue_arn: &str,
    ) -> Result<Destination, SpApiError> {
        let resource_specification = Resource {
            sqs: Some(Sqs {
                arn: queue_arn.to_owned(),
            }),
        };
        let answer: Answer<DestinationPayload> = self
            .send(Call {
                operation: Operation::CreateDestination,
                method: Method::POST,
                url: self.url(region, &[API[0], API[1], "destinations"]),
                token,
                body: Some(&CreateDestinationRequest {
                    name,
                    resource_specification,
                }),
            })
            .await?;
        Ok(answer.payload.into())
    }

    /// Deletes a destination that has no subscriptions any more. `token` is grantless.
    ///
    /// # Errors
    /// [`SpApiError::NotFound`] when it is gone already.
    pub async fn delete_destination(
        &self,
        region: RegionCode,
        token: &AccessToken,
        destination: &DestinationId,
    ) -> Result<(), SpApiError> {
        let url = self.url(region, &[API[0], API[1], "destinations", destination.as_str()]);
        let operation = Operation::DeleteDestination;
        self.carry_out(Call::without_body(operation, Method::DELETE, url, token))
            .await
    }

    /// The selling partner's subscription to `notification_type`; `None` if there is none.
    ///
    /// # Errors
    /// See [`SpApiError`].
    pub async fn get_subscription(
        &self,
        region: RegionCode,
        token: &AccessToken,
        notification_type: &NotificationType,
    ) -> Result<Option<Subscription>, SpApiError> {
        let mut url = self.url(
            region,
            &[API[0], API[1], "subscriptions", notification_type.as_str()],
        );
        url.query_pairs_mut()
            .append_pair("payloadVersion", PAYLOAD_VERSION);
        let call = Call::without_body(Operation::GetSubscription, Method::GET, url, token);
        match self.send::<_, Answer<Subscription>>(call).await {
            Ok(answer) => Ok(Some(answer.payload)),
            Err(SpApiError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Subscribes the selling partner whose `token` it is.
    ///
    /// # Errors
    /// [`SpApiError::Rejected`] with status 409 when there is a subscription already.
    pub async fn create_subscription(
        &self,
        region: RegionCode,
        token: &AccessToken,
        notification_type: &NotificationType,
        destination_id: &DestinationId,
    ) -> Result<SubscriptionId, SpApiError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Created {
            subscription_id: SubscriptionId,
        }
        let answer: Answer<Created> = self
            .send(Call {
                operation: Operation::CreateSubscription,
                method: Method::POST,
                url: self.url(
                    region,
                    &[API[0], API[1], "subscriptions", notification_type.as_str()],
                ),
                token,
                body: Some(&CreateSubscriptionRequest {
                    payload_version: PAYLOAD_VERSION,
                    destination_id,
                }),
            })
            .await?;
        Ok(answer.payload.subscription_id)
    }

    /// Deletes a subscription. `token` is grantless.
    ///
    /// # Errors
    /// [`SpApiError::NotFound`] when it is gone already.
    pub async fn delete_subscription(
        &self,
        region: RegionCode,
        token: &AccessToken,
        notification_type: &NotificationType,
        subscription: &SubscriptionId,
    ) -> Result<(), SpApiError> {
        let segments = [
            API[0],
            API[1],
            "subscriptions",
            notification_type.as_str(),
            subscription.as_str(),
        ];
        let url = self.url(region, &segments);
        let operation = Operation::DeleteSubscriptionById;
        self.carry_out(Call::without_body(operation, Method::DELETE, url, token))
            .await
    }
}
