use encoding_rs::Encoding;
use serde_json::Value;

/// As many letters of a reason are kept.
const LONGEST: usize = 1000;

/// The words in the document that Amazon leaves instead of a report it could not make: those of its
/// `errorDetails`, if it is JSON, otherwise all of them. In one line, and not too many.
#[must_use]
pub fn words_of(document: &[u8], encoding: &'static Encoding) -> Option<String> {
    let (text, ..) = encoding.decode(document);
    let said = serde_json::from_str(text.trim())
        .ok()
        .and_then(|json| details(&json));
    let words = in_one_line(said.as_deref().unwrap_or(&text));
    (!words.is_empty()).then_some(words)
}

/// What a JSON document says, wherever in it.
fn details(json: &Value) -> Option<String> {
    match json {
        Value::Object(fields) => ["errordetails", "message", "errormessage", "details", "error"]
            .iter()
            .find_map(|wanted| {
                let is_wanted = |name: &str| name.to_ascii_lowercase().replace('_', "") == *wanted;
                let (_, value) = fields.iter().find(|(name, _)| is_wanted(name))?;
                details(value)
            })
            .or_else(|| {
                fields
                    .values()
                    .filter(|value| !value.is_string())
                    .find_map(details)
            }),
        Value::Array(values) => {
            let said: Vec<String> = values.iter().filter_map(details).collect();
            (!said.is_empty()).then(|| said.join("; "))
        }
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn in_one_line(text: &str) -> String {
    let printable = text.replace(char::is_control, " ");
    let words: Vec<&str> = printable.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{SHIFT_JIS, UTF_8};

    use super::*;

    fn words(document: &str) -> Option<String> {
        words_of(document.as_bytes(), UTF_8)
    }

    #[test]
    fn fatal_with_a_reason_says_it() {
        for (document, expected) in [
            (
                r#"{"errorDetails": "The report options are invalid."}"#,
                "The report options are invalid.",
            ),
            (r#" {"ErrorDetails":"One","reportId":"1"} "#, "One"),
            (
                r#"{"errors":[{"code":"X","message":"One"},{"message":"Two"}]}"#,
                "One; Two",
            ),
            (
                "The start date\r\n\tis too far\0in the past.",
                "The start date is too far in the past.",
            ),
            (r#"{"reportId": "1"}"#, r#"{"reportId": "1"}"#),
            (r#"{"errorDetails": "cut"#, r#"{"errorDetails": "cut"#),
            (r#"{"errorDetails": null}"#, r#"{"errorDetails": null}"#),
        ] {
            assert_eq!(words(document).as_deref(), Some(expected));
        }
        assert_eq!(words(" \n"), None);
        let (japanese, ..) = SHIFT_JIS.encode("日付");
        assert_eq!(words_of(&japanese, SHIFT_JIS).as_deref(), Some("日付"));
    }

    #[test]
    fn a_long_reason_is_cut_between_letters() {
        let long = words(&"ß".repeat(5000)).expect("words");
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with("ß…"));
    }
}
