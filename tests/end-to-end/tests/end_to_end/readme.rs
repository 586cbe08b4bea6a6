//! README's commands, as they are printed: from the first credentials to the e-mail that it shows.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::world::{Seller, World, new_seller_id};

const README: &str = include_str!("../../../../README.md");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The seller in whose place the reader puts another.
const PRINTED_SELLER: &str = "A3TH9S8BH6GOGM";
/// How the line above a block begins that can't be run here; the rest of it says why.
const NOT_RUN: &str = "<!-- not run: ";
/// What is printed between the blocks' outputs.
const SEPARATOR: &str = "-- the next block --";

/// How each block begins that is run, in their order, and what its output must hold.
const RUN: [(&str, &str); 8] = [
    (". target/local/stack.env", ""),
    ("read -r KEY_ID SECRET SESSION_TOKEN", ""),
    ("call() {", ""),
    ("read -rsp 'Refresh token: ' TOKEN", ""),
    ("call POST /tokens ", r#""status":"SUCCESS""#),
    ("call POST /notifications ", r#""subscriptionId":"#),
    ("call POST /reports ", r#""reportId":"#),
    ("call GET /reports ", r#"{"reports":[{"#),
];

/// A shell block.
struct Block<'a> {
    text: &'a str,
    is_run: bool,
}

/// The page's shell blocks, in their order.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut rest = page;
    let mut found = Vec::new();
    while let Some((before, block)) = rest.split_once("\n```sh\n") {
        let (text, after) = block.split_once("\n```").expect("the block's end");
        let line_above = before.lines().next_back().unwrap_or_default();
        let reason = line_above
            .strip_prefix(NOT_RUN)
            .map(|it| it.trim_end_matches("-->").trim());
        assert_ne!(reason, Some(""), "it does not say why it is not run: {text}");
        found.push(Block {
            text,
            is_run: reason.is_none(),
        });
        rest = after;
    }
    found
}

/// The blocks that are run.
fn commands() -> Vec<&'static str> {
    let run = blocks(README).into_iter().filter(|block| block.is_run);
    run.map(|block| block.text).collect()
}

#[test]
fn every_block_is_run_or_says_why_not() {
    let commands = commands();
    for (index, command) in commands.iter().enumerate() {
        let known = RUN
            .get(index)
            .is_some_and(|(start, _)| command.starts_with(start));
        assert!(
            known,
            "README has a block that nobody runs and that does not say why:\n{command}"
        );
    }
    assert_eq!(commands.len(), RUN.len(), "README lacks a block");
}

#[tokio::test]
async fn the_first_report_comes_as_printed() {
    let Some(world) = World::find().await else { return };
    let id = new_seller_id();
    let seller = Seller {
        refresh_token: format!("Atzr|{id}|readme"),
        id,
    };
    let outputs = run(&seller);
    for ((start, expected), output) in RUN.iter().zip(&outputs) {
        assert!(output.contains(expected), "{start}… printed {output}");
    }
    let answer = |start: &str| -> Value {
        let place = RUN.iter().position(|(known, _)| *known == start).expect("known");
        serde_json::from_str(outputs[place].trim()).expect("JSON")
    };
    let ordered = answer("call POST /reports ");
    let report = ordered["reportId"].as_str().expect("a report id");
    let listed = answer("call GET /reports ");
    let rows = listed["reports"].as_array().expect("a list");
    assert!(rows.iter().any(|row| row["reportId"] == report), "{listed}");

    let email = world.delivered(&seller, report).await;
    let (printed_subject, printed_text) = printed_email();
    let headline = |subject: &str| subject.split(',').next().map(str::to_owned);
    assert_eq!(headline(&email.subject), headline(printed_subject));
    if world.stack.has_own_links() {
        assert_eq!(labels(&email.text), labels(printed_text), "{}", email.text);
    }
}

/// What each block printed, run one after the other by one shell, as somebody would who types them.
fn run(seller: &Seller) -> Vec<String> {
    let separated: Vec<_> = commands()
        .iter()
        .map(|block| format!("{block}\necho; echo '{SEPARATOR}'\n"))
        .collect();
    let script = format!("set -e\n{}", separated.concat()).replace(PRINTED_SELLER, &seller.id);
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash is installed");
    let mut keyboard = shell.stdin.take().expect("piped");
    writeln!(keyboard, "{}", seller.refresh_token).expect("typed");
    drop(keyboard);
    let output = shell.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{said}\n{printed}");
    let mut outputs: Vec<_> = printed.split(SEPARATOR).map(str::to_owned).collect();
    // Behind the last one there is nothing.
    outputs.pop();
    assert_eq!(outputs.len(), RUN.len(), "{printed}");
    outputs
}

/// The e-mail that README shows: its subject and its text.
fn printed_email() -> (&'static str, &'static str) {
    let (_, block) = README.split_once("```text\nSubject: ").expect("a sample");
    let (email, _) = block.split_once("\n```").expect("its end");
    email.split_once("\n\n").expect("subject and text")
}

/// What an e-mail's lines say, without what differs from report to report, and without the line that an e-mail of
/// much news has once, at its end.
fn labels(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("Whoever has this link"));
    let labels = lines.map(|line| match line.split_once(": ") {
        Some((label, _)) => label,
        None if line.starts_with("https://") => "https://",
        None if line.starts_with("Download, until ") => "Download, until ",
        None => line,
    });
    labels.collect()
}
