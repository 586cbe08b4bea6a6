//! What SES says became of an e-mail after it took it.

use serde::Deserialize;

use super::EmailAddress;

/// Why nothing more is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeliverable {
    /// Its mail server says that there is no such mailbox, or takes nothing from here, for good.
    Bounced,
    /// Its reader called the mail spam.
    Complaint,
}

/// An e-mail that did not reach its reader, or should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFeedback {
    /// What happened.
    pub why: Undeliverable,
    /// To whose mail. Of a complaint it may be one of them: mail services do not always say who complained.
    pub addresses: Vec<EmailAddress>,
    /// The mail server's words, or SES's name for it.
    pub words: Option<String>,
}

/// What is read of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailEvent {
    /// Something to act upon.
    Feedback(MailFeedback),
    /// SES took the mail, and then found something in it that it does not send.
    Rejected(String),
    /// A full mailbox, an out-of-office note, or an event that nobody asked for: nothing to act upon.
    Passing,
}

/// An event that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("no event of SES: {0}")]
pub struct UnreadableEvent(#[from] serde_json::Error);

/// EventBridge's envelope. Of an event is asked only what is needed.
#[derive(Deserialize)]
struct Envelope {
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    reject: Option<Reject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: Option<String>,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_sub_type: Option<String>,
    complaint_feedback_type: Option<String>,
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Reject {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    diagnostic_code: Option<String>,
}

impl MailEvent {
    /// Reads an event as EventBridge hands it on.
    ///
    /// # Errors
    /// It is none of SES's.
    pub fn parse(json: &str) -> Result<Self, UnreadableEvent> {
        let Envelope { detail } = serde_json::from_str(json)?;
        Ok(match detail {
            Detail {
                bounce: Some(bounce), ..
            } if bounce.bounce_type == "Permanent" => {
                let words = bounce.bounced_recipients.iter();
                let words = words
                    .filter_map(|recipient| recipient.diagnostic_code.clone())
                    .next();
                feedback(
                    Undeliverable::Bounced,
                    &bounce.bounced_recipients,
                    words.or(bounce.bounce_sub_type),
                )
            }
            Detail {
                complaint: Some(complaint),
                ..
            } => feedback(
                Undeliverable::Complaint,
                &complaint.complained_recipients,
                complaint.complaint_feedback_type.or(complaint.complaint_sub_type),
            ),
            Detail {
                event_type, reject, ..
            } if event_type == "Reject" => {
                let reason = reject.and_then(|reject| reject.reason);
                Self::Rejected(reason.unwrap_or_else(|| "no reason".to_owned()))
            }
            _ => Self::Passing,
        })
    }
}

fn feedback(why: Undeliverable, recipients: &[Recipient], words: Option<String>) -> MailEvent {
    let addresses = recipients
        .iter()
        .filter_map(|recipient| bare(&recipient.email_address));
    MailEvent::Feedback(MailFeedback {
        why,
        addresses: addresses.collect(),
        words,
    })
}

/// The address itself of what may be `Ann <ann@example.com>` or, from a delivery status, `rfc822; …`.
fn bare(text: &str) -> Option<EmailAddress> {
    let text = match text.rsplit_once('<') {
        Some((_, address)) => address.trim_end().trim_end_matches('>'),
        None => text.rsplit_once(';').map_or(text, |(_, address)| address),
    };
    EmailAddress::parse(text.trim()).ok()
}

impl Undeliverable {
    /// The error's name, in rows and news.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bounced => "MailBounced",
            Self::Complaint => "MailComplaint",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(detail: &Value) -> MailEvent {
        let event = json!({"source": "aws.ses", "detail-type": "…", "detail": detail});
        MailEvent::parse(&event.to_string()).expect("an event")
    }

    fn bounce(kind: &str) -> Value {
        json!({"eventType": "Bounce", "mail": {"messageId": "m"}, "bounce": {
            "bounceType": kind, "bounceSubType": "General", "timestamp": "2026-11-22T05:00:00.000Z",
            "bouncedRecipients": [{
                "emailAddress": "ann@example.com", "action": "failed", "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }],
        }})
    }

    fn addresses(texts: &[&str]) -> Vec<EmailAddress> {
        texts
            .iter()
            .map(|text| EmailAddress::parse(text).expect("valid"))
            .collect()
    }

    #[test]
    fn a_bounce_for_good_is_told_from_one_that_passes() {
        let expected = MailFeedback {
            why: Undeliverable::Bounced,
            addresses: addresses(&["ann@example.com"]),
            words: Some("smtp; 550 5.1.1 user unknown".into()),
        };
        assert_eq!(event(&bounce("Permanent")), MailEvent::Feedback(expected));
        assert_eq!(event(&bounce("Transient")), MailEvent::Passing);
        assert_eq!(event(&bounce("Undetermined")), MailEvent::Passing);
    }

    #[test]
    fn what_ses_did_not_even_try_has_its_name_for_words() {
        let suppressed = json!({"eventType": "Bounce", "bounce": {
            "bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList",
            "bouncedRecipients": [{"emailAddress": "ann@example.com"}],
        }});
        let MailEvent::Feedback(feedback) = event(&suppressed) else {
            panic!("not acted upon");
        };
        assert_eq!(feedback.words.as_deref(), Some("OnAccountSuppressionList"));
    }

    #[test]
    fn a_complaint_names_who_may_have_made_it() {
        let complaint = json!({"eventType": "Complaint", "complaint": {
            "complaintFeedbackType": "abuse", "complaintSubType": null,
            "complainedRecipients": [
                {"emailAddress": "Ann <ann@example.com>"}, {"emailAddress": "rfc822; bob@example.com"},
                {"emailAddress": "nobody"},
            ],
        }});
        let expected = MailFeedback {
            why: Undeliverable::Complaint,
            addresses: addresses(&["ann@example.com", "bob@example.com"]),
            words: Some("abuse".into()),
        };
        assert_eq!(event(&complaint), MailEvent::Feedback(expected));
    }

    #[test]
    fn a_rejection_has_its_reason() {
        let reject = json!({"eventType": "Reject", "reject": {"reason": "Bad content"}});
        assert_eq!(event(&reject), MailEvent::Rejected("Bad content".into()));
        assert_eq!(event(&json!({"eventType": "Delivery"})), MailEvent::Passing);
        assert!(MailEvent::parse("{}").is_err());
    }
}
