//! The checks of what is in the checkout. They need tools but no stack.

use std::fs;
use std::thread;

use anyhow::{Result, bail};

use super::context::{Context, files_in};
use crate::aws_cli::{self, isolate};
use crate::toolbox::{self, Venv};
use crate::{functions, prerequisites};

/// Needless dependencies in the CDK's output, which the CDK makes on purpose.
const CFN_LINT_IGNORES: [&str; 2] = ["--ignore-checks", "W3005"];

pub fn format(context: &mut Context<'_>) -> Result<Option<String>> {
    context.quiet(
        "format",
        toolbox::cargo(context.workspace).args(["fmt", "--all", "--check"]),
    )?;
    Ok(None)
}

pub fn tools(context: &mut Context<'_>) -> Result<Option<String>> {
    let tools = prerequisites::check(context.workspace)?;
    let workspace = context.workspace;
    // All of them mostly wait for the network.
    thread::scope(|scope| {
        let npm = scope.spawn(|| {
            toolbox::npm_ci(workspace, "cdk")?;
            toolbox::npm_ci(workspace, "tests")
        });
        let python = Venv::prepare(workspace, &tools);
        let npm = npm
            .join()
            .unwrap_or_else(|_| bail!("installing npm packages panicked"));
        python.map(drop).and(npm)
    })?;
    Ok(None)
}

pub fn state_machine(context: &mut Context<'_>) -> Result<Option<String>> {
    let folder = context.workspace.local("test/statemachine");
    fs::create_dir_all(&folder)?;
    for definition in context.files("statemachine", ".asl.json")? {
        let name = definition
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let substituted = folder.join(&name);
        fs::write(&substituted, with_dummies(&fs::read_to_string(&definition)?))?;
        context.quiet(
            "asl-validator",
            context
                .npm_tool("asl-validator")
                .arg("--json-path")
                .arg(&substituted),
        )?;
        context.quiet(
            "statelint",
            Venv::of(context.workspace).script("statelint").arg(&substituted),
        )?;
    }
    Ok(None)
}

pub fn cdk_build(context: &mut Context<'_>) -> Result<Option<String>> {
    context.npm_run("cdk-build", "cdk", "build")?;
    Ok(None)
}

pub fn cdk_tests(context: &mut Context<'_>) -> Result<Option<String>> {
    context.npm_run("cdk-tests", "cdk", "test")?;
    Ok(None)
}

pub fn clippy(context: &mut Context<'_>) -> Result<Option<String>> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    context.quiet("clippy", toolbox::cargo(context.workspace).args(arguments))?;
    Ok(None)
}

pub fn build(context: &mut Context<'_>) -> Result<Option<String>> {
    functions::build(context.workspace)?;
    functions::lay_out(context.workspace)?;
    Ok(None)
}

/// The templates as they go to AWS, with either way of e-mails, plus the local mailbox.
pub fn templates(context: &mut Context<'_>) -> Result<Option<String>> {
    // All that the defaults have, and all that other settings add.
    for (mail, onboarding) in [("sns", "off"), ("ses", "on")] {
        templates_with(context, mail, onboarding)?;
    }
    Ok(None)
}

fn templates_with(context: &Context<'_>, mail: &str, onboarding: &str) -> Result<()> {
    let folder = context.workspace.local(&format!("test/cdk.out.{mail}"));
    let functions = format!("functionsDir={}", context.workspace.local("functions").display());
    let mut synthesis = aws_cli::cdk(context.workspace);
    synthesis.args([
        "synth",
        "--quiet",
        "--no-notices",
        "--context",
        &functions,
        "--context",
        "localMailbox=true",
        "--context",
        &format!("mail={mail}"),
        "--context",
        &format!("onboarding={onboarding}"),
    ]);
    context.quiet(
        &format!("cdk-synth-{mail}"),
        synthesis.arg("--output").arg(&folder),
    )?;
    let templates = files_in(&folder, ".template.json")?;
    if templates.is_empty() {
        bail!("`cdk synth` wrote no template to {}", folder.display());
    }
    let mut lint = Venv::of(context.workspace).script("cfn-lint");
    context.quiet(
        &format!("cfn-lint-{mail}"),
        lint.args(CFN_LINT_IGNORES).arg("--template").args(templates),
    )
}

pub fn rust_tests(context: &mut Context<'_>) -> Result<Option<String>> {
    let mut command = toolbox::cargo(context.workspace);
    // The end-to-end tests among them must not find a stack here.
    isolate(&mut command);
    command.env_remove("REPORTS_API_URL");
    context.cargo_test("rust-tests", command.args(["test", "--workspace"]))?;
    Ok(None)
}

/// A definition with something in each place that the deployment fills in.
fn with_dummies(definition: &str) -> String {
    let mut parts = definition.split("${");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((name, rest)) => {
                result.push_str(&format!(
                    "arn:aws:lambda:us-east-1:000000000000:function:{name}{rest}"
                ));
            }
            None => result.push_str(part),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_in_a_definition_is_filled_in() {
        let definition = r#"{"FunctionName": "${Retrieval}", "Table": "${Reports}", "Cause.$": "$.Cause"}"#;
        assert_eq!(
            with_dummies(definition),
            r#"{"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:Retrieval", "Table": "arn:aws:lambda:us-east-1:000000000000:function:Reports", "Cause.$": "$.Cause"}"#
        );
        assert_eq!(with_dummies("{}"), "{}");
    }
}
