use sp_api::ids::{ReportDocumentId, ReportId, ReportType, SellerId, SubscriptionId};

use super::envelope::{Fields, unwrapped};
use super::{Account, AnnouncedReport, FinalStatus};

/// The notification type that the pipeline acts on.
const REPORT_PROCESSING_FINISHED: &str = "REPORT_PROCESSING_FINISHED";

/// What its payload holds.
const REPORT: &str = "reportProcessingFinishedNotification";

/// How a merchant token begins; the seller's id follows.
const MERCHANT_TOKEN: &str = "amzn1.merchant.o.";

/// What a message from Amazon says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// A report is finished.
    ReportFinished(FinishedNotice),
    /// Something else that Amazon sends, by its type; not for this pipeline.
    OfAnotherType(String),
}

/// What Amazon says of a finished report. The region is not among it; the subscription may tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedNotice {
    /// Whose report.
    pub seller_id: SellerId,
    /// To which subscription the message was sent.
    pub subscription_id: Option<SubscriptionId>,
    /// Which report.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: Option<ReportType>,
    /// How it ended.
    pub processing_status: Option<FinalStatus>,
    /// Its document, if there is one.
    pub report_document_id: Option<ReportDocumentId>,
}

impl FinishedNotice {
    /// The report, as one of `account`.
    #[must_use]
    pub fn of(self, account: Account) -> AnnouncedReport {
        AnnouncedReport {
            seller_id: account,
            report_id: self.report_id,
            report_type: self.report_type,
            processing_status: self.processing_status,
            report_document_id: self.report_document_id,
        }
    }
}

/// A message that is no notification, or names no report.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableNotification {
    /// It is no JSON.
    #[error("the message is no notification of Amazon's: it is no JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is no JSON object, nor does it hold one.
    #[error("the message is no notification of Amazon's: it is no JSON object")]
    NotAnObject,
    /// It neither says its type nor holds a finished report.
    #[error("the message is no notification of Amazon's: it has no notificationType")]
    Typeless,
    /// It does not say whose report is finished.
    #[error("the notification names no selling partner: neither sellerId nor accountId is one")]
    SellerMissing,
    /// It does not say which report is finished.
    #[error("the notification names no report: its reportId is missing or none")]
    ReportMissing,
}

impl Notification {
    /// Reads a message from the notifications queue. Who and which report is all that it must say:
    /// Amazon has left out, renamed and added the rest.
    ///
    /// # Errors
    /// The message is no JSON, has no type, or names no report.
    pub fn parse(message: &str) -> Result<Self, UnreadableNotification> {
        let message = unwrapped(serde_json::from_str(message)?);
        let envelope = Fields::of(&message).ok_or(UnreadableNotification::NotAnObject)?;
        let payload = envelope.object("payload");
        let report = payload.and_then(|payload| payload.object(REPORT));
        match envelope.text("notificationType") {
            Some(name) if !name.eq_ignore_ascii_case(REPORT_PROCESSING_FINISHED) => {
                return Ok(Self::OfAnotherType(name));
            }
            None if report.is_none() => return Err(UnreadableNotification::Typeless),
            _ => {}
        }
        let report = report.or(payload).unwrap_or(envelope);
        let metadata = envelope.object("notificationMetadata");
        let subscription = metadata.and_then(|metadata| metadata.text("subscriptionId"));
        let subscription_id = subscription.and_then(|id| SubscriptionId::parse(&id).ok());
        announced(report, subscription_id).map(Self::ReportFinished)
    }
}

fn announced(
    report: Fields<'_>,
    subscription_id: Option<SubscriptionId>,
) -> Result<FinishedNotice, UnreadableNotification> {
    let names = ["sellerId", "accountId"];
    let seller_id = names
        .iter()
        .find_map(|name| seller(&report.text(name)?))
        .ok_or(UnreadableNotification::SellerMissing)?;
    let report_id = report
        .text("reportId")
        .and_then(|id| ReportId::parse(&id).ok())
        .ok_or(UnreadableNotification::ReportMissing)?;
    let parsed = |name: &str| report.text(name);
    Ok(FinishedNotice {
        seller_id,
        subscription_id,
        report_id,
        report_type: parsed("reportType").and_then(|name| ReportType::parse(&name).ok()),
        processing_status: parsed("processingStatus").and_then(|name| FinalStatus::of_amazon(&name)),
        report_document_id: parsed("reportDocumentId").and_then(|id| ReportDocumentId::parse(&id).ok()),
    })
}

/// The selling partner with that id. A merchant token is the id of a seller's account.
fn seller(id: &str) -> Option<SellerId> {
    let prefix = id.get(..MERCHANT_TOKEN.len());
    let id = match prefix {
        Some(prefix) if prefix.eq_ignore_ascii_case(MERCHANT_TOKEN) => &id[MERCHANT_TOKEN.len()..],
        _ => id,
    };
    SellerId::parse(id).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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

    fn finished(message: &str) -> FinishedNotice {
        match Notification::parse(message).expect("readable") {
            Notification::ReportFinished(report) => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sellers_report_is_the_sellers() {
        let report = finished(&message(&seller_report()));
        assert_eq!(report.seller_id.as_str(), "A3TH9S8BH6GOGM");
        assert_eq!(report.processing_status, Some(FinalStatus::Done));
        assert!(report.report_document_id.is_some());
        assert_eq!(report.subscription_id, SubscriptionId::parse("s").ok());
    }

    /// `report` with that field, or without it.
    fn with(field: &str, value: Option<Value>) -> Value {
        let mut report = seller_report();
        let fields = report.as_object_mut().expect("an object");
        match value {
            Some(value) => fields.insert(field.to_owned(), value),
            None => fields.remove(field),
        };
        report
    }

    /// What stands for nothing.
    fn nothings() -> [Option<Value>; 4] {
        [None, Some(json!(null)), Some(json!("")), Some(json!(" "))]
    }

    #[test]
    fn a_vendors_report_is_its_accounts() {
        for seller_id in nothings() {
            let mut report = with("sellerId", seller_id);
            report["accountId"] = json!("amzn1.vg.6213651");
            assert_eq!(finished(&message(&report)).seller_id.as_str(), "amzn1.vg.6213651");
        }
    }

    /// Until 2024-03-20 the schema knew no `accountId`.
    #[test]
    fn a_notification_of_2022_without_account_is_the_sellers() {
        for account_id in nothings() {
            let report = with("accountId", account_id);
            assert_eq!(finished(&message(&report)).seller_id.as_str(), "A3TH9S8BH6GOGM");
        }
        let of_2022 = r#"{"notificationVersion":"2020-09-04","notificationType":"REPORT_PROCESSING_FINISHED",
            "payloadVersion":"1.0","eventTime":"2022-01-03T16:22:54.260Z","payload":{
            "reportProcessingFinishedNotification":{"sellerId":"A3TH9S8BH6GOGM","reportId":"550984018995",
            "reportType":"GET_MERCHANT_LISTINGS_ALL_DATA","processingStatus":"DONE",
            "reportDocumentId":"amzn1.tortuga.3.f70507f2.T1M61YJDPXQ56Z"}},"notificationMetadata":{}}"#;
        let report = finished(of_2022);
        assert_eq!(report.subscription_id, None);
        let report = report.of(Account::parse("A3TH9S8BH6GOGM").expect("valid"));
        assert_eq!(report.execution_name(), "A3TH9S8BH6GOGM_550984018995");
        assert!(report.is_complete());
    }

    /// Since then it does not ask for `sellerId`.
    #[test]
    fn a_notification_of_2024_without_seller_is_its_merchant_tokens() {
        for seller_id in nothings() {
            let report = with("sellerId", seller_id);
            assert_eq!(finished(&message(&report)).seller_id.as_str(), "A3TH9S8BH6GOGM");
        }
        let report = with("sellerId", Some(json!("AMZN1.Merchant.O.A3TH9S8BH6GOGM")));
        assert_eq!(finished(&message(&report)).seller_id.as_str(), "A3TH9S8BH6GOGM");
    }

    #[test]
    fn what_is_missing_or_unreadable_is_left_to_be_asked_for() {
        let odd = [json!({}), json!([]), json!(true), json!("a/b c")];
        for value in nothings().into_iter().chain(odd.into_iter().map(Some)) {
            let report = finished(&message(&with("reportDocumentId", value.clone())));
            assert_eq!(report.report_document_id, None, "{value:?}");
            let report = finished(&message(&with("reportType", value.clone())));
            assert_eq!(report.report_type, None, "{value:?}");
            let report = finished(&message(&with("processingStatus", value.clone())));
            assert_eq!(report.processing_status, None, "{value:?}");
        }
        for status in ["IN_PROGRESS", "COMPLETED", "DROPPED"] {
            let report = finished(&message(&with("processingStatus", Some(json!(status)))));
            assert_eq!(report.processing_status, None, "{status}");
        }
    }

    #[test]
    fn numbers_other_letters_and_additional_fields_hurt_nobody() {
        let report = with("reportId", Some(json!(54_517_018_502_u64)));
        assert_eq!(finished(&message(&report)), finished(&message(&seller_report())));
        let report = with("processingStatus", Some(json!("done")));
        assert_eq!(finished(&message(&report)), finished(&message(&seller_report())));
        let report = with("aFieldOf2031", Some(json!({"sellerId": "B"})));
        assert_eq!(finished(&message(&report)), finished(&message(&seller_report())));
        let other_case = json!({
            "NotificationType": "report_processing_finished",
            "Payload": {"ReportProcessingFinishedNotification": {
                "SellerId": "A3TH9S8BH6GOGM", "reportID": "54517018502",
                "REPORTTYPE": "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA", "ProcessingStatus": "DONE",
                "ReportDocumentId": seller_report()["reportDocumentId"],
            }},
        });
        let without_subscription = FinishedNotice {
            subscription_id: None,
            ..finished(&message(&seller_report()))
        };
        assert_eq!(finished(&other_case.to_string()), without_subscription);
        let typeless = json!({"payload": {"reportProcessingFinishedNotification": seller_report()}});
        assert_eq!(finished(&typeless.to_string()), without_subscription);
    }

    #[test]
    fn a_notification_is_read_in_an_event_an_sns_message_and_a_text() {
        let text = message(&seller_report());
        let notification: Value = serde_json::from_str(&text).expect("JSON");
        for wrapped in [
            json!({"version": "0", "detail-type": "REPORT_PROCESSING_FINISHED", "detail": notification}),
            json!({"Type": "Notification", "MessageId": "m", "Message": text}),
            json!(text),
        ] {
            assert_eq!(finished(&wrapped.to_string()), finished(&text), "{wrapped}");
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
    fn what_names_no_report_is_an_error_with_its_reason() {
        let mut sellerless = seller_report();
        sellerless["sellerId"] = json!("");
        sellerless["accountId"] = json!(null);
        for (text, reason) in [
            ("", "no JSON"),
            ("garbage", "no JSON"),
            ("{}", "no notificationType"),
            ("[]", "no JSON object"),
            (r#"["REPORT_PROCESSING_FINISHED"]"#, "no JSON object"),
            (r#""text""#, "no JSON object"),
            (&message(&sellerless), "no selling partner"),
            (&message(&with("reportId", Some(json!("")))), "no report"),
            (&message(&json!({})), "no selling partner"),
            (
                r#"{"notificationType":"REPORT_PROCESSING_FINISHED"}"#,
                "no selling partner",
            ),
        ] {
            let error = Notification::parse(text).expect_err(text);
            assert!(error.to_string().contains(reason), "{text}: {error}");
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
