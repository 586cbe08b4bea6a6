use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sp_api::ids::ReportType;
use sp_api::{SchedulePeriod, report_types};

use super::news::Circumstances;
use super::order::FailedOrder;
use super::stages::{LinkRequest, Outcome, StoredDocument};
use super::words::{ReportInWords, human_size, minute};
use super::{Failure, FinalStatus};
use crate::error::ORDER_IN_DOUBT;

/// A link to a stored document.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    /// Whoever has it can read the report.
    pub url: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Link {
    /// Whether it is a presigned URL, which ends with the credentials that signed it if that is sooner.
    #[must_use]
    pub fn is_presigned(&self) -> bool {
        self.url.contains("X-Amz-Expires=")
    }
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

/// What people are told, in words.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// At most 100 ASCII characters, in one line.
    pub subject: String,
    /// Plain text, without the link.
    pub text: String,
    /// What there is to download.
    pub download: Option<Download>,
}

/// A stored document, and the way to it.
#[derive(Clone, Debug)]
pub struct Download {
    /// The way that is told.
    pub link: Link,
    /// What another link to it is made of.
    pub document: LinkRequest,
}

/// What stands below links.
pub(super) const KEEP_TO_YOURSELF: &str =
    "\nWhoever has this link can read the report, so please do not pass it on.\n";

impl Announcement {
    /// Words an outcome for the seller; one that came to nothing here, for the owner.
    #[must_use]
    pub fn of(outcome: &Outcome, told: &Circumstances<'_>) -> Self {
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
        let in_words = ReportInWords {
            report_type: &report.report_type,
            seller: report.seller_id.seller(),
            id: ("Report id", report.report_id.as_str()),
            // Amazon's DONE would be misread where nothing was delivered.
            status: match outcome.failure {
                None => Some(report.processing_status.as_str()),
                Some(_) => None,
            },
            told,
        };
        let mut text = explanation;
        text.push('\n');
        text.push_str(&in_words.facts());
        let download = match outcome.failure {
            None => download(outcome),
            Some(_) => None,
        };
        if download.is_some()
            && let Some(stored) = &outcome.stored_document
        {
            text.push_str(&about_file(stored));
        }
        Self {
            subject: in_words.subject(headline),
            text,
            download,
        }
    }

    /// Words for the owner why a report that was to be ordered later could not be.
    #[must_use]
    pub fn of_failed_order(order: &FailedOrder, told: &Circumstances<'_>) -> Self {
        let failure = &order.failure;
        let reason = failure.reason();
        let headline = match reason.starts_with(ORDER_IN_DOUBT) {
            true => "Amazon may have taken the order for this report, or not; it can't be asked any more.",
            false => "Amazon did not take the order for this report.",
        };
        let in_words = ReportInWords {
            report_type: &order.report_type,
            seller: order.seller_id.seller(),
            id: ("Request id", order.request_id.as_str()),
            status: None,
            told,
        };
        let text = format!(
            "{headline}\n\nReason:      {reason}\nWhat to do:  {}\n\n{}",
            failure.advice_on_order().text,
            in_words.facts()
        );
        Self {
            subject: in_words.subject("Amazon report not ordered"),
            text,
            download: None,
        }
    }

    /// The whole text of the e-mail: with the link, and at its end whom its reader may ask. Not to be logged.
    #[must_use]
    pub fn mail(&self, contact: Option<&str>) -> String {
        let mut text = self.with_link();
        if self.download.is_some() {
            text.push_str(KEEP_TO_YOURSELF);
        }
        if let Some(contact) = contact {
            let _ = writeln!(text, "\nQuestions? {contact}");
        }
        text
    }

    /// The text, and the link if there is one.
    pub(super) fn with_link(&self) -> String {
        match &self.download {
            None => self.text.clone(),
            Some(Download { link, .. }) => {
                format!("{}\nDownload, until {}:\n{}\n", self.text, end(link), link.url)
            }
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
                 The link below leads to the document that Amazon left. Correct what the reason says, then\n\
                 order the report again.\n"
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

fn download(outcome: &Outcome) -> Option<Download> {
    let (report, stored) = (&outcome.report, outcome.stored_document.as_ref()?);
    Some(Download {
        link: outcome.link.clone()?,
        document: LinkRequest {
            seller_id: report.seller_id.clone(),
            report_id: report.report_id.clone(),
            report_type: Some(report.report_type.clone()),
            processing_status: report.processing_status,
            object_key: stored.object_key.clone(),
        },
    })
}

/// Until when a link works, in words.
fn end(link: &Link) -> String {
    let until = minute(link.expires_at);
    match link.is_presigned() {
        true => format!("{until} at the latest (AWS may end it earlier, within the hour)"),
        false => until,
    }
}

/// The file that a browser saves.
fn about_file(document: &StoredDocument) -> String {
    let size = match (document.plain_bytes, &document.content_encoding) {
        (Some(bytes), _) => human_size(bytes),
        (None, None) => human_size(document.bytes),
        (None, Some(_)) => format!("{} before it is decompressed", human_size(document.bytes)),
    };
    let file = match &document.file_name {
        Some(name) => format!("File:        {name}, {size}\n"),
        None => format!("File:        {size}\n"),
    };
    file + &unreadable(document)
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sp_api::{RegionCode, SpApiError};

    use super::*;
    use crate::PipelineError;
    use crate::domain::Particulars;

    fn outcome(changes: &Value) -> Outcome {
        let mut outcome = json!({
            "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502",
            "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "ProcessingStatus": "DONE",
            "StoredDocument": {"ObjectKey": "k", "Bytes": 5, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0},
        });
        for (name, value) in changes.as_object().expect("an object") {
            outcome[name] = value.clone();
        }
        serde_json::from_value(outcome).expect("an outcome")
    }

    /// Words it, as it is told at half past eight.
    fn mail(outcome: &Outcome) -> Announcement {
        worded(|told| Announcement::of(outcome, told))
    }

    fn worded(word: impl Fn(&Circumstances<'_>) -> Announcement) -> Announcement {
        word(&Circumstances {
            region: Some(RegionCode::Eu),
            particulars: &Particulars::default(),
            releases: 0,
            now: "2026-11-22T08:30:00Z".parse().expect("a time"),
        })
    }

    fn link() -> Value {
        json!({"Url": "https://bucket.example/links/token", "ExpiresAt": "2026-11-22T08:30:00Z"})
    }

    #[test]
    fn a_finished_report_comes_with_its_link() {
        let stored = json!({
            "ObjectKey": "k", "Bytes": 18_000, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0,
            "ContentEncoding": "gzip", "FileName": "listings.tsv", "PlainBytes": 123_456,
        });
        let mail = mail(&outcome(&json!({"StoredDocument": stored, "Link": link()})));
        assert_eq!(
            mail.subject,
            "Amazon report ready: All listings, 2026-11-22, A3TH9S8BH6GOGM, 54517018502"
        );
        assert_eq!(
            mail.mail(None),
            "Your Amazon report is ready.\n\
             \n\
             Report:      All listings\n\
             Report type: GET_MERCHANT_LISTINGS_ALL_DATA\n\
             Seller:      A3TH9S8BH6GOGM\n\
             Report id:   54517018502\n\
             Status:      DONE\n\
             Region:      EU\n\
             File:        listings.tsv, 124 kB\n\
             \n\
             Download, until 2026-11-22 08:30 UTC:\n\
             https://bucket.example/links/token\n\
             \n\
             Whoever has this link can read the report, so please do not pass it on.\n"
        );
    }

    #[test]
    fn a_presigned_url_is_said_to_end_earlier() {
        let url = "https://bucket.example/report?X-Amz-Expires=21600&X-Amz-Signature=0f";
        let link = json!({"Url": url, "ExpiresAt": "2026-11-22T08:30:00Z"});
        let text = mail(&outcome(&json!({"Link": link}))).mail(None);
        let words = "until 2026-11-22 08:30 UTC at the latest (AWS may end it earlier, within the hour):\n";
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn a_size_that_is_not_known_is_not_made_up() {
        let of = |document: Value| about_file(&serde_json::from_value(document).expect("a document"));
        let mut document =
            json!({"ObjectKey": "k", "Bytes": 18_000, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0});
        assert_eq!(of(document.clone()), "File:        18 kB\n");
        document["ContentEncoding"] = json!("gzip");
        assert_eq!(of(document), "File:        18 kB before it is decompressed\n");
    }

    #[test]
    fn sellers_read_no_advice_for_operators() {
        for status in ["DONE", "CANCELLED", "FATAL", "DROPPED"] {
            let text = mail(&outcome(&json!({"ProcessingStatus": status, "Link": link()})))
                .mail(Some("Ask Ann, ann@example.com."));
            for words in [
                "POST /",
                "GET /",
                "DELETE /",
                "Step Functions",
                "execution",
                "secret",
            ] {
                assert!(!text.contains(words), "{words}: {text}");
            }
            assert!(
                text.ends_with("\nQuestions? Ask Ann, ann@example.com.\n"),
                "{text}"
            );
        }
    }

    #[test]
    fn cancelled_and_fatal_say_what_they_mean() {
        let cancelled = mail(&outcome(&json!({"ProcessingStatus": "CANCELLED"})));
        assert!(cancelled.subject.starts_with("Amazon report cancelled"));
        assert!(cancelled.text.contains("no data for the chosen period"));
        assert!(
            cancelled.text.contains("asked for again too soon, or\n"),
            "{}",
            cancelled.text
        );
        let near_real_time = json!({"ProcessingStatus": "CANCELLED", "ReportType": "GET_AFN_INVENTORY_DATA"});
        let cancelled = mail(&outcome(&near_real_time));
        assert!(
            cancelled
                .text
                .contains("too soon (Amazon makes it once in half an hour at most), or\n"),
            "{}",
            cancelled.text
        );
        let fatal = mail(&outcome(&json!({"ProcessingStatus": "FATAL"})));
        assert!(fatal.subject.starts_with("Amazon report failed"));
        assert!(fatal.text.contains("gave no reason"));
        let explained = mail(&outcome(&json!({"ProcessingStatus": "FATAL", "Link": link()})));
        let text = explained.mail(None);
        assert!(
            text.contains("says why") && text.contains("https://bucket.example"),
            "{text}"
        );
    }

    #[test]
    fn fatal_with_a_reason_says_it_in_the_mail() {
        let stored = json!({
            "ObjectKey": "errors/k", "Bytes": 5, "Crc64Nvme": "rosUhgp5mIg=", "InvalidSequences": 0,
            "Charset": "UTF-8", "CharsetFrom": "bytes", "Notes": [], "Reason": "The start date is too far in the past.",
        });
        let outcome =
            outcome(&json!({"ProcessingStatus": "FATAL", "StoredDocument": stored, "Link": link()}));
        let text = mail(&outcome).mail(None);
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
        let mail = mail(&outcome(&json!({"Failure": failure, "Link": link()})));
        assert!(mail.subject.starts_with("Amazon report not delivered"));
        assert!(mail.text.contains("Reason:      revoked\n") && mail.text.contains("POST /tokens"));
        assert!(!mail.mail(None).contains("https://bucket.example"));
    }

    #[test]
    fn nobody_is_told_that_an_order_in_doubt_was_not_taken() {
        let order = |cause: &str| {
            let order = json!({
                "SellerId": "A3", "RequestId": "order-00000000000000000000000000000000", "RegionCode": "EU",
                "ReportType": "GET_X", "Failure": {"Error": "AuthorizationRevoked", "Cause": cause},
            });
            let order = serde_json::from_value(order).expect("an order");
            worded(|told| Announcement::of_failed_order(&order, told)).text
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
}
