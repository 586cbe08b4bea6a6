//! What must be on the machine: Rust, Node, Python and a C compiler.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

const NODE: Version = Version { major: 20, minor: 0 };
const PYTHON: Version = Version { major: 3, minor: 11 };

/// A program's version, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// The first `major.minor` in a text such as `v20.20.2` or `Python 3.11.7`.
    fn parse(text: &str) -> Option<Self> {
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

/// The programs found.
pub struct Tools {
    /// A Python that is new enough.
    pub python: String,
}

/// Looks for everything and names at once all that is missing.
pub fn check() -> Result<Tools> {
    let mut missing = Vec::new();
    match version_of("node") {
        Some(version) if version >= NODE => {}
        Some(version) => missing.push(format!(
            "Node.js {version} is too old: {NODE} or newer is needed. Get it from https://nodejs.org."
        )),
        None => missing.push(format!(
            "Node.js is missing (`node`). Get {NODE} or newer from https://nodejs.org."
        )),
    }
    if output_of("npm", &["--version"]).is_none() {
        missing.push(
            "npm is missing. It comes with Node.js; on Debian and Ubuntu: `apt install npm`.".to_owned(),
        );
    }
    let python = python();
    if let Err(message) = &python {
        missing.push(message.clone());
    }
    if output_of("cargo", &["--version"]).is_none() {
        missing.push("cargo is missing from PATH. Get Rust from https://rustup.rs.".to_owned());
    }
    if output_of("cc", &["--version"]).is_none() {
        missing.push(
            "A C compiler is missing (`cc`); the TLS libraries need it. On Debian and Ubuntu: `apt install gcc`; \
             on Fedora: `dnf install gcc`; on macOS: `xcode-select --install`."
                .to_owned(),
        );
    }
    match python {
        Ok(python) if missing.is_empty() => Ok(Tools { python }),
        _ => bail!(
            "this machine lacks what the local stack needs:\n  - {}",
            missing.join("\n  - ")
        ),
    }
}

fn python() -> Result<String, String> {
    const NAMES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
    let found: Vec<(&str, Version)> = NAMES
        .iter()
        .filter_map(|name| Some((*name, version_of(name)?)))
        .collect();
    let Some((name, _)) = found.iter().find(|(_, version)| *version >= PYTHON) else {
        let what = match found.first() {
            Some((name, version)) => format!("`{name}` is Python {version}, too old"),
            None => "Python is missing (`python3`)".to_owned(),
        };
        return Err(format!(
            "{what}: {PYTHON} or newer is needed. On Debian and Ubuntu: `apt install python3 python3-venv`; \
             elsewhere: https://www.python.org."
        ));
    };
    // Debian packs it separately.
    if output_of(name, &["-c", "import venv, ensurepip"]).is_none() {
        return Err(format!(
            "`{name}` lacks the venv module. On Debian and Ubuntu: `apt install {name}-venv`."
        ));
    }
    Ok((*name).to_owned())
}

fn version_of(program: &str) -> Option<Version> {
    output_of(program, &["--version"])
        .as_deref()
        .and_then(Version::parse)
}

/// What a program prints; nothing if it is missing or fails.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
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
        assert_eq!(Version::parse("none"), None);
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version { major: 3, minor: 9 } < PYTHON);
        assert!(Version { major: 3, minor: 14 } > PYTHON);
        assert!(Version { major: 18, minor: 99 } < NODE);
    }
}
