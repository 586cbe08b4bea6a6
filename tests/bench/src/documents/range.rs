//! The `Range` header, as S3 reads it.

/// What of a document is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// From the first byte to the one before the last number.
    Some(std::ops::Range<u64>),
    /// Beyond the end.
    Unsatisfiable,
    /// Not understood, or several: the whole is sent.
    Ignored,
}

impl Range {
    /// Reads it for a document of that length.
    pub fn parse(header: &str, length: u64) -> Self {
        let Some((first, last)) = header
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
        else {
            return Self::Ignored;
        };
        match (first.trim().parse::<u64>().ok(), last.trim().parse::<u64>().ok()) {
            (Some(first), last) if last.is_some() || last_is_open(header) => {
                let end = last.map_or(length, |last| last.saturating_add(1).min(length));
                if first >= length {
                    Self::Unsatisfiable
                } else if end <= first {
                    Self::Ignored
                } else {
                    Self::Some(first..end)
                }
            }
            (None, Some(0)) if first.is_empty() => Self::Unsatisfiable,
            (None, Some(suffix)) if first.is_empty() && length > 0 => {
                Self::Some(length.saturating_sub(suffix)..length)
            }
            (None, Some(_)) if first.is_empty() => Self::Unsatisfiable,
            _ => Self::Ignored,
        }
    }
}

fn last_is_open(header: &str) -> bool {
    header.trim_end().ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (header, expected) in [
            ("bytes=0-0", Range::Some(0..1)),
            ("bytes=10-19", Range::Some(10..20)),
            ("bytes=90-1000", Range::Some(90..100)),
            ("bytes=90-", Range::Some(90..100)),
            ("bytes=-10", Range::Some(90..100)),
            ("bytes=-1000", Range::Some(0..100)),
            ("bytes=100-", Range::Unsatisfiable),
            ("bytes=100-200", Range::Unsatisfiable),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=20-10", Range::Ignored),
            ("bytes=a-b", Range::Ignored),
            ("bytes=1-b", Range::Ignored),
            ("bytes=-", Range::Ignored),
            ("bytes=0-1,5-6", Range::Ignored),
            ("lines=0-1", Range::Ignored),
        ] {
            assert_eq!(Range::parse(header, 100), expected, "{header}");
        }
        assert_eq!(Range::parse("bytes=0-", 0), Range::Unsatisfiable);
        assert_eq!(Range::parse("bytes=-5", 0), Range::Unsatisfiable);
    }
}
