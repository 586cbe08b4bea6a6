//! The browser that reports are opened in: Debian's Chromium and its driver.

use std::path::Path;

use anyhow::Result;

use crate::processes::{capture, run_logged};
use crate::progress::Step;
use crate::toolbox;
use crate::workspace::Workspace;

/// What is started, and the package that it comes in.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// Whether it is there.
pub fn is_installed() -> bool {
    missing().is_empty()
}

/// Why there is no browser and can't be one, if so: what is missing is installed with apt-get, as root.
pub fn obstacle() -> Option<String> {
    if is_installed() || (is_in_path("apt-get") && is_root()) {
        return None;
    }
    Some(reason("is not installed"))
}

/// Installs what is missing, where that is possible. Why there is no browser, if there is none.
pub fn prepare(workspace: &Workspace) -> Result<Option<String>> {
    if is_installed() {
        return Ok(None);
    }
    if let Some(obstacle) = obstacle() {
        return Ok(Some(obstacle));
    }
    let step = Step::start("Chromium");
    let log = workspace.log("test/chromium");
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(PROGRAMS.map(|(_, package)| package));
    for arguments in [&["update"][..], &install] {
        let mut command = toolbox::command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        if run_logged(&mut command, &log, |line| step.detail(line)).is_err() {
            let why = format!("can't be installed by apt-get, see {}", workspace.shown(&log));
            return Ok(Some(reason(&why)));
        }
    }
    step.done();
    Ok((!is_installed()).then(|| reason("is not in the package")))
}

fn missing() -> Vec<&'static str> {
    let programs = PROGRAMS.iter().map(|(program, _)| *program);
    programs.filter(|program| !is_in_path(program)).collect()
}

fn reason(why: &str) -> String {
    format!("{} {why}", missing().join(" and "))
}

fn is_root() -> bool {
    capture(toolbox::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}
