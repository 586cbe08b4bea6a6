//! Which checks there are, and in which order.

use anyhow::Result;

use super::context::Context;
use super::{of_sources, of_stacks};

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
pub const CHECKS: [Check; 18] = [
    Check {
        name: "format",
        what: "cargo fmt --check",
        needs: &[],
        run: of_sources::format,
    },
    Check {
        name: "tools",
        what: "Python and npm packages",
        needs: &[],
        run: of_sources::tools,
    },
    Check {
        name: "state-machine",
        what: "asl-validator and statelint",
        needs: &["tools"],
        run: of_sources::state_machine,
    },
    Check {
        name: "cdk-build",
        what: "the CDK app's types",
        needs: &["tools"],
        run: of_sources::cdk_build,
    },
    Check {
        name: "cdk-tests",
        what: "the CDK app's tests",
        needs: &["tools"],
        run: of_sources::cdk_tests,
    },
    Check {
        name: "clippy",
        what: "cargo clippy -D warnings",
        needs: &[],
        run: of_sources::clippy,
    },
    Check {
        name: "build",
        what: "all binaries",
        needs: &[],
        run: of_sources::build,
    },
    Check {
        name: "templates",
        what: "cdk synth and cfn-lint",
        needs: &["tools", "build"],
        run: of_sources::templates,
    },
    Check {
        name: "rust-tests",
        what: "cargo test, without a stack",
        needs: &["tools"],
        run: of_sources::rust_tests,
    },
    Check {
        name: "stack-up",
        what: "cargo local up",
        needs: &["tools", "build"],
        run: of_stacks::stack_up,
    },
    Check {
        name: "end-to-end",
        what: "cargo test, against the stack",
        needs: &["stack-up"],
        run: of_stacks::end_to_end,
    },
    Check {
        name: "browser",
        what: "reports in Chromium",
        needs: &["stack-up"],
        run: of_stacks::browser,
    },
    Check {
        name: "postman",
        what: "the Postman collection",
        needs: &["stack-up"],
        run: of_stacks::postman,
    },
    Check {
        name: "demo",
        what: "the demo",
        needs: &["stack-up"],
        run: of_stacks::demo,
    },
    Check {
        name: "contract",
        what: "the API, held against its OpenAPI document by schemathesis",
        needs: &["stack-up"],
        run: of_stacks::contract,
    },
    Check {
        name: "stack-down",
        what: "cargo local down",
        needs: &["stack-up"],
        run: of_stacks::stack_down,
    },
    Check {
        name: "other-settings",
        what: "the express lane, what was ordered only, mail by SES, onboarding, a secret that rotates, and UTF-8 in Chromium",
        needs: &["tools", "build"],
        run: of_stacks::other_settings,
    },
    Check {
        name: "chaos",
        what: "a small storm",
        needs: &["tools", "build"],
        run: of_stacks::chaos,
    },
];
