//! How long a report's plain text is.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Size(pub u64);

impl Size {
    pub const GIB: Self = Self(1 << 30);

    /// As a fraction of that.
    pub fn gib(self) -> f64 {
        self.mib() / 1024.0
    }

    /// As a fraction of that.
    pub fn mib(self) -> f64 {
        self.0 as f64 / f64::from(1 << 20)
    }
}

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = UNITS
            .iter()
            .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
        let (number, unit) = found.ok_or("a number with KiB, MiB or GiB, such as 100MiB")?;
        let number: u64 = number.trim().parse().map_err(|_| "not a whole number")?;
        match number.checked_mul(*unit) {
            Some(bytes) if bytes > 0 => Ok(Self(bytes)),
            _ => Err("too small or too large".to_owned()),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes));
        match unit {
            Some((unit, bytes)) => write!(formatter, "{} {unit}", self.0 / bytes),
            None => write!(formatter, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, shown) in [
            ("1GiB", 1 << 30, "1 GiB"),
            ("100MiB", 100 << 20, "100 MiB"),
            ("2048KiB", 2 << 20, "2 MiB"),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)));
            assert_eq!(Size(bytes).to_string(), shown);
        }
        for wrong in ["1", "GiB", "1GB", "0MiB", "99999999999999GiB", "-1MiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
