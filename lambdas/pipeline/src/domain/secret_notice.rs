//! What Amazon sends about the application's client secret.

use jiff::Timestamp;
use secrecy::SecretString;

use super::envelope::{Fields, unwrapped};

const EXPIRY: &str = "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY";
const NEW_SECRET: &str = "APPLICATION_OAUTH_CLIENT_NEW_SECRET";

/// A message about the application's client secret.
#[derive(Clone, Debug)]
pub enum SecretNotice {
    /// The secret ends soon.
    Ending(EndingSecret),
    /// There is a new one.
    New(NewSecret),
    /// Something else that Amazon sends, by its type.
    OfAnotherType(String),
}

/// A secret that ends soon.
#[derive(Clone, Debug)]
pub struct EndingSecret {
    /// Whose: `amzn1.application-oa2-client.…`
    pub client_id: String,
    /// When, as far as Amazon says.
    pub ends_at: Option<Timestamp>,
}

/// A new secret.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Whose: `amzn1.application-oa2-client.…`
    pub client_id: String,
    /// The secret itself.
    pub client_secret: SecretString,
    /// When it ends, as far as Amazon says.
    pub ends_at: Option<Timestamp>,
}

/// A message that can't be read. It may hold a secret all the same, so nothing of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableNotice {
    /// It is no JSON object, nor does it hold one.
    #[error("the message is no notification of Amazon's: it is no JSON object")]
    NotAnObject,
    /// It does not say what it is.
    #[error("the message is no notification of Amazon's: it has no notificationType")]
    Typeless,
    /// It does not say whose secret it is about.
    #[error("the notification names no clientId")]
    ClientMissing,
    /// It brings no secret.
    #[error("the notification has no newClientSecret")]
    SecretMissing,
}

impl SecretNotice {
    /// Reads a message from the queue of the client secret. Whose secret it is and, where it is new, the secret
    /// are all that it must say.
    ///
    /// # Errors
    /// It does not, or is no notification at all.
    pub fn parse(message: &str) -> Result<Self, UnreadableNotice> {
        let message = serde_json::from_str(message).map_err(|_| UnreadableNotice::NotAnObject)?;
        let message = unwrapped(message);
        let envelope = Fields::of(&message).ok_or(UnreadableNotice::NotAnObject)?;
        let payload = envelope.object("payload");
        let within = |name| payload.and_then(|payload| payload.object(name));
        let (ending, new) = (
            within("applicationOAuthClientSecretExpiry"),
            within("applicationOAuthClientNewSecret"),
        );
        // What is in it says more than what it is called.
        if let Some(new) = new {
            return new_secret(new);
        }
        if let Some(ending) = ending {
            return ending_secret(ending);
        }
        let name = envelope
            .text("notificationType")
            .ok_or(UnreadableNotice::Typeless)?;
        let fields = payload.unwrap_or(envelope);
        match name.to_ascii_uppercase().as_str() {
            NEW_SECRET => new_secret(fields),
            EXPIRY => ending_secret(fields),
            _ => Ok(Self::OfAnotherType(name)),
        }
    }
}

fn ending_secret(fields: Fields<'_>) -> Result<SecretNotice, UnreadableNotice> {
    Ok(SecretNotice::Ending(EndingSecret {
        client_id: fields.text("clientId").ok_or(UnreadableNotice::ClientMissing)?,
        ends_at: time(fields, "clientSecretExpiryTime"),
    }))
}

fn new_secret(fields: Fields<'_>) -> Result<SecretNotice, UnreadableNotice> {
    Ok(SecretNotice::New(NewSecret {
        client_id: fields.text("clientId").ok_or(UnreadableNotice::ClientMissing)?,
        client_secret: fields
            .text("newClientSecret")
            .ok_or(UnreadableNotice::SecretMissing)?
            .into(),
        ends_at: time(fields, "newClientSecretExpiryTime"),
    }))
}

/// A time that is worth having, but not worth losing the rest for.
fn time(fields: Fields<'_>, name: &str) -> Option<Timestamp> {
    fields.text(name)?.parse().ok()
}

/// How long a secret is good for still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretAge {
    /// For long, or nobody knows.
    Fresh,
    /// For two weeks at most: a new one is to be asked for.
    Due,
    /// For a week at most: a new one has been asked for, and has not come.
    EndsSoon,
}

impl SecretAge {
    /// The age at `now` of a secret that ends then.
    #[must_use]
    pub fn of(ends_at: Option<Timestamp>, now: Timestamp) -> Self {
        const HOURS_OF_A_WEEK: i64 = 7 * 24;
        match ends_at.map(|end| end.duration_since(now).as_hours()) {
            Some(left) if left < HOURS_OF_A_WEEK => Self::EndsSoon,
            Some(left) if left < 2 * HOURS_OF_A_WEEK => Self::Due,
            _ => Self::Fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::*;

    fn new() -> Value {
        json!({
            "notificationVersion": "1.0", "notificationType": NEW_SECRET, "payloadVersion": "1.0",
            "eventTime": "2026-11-28T08:00:00.000Z",
            "payload": {"applicationOAuthClientNewSecret": {
                "clientId": "amzn1.application-oa2-client.a", "newClientSecret": "amzn1.oa2-cs.v1.new",
                "newClientSecretExpiryTime": "2027-05-27T08:00:00.000Z",
                "oldClientSecretExpiryTime": "2026-12-05T08:00:00.000Z",
            }},
            "notificationMetadata": {"applicationId": "amzn1.sellerapps.app.a"},
        })
    }

    fn ending() -> Value {
        json!({
            "notificationType": EXPIRY,
            "payload": {"applicationOAuthClientSecretExpiry": {
                "clientId": "amzn1.application-oa2-client.a", "clientSecretExpiryTime": "2026-12-12T08:00:00Z",
                "clientSecretExpiryReason": "PERIODIC_ROTATION",
            }},
        })
    }

    fn parsed_new(message: &Value) -> NewSecret {
        match SecretNotice::parse(&message.to_string()) {
            Ok(SecretNotice::New(new)) => new,
            other => panic!("{message}: {other:?}"),
        }
    }

    #[test]
    fn a_new_secret_is_read_however_it_is_wrapped() {
        let text = new().to_string();
        let mut typeless = new();
        typeless
            .as_object_mut()
            .expect("an object")
            .remove("notificationType");
        let flat = json!({
            "NotificationType": NEW_SECRET.to_lowercase(),
            "Payload": {"ClientId": "amzn1.application-oa2-client.a", "NewClientSecret": " amzn1.oa2-cs.v1.new ",
                "newClientSecretExpiryTime": "2027-05-27T08:00:00Z"},
        });
        for message in [
            new(),
            json!({"version": "0", "detail-type": NEW_SECRET, "detail": new()}),
            json!({"Type": "Notification", "MessageId": "m", "Message": text}),
            json!(text),
            typeless,
            flat,
        ] {
            let read = parsed_new(&message);
            assert_eq!(read.client_id, "amzn1.application-oa2-client.a");
            assert_eq!(read.client_secret.expose_secret(), "amzn1.oa2-cs.v1.new");
            assert_eq!(read.ends_at, "2027-05-27T08:00:00Z".parse().ok());
        }
    }

    #[test]
    fn an_ending_is_read_without_its_time_too() {
        for (time, expected) in [
            (json!("2026-12-12T08:00:00Z"), "2026-12-12T08:00:00Z".parse().ok()),
            (json!("soon"), None),
            (json!(null), None),
        ] {
            let mut message = ending();
            message["payload"]["applicationOAuthClientSecretExpiry"]["clientSecretExpiryTime"] = time;
            let Ok(SecretNotice::Ending(read)) = SecretNotice::parse(&message.to_string()) else {
                panic!("{message}");
            };
            assert_eq!(read.client_id, "amzn1.application-oa2-client.a");
            assert_eq!(read.ends_at, expected);
        }
    }

    #[test]
    fn what_can_not_be_read_says_why_and_nothing_of_itself() {
        let without = |field: &str| {
            let mut message = new();
            message["payload"]["applicationOAuthClientNewSecret"][field] = json!("");
            message.to_string()
        };
        for (message, expected) in [
            ("amzn1.oa2-cs.v1.new".to_owned(), UnreadableNotice::NotAnObject),
            ("[]".to_owned(), UnreadableNotice::NotAnObject),
            ("{}".to_owned(), UnreadableNotice::Typeless),
            (without("clientId"), UnreadableNotice::ClientMissing),
            (without("newClientSecret"), UnreadableNotice::SecretMissing),
        ] {
            let error = SecretNotice::parse(&message).expect_err("unreadable");
            assert_eq!(error, expected, "{message}");
            assert!(!error.to_string().contains("amzn1"));
        }
    }

    #[test]
    fn other_types_are_recognised_and_nothing_prints_a_secret() {
        let other = json!({"notificationType": "ANY_OFFER_CHANGED", "payload": {}}).to_string();
        assert!(matches!(
            SecretNotice::parse(&other),
            Ok(SecretNotice::OfAnotherType(name)) if name == "ANY_OFFER_CHANGED"
        ));
        assert!(!format!("{:?}", parsed_new(&new())).contains("oa2-cs"));
    }

    #[test]
    fn a_secret_is_due_two_weeks_before_its_end_and_ends_soon_in_the_last() {
        let now: Timestamp = "2026-11-28T08:00:00Z".parse().expect("a time");
        let age = |end: &str| SecretAge::of(end.parse().ok(), now);
        assert_eq!(SecretAge::of(None, now), SecretAge::Fresh);
        assert_eq!(age("2026-12-12T08:00:00Z"), SecretAge::Fresh);
        assert_eq!(age("2026-12-12T07:59:00Z"), SecretAge::Due);
        assert_eq!(age("2026-12-05T08:00:00Z"), SecretAge::Due);
        assert_eq!(age("2026-12-05T07:59:00Z"), SecretAge::EndsSoon);
        assert_eq!(age("2026-11-01T00:00:00Z"), SecretAge::EndsSoon);
    }
}
