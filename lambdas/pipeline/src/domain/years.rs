//! Of which years a caller's times may be: the calendar goes further than anybody's reports.

/// What a day or a time begins with, as a regular expression.
pub const YEARS: &str = "^[12][0-9]{3}-";

/// Whether a day or a time begins as [`YEARS`] says.
#[must_use]
pub fn has_year(text: &str) -> bool {
    match text.as_bytes() {
        [b'1' | b'2', a, b, c, b'-', ..] => [a, b, c].into_iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_have_four_digits_and_are_near() {
        for text in ["2026-11-22", "1999-12-31T23:59:59Z", "2999-"] {
            assert!(has_year(text), "{text}");
        }
        for text in [
            "",
            "2026",
            "9999-12-30T00:00:00Z",
            "0001-01-01",
            "+002026-11-22",
            "20261122T050000Z",
            "2０26-",
        ] {
            assert!(!has_year(text), "{text}");
        }
    }
}
