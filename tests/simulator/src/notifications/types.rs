//! Notification types that can be subscribed to: those of Amazon's "Notification Type Values", and two
//! that it listed earlier.

use sp_api::ids::NotificationType;

use super::REPORT_PROCESSING_FINISHED;
use crate::errors::ApiError;

const NAMES: [&str; 26] = [
    "ACCOUNT_STATUS_CHANGED",
    "ANY_OFFER_CHANGED",
    "B2B_ANY_OFFER_CHANGED",
    "BRANDED_ITEM_CONTENT_CHANGE",
    "DATA_KIOSK_QUERY_PROCESSING_FINISHED",
    "DETAIL_PAGE_TRAFFIC_EVENT",
    "EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE",
    "FBA_INVENTORY_AVAILABILITY_CHANGES",
    "FBA_OUTBOUND_SHIPMENT_STATUS",
    "FEED_PROCESSING_FINISHED",
    "FEE_PROMOTION",
    "FULFILLMENT_ORDER_STATUS",
    "ITEM_INVENTORY_EVENT_CHANGE",
    "ITEM_PRODUCT_TYPE_CHANGE",
    "ITEM_SALES_EVENT_CHANGE",
    "LISTINGS_ITEM_ISSUES_CHANGE",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE",
    "LISTINGS_ITEM_STATUS_CHANGE",
    "MFN_ORDER_STATUS_CHANGE",
    "ORDER_CHANGE",
    "ORDER_STATUS_CHANGE",
    "PRICING_HEALTH",
    "PRODUCT_TYPE_DEFINITIONS_CHANGE",
    REPORT_PROCESSING_FINISHED,
    "SHIPMENT_TRACKING_MILESTONE_CHANGED",
    "TRANSACTION_UPDATE",
];

/// Refuses what Amazon does not know.
pub(super) fn known(name: &str) -> Result<&str, ApiError> {
    if NAMES.contains(&name) && NotificationType::parse(name).is_ok() {
        return Ok(name);
    }
    let message = format!("Invalid request parameter: {name} is not a valid notification type.");
    Err(ApiError::invalid_input(&message).with_details("notificationType"))
}

/// Payload versions that the type is known to have; `None` where they are not known.
pub(super) fn payload_versions(notification_type: &str) -> Option<&'static [&'static str]> {
    (notification_type == REPORT_PROCESSING_FINISHED).then_some(&["2020-09-04", "1.0"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_and_none_twice() {
        assert!(NAMES.is_sorted_by(|one, next| one < next));
        assert!(NAMES.iter().all(|name| known(name).is_ok()));
    }

    #[test]
    fn others_are_not() {
        for name in ["NOPE", "", "report_processing_finished"] {
            assert!(known(name).is_err(), "{name}");
        }
    }
}
