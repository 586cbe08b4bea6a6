//! What the body of a refusal says, in whatever shape it comes.
//!
//! The models promise `{"errors": [{"code", "message", "details"}]}`. What arrives is also one error
//! instead of a list, `{"message": …}` of the gateway before Amazon's own, `{"Message": …}`, texts instead of
//! errors, and HTML of whatever stands in between.

use serde_json::{Map, Value};

/// More of Amazon's words than this are cut.
const LONGEST: usize = 1000;

/// Nobody nests errors deeper.
const DEEPEST: u8 = 4;

/// What a refusal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RefusalBody {
    /// The first error's code.
    pub(crate) code: Option<String>,
    /// The words of all errors; `None` where the body is no JSON or has none.
    pub(crate) words: Option<String>,
}

impl RefusalBody {
    /// Reads what can be read.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut found = Found::default();
        if let Ok(body) = serde_json::from_slice(body) {
            found.look_into(&body, 0);
        }
        let words = found.words.join("; ");
        Self {
            code: found.code,
            words: (!words.is_empty()).then(|| shortened(words)),
        }
    }
}

#[derive(Default)]
struct Found {
    code: Option<String>,
    words: Vec<String>,
}

impl Found {
    fn look_into(&mut self, value: &Value, depth: u8) {
        match value {
            Value::String(words) => self.say(words),
            Value::Array(errors) if depth < DEEPEST => {
                errors.iter().for_each(|error| self.look_into(error, depth + 1));
            }
            Value::Object(fields) if depth < DEEPEST => self.look_into_object(fields, depth),
            _ => {}
        }
    }

    fn look_into_object(&mut self, fields: &Map<String, Value>, depth: u8) {
        let of = |name: &str| {
            let mut fields = fields.iter();
            fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
        };
        let text = |name: &str| of(name).and_then(as_text);
        if self.code.is_none() {
            self.code = text("code").or_else(|| text("errorCode"));
        }
        let words: Vec<String> = ["message", "errorMessage", "details"]
            .into_iter()
            .filter_map(text)
            .collect();
        self.say(&words.join(" "));
        for name in ["errors", "error", "errorList"] {
            if let Some(errors) = of(name) {
                self.look_into(errors, depth + 1);
            }
        }
    }

    fn say(&mut self, words: &str) {
        let words = words.trim();
        if !words.is_empty() && !self.words.iter().any(|said| said == words) {
            self.words.push(words.to_owned());
        }
    }
}

/// Codes and messages may be numbers. An empty text says nothing.
fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn shortened(mut words: String) -> String {
    if let Some((end, _)) = words.char_indices().nth(LONGEST) {
        words.truncate(end);
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Option<String>, Option<String>) {
        let RefusalBody { code, words } = RefusalBody::read(body.as_bytes());
        (code, words)
    }

    fn says(code: Option<&str>, words: &str) -> (Option<String>, Option<String>) {
        (code.map(str::to_owned), Some(words.to_owned()))
    }

    #[test]
    fn all_of_several_errors_are_said() {
        let body = r#"{"errors":[{"code":"InvalidInput","message":"One.","details":""},
            {"code":"Other","message":"Two.","details":"More."},{"code":"Other","message":"One."}]}"#;
        assert_eq!(read(body), says(Some("InvalidInput"), "One.; Two. More."));
    }

    #[test]
    fn errors_are_read_in_any_shape() {
        for (body, code, words) in [
            (
                r#"{"errors":{"code":"X","message":"One error."}}"#,
                Some("X"),
                "One error.",
            ),
            (r#"{"errors":["A text."]}"#, None, "A text."),
            (r#"{"errors":"A text."}"#, None, "A text."),
            (
                r#"{"errors":[{"code":400,"message":"A number."}]}"#,
                Some("400"),
                "A number.",
            ),
            (
                r#"{"errors":[{"code":null,"message":"Null.","details":null}]}"#,
                None,
                "Null.",
            ),
            (r#"{"message":"Forbidden"}"#, None, "Forbidden"),
            (r#"{"Message":"Forbidden","Code":"F"}"#, Some("F"), "Forbidden"),
            (
                r#"{"error":{"code":"X","message":"Within."}}"#,
                Some("X"),
                "Within.",
            ),
            (
                r#"[{"code":"X","message":"In a list."}]"#,
                Some("X"),
                "In a list.",
            ),
            (
                r#"{"payload":{},"errors":[{"code":"X","message":"Beside."}]}"#,
                Some("X"),
                "Beside.",
            ),
        ] {
            assert_eq!(read(body), says(code, words), "{body}");
        }
    }

    #[test]
    fn what_says_nothing_is_read_as_nothing() {
        for body in [
            "",
            "<html>Forbidden</html>",
            "{}",
            "null",
            "[]",
            r#"{"errors":[{}]}"#,
            r#"{"message":""}"#,
        ] {
            assert_eq!(read(body), (None, None), "{body}");
        }
        let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(read(&nested), (None, None));
    }

    #[test]
    fn long_words_are_cut_between_two_letters() {
        let (_, words) = read(&serde_json::json!({"message": "ü".repeat(2000)}).to_string());
        assert_eq!(words.expect("words").chars().count(), LONGEST + 1);
    }
}
