//! What only an administrator sees and does, by the AWS CLI that the local stack brings along.

use std::process::Command;

use serde_json::Value;

/// The CLI's JSON answer.
pub fn aws(arguments: &[&str]) -> Value {
    aws_of(arguments, |_| {}).unwrap_or_else(|refusal| panic!("aws {arguments:?}: {refusal}"))
}

/// The CLI's JSON answer, `null` where there is none to give, to whom `caller` makes of the administrator; or
/// what it says of a failure.
pub fn aws_of(arguments: &[&str], caller: impl FnOnce(&mut Command)) -> Result<Value, String> {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/local/venv/bin/aws");
    let mut command = Command::new(installed);
    command.args(arguments).args(["--output", "json"]);
    caller(&mut command);
    let output = command
        .output()
        .expect("the local stack has installed the AWS CLI");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    if output.stdout.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The deployed function that the CDK app calls `construct`.
pub fn function_name(construct: &str) -> String {
    let functions = aws(&["lambda", "list-functions"]);
    let names = functions["Functions"].as_array().into_iter().flatten();
    let mut names = names.filter_map(|function| function["FunctionName"].as_str());
    let name = names.find(|name| name.contains(construct));
    name.expect("it is deployed").to_owned()
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
