//! The checks themselves.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::PortOptions;
use crate::aws_cli::{self, isolate};
use crate::processes::{CommandFailed, run_logged};
use crate::progress::say;
use crate::stack::{self, Stack};
use crate::stack_env;
use crate::tls::Tls;
use crate::toolbox::{self, Venv};
use crate::workspace::Workspace;
use crate::{functions, prerequisites};

/// More would use up the quotas that all sellers of an application share.
const END_TO_END_THREADS: &str = "--test-threads=2";
/// Needless dependencies in the CDK's output, which the CDK makes on purpose.
const CFN_LINT_IGNORES: [&str; 2] = ["--ignore-checks", "W3005"];

/// The collection's variables, and what they are called in `stack.env`.
const POSTMAN_VARIABLES: [(&str, &str); 5] = [
    ("apiUrl", "REPORTS_API_URL"),
    ("stsUrl", "AWS_ENDPOINT_URL"),
    ("roleArn", "INVOKE_ROLE_ARN"),
    ("userAccessKeyId", "INVOKE_USER_ACCESS_KEY_ID"),
    ("userSecretAccessKey", "INVOKE_USER_SECRET_ACCESS_KEY"),
];

/// One check.
pub struct Check {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    /// The checks that must have passed, if they are run at all.
    pub needs: &'static [&'static str],
    /// Fails if the check does; may say why there is nothing to check.
    pub run: fn(&mut Context<'_>) -> Result<Option<String>>,
}

/// All checks, in their order: quick ones first, and those that need a stack last.
pub const CHECKS: [Check; 14] = [
    Check {
        name: "format",
        what: "cargo fmt --check",
        needs: &[],
        run: format,
    },
    Check {
        name: "tools",
        what: "Python and npm packages",
        needs: &[],
        run: tools,
    },
    Check {
        name: "state-machine",
        what: "asl-validator and statelint",
        needs: &["tools"],
        run: state_machine,
    },
    Check {
        name: "cdk-build",
        what: "the CDK app's types",
        needs: &["tools"],
        run: cdk_build,
    },
    Check {
        name: "cdk-tests",
        what: "the CDK app's tests",
        needs: &["tools"],
        run: cdk_tests,
    },
    Check {
        name: "clippy",
        what: "cargo clippy -D warnings",
        needs: &[],
        run: clippy,
    },
    Check {
        name: "build",
        what: "all binaries",
        needs: &[],
        run: build,
    },
    Check {
        name: "templates",
        what: "cdk synth and cfn-lint",
        needs: &["tools", "build"],
        run: templates,
    },
    Check {
        name: "rust-tests",
        what: "cargo test, without a stack",
        needs: &["tools"],
        run: rust_tests,
    },
    Check {
        name: "stack-up",
        what: "cargo local up",
        needs: &["tools", "build"],
        run: stack_up,
    },
    Check {
        name: "end-to-end",
        what: "cargo test, against the stack",
        needs: &["stack-up"],
        run: end_to_end,
    },
    Check {
        name: "postman",
        what: "the Postman collection",
        needs: &["stack-up"],
        run: postman,
    },
    Check {
        name: "demo",
        what: "the demo",
        needs: &["stack-up"],
        run: demo,
    },
    Check {
        name: "stack-down",
        what: "cargo local down",
        needs: &["stack-up"],
        run: stack_down,
    },
];

/// What the checks share.
pub struct Context<'a> {
    workspace: &'a Workspace,
    ports: PortOptions,
    stack: Option<Stack>,
}

impl<'a> Context<'a> {
    /// Nothing done yet.
    pub fn new(workspace: &'a Workspace, ports: PortOptions) -> Self {
        Self {
            workspace,
            ports,
            stack: None,
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.workspace.log(&format!("test/{name}"))
    }

    /// Runs a command quietly.
    fn quiet(&self, log: &str, command: &mut Command) -> Result<()> {
        run_logged(command, &self.log(log), |_| {})
    }

    /// Runs `cargo test`, and shows what it says but the names of the crates that it compiles.
    fn cargo_test(&self, log: &str, command: &mut Command) -> Result<()> {
        let result = run_logged(command, &self.log(log), |line| {
            const NOISE: [&str; 5] = [
                "Compiling ",
                "Downloading ",
                "Downloaded ",
                "Locking ",
                "Updating ",
            ];
            if !NOISE.iter().any(|word| line.trim_start().starts_with(word)) {
                say(line);
            }
        });
        result.map_err(|error| match error.downcast_ref::<CommandFailed>() {
            Some(failed) => anyhow!(failed.in_short()),
            None => error,
        })
    }

    fn npm_run(&self, log: &str, folder: &str, script: &str) -> Result<()> {
        let mut command = toolbox::command("npm");
        self.quiet(
            log,
            command
                .args(["run", script])
                .current_dir(self.workspace.root().join(folder)),
        )
    }

    fn npm_tool(&self, name: &str) -> Command {
        toolbox::command(self.workspace.root().join("tests/node_modules/.bin").join(name))
    }

    fn stack(&self) -> Result<&Stack> {
        self.stack.as_ref().context("no stack is up: don't skip stack-up")
    }

    /// The files of a folder of the checkout whose names end like this.
    fn files(&self, folder: &str, suffix: &str) -> Result<Vec<PathBuf>> {
        files_in(&self.workspace.root().join(folder), suffix)
    }
}

fn files_in(folder: &std::path::Path, suffix: &str) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(suffix) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn format(context: &mut Context<'_>) -> Result<Option<String>> {
    context.quiet(
        "format",
        toolbox::cargo(context.workspace).args(["fmt", "--all", "--check"]),
    )?;
    Ok(None)
}

fn tools(context: &mut Context<'_>) -> Result<Option<String>> {
    let tools = prerequisites::check()?;
    Venv::prepare(context.workspace, &tools)?;
    toolbox::npm_ci(context.workspace, "cdk")?;
    toolbox::npm_ci(context.workspace, "tests")?;
    Ok(None)
}

fn state_machine(context: &mut Context<'_>) -> Result<Option<String>> {
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

fn cdk_build(context: &mut Context<'_>) -> Result<Option<String>> {
    context.npm_run("cdk-build", "cdk", "build")?;
    Ok(None)
}

fn cdk_tests(context: &mut Context<'_>) -> Result<Option<String>> {
    context.npm_run("cdk-tests", "cdk", "test")?;
    Ok(None)
}

fn clippy(context: &mut Context<'_>) -> Result<Option<String>> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--release",
        "--",
        "-D",
        "warnings",
    ];
    context.quiet("clippy", toolbox::cargo(context.workspace).args(arguments))?;
    Ok(None)
}

fn build(context: &mut Context<'_>) -> Result<Option<String>> {
    functions::build(context.workspace)?;
    functions::lay_out(context.workspace)?;
    Ok(None)
}

/// The templates as they go to AWS, plus the local mailbox.
fn templates(context: &mut Context<'_>) -> Result<Option<String>> {
    let folder = context.workspace.local("test/cdk.out");
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
    ]);
    context.quiet("cdk-synth", synthesis.arg("--output").arg(&folder))?;
    let templates = files_in(&folder, ".template.json")?;
    if templates.is_empty() {
        bail!("`cdk synth` wrote no template to {}", folder.display());
    }
    let mut lint = Venv::of(context.workspace).script("cfn-lint");
    context.quiet(
        "cfn-lint",
        lint.args(CFN_LINT_IGNORES).arg("--template").args(templates),
    )?;
    Ok(None)
}

fn rust_tests(context: &mut Context<'_>) -> Result<Option<String>> {
    let mut command = toolbox::cargo(context.workspace);
    // The end-to-end tests among them must not find a stack here.
    isolate(&mut command);
    command.env_remove("REPORTS_API_URL");
    context.cargo_test("rust-tests", command.args(["test", "--release", "--workspace"]))?;
    Ok(None)
}

fn stack_up(context: &mut Context<'_>) -> Result<Option<String>> {
    context.stack = Some(stack::up(context.workspace, context.ports)?);
    Ok(None)
}

fn end_to_end(context: &mut Context<'_>) -> Result<Option<String>> {
    let mut command = toolbox::cargo(context.workspace);
    stack_env::apply(&mut command, &context.stack()?.variables);
    let arguments = [
        "test",
        "--release",
        "--workspace",
        "--test",
        "end_to_end",
        "--",
        END_TO_END_THREADS,
    ];
    context.cargo_test("end-to-end", command.args(arguments))?;
    Ok(None)
}

/// The collection, as a user would send it: with the invoke user's key, for a seller of its own.
fn postman(context: &mut Context<'_>) -> Result<Option<String>> {
    let folder = context.workspace.root().join("postman");
    let variables = &context.stack()?.variables;
    let mut newman = context.npm_tool("newman");
    stack_env::apply(&mut newman, variables);
    newman
        .arg("run")
        .arg(folder.join("sp-reports.postman_collection.json"))
        .arg("--environment")
        .arg(folder.join("sp-reports.postman_environment.json"))
        .arg("--ssl-extra-ca-certs")
        .arg(Tls::of(context.workspace).authority())
        .args(["--color", "off", "--timeout-request", "60000"]);
    for (variable, ours) in POSTMAN_VARIABLES {
        let value = stack_env::value(variables, ours).with_context(|| format!("no {ours} in stack.env"))?;
        newman.args(["--env-var", &format!("{variable}={value}")]);
    }
    // The simulator takes any refresh token that is stored for a seller.
    newman.args([
        "--env-var",
        "sellerId=A1POSTMANSELLER",
        "--env-var",
        "refreshToken=Atzr|postman",
    ]);
    context.quiet("postman", &mut newman)?;
    Ok(None)
}

fn demo(context: &mut Context<'_>) -> Result<Option<String>> {
    let mut command = toolbox::command(context.workspace.binary("demo"));
    stack_env::apply(&mut command, &context.stack()?.variables);
    context.quiet("demo", &mut command)?;
    Ok(None)
}

fn stack_down(context: &mut Context<'_>) -> Result<Option<String>> {
    match context.stack.take() {
        Some(stack) if stack.is_ours() => Ok(None),
        _ => Ok(Some("it ran before and goes on running".to_owned())),
    }
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
