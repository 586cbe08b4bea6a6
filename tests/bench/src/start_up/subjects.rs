//! What is started: the functions, and the peers that do the same first call.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::functions::{examples, variables};
use super::stand_in::StandIn;
use crate::process;
use crate::surroundings::Surroundings;

/// Whose a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One of the thirteen.
    Ours,
    /// boto3 under a hand-written runtime.
    Python,
    /// AWS SDK for JavaScript under a hand-written runtime.
    Node,
}

/// A function that is measured.
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub kind: Kind,
    /// In MiB.
    pub memory: u32,
    /// The binary's size, of ours.
    pub bytes: Option<u64>,
    /// What it is asked for.
    pub event: Value,
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: Variables,
}

type Variables = Vec<(&'static str, OsString)>;

impl Subject {
    /// Starts it.
    pub fn command(&self) -> Command {
        let mut command = process::command(&self.program);
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Ours, then the peers.
pub fn all(surroundings: &Surroundings, stand_in: &StandIn) -> Result<Vec<Subject>> {
    let tls = surroundings.tls();
    let mut shared: Variables = variables(stand_in)
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    shared.push(("SSL_CERT_FILE", tls.bundle().into()));
    let mut subjects = Vec::new();
    for example in examples(stand_in) {
        let program = surroundings.binary(example.name)?;
        let bytes = std::fs::metadata(&program)
            .with_context(|| format!("{} has no size", program.display()))?
            .len();
        subjects.push(Subject {
            name: example.name.to_owned(),
            kind: Kind::Ours,
            memory: example.memory,
            bytes: Some(bytes),
            event: example.event,
            program,
            arguments: Vec::new(),
            variables: shared.clone(),
        });
    }
    let peer = |name: &str, kind, program: PathBuf, script: &str, own: Variables| Subject {
        name: name.to_owned(),
        kind,
        memory: 256,
        bytes: None,
        event: json!({ "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502" }),
        program,
        arguments: vec![surroundings.peer(script).into()],
        variables: shared.iter().cloned().chain(own).collect(),
    };
    subjects.push(peer(
        "Python, boto3",
        Kind::Python,
        surroundings.python().to_owned(),
        "start_up.py",
        vec![("AWS_CA_BUNDLE", tls.bundle().into())],
    ));
    subjects.push(peer(
        "Node, AWS SDK v3",
        Kind::Node,
        "node".into(),
        "start_up.mjs",
        vec![
            ("NODE_EXTRA_CA_CERTS", tls.chain().into()),
            ("NODE_NO_WARNINGS", "1".into()),
        ],
    ));
    Ok(subjects)
}
