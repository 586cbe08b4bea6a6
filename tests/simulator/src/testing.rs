//! For tests: Amazon's own models as a referee between a client and an upstream.
//!
//! [`Prism`] puts a proxy in between that holds requests and answers against a model and says what
//! does not fit.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;

/// One of Amazon's models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Reports 2021-06-30.
    Reports,
    /// Notifications v1.
    Notifications,
    /// Tokens 2021-03-01.
    Tokens,
    /// Application Management 2023-11-30.
    Applications,
}

impl Model {
    fn file_name(self) -> &'static str {
        match self {
            Self::Reports => "reports_2021-06-30.json",
            Self::Notifications => "notifications.json",
            Self::Tokens => "tokens_2021-03-01.json",
            Self::Applications => "application_2023-11-30.json",
        }
    }
}

/// A path that is in no model; its line in the log tells that all lines before it have been read.
const END: &str = "/end-of-the-test";

/// A proxy that objects to whatever a model does not allow. Dropping it ends it.
#[derive(Debug)]
pub struct Prism {
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    lines_read: watch::Receiver<usize>,
    // Ends the process when it is dropped.
    _process: Child,
}

impl Prism {
    /// Starts a proxy in front of `upstream`, a region's URL. `None`, with a line on standard error
    /// that says so, where Amazon's models or Prism are not installed.
    ///
    /// # Errors
    /// Prism is there but does not start.
    pub async fn start(model: Model, upstream: &str) -> io::Result<Option<Self>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let model = root.join("../shared/sp-api").join(model.file_name());
        let program = root.join("tests/node_modules/.bin/prism");
        for needed in [&model, &program] {
            if !needed.exists() {
                let name = needed.file_name().unwrap_or_default().to_string_lossy();
                // Past the test harness, which would keep it to itself.
                writeln!(
                    io::stderr(),
                    "skipped: {name} is not there, so that Amazon's model can't be the referee"
                )?;
                return Ok(None);
            }
        }
        Self::spawn(program, model, upstream).await.map(Some)
    }

    async fn spawn(program: PathBuf, model: PathBuf, upstream: &str) -> io::Result<Self> {
        // Prism wants a port by its number: one that was free a moment ago.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut process = Command::new(program)
            .arg("proxy")
            .arg(model)
            .arg(upstream)
            .args(["-h", "127.0.0.1", "-p", &address.port().to_string(), "--errors"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("no output to read"))?;
        let mut lines = BufReader::new(stdout).lines();
        let mut said = String::new();
        while let Some(line) = lines.next_line().await? {
            if line.contains("Prism is listening") {
                let log = Arc::default();
                let lines_read = read_on(lines, Arc::clone(&log));
                return Ok(Self {
                    address,
                    log,
                    lines_read,
                    _process: process,
                });
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(io::Error::other(format!(
            "Prism ended instead of listening: {said}"
        )))
    }

    /// What to use in place of the upstream.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that Prism objected to since it started.
    ///
    /// # Errors
    /// Prism has gone.
    pub async fn objections(&mut self) -> io::Result<Vec<String>> {
        let mut connection = TcpStream::connect(self.address).await?;
        let request = format!("GET {END} HTTP/1.1\r\nHost: prism\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        connection.read_to_end(&mut Vec::new()).await?;
        let log = Arc::clone(&self.log);
        let lines = move || log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let has_ended = |_: &usize| {
            lines()
                .iter()
                .any(|line| line.contains(END) && is_objection(line))
        };
        let gone = |_| io::Error::other("Prism has gone");
        self.lines_read.wait_for(has_ended).await.map_err(gone)?;
        Ok(lines()
            .into_iter()
            .filter(|line| is_objection(line) && !line.contains(END))
            .collect())
    }
}

fn is_objection(line: &str) -> bool {
    ["error", "Violation", "warn"]
        .iter()
        .any(|sign| line.contains(sign))
}

/// Goes on reading the log, for as long as there is one; the receiver tells how far.
fn read_on(mut lines: Lines<BufReader<ChildStdout>>, log: Arc<Mutex<Vec<String>>>) -> watch::Receiver<usize> {
    let (read, lines_read) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            read.send_modify(|count| *count += 1);
        }
    });
    lines_read
}

/// What Prism objects to in an answer that came through it.
#[must_use]
pub fn objection(headers: &HeaderMap, body: &str) -> Option<String> {
    if let Some(violations) = headers.get("sl-violations") {
        return Some(String::from_utf8_lossy(violations.as_bytes()).into_owned());
    }
    body.contains("stoplight.io/prism/errors")
        .then(|| body.to_owned())
}
