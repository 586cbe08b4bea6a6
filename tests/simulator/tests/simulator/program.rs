//! The program itself.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn it_says_when_it_is_ready_and_ends_when_it_is_told_to() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sp-api-simulator"))
        .args(["--listen", "127.0.0.1:0", "--client-id", "id", "--speed-up", "10"])
        .env("SIMULATOR_CLIENT_SECRET", "secret")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let line = lines.next_line().await.expect("its output").expect("a line");
    let url = line
        .split("control API at ")
        .nth(1)
        .expect("the control API's URL");
    let health = reqwest::get(format!("{url}/health")).await.expect("an answer");
    assert_eq!(
        health.text().await.expect("text"),
        "{\"status\":\"ok\",\"speedUp\":10.0}"
    );
    let id = program.id().expect("it runs").to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("kill runs")
            .success()
    );
    assert_eq!(program.wait().await.expect("it ends").code(), Some(0));
    assert_eq!(
        lines.next_line().await.expect("its output"),
        None,
        "one line is all it says"
    );
}

#[tokio::test]
async fn it_refuses_nonsense() {
    for arguments in [
        vec![],
        vec!["--listen", "here"],
        vec!["--listen", "127.0.0.1:0", "--speed-up", "0"],
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sp-api-simulator"));
        let output = program.args(&arguments).output().await.expect("it starts");
        assert!(!output.status.success(), "{arguments:?}");
    }
}
