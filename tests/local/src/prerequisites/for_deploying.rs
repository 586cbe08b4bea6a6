//! What `cdk deploy` to AWS needs besides.

use std::env;
use std::path::{Path, PathBuf};

use super::{Finding, output_of, version_of};
use crate::workspace::Workspace;

/// The one that the documentation has.
const CARGO_LAMBDA: &str = "python3 -m venv ~/sp-reports-tools && . ~/sp-reports-tools/bin/activate && \
                            pip install cargo-lambda==1.9.2 ziglang";
/// What SDKs read keys from, in their order, without a file.
const KEYS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

pub fn cargo_lambda(_: &Workspace) -> Finding {
    match output_of("cargo", &["lambda", "--version"]) {
        Some(said) => Finding::Found(said.trim().to_owned()),
        None => Finding::missing(
            "there is no `cargo lambda`, which compiles the functions for AWS",
            format!("Type `{CARGO_LAMBDA}`."),
        ),
    }
}

/// Under its own name, or as the Python package that cargo-lambda looks for as well.
pub fn zig(_: &Workspace) -> Finding {
    let found = output_of("zig", &["version"])
        .or_else(|| output_of("python3", &["-m", "ziglang", "version"]))
        .or_else(|| output_of("python", &["-m", "ziglang", "version"]));
    match found {
        Some(said) => Finding::Found(said.trim().to_owned()),
        None => Finding::missing(
            "there is no `zig`, with which cargo-lambda links",
            format!("Type `{CARGO_LAMBDA}`."),
        ),
    }
}

/// What rustc needs to compile for the processor that functions run on.
pub fn target(_: &Workspace) -> Finding {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let sysroot = output_of("rustc", &["--print", "sysroot"]).map(|path| PathBuf::from(path.trim()));
    match sysroot {
        Some(sysroot) if sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() => {
            Finding::Found(TARGET.to_owned())
        }
        Some(_) => Finding::missing(
            format!("Rust lacks {TARGET}"),
            format!(
                "Type `rustup target add {TARGET}`, or aarch64-unknown-linux-gnu for `-c architecture=arm64`."
            ),
        ),
        None => Finding::missing("there is no `rustc`", "Get Rust from https://rustup.rs."),
    }
}

pub fn cdk_packages(workspace: &Workspace) -> Finding {
    if workspace.root().join("cdk/node_modules/.bin/cdk").exists() {
        return Finding::Found("in cdk/node_modules".to_owned());
    }
    Finding::missing("cdk/node_modules is not there", "Type `cd cdk && npm ci`.")
}

pub fn aws_cli(_: &Workspace) -> Finding {
    match version_of("aws") {
        Some(version) => Finding::found(version),
        None => Finding::missing(
            "there is no `aws`",
            "See https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html.",
        ),
    }
}

/// Only whether there are any: asking AWS whether they are good is for `aws sts get-caller-identity`.
pub fn credentials(_: &Workspace) -> Finding {
    let variable = KEYS
        .into_iter()
        .find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    if let Some(variable) = variable {
        return Finding::Found(format!("{variable} is set"));
    }
    let home = env::home_dir().unwrap_or_default();
    let file =
        |variable: &str, usual: &str| env::var_os(variable).map_or_else(|| home.join(usual), PathBuf::from);
    let files = [
        file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
        file("AWS_CONFIG_FILE", ".aws/config"),
    ];
    match files.iter().find(|file| is_filled(file)) {
        Some(file) => Finding::Found(file.display().to_string()),
        None => Finding::missing(
            "there are no credentials of an AWS account",
            "Type `aws configure`, or `aws configure sso`; `aws sts get-caller-identity` says whether they are good.",
        ),
    }
}

fn is_filled(file: &Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_holds_no_credentials() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("credentials");
        assert!(!is_filled(&file));
        std::fs::write(&file, "")?;
        assert!(!is_filled(&file));
        std::fs::write(&file, "[default]\n")?;
        assert!(is_filled(&file) && !is_filled(folder.path()));
        Ok(())
    }

    #[test]
    fn missing_packages_of_the_cdk_are_told_with_what_to_type() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::at(folder.path());
        let Finding::Missing { remedy, .. } = cdk_packages(&workspace) else {
            panic!("there are none");
        };
        assert_eq!(remedy, "Type `cd cdk && npm ci`.");
        let tools = folder.path().join("cdk/node_modules/.bin");
        std::fs::create_dir_all(&tools)?;
        std::fs::write(tools.join("cdk"), "")?;
        assert_eq!(
            cdk_packages(&workspace),
            Finding::Found("in cdk/node_modules".to_owned())
        );
        Ok(())
    }
}
