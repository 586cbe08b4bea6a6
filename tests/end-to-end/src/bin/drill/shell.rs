//! The runbook's commands, run as they are printed, as an operator's shell would.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::faults::Fault;
use crate::scene::Scene;

/// What the operator knows and types.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Variables that the runbook says to set.
    pub variables: Vec<(&'static str, String)>,
    /// Lines for what the commands ask.
    pub lines: Vec<String>,
}

/// Longer than every command takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// The local AWS CLI, version 1, is told a queue's endpoint on the command line only. The commands stay as they are.
const AWS: &str = "aws() {
  case $1 in
    sqs) command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\" ;;
    *) command aws \"$@\" ;;
  esac
}
";

/// Runs blocks of commands in one shell. The first command that fails ends it.
pub async fn run(scene: &Scene<'_>, fault: Fault, blocks: &[&str], inputs: &Inputs) -> Result<()> {
    let log = scene.options.logs.join(format!("{fault}.log"));
    std::fs::create_dir_all(&scene.options.logs)?;
    let file = std::fs::File::create(&log).with_context(|| format!("{} can't be written", log.display()))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(scene.options.tools.clone()).chain(std::env::split_paths(&path));
    let mut child = Command::new("bash")
        .args(["-c", &script(blocks)])
        .env("PATH", std::env::join_paths(folders)?)
        .env(
            "CURL_CA_BUNDLE",
            std::env::var_os("AWS_CA_BUNDLE").unwrap_or_default(),
        )
        .env("AWS_PAGER", "")
        .envs(inputs.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(file.try_clone()?)
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .context("bash can't be started")?;
    if let Some(mut stdin) = child.stdin.take() {
        let typed: String = inputs.lines.iter().map(|line| format!("{line}\n")).collect();
        // Who asks nothing doesn't listen.
        let _ = stdin.write_all(typed.as_bytes()).await;
    }
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .with_context(|| format!("the runbook's commands take too long, see {}", log.display()))??;
    if !status.success() {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let end = lines[lines.len().saturating_sub(12)..].join("\n    ");
        bail!(
            "the runbook's commands fail ({status}), see {}:\n    {end}",
            log.display()
        );
    }
    scene.say(&format!("✓ {} blocks of commands ran as printed", blocks.len()));
    Ok(())
}

/// All blocks, each said before it is run.
fn script(blocks: &[&str]) -> String {
    let mut script = format!("set -euo pipefail\n{AWS}");
    for (number, block) in blocks.iter().enumerate() {
        let _ = write!(script, "echo '── block {}' >&2\n{block}\n", number + 1);
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What bash prints for these blocks.
    fn printed(blocks: &[&str]) -> Result<(bool, String)> {
        let output = std::process::Command::new("bash")
            .args(["-c", &script(blocks)])
            .output()?;
        Ok((output.status.success(), String::from_utf8(output.stdout)?))
    }

    #[test]
    fn blocks_share_a_shell_and_end_at_the_first_failure() -> Result<()> {
        assert_eq!(
            printed(&["twice() { echo $1$1; }\nx=a", "twice $x"])?,
            (true, "aa\n".to_owned())
        );
        assert_eq!(
            printed(&["echo one", "false | cat", "echo two"])?,
            (false, "one\n".to_owned())
        );
        Ok(())
    }
}
