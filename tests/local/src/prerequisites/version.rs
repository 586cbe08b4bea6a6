//! Versions of programs.

/// A program's version, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl Version {
    /// The first `major.minor` in a text such as `v20.20.2` or `Python 3.11.7`.
    pub fn parse(text: &str) -> Option<Self> {
        let start = text.find(|character: char| character.is_ascii_digit())?;
        let mut numbers = text
            .get(start..)?
            .split(|character: char| !character.is_ascii_digit());
        Some(Self {
            major: numbers.next()?.parse().ok()?,
            minor: numbers.next()?.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        let version = |major, minor| Some(Version { major, minor });
        assert_eq!(Version::parse("v20.20.2\n"), version(20, 20));
        assert_eq!(Version::parse("Python 3.11.7"), version(3, 11));
        assert_eq!(Version::parse("Python 3.13.0rc1"), version(3, 13));
        assert_eq!(Version::parse("cc (Debian 12.2.0-14) 12.2.0"), version(12, 2));
        assert_eq!(Version::parse("aws-cli/2.17.1 Python/3.11.8"), version(2, 17));
        assert_eq!(Version::parse("none"), None);
    }

    #[test]
    fn versions_compare_as_numbers() {
        let python = Version { major: 3, minor: 11 };
        assert!(Version { major: 3, minor: 9 } < python);
        assert!(Version { major: 3, minor: 14 } > python);
        assert!(Version { major: 2, minor: 99 } < python);
    }
}
