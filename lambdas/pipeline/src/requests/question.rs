use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a list is asked for. The token of a page goes on with its own question, and with no other.
pub(super) struct Question(String);

impl Question {
    /// The question of these parts, of which none has a line break.
    pub(super) fn new(parts: &[&str]) -> Self {
        Self(parts.iter().map(|part| format!("{part}\n")).collect())
    }

    /// The token of the page that begins at that place.
    pub(super) fn token(&self, place: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{place}", self.0))
    }

    /// Where the page of that token begins; `None` if the token is another question's, or none.
    pub(super) fn place(&self, token: &str) -> Option<String> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        text.strip_prefix(&self.0).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_on_with_its_own_question() {
        let asked = Question::new(&["A3", "EU", ""]);
        let token = asked.token("A3_EU\n7");
        assert_eq!(asked.place(&token).as_deref(), Some("A3_EU\n7"));
        for other in [&["A3", "", "EU"][..], &["A3", "EU"], &["A3", "EU", "", ""]] {
            let place = Question::new(other).place(&token);
            assert_ne!(place.as_deref(), Some("A3_EU\n7"), "{other:?}");
        }
        for none in ["", "!", "c3RhcnQ", "54517018502"] {
            assert_eq!(asked.place(none), None, "{none}");
        }
    }
}
