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

/// Why a text names none of the options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not one of {options}")]
pub struct UnknownOption {
    given: String,
    options: &'static str,
}

impl FromStr for DocumentFormat {
    type Err = UnknownOption;

    fn from_str(text: &str) -> Result<Self, UnknownOption> {
        match text {
            "as-is" => Ok(Self::AsIs),
            "utf8" => Ok(Self::Utf8),
            other => Err(unknown(other, "`as-is`, `utf8`")),
        }
    }
}

impl FromStr for GzipCheck {
    type Err = UnknownOption;

    fn from_str(text: &str) -> Result<Self, UnknownOption> {
        match text {
            "contents" => Ok(Self::Contents),
            "length" => Ok(Self::Length),
            other => Err(unknown(other, "`contents`, `length`")),
        }
    }
}

pub(super) fn unknown(given: &str, options: &'static str) -> UnknownOption {
    UnknownOption {
        given: given.to_owned(),
        options,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_they_are_set() {
        assert_eq!("as-is".parse(), Ok(DocumentFormat::AsIs));
        assert_eq!("utf8".parse(), Ok(DocumentFormat::Utf8));
        assert_eq!("contents".parse(), Ok(GzipCheck::Contents));
        assert_eq!("length".parse(), Ok(GzipCheck::Length));
        let unknown = "UTF-8"
            .parse::<DocumentFormat>()
            .map_err(|error| error.to_string());
        assert_eq!(unknown, Err("\"UTF-8\" is not one of `as-is`, `utf8`".to_owned()));
        assert!("none".parse::<GzipCheck>().is_err());
    }
}
