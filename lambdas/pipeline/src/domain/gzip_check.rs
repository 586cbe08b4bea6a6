use std::str::FromStr;

/// How it is made sure that a gzip document is whole before it is stored as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GzipCheck {
    /// By what is in it: it is decompressed on its way, so that not even one that is corrupt at its
    /// source is stored.
    #[default]
    Contents,
    /// By its length and its beginning, where Amazon says the length and the document is not small.
    /// Takes a fraction of the processor's time.
    Length,
}

/// Why a text names no such check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither `contents` nor `length`")]
pub struct UnknownCheck(String);

impl FromStr for GzipCheck {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "contents" => Ok(Self::Contents),
            "length" => Ok(Self::Length),
            other => Err(UnknownCheck(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_as_they_are_set() {
        assert_eq!("contents".parse(), Ok(GzipCheck::Contents));
        assert_eq!("length".parse(), Ok(GzipCheck::Length));
        assert!("none".parse::<GzipCheck>().is_err());
    }
}
