//! What a refresh token looks like, and what is taken for one.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;

/// What LWA's refresh tokens begin with. No message has it in one piece: in a log it looks like a token to
/// whoever searches for tokens.
const PREFIX: &str = "Atzr|";

/// [`PREFIX`] in Base64, but for the last bits, which depend on what follows.
const PREFIX_IN_BASE64: &str = "QXR6cn";

/// KMS encrypts at most 4096 bytes; Amazon's refresh tokens have some 400.
const LONGEST: usize = 4096;

/// Authorization codes are shorter than any token, and letters and digits alone.
const LONGEST_CODE: usize = 64;

/// A refresh token in JSON, of which only the schema is to be had.
pub(super) enum Written {}

impl JsonSchema for Written {
    fn schema_name() -> Cow<'static, str> {
        "RefreshToken".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A refresh token as LWA gives it: no access token, no authorization code, not URL-encoded.",
            "type": "string",
            "format": "password",
            "writeOnly": true,
            "maxLength": LONGEST,
            // In two pieces for the same reason as everywhere.
            "pattern": concat!("^Atzr", r"\|[!#$&(-_a-~]+$"),
        })
    }
}

/// Parses a refresh token. What can be none costs no exchange at LWA, which would only call it invalid,
/// and much later.
///
/// # Errors
/// What it is instead, and what to do; without a character of it.
pub(super) fn parse(text: &str) -> Result<SecretString, &'static str> {
    match problem(text) {
        Some(problem) => Err(problem),
        None => Ok(SecretString::from(text)),
    }
}

fn problem(text: &str) -> Option<&'static str> {
    let begins = |prefix: &str| {
        text.get(..prefix.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(prefix))
    };
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»');
    Some(if text.len() > LONGEST {
        "is longer than 4096 bytes"
    } else if text.contains(is_quote) {
        "has quotes in it: send what is between them"
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "holds white space or a line break, which no refresh token does: copy it again, in one piece"
    } else if text.contains('%') {
        "is URL-encoded: decode it first (%7C is |)"
    } else if begins("Atza|") {
        "is an access token, which lives an hour: send the refresh token, Atzr…, that LWA gave beside it"
    } else if begins("Atc|") || begins("Atz.sprdt|") {
        "is an access token of another kind: send the seller's refresh token, Atzr…"
    } else if begins("amzn1.") {
        "is an id or a secret of the application: send the seller's refresh token, Atzr…"
    } else if text.starts_with(PREFIX_IN_BASE64) {
        "is in Base64: decode it first, so that it begins with Atzr and |"
    } else if let Some(rest) = text.strip_prefix(PREFIX) {
        return is_broken(rest)
            .then_some("has nothing, or no plain ASCII, after Atzr and |: copy it again, in one piece");
    } else if text.contains(PREFIX) {
        "has something before Atzr: send the token alone"
    } else if text.len() <= LONGEST_CODE && text.chars().all(|c| c.is_ascii_alphanumeric()) {
        "must begin with Atzr and |; if it is an authorization code, exchange it at LWA within five minutes, and send \
         the refresh_token of the answer"
    } else {
        "must begin with Atzr and |, as LWA's refresh tokens do"
    })
}

fn is_broken(rest: &str) -> bool {
    rest.is_empty() || !rest.chars().all(|c| c.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_refresh_token_is_taken_as_it_is() {
        for token in ["Atzr|IwEBIExample", "Atzr|x", "Atzr|A3TH9S8BH6GOGM|a-b_c"] {
            assert_eq!(parse(token).expect("valid").expose_secret(), token);
        }
    }

    #[test]
    fn what_is_no_refresh_token_is_called_what_it_is_and_not_repeated() {
        let base64 = ["Atzr|IwEBI", "Atzr|\u{7f}", "Atzr|zzz"].map(|token| STANDARD.encode(token));
        let long = format!("Atzr|{}", "x".repeat(4096));
        for (token, words) in [
            ("Atza|IwEBI", "access token"),
            ("atza|IwEBI", "access token"),
            ("Atc|MQEBI", "access token of another kind"),
            ("Atz.sprdt|IwEBI", "access token of another kind"),
            ("ANDMxqpCmqWHJeyzdbwH", "authorization code"),
            ("garbage", "must begin with Atzr and |"),
            (
                "an_identifier-with-other.characters",
                "must begin with Atzr and |",
            ),
            ("\"Atzr|IwEBI\"", "quotes"),
            ("'Atzr|IwEBI'", "quotes"),
            ("“Atzr|IwEBI”", "quotes"),
            ("\"Atza|IwEBI", "quotes"),
            ("Atzr%7CIwEBI", "URL-encoded"),
            ("Atzr%7cIwEBI", "URL-encoded"),
            ("Atzr|IwEBI%2B", "URL-encoded"),
            ("Atzr|IwEBI%", "URL-encoded"),
            (&base64[0], "Base64"),
            (&base64[1], "Base64"),
            (&base64[2], "Base64"),
            ("Atzr|Iw EBI", "white space"),
            ("Atzr|IwEBI\n", "white space"),
            (" Atzr|IwEBI", "white space"),
            ("Atzr|Iw\u{0}EBI", "white space"),
            ("Bearer:Atzr|IwEBI", "something before"),
            ("amzn1.oa2-cs.v1.IwEBI", "of the application"),
            ("Atzr|", "nothing"),
            ("Atzr|…", "nothing"),
            ("atzr|IwEBI", "must begin with Atzr and |"),
            (&long, "longer"),
        ] {
            let problem = parse(token).expect_err(token);
            assert!(problem.contains(words), "{token}: {problem}");
            assert!(!problem.contains("EBI"), "{problem}");
        }
    }
}
