use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sp_api::ids::{ReportType, SellerId};
use sp_api::{RegionCode, SchedulePeriod, report_types};

use super::order::FailedOrder;
use super::stages::{Outcome, StoredDocument};
use super::{Advice, AdviceCode, FinalStatus};
use crate::error::ORDER_IN_DOUBT;

/// SNS's limit for the subject of an e-mail.
pub(super) const LONGEST_SUBJECT: usize = 100;

/// What can be done where Amazon denies what it has not denied in passing.
pub const ROLE_MISSING: &str = "The application, or the seller's authorization of it, lacks the role that this needs. Add the role in \
    the developer console; then each seller must authorize it again, for which POST /tokens stores the new \
    refresh token.";

/// A link to a stored document.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    /// Whoever has it can read the report.
    pub url: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Link")
            .field("url", &"[REDACTED]")
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// What ended a delivery: Step Functions' `{Error, Cause}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Failure {
    /// The error's name.
    pub error: String,
    /// For a function's error the JSON `{errorType, errorMessage}`, otherwise a text.
    #[serde(default)]
    pub cause: String,
}

impl Failure {
    /// What happened, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct FunctionError {
            error_message: String,
        }
        match serde_json::from_str::<FunctionError>(&self.cause) {
            Ok(error) => error.error_message,
            Err(_) if self.cause.is_empty() => self.error.clone(),
            Err(_) => self.cause.clone(),
        }
    }

    /// What can be done about an order that failed.
    #[must_use]
    pub fn advice_on_order(&self) -> Advice {
        self.common_advice().unwrap_or(Advice::new(
            AdviceCode::MendOrder,
            "Mend what the reason says and order the report again.",
        ))
    }

    /// What can be done about a delivery that failed.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.common_advice().unwrap_or_else(|| match self.error.as_str() {
            "DocumentTooLong" => Advice::new(
                AdviceCode::AddMemory,
                "Give the function ReportDocumentStorage more memory, and with it more of a processor; a new \
                 execution with the same input delivers the report then.",
            ),
            "DocumentNotFound" => Advice::new(
                AdviceCode::OrderAgain,
                "Amazon keeps documents for a limited time. Order the report again.",
            ),
            _ => Advice::new(
                AdviceCode::DeliverAgain,
                "The report is still at Amazon. The execution's history in Step Functions shows what failed; once \
                 that is mended, a new execution with the same input delivers the report.",
            ),
        })
    }

    /// What the owner of an obstacle can do.
    #[must_use]
    pub fn advice_on_obstacle(&self) -> Advice {
        self.common_advice().unwrap_or_else(role_missing)
    }

    /// What helps against errors that have nothing to do with a single report.
    fn common_advice(&self) -> Option<Advice> {
        let (code, text) = match self.error.as_str() {
            "AuthorizationRevoked" | "AuthorizationForeign" => (
                AdviceCode::AuthorizeAgain,
                "Authorize the application again in Seller Central, then store the new refresh token with POST /tokens.",
            ),
            "SellerNotFound" => (
                AdviceCode::StoreToken,
                "Store the seller's refresh token with POST /tokens.",
            ),
            "RegionUnknown" => (
                AdviceCode::Subscribe,
                "Subscribe the seller with POST /notifications; that makes the region known.",
            ),
            "LwaCredentialsMissing" => (
                AdviceCode::StoreCredentials,
                "Put the application's LWA client id and secret into the secret.",
            ),
            "LwaCredentialsRefused" => (
                AdviceCode::CheckCredentials,
                "Check the application's LWA client id and secret; a rotated secret must be put into the secret store.",
            ),
            "AccessDenied" => return Some(role_missing()),
            // Amazon says so with 400, too: "Application do not have access to some or all requested resource".
            "Rejected" if self.reason().contains("not have access") => return Some(role_missing()),
            _ => return None,
        };
        Some(Advice::new(code, text))
    }
}

fn role_missing() -> Advice {
    Advice::new(AdviceCode::AddRole, ROLE_MISSING)
}

/// The e-mail to the seller.
#[derive(Clone, PartialEq, Eq)]
pub struct Announcement {
    /// At most 100 ASCII characters, in one line.
    pub subject: String,
    /// Plain text. Holds the link, so it is not to be logged.
    pub text: String,
}

impl Announcement {
    /// Words an outcome for the seller.
    #[must_use]
    pub fn of(outcome: &Outcome, region: Option<RegionCode>) -> Self {
        let report = &outcome.report;
        let (headline, explanation) = match &outcome.failure {
            Some(failure) => ("Amazon report not delivered", failed(failure)),
            None => match report.processing_status {
                FinalStatus::Done => ("Amazon report ready", "Your Amazon report is ready.\n".to_owned()),
                FinalStatus::Cancelled => ("Amazon report cancelled", cancelled(&report.report_type)),
                FinalStatus::Fatal => ("Amazon report failed", fatal(outcome)),
                FinalStatus::Dropped => ("Amazon report lost at Amazon", DROPPED.to_owned()),
            },
        };
        let mut text = explanation;
        text.push('\n');
        text.push_str(&facts(outcome, region));
        if let (Some(link), None) = (&outcome.link, &outcome.failure) {
            text.push_str(&download(outcome, link));
        }
        Self {
            subject: subject(headline, &report.report_type, report.seller_id.seller()),
            text,
        }
    }

    /// Words for the seller why a report that was to be ordered later could not be.
    #[must_use]
    pub fn of_failed_order(order: &FailedOrder) -> Self {
        let failure = &order.failure;
        let reason = failure.reason();
        let headline = match reason.starts_with(ORDER_IN_DOUBT) {
            true => "Amazon may have taken the order for this report, or not; it can't be asked any more.",
            false => "Amazon did not take the order for this report.",
        };
        let text = format!(
            "{headline}\n\nReason:      {}\nWhat to do:  {}\n\n\
             Report type: {}\nSeller:      {}\nRequest id:  {}\nRegion:      {}\n",
            reason,
            failure.advice_on_order().text,
            order.report_type,
            order.seller_id.seller(),
            order.request_id,
            order.region_code,
        );
        Self {
            subject: subject(
                "Amazon report not ordered",
                &order.report_type,
                order.seller_id.seller(),
            ),
            text,
        }
    }
}

fn cancelled(report_type: &ReportType) -> String {
    let limit = report_types::find(report_type).and_then(|info| info.shortest_period);
    let limit = limit.map_or_else(String::new, |period| {
        format!(" (Amazon makes it once {} at most)", in_words(period))
    });
    format!(
        "Amazon cancelled this report, so there is nothing to download. That means one of:\n\
         - there is no data for the chosen period and marketplaces,\n\
         - the same report was asked for again too soon{limit}, or\n\
         - somebody cancelled it.\n\
         If you expected data, check the period and order the report again.\n"
    )
}

fn in_words(period: SchedulePeriod) -> String {
    match period.as_str() {
        "PT30M" => "in half an hour".to_owned(),
        "PT4H" => "in four hours".to_owned(),
        "P1D" => "a day".to_owned(),
        other => format!("in {other}"),
    }
}

const DROPPED: &str = "Amazon does not know this report any more. It was ordered, but no notification of its end came,\n\
    and Amazon now answers that there is no such report. Order it again.\n";

fn fatal(outcome: &Outcome) -> String {
    let stored = outcome.stored_document.as_ref();
    let reason = stored.and_then(|document| document.reason.as_deref());
    let mut text = "Amazon could not make this report because of an error.\n".to_owned();
    match (reason, &outcome.link) {
        (Some(reason), _) => {
            let _ = write!(
                text,
                "\nReason:      {reason}\n\n\
                 The link below leads to the document that Amazon left. Mend what the reason says, then order\n\
                 the report again.\n"
            );
        }
        (None, Some(_)) => {
            text.push_str("Amazon left a document that says why; the link is below.\n");
        }
        (None, None) => text.push_str(
            "Amazon gave no reason. Check the period and the report options, then order it again.\n",
        ),
    }
    text
}

fn failed(failure: &Failure) -> String {
    format!(
        "Amazon finished this report, but it could not be delivered.\n\nReason:      {}\nWhat to do:  {}\n",
        failure.reason(),
        failure.advice().text
    )
}

fn facts(outcome: &Outcome, region: Option<RegionCode>) -> String {
    let report = &outcome.report;
    let mut text = format!(
        "Report type: {}\nSeller:      {}\nReport id:   {}\n",
        report.report_type,
        report.seller_id.seller(),
        report.report_id,
    );
    // Amazon's DONE would be misread where nothing was delivered.
    if outcome.failure.is_none() {
        let _ = writeln!(text, "Status:      {}", report.processing_status.as_str());
    }
    if let Some(region) = region {
        let _ = writeln!(text, "Region:      {region}");
    }
    text
}

fn download(outcome: &Outcome, link: &Link) -> String {
    let until = link
        .expires_at
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M UTC");
    let size = outcome
        .stored_document
        .as_ref()
        .map(|document| format!(" ({})", human_size(document.bytes)));
    let unreadable = outcome.stored_document.as_ref().map(unreadable);
    format!(
        "{}\nDownload{}, until {until} at the latest:\n{}\n\nWhoever has this link can read the report, so please do not pass it on.\n",
        unreadable.unwrap_or_default(),
        size.unwrap_or_default(),
        link.url
    )
}

/// What got lost on the way into UTF-8, if anything did.
fn unreadable(document: &StoredDocument) -> String {
    match document.invalid_sequences {
        0 => String::new(),
        count => format!(
            "\nNot all of Amazon's document is text in its character set: \u{FFFD} stands for what could not be\n\
             read, {count} times.\n"
        ),
    }
}

fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut size = bytes;
    let mut unit = 0;
    while size >= 10_000 && unit + 1 < UNITS.len() {
        size = size.div_ceil(1000);
        unit += 1;
    }
    format!("{size} {}", UNITS[unit])
}

pub(super) fn subject(headline: &str, report_type: &ReportType, seller_id: &SellerId) -> String {
    fitting(format!("{headline}: {report_type} ({seller_id})"))
}

/// A subject of ids and types, as long as SNS takes it.
pub(super) fn fitting(mut subject: String) -> String {
    // They are ASCII, so no character is cut in two.
    subject.truncate(LONGEST_SUBJECT);
    subject
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sp_api::SpApiError;

    use super::*;
    use crate::PipelineError;

    fn outcome(changes: &Value) -> Outcome {
        let mut outcome = json!({
            "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502",
            "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "ProcessingStatus": "DONE",
        });
        for (name, value) in changes.as_object().expect("an object") {
            outcome[name] = value.clone();
        }
        serde_json::from_value(outcome).expect("an outcome")
    }

    fn link() -> Value {
        json!({"Url": "https://bucket.example/report?signature", "ExpiresAt": "2026-11-22T08:30:00Z"})
    }

    #[test]
    fn a_finished_report_comes_with_its_link() {
        let stored =
            json!({"ObjectKey": "k", "Bytes": 123_456, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0});
        let mail = Announcement::of(
            &outcome(&json!({"StoredDocument": stored, "Link": link()})),
            Some(RegionCode::Eu),
        );
        assert_eq!(
            mail.subject,
            "Amazon report ready: GET_MERCHANT_LISTINGS_ALL_DATA (A3TH9S8BH6GOGM)"
        );
        assert_eq!(
            mail.text,
            "Your Amazon report is ready.\n\
             \n\
             Report type: GET_MERCHANT_LISTINGS_ALL_DATA\n\
             Seller:      A3TH9S8BH6GOGM\n\
             Report id:   54517018502\n\
             Status:      DONE\n\
             Region:      EU\n\
             \n\
             Download (124 kB), until 2026-11-22 08:30 UTC at the latest:\n\
             https://bucket.example/report?signature\n\
             \n\
             Whoever has this link can read the report, so please do not pass it on.\n"
        );
    }

    #[test]
    fn cancelled_and_fatal_say_what_they_mean() {
        let cancelled = Announcement::of(&outcome(&json!({"ProcessingStatus": "CANCELLED"})), None);
        assert!(cancelled.subject.starts_with("Amazon report cancelled"));
        assert!(cancelled.text.contains("no data for the chosen period"));
        assert!(
            cancelled.text.contains("asked for again too soon, or\n"),
            "{}",
            cancelled.text
        );
        let near_real_time = json!({"ProcessingStatus": "CANCELLED", "ReportType": "GET_AFN_INVENTORY_DATA"});
        let cancelled = Announcement::of(&outcome(&near_real_time), None);
        assert!(
            cancelled
                .text
                .contains("too soon (Amazon makes it once in half an hour at most), or\n"),
            "{}",
            cancelled.text
        );
        let fatal = Announcement::of(&outcome(&json!({"ProcessingStatus": "FATAL"})), None);
        assert!(fatal.subject.starts_with("Amazon report failed"));
        assert!(fatal.text.contains("gave no reason"));
        let explained = Announcement::of(
            &outcome(&json!({"ProcessingStatus": "FATAL", "Link": link()})),
            None,
        );
        assert!(explained.text.contains("says why") && explained.text.contains("https://bucket.example"));
    }

    #[test]
    fn fatal_with_a_reason_says_it_in_the_mail() {
        let stored = json!({
            "ObjectKey": "errors/k", "Bytes": 5, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0,
            "Charset": "UTF-8", "CharsetFrom": "bytes", "Notes": [], "Reason": "The start date is too far in the past.",
        });
        let outcome =
            outcome(&json!({"ProcessingStatus": "FATAL", "StoredDocument": stored, "Link": link()}));
        let text = Announcement::of(&outcome, None).text;
        assert!(
            text.contains("\nReason:      The start date is too far in the past.\n"),
            "{text}"
        );
        assert!(text.contains("https://bucket.example"), "{text}");
    }

    #[test]
    fn a_failed_delivery_says_why_and_what_to_do() {
        let cause = json!({"errorType": "AuthorizationRevoked", "errorMessage": "revoked"}).to_string();
        let failure = json!({"Error": "AuthorizationRevoked", "Cause": cause});
        let mail = Announcement::of(&outcome(&json!({"Failure": failure, "Link": link()})), None);
        assert!(mail.subject.starts_with("Amazon report not delivered"));
        assert!(mail.text.contains("Reason:      revoked\n") && mail.text.contains("POST /tokens"));
        assert!(!mail.text.contains("https://bucket.example"));
        let timeout = Failure {
            error: "States.Timeout".into(),
            cause: String::new(),
        };
        assert_eq!(timeout.reason(), "States.Timeout");
    }

    #[test]
    fn nobody_is_told_that_an_order_in_doubt_was_not_taken() {
        let order = |cause: &str| {
            let order = json!({
                "SellerId": "A3", "RequestId": "order-00000000000000000000000000000000", "RegionCode": "EU",
                "ReportType": "GET_X", "Failure": {"Error": "AuthorizationRevoked", "Cause": cause},
            });
            Announcement::of_failed_order(&serde_json::from_value(order).expect("an order")).text
        };
        assert!(order("revoked").starts_with("Amazon did not take the order"));
        let revoked = SpApiError::AuthorizationRevoked {
            message: "revoked".into(),
        };
        let in_doubt = PipelineError::OrderInDoubt(Box::new(revoked.into()));
        let text = order(&in_doubt.to_string());
        assert!(text.starts_with("Amazon may have taken the order"), "{text}");
        assert!(
            text.contains("\nReason:      it is not known whether Amazon took the order: "),
            "{text}"
        );
    }

    #[test]
    fn a_missing_role_is_called_one_under_either_status() {
        for (error, cause) in [
            (
                "AccessDenied",
                "Amazon denied createReport: Unauthorized: Access to requested resource is denied.",
            ),
            (
                "Rejected",
                "Amazon rejected createReport with 400: InvalidInput: Application do not have access to \
                some or all requested resource",
            ),
        ] {
            let failure = Failure {
                error: error.into(),
                cause: cause.into(),
            };
            assert_eq!(failure.advice(), role_missing());
            assert_eq!(failure.advice_on_order(), role_missing());
        }
        let other = Failure {
            error: "Rejected".into(),
            cause: "Report type is invalid.".into(),
        };
        assert_ne!(other.advice_on_order(), role_missing());
    }

    #[test]
    fn a_subject_fits_into_sns() {
        let long = outcome(&json!({"ReportType": format!("GET_{}", "X".repeat(120))}));
        assert_eq!(Announcement::of(&long, None).subject.len(), LONGEST_SUBJECT);
    }

    #[test]
    fn sizes_are_rounded_for_people() {
        assert_eq!(human_size(9_999), "9999 bytes");
        assert_eq!(human_size(123_456), "124 kB");
        assert_eq!(human_size(1_073_741_824), "1074 MB");
        assert_eq!(human_size(20_000_000_000), "20 GB");
    }
}
