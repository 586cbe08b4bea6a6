//! `cargo local test`.
use crate::PortOptions;
use crate::workspace::Workspace;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
/// Which checks.
#[derive(Args)]
pub struct Selection {
    /// Only these
    #[arg(long)]
    only: Vec<String>,
}
pub fn run(_: &Workspace, _: PortOptions, _: &Selection) -> Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
