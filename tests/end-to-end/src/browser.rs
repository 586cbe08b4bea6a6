use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

const BROWSER: &str = "chromium";
const DRIVER: &str = "chromedriver";

/// Nothing that a person's browser would not do as well; the sandbox is off because root has none.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=800,600",
];

/// How often the driver is started at most.
const STARTS: usize = 5;

/// What the driver says once it listens, before the port's number.
const LISTENING: &str = "started successfully on port ";

/// A headless Chromium, driven by the WebDriver protocol.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    driver: Child,
    address: String,
    session: String,
    /// The profile, and what was saved.
    folder: TempDir,
}

/// A file that the browser saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// The name that the browser gave it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Browser {
    /// The programs that are missing on this machine; none if a browser can be started.
    #[must_use]
    pub fn missing() -> Vec<&'static str> {
        let programs = [BROWSER, DRIVER].into_iter();
        programs.filter(|name| program(name).is_none()).collect()
    }

    /// Starts a browser with a fresh profile. It trusts any certificate: the local stack has its own.
    ///
    /// # Errors
    /// A program is missing or does not start.
    pub async fn start() -> Result<Self> {
        let browser = program(BROWSER).context("there is no Chromium")?;
        let folder = tempfile::tempdir()?;
        let (driver, address) = start_driver(&program(DRIVER).context("there is no chromedriver")?).await?;
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": true,
            "goog:chromeOptions": {"binary": browser, "args": arguments},
        }}});
        let http = reqwest::Client::builder().no_proxy().build()?;
        let answer = post(&http, &format!("http://{address}/session"), &wanted).await?;
        let session = answer["sessionId"]
            .as_str()
            .context("the driver began no session")?;
        Ok(Self {
            session: session.to_owned(),
            http,
            driver,
            address,
            folder,
        })
    }

    /// Opens a page.
    ///
    /// # Errors
    /// It can't be opened.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.command("url", &json!({"url": url})).await?;
        Ok(())
    }

    /// Asks for everything in that language from now on.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn speak(&self, language: &str) -> Result<()> {
        let agent = self.run("return navigator.userAgent", json!([])).await?;
        let spoken = json!({
            "cmd": "Emulation.setUserAgentOverride",
            "params": {"userAgent": agent, "acceptLanguage": language},
        });
        self.command("goog/cdp/execute", &spoken).await?;
        Ok(())
    }

    /// Runs the body of a JavaScript function in the page that is open; its result, or what the promise
    /// that it returns becomes.
    ///
    /// # Errors
    /// The script fails.
    pub async fn run(&self, script: &str, arguments: Value) -> Result<Value> {
        self.command("execute/sync", &json!({"script": script, "args": arguments}))
            .await
    }

    /// What is to be seen, as a PNG in base64.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn screenshot(&self) -> Result<String> {
        let shot = json!({"cmd": "Page.captureScreenshot", "params": {}});
        let shot = self.command("goog/cdp/execute", &shot).await?;
        let data = shot["data"].as_str().context("there is no picture")?;
        Ok(data.to_owned())
    }

    /// Opens a link to something that the browser saves rather than shows.
    ///
    /// # Errors
    /// It has saved nothing within `patience`.
    pub async fn save(&self, url: &str, patience: Duration) -> Result<SavedFile> {
        let folder = tempfile::tempdir_in(self.folder.path())?;
        let behaviour = json!({
            "cmd": "Browser.setDownloadBehavior",
            "params": {"behavior": "allow", "downloadPath": folder.path()},
        });
        self.command("goog/cdp/execute", &behaviour).await?;
        self.open("about:blank").await?;
        self.open(url).await?;
        let deadline = Instant::now() + patience;
        loop {
            if let Some(path) = finished(folder.path())? {
                let name = path.file_name().context("a file has a name")?;
                return Ok(SavedFile {
                    name: name.to_string_lossy().into_owned(),
                    bytes: std::fs::read(&path)?,
                });
            }
            if Instant::now() > deadline {
                let shown = self.run(SHOWN, json!([])).await.unwrap_or_default();
                bail!("the browser has saved nothing; it shows {shown}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn command(&self, command: &str, parameters: &Value) -> Result<Value> {
        let url = format!("http://{}/session/{}/{command}", self.address, self.session);
        post(&self.http, &url, parameters).await
    }
}

/// What a page shows, in short.
const SHOWN: &str = "return document.documentElement.innerText.slice(0, 300)";

impl Drop for Browser {
    /// Ends the session, and with it the browser, which would outlive a driver that is killed.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(&self.address) {
            let request = format!(
                "DELETE /session/{} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
                self.session, self.address
            );
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.start_kill();
    }
}

/// Where a program of the path is.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// The driver, and where it listens. It takes a free port of IPv4's and gives up if IPv6's of the same number
/// is taken, which on a machine with many connections happens; then it is started again.
async fn start_driver(program: &Path) -> Result<(Child, String)> {
    let mut said = String::new();
    for _ in 0..STARTS {
        let mut driver = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        match address(&mut driver).await? {
            Ok(address) => return Ok((driver, address)),
            Err(words) => said = words,
        }
    }
    bail!("{DRIVER} did not start; it says: {said}")
}

/// Where the driver listens, as it says when it is ready; or what it said before it ended.
async fn address(driver: &mut Child) -> Result<Result<String, String>> {
    let stdout = driver.stdout.take().context("the driver has no output")?;
    let mut stderr = driver.stderr.take().context("the driver has no output")?;
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text).await;
        text
    });
    let mut said = String::new();
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        said.push_str(&line);
        said.push('\n');
        if let Some((_, port)) = line.split_once(LISTENING) {
            // Read on, so that the driver never writes into a closed pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Ok(format!("127.0.0.1:{}", port.trim_end_matches('.'))));
        }
    }
    Ok(Err(format!("{said}{}", complaints.await?)))
}

async fn post(http: &reqwest::Client, url: &str, body: &Value) -> Result<Value> {
    let response = http
        .post(url)
        .json(body)
        .send()
        .await
        .context("the driver is gone")?;
    let is_refused = !response.status().is_success();
    let mut answer: Value = response.json().await?;
    if is_refused {
        bail!("the driver says: {}", answer["value"]["message"]);
    }
    Ok(answer["value"].take())
}

/// The one file of a folder, once nothing there is half-done.
fn finished(folder: &Path) -> Result<Option<PathBuf>> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder)? {
        files.push(file?.path());
    }
    let is_half_done = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".crdownload") || name.starts_with('.')
    };
    match &files[..] {
        [file] if !is_half_done(file) => Ok(Some(file.clone())),
        _ => Ok(None),
    }
}
