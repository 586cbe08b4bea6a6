//! What every command needs that starts a stack or runs checks.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::version::Version;
use super::{Finding, output_of, version_of};
use crate::chromium;
use crate::workspace::Workspace;

const NODE: Version = Version { major: 20, minor: 0 };
const PYTHON: Version = Version { major: 3, minor: 11 };
const GIB: u64 = 1 << 30;
/// The compiled AWS SDK, functions and tests, the Python tools and npm's packages.
const TO_BUILD: u64 = 6 * GIB;
/// What a stack writes once everything is compiled.
const TO_RUN: u64 = GIB;

pub fn cargo(_: &Workspace) -> Finding {
    match version_of("cargo") {
        Some(version) => Finding::found(version),
        None => Finding::missing("`cargo` is not in PATH", "Get Rust from https://rustup.rs."),
    }
}

pub fn c_compiler(_: &Workspace) -> Finding {
    match output_of("cc", &["--version"]) {
        Some(said) => Finding::Found(said.lines().next().unwrap_or_default().to_owned()),
        None => Finding::missing(
            "there is no `cc`; the TLS libraries need it",
            "On Debian and Ubuntu: `apt install gcc`; on Fedora: `dnf install gcc`; on macOS: \
             `xcode-select --install`.",
        ),
    }
}

pub fn node(_: &Workspace) -> Finding {
    const REMEDY: &str = "Get it from https://nodejs.org.";
    match version_of("node") {
        Some(version) if version >= NODE => Finding::found(version),
        Some(version) => Finding::missing(
            format!("Node.js {version} is too old: {NODE} or newer is needed"),
            REMEDY,
        ),
        None => Finding::missing(format!("there is no `node`: {NODE} or newer is needed"), REMEDY),
    }
}

pub fn npm(_: &Workspace) -> Finding {
    match version_of("npm") {
        Some(version) => Finding::found(version),
        None => Finding::missing(
            "there is no `npm`",
            "It comes with Node.js; on Debian and Ubuntu: `apt install npm`.",
        ),
    }
}

pub fn python(_: &Workspace) -> Finding {
    match usable_python() {
        Ok((name, version)) => Finding::Found(format!("{version} (`{name}`)")),
        Err(missing) => missing,
    }
}

/// A Python that is new enough and can make environments; else what is wrong.
pub fn usable_python() -> Result<(&'static str, Version), Finding> {
    const NAMES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
    let found: Vec<(&str, Version)> = NAMES
        .iter()
        .filter_map(|name| Some((*name, version_of(name)?)))
        .collect();
    let Some((name, version)) = found.iter().find(|(_, version)| *version >= PYTHON) else {
        let what = match found.first() {
            Some((name, version)) => format!("`{name}` is Python {version}, too old"),
            None => "there is no `python3`".to_owned(),
        };
        return Err(Finding::missing(
            format!("{what}: {PYTHON} or newer is needed"),
            "On Debian and Ubuntu: `apt install python3 python3-venv`; elsewhere: https://www.python.org.",
        ));
    };
    // Debian packs it separately.
    if output_of(name, &["-c", "import venv, ensurepip"]).is_none() {
        return Err(Finding::missing(
            format!("`{name}` lacks the venv module"),
            format!("On Debian and Ubuntu: `apt install {name}-venv`."),
        ));
    }
    Ok((name, *version))
}

/// Room under the target folder: a full disk fails with the oddest messages.
pub fn disk(workspace: &Workspace) -> Finding {
    let is_built = workspace.binary("token-storage").exists();
    let wanted = if is_built { TO_RUN } else { TO_BUILD };
    match free_space(&workspace.local("")) {
        Some(free) => judged_space(free, wanted, &workspace.shown(&workspace.local(""))),
        None => Finding::Optional("the system doesn't say how much is free".to_owned(), None),
    }
}

fn judged_space(free: u64, wanted: u64, folder: &str) -> Finding {
    // Down, so that no `6 GiB of 6 GiB` is too little.
    let gib = |bytes: u64| format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB);
    if free >= wanted {
        return Finding::Found(format!("{} free", gib(free)));
    }
    Finding::missing(
        format!(
            "{} are free where {folder} is, and {} are needed",
            gib(free),
            gib(wanted)
        ),
        "Make room, or let CARGO_TARGET_DIR name a folder on another disk.",
    )
}

/// What may still be written where that folder is or will be.
fn free_space(folder: &Path) -> Option<u64> {
    let existing = folder.ancestors().find(|folder| folder.exists())?;
    let system = statvfs(existing).ok()?;
    // Wider than any system has them.
    let free = u128::from(system.blocks_available()) * u128::from(system.fragment_size());
    Some(u64::try_from(free).unwrap_or(u64::MAX))
}

pub fn browser(_: &Workspace) -> Finding {
    match chromium::obstacle() {
        None if chromium::is_installed() => Finding::Found("chromium and chromedriver".to_owned()),
        None => Finding::Optional("not there; `cargo local test` installs it".to_owned(), None),
        Some(why) => Finding::Optional(
            format!("{why}: `cargo local test` skips what opens reports in it"),
            Some("On Debian: `apt install chromium chromium-driver`.".to_owned()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_missing_and_says_how_little() {
        let gib = 1 << 30;
        assert_eq!(
            judged_space(7 * gib + gib / 2, 6 * gib, "target"),
            Finding::Found("7.5 GiB free".to_owned())
        );
        let Finding::Missing { what, remedy } = judged_space(gib / 4, 6 * gib, "target/local") else {
            panic!("a quarter is enough");
        };
        assert_eq!(
            what,
            "0.2 GiB are free where target/local is, and 6.0 GiB are needed"
        );
        assert!(remedy.contains("CARGO_TARGET_DIR"));
    }

    #[test]
    fn room_is_looked_for_where_the_folder_will_be() {
        assert!(free_space(Path::new("/no/such/folder/yet")).is_some_and(|free| free > 0));
    }
}
