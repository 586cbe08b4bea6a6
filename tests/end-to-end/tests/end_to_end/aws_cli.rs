//! What only an administrator sees, by the AWS CLI that the local stack brings along.

use std::process::Command;

use serde_json::Value;

/// The CLI's JSON answer.
pub fn aws(arguments: &[&str]) -> Value {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/local/venv/bin/aws");
    let output = Command::new(installed)
        .args(arguments)
        .args(["--output", "json"])
        .output()
        .expect("the local stack has installed the AWS CLI");
    assert!(
        output.status.success(),
        "aws {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The application's client id and client secret, as the operator put them in.
pub fn lwa_credentials() -> (String, String) {
    let secrets = aws(&["secretsmanager", "list-secrets"]);
    let names = secrets["SecretList"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["Name"].as_str());
    let name = names
        .into_iter()
        .find(|name| name.contains("lwa-credentials"))
        .expect("the LWA secret");
    let value = aws(&["secretsmanager", "get-secret-value", "--secret-id", name]);
    let content: Value = serde_json::from_str(value["SecretString"].as_str().expect("a text")).expect("JSON");
    let text = |field: &str| content[field].as_str().expect("a text").to_owned();
    (text("ClientId"), text("ClientSecret"))
}
