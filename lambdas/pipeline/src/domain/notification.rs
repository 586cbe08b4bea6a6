use serde::Deserialize;
use serde_json::Value;
use sp_api::ids::{ReportDocumentId, ReportId, ReportType, SellerId};

use super::{FinalStatus, FinishedReport};

/// The notification type that the pipeline acts on.
const REPORT_PROCESSING_FINISHED: &str = "REPORT_PROCESSING_FINISHED";

/// What a message from Amazon says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// A report is finished.
    ReportFinished(FinishedReport),
    /// Something else that Amazon sends, by its type; not for this pipeline.
    OfAnotherType(String),
}

/// A message that is no notification, or lacks what Amazon's schema promises.
#[derive(Debug, thiserror::Error)]
#[error("the message is no notification of Amazon's: {0}")]
pub struct UnreadableNotification(#[from] serde_json::Error);

/// Amazon's spelling varies between its own documents: `notificationType` in the schema's samples,
/// `NotificationType` in some live types.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "notificationType", alias = "NotificationType")]
    notification_type: String,
}

#[derive(Deserialize)]
struct ReportEnvelope {
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    report_processing_finished_notification: ReportProcessingFinished,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportProcessingFinished {
    /// Null or absent for vendors.
    #[serde(default)]
    seller_id: Option<SellerId>,
    account_id: SellerId,
    report_id: ReportId,
    report_type: ReportType,
    processing_status: FinalStatus,
    #[serde(default, deserialize_with = "empty_is_absent")]
    report_document_id: Option<ReportDocumentId>,
}

/// Some producers write an empty text where there is no document.
fn empty_is_absent<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<ReportDocumentId>, D::Error> {
    let text = Option::<String>::deserialize(input)?.filter(|text| !text.is_empty());
    text.map(|text| ReportDocumentId::parse(&text).map_err(serde::de::Error::custom))
        .transpose()
}

impl Notification {
    /// Reads a message from the notifications queue.
    ///
    /// # Errors
    /// The message is no JSON, has no type, or is a report notification without what it needs.
    pub fn parse(message: &str) -> Result<Self, UnreadableNotification> {
        // An object: a struct would also be read from an array.
        let message = Value::Object(serde_json::from_str(message)?);
        let Envelope { notification_type } = Envelope::deserialize(&message)?;
        if notification_type != REPORT_PROCESSING_FINISHED {
            return Ok(Self::OfAnotherType(notification_type));
        }
        let ReportEnvelope { payload } = ReportEnvelope::deserialize(&message)?;
        let report = payload.report_processing_finished_notification;
        Ok(Self::ReportFinished(FinishedReport {
            seller_id: report.seller_id.unwrap_or(report.account_id),
            report_id: report.report_id,
            report_type: report.report_type,
            processing_status: report.processing_status,
            report_document_id: report.report_document_id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(report: &Value) -> String {
        json!({
            "notificationVersion": "2020-09-04", "notificationType": "REPORT_PROCESSING_FINISHED",
            "payloadVersion": "2020-09-04", "eventTime": "2020-07-14T03:35:13.214Z",
            "payload": {"reportProcessingFinishedNotification": report},
            "notificationMetadata": {"applicationId": "amzn1.sellerapps.app.a", "subscriptionId": "s",
                "publishTime": "2020-07-13T19:42:04.284Z", "notificationId": "n"},
        })
        .to_string()
    }

    fn seller_report() -> Value {
        json!({
            "sellerId": "A3TH9S8BH6GOGM", "accountId": "amzn1.merchant.o.A3TH9S8BH6GOGM",
            "reportId": "54517018502", "reportType": "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA",
            "processingStatus": "DONE",
            "reportDocumentId": "amzn1.tortuga.3.edbcd0d8-3434-8222-1234-52ad8ade1208.REP4567URI9BMZ",
        })
    }

    fn finished(message: &str) -> FinishedReport {
        match Notification::parse(message).expect("readable") {
            Notification::ReportFinished(report) => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sellers_report_is_the_sellers() {
        let report = finished(&message(&seller_report()));
        assert_eq!(report.seller_id.as_str(), "A3TH9S8BH6GOGM");
        assert_eq!(report.processing_status, FinalStatus::Done);
        assert!(report.report_document_id.is_some());
    }

    #[test]
    fn a_vendors_report_is_its_accounts() {
        for seller_id in [None, Some(Value::Null)] {
            let mut report = seller_report();
            report["accountId"] = json!("amzn1.vg.6213651");
            report.as_object_mut().expect("an object").remove("sellerId");
            if let Some(null) = seller_id {
                report["sellerId"] = null;
            }
            assert_eq!(finished(&message(&report)).seller_id.as_str(), "amzn1.vg.6213651");
        }
    }

    #[test]
    fn a_missing_document_is_absent_not_empty() {
        for id in [json!(null), json!("")] {
            let mut report = seller_report();
            report["reportDocumentId"] = id;
            assert_eq!(finished(&message(&report)).report_document_id, None);
        }
    }

    #[test]
    fn other_types_are_recognised_not_guessed() {
        let other = json!({"NotificationType": "ANY_OFFER_CHANGED", "Payload": {}}).to_string();
        assert_eq!(
            Notification::parse(&other).expect("readable"),
            Notification::OfAnotherType("ANY_OFFER_CHANGED".into())
        );
    }

    #[test]
    fn what_is_no_notification_is_an_error() {
        let mut unfinished = seller_report();
        unfinished["processingStatus"] = json!("IN_PROGRESS");
        let mut nameless = seller_report();
        nameless["reportId"] = json!("");
        for text in [
            "",
            "garbage",
            "{}",
            "[]",
            r#"["REPORT_PROCESSING_FINISHED"]"#,
            &message(&unfinished),
            &message(&nameless),
            &message(&json!({})),
        ] {
            assert!(Notification::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amazons_own_samples_are_read() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/sp-api/ReportProcessingFinishedNotification.schema.json"
        );
        let Ok(schema) = std::fs::read_to_string(path) else {
            // Past the test harness, which would keep it to itself.
            let note = b"skipped: Amazon's schema is not beside this checkout\n";
            std::io::Write::write_all(&mut std::io::stderr(), note).expect("said");
            return;
        };
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        let samples = schema["examples"].as_array().expect("samples");
        assert_eq!(samples.len(), 2);
        let sellers: Vec<String> = samples
            .iter()
            .map(|sample| finished(&sample.to_string()).seller_id.to_string())
            .collect();
        assert_eq!(sellers, ["A3TH9S8BH6GOGM", "amzn1.vg.6213651"]);
    }
}
