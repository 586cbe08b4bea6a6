//! Odd notifications: each says that a report is finished, and none as Amazon's schema has it.

use serde_json::{Map, Value, json};
use sp_api::ProcessingStatus;

use super::kinds::kinds;
use crate::reports::Report;
use crate::sellers::is_vendor;

kinds! {
    /// How a notification is odd.
    MessageOddity {
        /// As it was until 2024: there is no `accountId`.
        SellerOnly = "seller-only",
        /// As the schema has it since 2024: there is no `sellerId`.
        AccountOnly = "account-only",
        /// `sellerId` is null.
        NullSeller = "null-seller",
        /// `sellerId` is empty.
        EmptySeller = "empty-seller",
        /// `accountId` is null.
        NullAccount = "null-account",
        /// `accountId` is empty.
        EmptyAccount = "empty-account",
        /// There are fields that no schema has, everywhere.
        ExtraFields = "extra-fields",
        /// The report's id is a number.
        NumbersForTexts = "numbers-for-texts",
        /// Every key begins with a capital letter.
        PascalCase = "pascal-case",
        /// Ids are called `reportID`, `sellerID`, `accountID`.
        UpperCaseIds = "upper-case-ids",
        /// `DONE`, and no document is named.
        WithoutDocument = "without-document",
        /// `DONE`, and the document's id is null.
        NullDocument = "null-document",
        /// `DONE`, and the document's id is empty.
        EmptyDocument = "empty-document",
        /// There is no report type.
        WithoutType = "without-type",
        /// The report type is null.
        NullType = "null-type",
        /// The status is one that no model has.
        UnknownStatus = "unknown-status",
        /// The status is written in small letters.
        LowerCaseStatus = "lower-case-status",
        /// The message is the `detail` of an event, as EventBridge delivers it.
        EventBridge = "event-bridge",
        /// The message is the text in an envelope of SNS.
        SnsEnvelope = "sns-envelope",
        /// The message is JSON in a JSON text.
        JsonInJson = "json-in-json",
    }
}

/// Where the report stands in a message.
const PAYLOAD: &str = "/payload/reportProcessingFinishedNotification";

impl MessageOddity {
    /// Whether a message about that report can be odd like this and still name seller and report.
    pub(crate) fn fits(self, report: &Report) -> bool {
        match self {
            // A vendor has nothing but the account.
            Self::SellerOnly | Self::AccountOnly | Self::NullAccount | Self::EmptyAccount => {
                !is_vendor(&report.key.seller_id)
            }
            Self::NumbersForTexts => report.key.id.parse::<u64>().is_ok(),
            Self::WithoutDocument | Self::NullDocument | Self::EmptyDocument => {
                report.status == ProcessingStatus::Done && report.document_id.is_some()
            }
            _ => true,
        }
    }

    /// Writes the message that way.
    pub(crate) fn write(self, mut message: Value) -> String {
        let whole = message.to_string();
        if let Some(payload) = message.pointer_mut(PAYLOAD).and_then(Value::as_object_mut) {
            self.change(payload);
        }
        let message = match self {
            Self::ExtraFields => {
                message["schemaRevision"] = json!({ "major": 3, "preview": true });
                message["notificationMetadata"]["deliveryAttempt"] = 1.into();
                message
            }
            Self::PascalCase => renamed(message, &pascal_case),
            Self::UpperCaseIds => renamed(message, &upper_case_id),
            Self::EventBridge => event(&message),
            Self::SnsEnvelope => envelope(&whole),
            Self::JsonInJson => Value::String(whole),
            _ => message,
        };
        message.to_string()
    }

    fn change(self, payload: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| {
            payload.insert(name.to_owned(), value);
        };
        match self {
            Self::NullSeller => set("sellerId", Value::Null),
            Self::EmptySeller => set("sellerId", "".into()),
            Self::NullAccount => set("accountId", Value::Null),
            Self::EmptyAccount => set("accountId", "".into()),
            Self::NullDocument => set("reportDocumentId", Value::Null),
            Self::EmptyDocument => set("reportDocumentId", "".into()),
            Self::NullType => set("reportType", Value::Null),
            Self::UnknownStatus => set("processingStatus", "COMPLETED".into()),
            Self::ExtraFields => set("marketplaces", json!([{ "id": null, "rank": 1 }])),
            Self::SellerOnly => drop(payload.remove("accountId")),
            Self::AccountOnly => drop(payload.remove("sellerId")),
            Self::WithoutDocument => drop(payload.remove("reportDocumentId")),
            Self::WithoutType => drop(payload.remove("reportType")),
            Self::NumbersForTexts => {
                let number = payload["reportId"].as_str().and_then(|id| id.parse::<u64>().ok());
                if let Some(number) = number {
                    payload.insert("reportId".to_owned(), number.into());
                }
            }
            Self::LowerCaseStatus => {
                let status = payload["processingStatus"].as_str().map(str::to_lowercase);
                payload.insert("processingStatus".to_owned(), status.into());
            }
            Self::PascalCase
            | Self::UpperCaseIds
            | Self::EventBridge
            | Self::SnsEnvelope
            | Self::JsonInJson => {}
        }
    }
}

/// The same with other keys, all the way down.
fn renamed(value: Value, rename: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (rename(&name), renamed(value, rename)))
            .collect(),
        other => other,
    }
}

fn pascal_case(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

fn upper_case_id(name: &str) -> String {
    match name.strip_suffix("Id") {
        Some(rest) => format!("{rest}ID"),
        None => name.to_owned(),
    }
}

fn event(message: &Value) -> Value {
    json!({
        "version": "0",
        "id": message["notificationMetadata"]["notificationId"],
        "detail-type": message["notificationType"],
        "source": "aws.partner/sellingpartnerapi.amazon.com/amzn1.sellerapps.app.simulator",
        "account": "437568002678",
        "time": message["eventTime"],
        "region": "us-east-1",
        "resources": [],
        "detail": message,
    })
}

fn envelope(message: &str) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:selling-partner-notifications",
        "Message": message,
        "Timestamp": "2026-11-26T12:00:00.000Z",
        "SignatureVersion": "1",
    })
}
