//! The messages themselves.

use jiff::Timestamp;
use serde_json::{Value, json};
use sp_api::RegionCode;

use super::REPORT_PROCESSING_FINISHED;
use crate::reports::{Report, ReportKey};
use crate::sellers::is_vendor;
use crate::world::{State, World};

/// The application that the simulator knows, whatever its client id.
pub(crate) const APPLICATION_ID: &str = "amzn1.sellerapps.app.aacccfff-4455-4b7c-4422-664ecacdd336";

/// A queue and the subscription that leads to it.
#[derive(Clone, Debug)]
pub(crate) struct Subscribed {
    pub(crate) queue_arn: String,
    pub(crate) subscription_id: String,
    pub(crate) payload_version: String,
}

impl Subscribed {
    /// A queue that is written to without any subscription.
    pub(crate) fn directly(queue_arn: &str, subscription_id: String) -> Self {
        Self {
            queue_arn: queue_arn.to_owned(),
            subscription_id,
            payload_version: "2020-09-04".to_owned(),
        }
    }
}

/// The queues that a seller's subscriptions of that type lead to.
pub(crate) fn subscribed(
    state: &State,
    region: RegionCode,
    seller_id: &str,
    notification_type: &str,
) -> Vec<Subscribed> {
    let subscriptions = state.subscriptions.iter().filter(|subscription| {
        subscription.region == region
            && subscription.seller_id == seller_id
            && subscription.notification_type == notification_type
    });
    subscriptions
        .filter_map(|subscription| {
            let destination = state.destinations.iter().find(|destination| {
                destination.region == region && destination.id == subscription.destination_id
            })?;
            Some(Subscribed {
                queue_arn: destination.queue_arn()?.to_owned(),
                subscription_id: subscription.id.clone(),
                payload_version: subscription.payload_version.clone(),
            })
        })
        .collect()
}

/// The notifications that a finished report causes: queue and text.
pub(crate) fn of_report(world: &World, key: &ReportKey, copies: u64) -> Vec<(String, String)> {
    let mut state = world.state();
    let queues = subscribed(&state, key.region, &key.seller_id, REPORT_PROCESSING_FINISHED);
    let messages = queues.iter().flat_map(|queue| {
        // Amazon's repetitions have ids of their own: only the report tells that they are one.
        (0..copies).map(move |_| (queue, world.secrets.uuid()))
    });
    messages
        .filter_map(|(queue, id)| Some((queue.queue_arn.clone(), write(&mut state, key, queue, &id)?)))
        .collect()
}

/// One notification's text: as Amazon's schema has it, or odd. `None` if there is no such report.
pub(crate) fn write(
    state: &mut State,
    key: &ReportKey,
    to: &Subscribed,
    notification_id: &str,
) -> Option<String> {
    let report = state.reports.get(key)?;
    let message = report_processing_finished(report, to, notification_id);
    Some(match state.oddities.message(report) {
        Some(oddity) => oddity.write(message),
        None => message.to_string(),
    })
}

/// A time as Amazon writes it.
pub(crate) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// One notification, as Amazon's schema has it.
fn report_processing_finished(report: &Report, to: &Subscribed, notification_id: &str) -> Value {
    let seller_id = &report.key.seller_id;
    let mut payload = json!({
        "reportId": report.key.id,
        "reportType": report.specification.report_type,
        "processingStatus": report.status.as_str(),
    });
    if is_vendor(seller_id) {
        payload["accountId"] = seller_id.as_str().into();
    } else {
        payload["sellerId"] = seller_id.as_str().into();
        payload["accountId"] = format!("amzn1.merchant.o.{seller_id}").into();
    }
    if let Some(document_id) = &report.document_id {
        payload["reportDocumentId"] = document_id.as_str().into();
    }
    json!({
        "notificationVersion": "2020-09-04",
        "notificationType": REPORT_PROCESSING_FINISHED,
        "payloadVersion": to.payload_version,
        "eventTime": written(report.ended.unwrap_or(report.created)),
        "payload": { "reportProcessingFinishedNotification": payload },
        "notificationMetadata": {
            "applicationId": APPLICATION_ID,
            "subscriptionId": to.subscription_id,
            "publishTime": written(Timestamp::now()),
            "notificationId": notification_id,
        },
    })
}
