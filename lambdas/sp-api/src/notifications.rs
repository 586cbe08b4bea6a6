//! Notifications API v1.
//!
//! Destinations belong to the application and are managed grantless; a subscription belongs to a
//! selling partner, is made and listed with its token, and is deleted grantless.

use std::fmt;

use http::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::client::Call;
use crate::ids::{DestinationId, NotificationType, PayloadVersion, SubscriptionId};
use crate::rates::Operation;
use crate::wire::or_default;
use crate::{AccessToken, RegionCode, SpApiClient, SpApiError};

const API: [&str; 2] = ["notifications", "v1"];

/// More pages than any selling partner has subscriptions for: a list that goes on is going in circles.
const MOST_PAGES: usize = 20;

/// A place that notifications can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Amazon's id for it.
    pub id: DestinationId,
    /// What it is.
    pub resource: DestinationResource,
}

/// What a destination is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationResource {
    /// The queue with this ARN.
    Queue(String),
    /// A bus of Amazon EventBridge, by what Amazon says of it.
    EventBridge(String),
    /// Amazon does not say.
    Unknown,
}

impl fmt::Display for DestinationResource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(arn) => formatter.write_str(arn),
            Self::EventBridge(bus) => write!(formatter, "EventBridge ({bus})"),
            Self::Unknown => formatter.write_str("an unknown place"),
        }
    }
}

/// A selling partner's subscription to a notification type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Amazon's id for it.
    #[serde(rename = "subscriptionId")]
    pub id: SubscriptionId,
    /// Where its notifications go, as far as Amazon says.
    #[serde(default, deserialize_with = "if_readable")]
    pub destination_id: Option<DestinationId>,
    /// The version of its notifications, as far as Amazon says.
    #[serde(default, deserialize_with = "if_readable")]
    pub payload_version: Option<PayloadVersion>,
    /// What it filters and gathers, in Amazon's own form: whoever makes it anew sends this along.
    #[serde(default)]
    pub processing_directive: Option<Value>,
}

impl Subscription {
    /// Whether its notifications go to `destination`.
    #[must_use]
    pub fn sends_to(&self, destination: &DestinationId) -> bool {
        self.destination_id.as_ref() == Some(destination)
    }
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
    #[serde(default, deserialize_with = "or_default")]
    resource: serde_json::Map<String, Value>,
}

impl From<DestinationPayload> for Destination {
    fn from(payload: DestinationPayload) -> Self {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let resource = &payload.resource;
        let queue = resource.get("sqs").and_then(|sqs| text(sqs.get("arn")?));
        let bus = resource.get("eventBridge").filter(|bus| !bus.is_null());
        let resource = match (queue, bus) {
            (Some(arn), _) => DestinationResource::Queue(arn),
            (None, Some(bus)) => {
                let known = ["name", "region", "accountId"]
                    .iter()
                    .filter_map(|name| Some(format!("{name} {}", text(bus.get(name)?)?)));
                DestinationResource::EventBridge(known.collect::<Vec<_>>().join(", "))
            }
            (None, None) => DestinationResource::Unknown,
        };
        Self {
            id: payload.destination_id,
            resource,
        }
    }
}

/// An identifier that is worth having, but not worth losing the rest for.
fn if_readable<'de, D: Deserializer<'de>, Id: TryFrom<String>>(
    deserializer: D,
) -> Result<Option<Id>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Id::try_from(text).ok(),
        Value::Number(number) => Id::try_from(number.to_string()).ok(),
        _ => None,
    })
}

/// What a list holds, without the entries that have no id and so can't be meant.
struct Readable<T>(Vec<T>);

impl<'de, T: for<'any> Deserialize<'any>> Deserialize<'de> for Readable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
        let read = |entry| serde_json::from_value(entry).ok();
        Ok(Self(entries.into_iter().filter_map(read).collect()))
    }
}

impl<T> Default for Readable<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateDestinationRequest<'a> {
    name: &'a str,
    resource_specification: ResourceSpecification<'a>,
}

#[derive(Serialize)]
struct ResourceSpecification<'a> {
    sqs: Sqs<'a>,
}

#[derive(Serialize)]
struct Sqs<'a> {
    arn: &'a str,
}

/// A subscription to be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSubscription<'a> {
    /// Which version of the notifications.
    pub payload_version: &'a PayloadVersion,
    /// Where they are to go.
    pub destination_id: &'a DestinationId,
    /// What it filters and gathers, in Amazon's own form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_directive: Option<&'a Value>,
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
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            payload: Readable<DestinationPayload>,
        }
        let url = self.url(region, &[API[0], API[1], "destinations"]);
        let operation = Operation::GetDestinations;
        let Listed { payload } = self
            .send(Call::without_body(operation, Method::GET, url, token))
            .await?;
        Ok(payload.0.into_iter().map(Destination::from).collect())
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
    ) -> Result<DestinationId, SpApiError> {
        let answer: Answer<DestinationPayload> = self
            .send(Call {
                operation: Operation::CreateDestination,
                method: Method::POST,
                url: self.url(region, &[API[0], API[1], "destinations"]),
                token,
                body: Some(&CreateDestinationRequest {
                    name,
                    resource_specification: ResourceSpecification {
                        sqs: Sqs { arn: queue_arn },
                    },
                }),
            })
            .await?;
        Ok(answer.payload.destination_id)
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

    /// The selling partner's subscription to that version of `notification_type`; `None` if there is
    /// none.
    ///
    /// # Errors
    /// See [`SpApiError`].
    pub async fn get_subscription(
        &self,
        region: RegionCode,
        token: &AccessToken,
        notification_type: &NotificationType,
        payload_version: &PayloadVersion,
    ) -> Result<Option<Subscription>, SpApiError> {
        let mut url = self.url(
            region,
            &[API[0], API[1], "subscriptions", notification_type.as_str()],
        );
        url.query_pairs_mut()
            .append_pair("payloadVersion", payload_version.as_str());
        let call = Call::without_body(Operation::GetSubscription, Method::GET, url, token);
        match self.send::<_, Answer<Option<Subscription>>>(call).await {
            Ok(answer) => Ok(answer.payload),
            Err(SpApiError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All of the selling partner's subscriptions to `notification_type`, of whatever payload version.
    ///
    /// Amazon has this operation since August 2026, and knows no way to ask whether it does.
    ///
    /// # Errors
    /// See [`SpApiError`].
    pub async fn get_subscriptions(
        &self,
        region: RegionCode,
        token: &AccessToken,
        notification_type: &NotificationType,
    ) -> Result<Vec<Subscription>, SpApiError> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Page {
            subscriptions: Readable<Subscription>,
            next_token: Option<String>,
        }
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default, deserialize_with = "or_default")]
            payload: Page,
        }
        let mut found = Vec::new();
        let mut next_token = None::<String>;
        for _ in 0..MOST_PAGES {
            let mut url = self.url(region, &[API[0], API[1], "subscriptions"]);
            url.query_pairs_mut()
                .append_pair("notificationTypes", notification_type.as_str());
            if let Some(next_token) = &next_token {
                url.query_pairs_mut().append_pair("nextToken", next_token);
            }
            let call = Call::without_body(Operation::GetSubscriptions, Method::GET, url, token);
            let Listed { payload } = self.send(call).await?;
            found.extend(payload.subscriptions.0);
            next_token = payload.next_token.filter(|text| !text.is_empty());
            if next_token.is_none() {
                return Ok(found);
            }
        }
        Err(SpApiError::unexpected(
            &Operation::GetSubscriptions,
            "a list without an end",
        ))
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
        wanted: &NewSubscription<'_>,
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
                body: Some(wanted),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn destination(payload: Value) -> Destination {
        serde_json::from_value::<DestinationPayload>(payload)
            .expect("readable")
            .into()
    }

    #[test]
    fn a_destination_is_what_amazon_says_of_it_and_no_more_is_asked_for() {
        let arn = "arn:aws:sqs:eu-west-1:1:q";
        for (resource, place) in [
            (json!({"sqs": {"arn": arn}, "eventBridge": null}), arn),
            (
                json!({"sqs": null, "eventBridge": {"name": "n", "region": "r", "accountId": "1", "x": 2}}),
                "EventBridge (name n, region r, accountId 1)",
            ),
            (json!({"pubSub": {}}), "an unknown place"),
            (json!(null), "an unknown place"),
        ] {
            let destination = destination(json!({"destinationId": "d", "resource": resource}));
            assert_eq!(destination.resource.to_string(), place);
        }
        assert_eq!(
            destination(json!({"destinationId": "d"})).resource,
            DestinationResource::Unknown
        );
    }

    #[test]
    fn a_subscription_needs_its_id_alone() {
        let read = |payload: Value| serde_json::from_value::<Subscription>(payload);
        for payload in [
            json!({"subscriptionId": "s"}),
            json!({"subscriptionId": "s", "destinationId": null, "payloadVersion": ""}),
            json!({"subscriptionId": "s", "destinationId": {}, "processingDirective": null, "more": 1}),
        ] {
            let subscription = read(payload).expect("readable");
            assert_eq!(
                (subscription.destination_id, subscription.payload_version),
                (None, None)
            );
        }
        assert!(read(json!({"destinationId": "d"})).is_err());
    }

    #[test]
    fn an_entry_without_id_does_not_hide_the_others() {
        let read = |list: Value| serde_json::from_value::<Readable<Subscription>>(list);
        let listed = read(json!([null, {"destinationId": "d"}, {"subscriptionId": "s"}])).expect("a list");
        assert_eq!(listed.0.len(), 1);
        assert!(read(json!(null)).is_ok_and(|none| none.0.is_empty()));
    }
}
