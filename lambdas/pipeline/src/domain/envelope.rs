//! The message within the message: how Amazon's notifications arrive.

use serde_json::{Map, Value};

/// Nobody wraps a message more often than this.
const DEEPEST: u8 = 6;

/// A JSON object whose fields are found whatever the case of their letters. Amazon's own documents write
/// `notificationType` here and `NotificationType` there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The field of that name; `null` is none.
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        let exact = self.0.get(name);
        let mut fields = self.0.iter();
        exact
            .or_else(|| fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value)))
            .filter(|value| !value.is_null())
    }

    /// The field's text, without white space around it; a number's digits. An empty text is none.
    pub(super) fn text(self, name: &str) -> Option<String> {
        let text = match self.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn object(self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::of)
    }
}

/// Takes a notification out of what brought it: an EventBridge event has it as its `detail`, an SNS
/// message as the JSON text of its `Message`; and some producers write JSON into a JSON text. What is
/// none of these is handed back as it is.
pub(super) fn unwrapped(message: Value) -> Value {
    let mut message = message;
    for _ in 0..DEEPEST {
        let Some(inner) = inner(&message) else { break };
        message = inner;
    }
    message
}

fn inner(message: &Value) -> Option<Value> {
    let wrapped = match Fields::of(message) {
        None => message,
        Some(fields) if fields.get("payload").is_some() => return None,
        Some(fields) => fields.get("detail").or_else(|| fields.get("Message"))?,
    };
    match wrapped {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(_) if Fields::of(message).is_some() => Some(wrapped.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notification() -> Value {
        json!({"notificationType": "X", "payload": {"detail": "kept"}})
    }

    #[test]
    fn a_message_is_taken_out_of_what_brought_it() {
        let text = notification().to_string();
        for wrapped in [
            notification(),
            json!(text),
            json!({"version": "0", "detail-type": "X", "source": "aws.partner/sellingpartnerapi.amazon.com/a",
                "detail": notification()}),
            json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": text}),
            json!({"Type": "Notification", "Message": json!({"detail": notification()}).to_string()}),
            json!({"detail": text}),
            json!(json!(text).to_string()),
        ] {
            assert_eq!(unwrapped(wrapped.clone()), notification(), "{wrapped}");
        }
    }

    #[test]
    fn what_brought_nothing_stays_as_it_is() {
        for message in [
            json!([]),
            json!(5),
            json!("text"),
            json!({"detail": 5}),
            json!({"Message": "hello"}),
        ] {
            assert_eq!(unwrapped(message.clone()), message);
        }
        let mut nested = json!({});
        for _ in 0..50 {
            nested = json!({ "detail": nested });
        }
        assert!(unwrapped(nested).is_object());
    }

    #[test]
    fn a_field_is_found_whatever_its_case_but_exactly_first() {
        let value = json!({"REPORTID": "no", "reportId": " 5 ", "ReportType": 7, "none": null, "empty": " "});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(fields.text("reportId").as_deref(), Some("5"));
        assert_eq!(fields.text("reporttype").as_deref(), Some("7"));
        assert_eq!(fields.text("none"), None);
        assert_eq!(fields.text("empty"), None);
        assert_eq!(fields.text("absent"), None);
    }
}
