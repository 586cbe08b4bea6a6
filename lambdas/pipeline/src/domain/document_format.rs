use std::str::FromStr;

/// In which form documents are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DocumentFormat {
    /// Byte for byte as Amazon sent them.
    #[default]
    AsIs,
    /// Texts in UTF-8, whatever they came in.
    Utf8,
}

/// Why a text names no document format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither `as-is` nor `utf8`")]
pub struct UnknownFormat(String);

impl FromStr for DocumentFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "as-is" => Ok(Self::AsIs),
            "utf8" => Ok(Self::Utf8),
            other => Err(UnknownFormat(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_they_are_set() {
        assert_eq!("as-is".parse(), Ok(DocumentFormat::AsIs));
        assert_eq!("utf8".parse(), Ok(DocumentFormat::Utf8));
        assert!("UTF-8".parse::<DocumentFormat>().is_err());
    }
}
