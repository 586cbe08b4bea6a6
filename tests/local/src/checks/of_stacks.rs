//! The checks of a stack that is up, and those that start and stop it.

use anyhow::{Context as _, Result};

use super::context::Context;
use crate::chaos::Storm;
use crate::chromium;
use crate::companions;
use crate::profile::Profile;
use crate::progress::say;
use crate::setting::Setting;
use crate::stack::{self, Stack};
use crate::stack_env;
use crate::tls::Tls;
use crate::toolbox::{self, Venv};

/// More would use up the quotas that all sellers of an application share.
const END_TO_END_THREADS: &str = "--test-threads=4";
/// The tests that need a browser.
const BROWSER: &str = "browser::";
/// The tests that need the express lane.
const EXPRESS_LANE: &str = "express_lane::";
/// The tests that look otherwise where only what was ordered is delivered.
const WHOSE_REPORTS: &str = "whose_reports::";
/// The test of links that are presigned URLs.
const PRESIGNED_URLS: &str = "links::a_presigned_url";
/// The tests of e-mails that SES sends.
const MAIL_BY_SES: &str = "mail_by_ses::";
/// The tests of the client secret's rotation.
const ROTATION: &str = "secret_rotation::";
/// The tests of sellers who authorize in a browser, but without one.
const ONBOARDING: &str = "onboarding::";
/// The opposite of the defaults.
const OTHER_SETTINGS: [(&str, &str); 8] = [
    ("workflowType", "express"),
    ("deliver", "ordered"),
    ("links", "presigned"),
    ("mail", "ses"),
    ("rotateSecret", "on"),
    ("onboarding", "on"),
    ("documentFormat", "utf8"),
    ("gzipCheck", "length"),
];
/// What stands above the numbers of requests and failures.
const SCHEMATHESIS_SUMMARY: &str = " SUMMARY ";
const ANOTHER_RUNS: &str = "another stack runs";
/// The collection's variables, and what they are called in `stack.env`.
const POSTMAN_VARIABLES: [(&str, &str); 5] = [
    ("apiUrl", "REPORTS_API_URL"),
    ("stsUrl", "AWS_ENDPOINT_URL"),
    ("roleArn", "INVOKE_ROLE_ARN"),
    ("userAccessKeyId", "INVOKE_USER_ACCESS_KEY_ID"),
    ("userSecretAccessKey", "INVOKE_USER_SECRET_ACCESS_KEY"),
];

pub fn stack_up(context: &mut Context<'_>) -> Result<Option<String>> {
    context.stack = Some(stack::up(context.workspace, context.ports, Profile::default())?);
    Ok(None)
}

pub fn end_to_end(context: &mut Context<'_>) -> Result<Option<String>> {
    let stack = context.stack()?;
    tests_of_stack(
        context,
        stack,
        "end-to-end",
        &["--skip", BROWSER, END_TO_END_THREADS],
    )?;
    Ok(None)
}

/// Reports, opened in a real browser from the e-mailed link.
pub fn browser(context: &mut Context<'_>) -> Result<Option<String>> {
    if let Some(reason) = chromium::prepare(context.workspace)? {
        return Ok(Some(reason));
    }
    tests_of_stack(context, context.stack()?, "browser", &[BROWSER, "--nocapture"])?;
    Ok(None)
}

fn tests_of_stack(context: &Context<'_>, stack: &Stack, log: &str, which: &[&str]) -> Result<()> {
    let mut command = toolbox::cargo(context.workspace);
    stack_env::apply(&mut command, &stack.variables);
    let arguments = ["test", "--workspace", "--test", "end_to_end", "--"];
    context.cargo_test(log, command.args(arguments).args(which))
}

/// The collection, as a user would send it: with the invoke user's key, for a seller of its own.
pub fn postman(context: &mut Context<'_>) -> Result<Option<String>> {
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
        "--env-var",
        "notificationEmail=postman@example.com",
        // Unsubscribes and forgets the seller in the end; nobody's here.
        "--env-var",
        "leave=true",
    ]);
    context.quiet("postman", &mut newman)?;
    Ok(None)
}

/// Thousands of generated requests, signed by the invoke user's role, each of which must be answered as the
/// OpenAPI document says.
pub fn contract(context: &mut Context<'_>) -> Result<Option<String>> {
    let root = context.workspace.root();
    // Its configuration and its hooks.
    let folder = root.join("tests/local/contract");
    let variables = &context.stack()?.variables;
    let url = stack_env::value(variables, "REPORTS_API_URL").context("no REPORTS_API_URL in stack.env")?;
    let mut schemathesis = Venv::of(context.workspace).script("schemathesis");
    stack_env::apply(&mut schemathesis, variables);
    schemathesis
        // What it remembers of failures stays here.
        .current_dir(context.workspace.local("test"))
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env(
            "HYPOTHESIS_STORAGE_DIRECTORY",
            context.workspace.local("test/hypothesis"),
        )
        .arg("--config-file")
        .arg(folder.join("schemathesis.toml"))
        .args(["--no-color", "run", "--url", url.trim_end_matches('/')])
        .arg(root.join("lambdas/contract/openapi.json"));
    context.summed_up("contract", &mut schemathesis, SCHEMATHESIS_SUMMARY)?;
    Ok(None)
}

pub fn demo(context: &mut Context<'_>) -> Result<Option<String>> {
    let mut command = companions::command(context.workspace, "demo", &context.stack()?.variables)?;
    context.quiet("demo", &mut command)?;
    Ok(None)
}

pub fn stack_down(context: &mut Context<'_>) -> Result<Option<String>> {
    match context.stack.take() {
        Some(stack) if stack.is_ours() => Ok(None),
        _ => Ok(Some("it ran before and goes on running".to_owned())),
    }
}

/// A stack with other settings.
pub fn other_profile() -> Profile {
    let context = OTHER_SETTINGS.map(|(name, value)| Setting::new(name, value));
    Profile {
        context: context.into(),
        ..Profile::default()
    }
}

/// What only a stack with other settings can show.
pub fn other_settings(context: &mut Context<'_>) -> Result<Option<String>> {
    if stack::running(context.workspace).is_some() {
        return Ok(Some(ANOTHER_RUNS.to_owned()));
    }
    let stack = stack::up(context.workspace, context.ports, other_profile())?;
    // One by one, as one of them gives a function little time.
    let alone = [EXPRESS_LANE, "--test-threads=1"];
    tests_of_stack(context, &stack, "express-lane", &alone)?;
    let others = [
        WHOSE_REPORTS,
        PRESIGNED_URLS,
        MAIL_BY_SES,
        ONBOARDING,
        "--skip",
        BROWSER,
        END_TO_END_THREADS,
    ];
    tests_of_stack(context, &stack, "other-settings", &others)?;
    // Last of those that call Amazon, and alone: it ends the secret that all of them use.
    tests_of_stack(context, &stack, "rotation", &[ROTATION, "--test-threads=1"])?;
    if let Some(reason) = chromium::prepare(context.workspace)? {
        say(&format!("no browser: {reason}"));
        return Ok(None);
    }
    tests_of_stack(context, &stack, "browser-utf8", &[BROWSER, "--nocapture"])?;
    Ok(None)
}

/// Its own stack: what the other checks left behind would be in the way, and faults in theirs.
pub fn chaos(context: &mut Context<'_>) -> Result<Option<String>> {
    if stack::running(context.workspace).is_some() {
        return Ok(Some(ANOTHER_RUNS.to_owned()));
    }
    let storm = Storm::small();
    let stack = stack::up(context.workspace, context.ports, storm.profile())?;
    let mut command = storm.command(context.workspace, &stack)?;
    context.quiet("chaos", &mut command)?;
    Ok(None)
}
