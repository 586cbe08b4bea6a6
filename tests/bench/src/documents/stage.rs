//! The processes around a measurement: the source, the sink, and whoever moves a document.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use super::composition::{Material, Name, Packing};
use super::connection::Client;
use super::contestant::{Contestant, Setting};
use super::measurement::Run;
use super::sink::{CONTENT, RECEIVED, Received};
use super::worker::{Server, Worker};
use super::{checks, http};
use crate::function::{Function, IDENTITY};
use crate::process;
use crate::surroundings::Surroundings;

/// Lambda's own limit.
const LIMIT: Duration = Duration::from_secs(900);
/// What the deployment gives the function, in MiB.
const MEMORY: u32 = 512;

/// A source and a sink, ready for anybody.
pub struct Stage<'a> {
    surroundings: &'a Surroundings,
    material: Material,
    client: Client,
    source: Server,
    sink: Server,
}

impl<'a> Stage<'a> {
    /// Starts them.
    pub async fn set(surroundings: &'a Surroundings) -> Result<Self> {
        let part = |name: &str| -> Result<Command> {
            let mut command = part(name)?;
            command.arg("--tls").arg(surroundings.tls_folder());
            Ok(command)
        };
        Ok(Self {
            surroundings,
            material: Material::new()?,
            client: Client::new(&surroundings.tls().bundle())?,
            source: Server::start(part("source")?).await?,
            sink: Server::start(part("sink")?).await?,
        })
    }

    /// How long the document is as it is sent.
    pub fn sent_bytes(&self, document: Name) -> Result<u64> {
        Ok(self.material.document(document)?.len())
    }

    /// Lets somebody move a document, in a new process, and checks what was stored.
    pub async fn run(&self, contestant: Contestant, document: Name) -> Result<Run> {
        self.ask("DELETE", RECEIVED)?;
        let run = match contestant {
            Contestant::Ours(setting) => self.run_function(setting, document).await?,
            _ => {
                let worker = Worker::start(self.command(contestant, document)?).await?;
                worker.work(LIMIT).await?
            }
        };
        let received: Received = serde_json::from_slice(&self.ask("GET", RECEIVED)?)?;
        let content = self.ask("GET", CONTENT)?;
        let expected = contestant.content(document);
        checks::check(&self.material, document, expected, &received, &content)?;
        Ok(run)
    }

    async fn run_function(&self, setting: Setting, document: Name) -> Result<Run> {
        let mut command = process::command(self.surroundings.binary("report-document-storage")?);
        command
            .envs(self.aws())
            .envs([("REPORTS_BUCKET", "reports"), ("REPORTS_TABLE", "Reports")])
            .envs(setting.variables());
        let mut function = Function::start("ReportDocumentStorage", MEMORY, command).await?;
        let before = function.process().usage()?.cpu;
        let answer = function.invoke(&self.event(document), LIMIT).await?;
        let usage = function.process().usage()?;
        function.kill().await?;
        ensure!(answer.payload.is_object(), "it answered {}", answer.payload);
        Ok(Run::new(answer.took, usage, before))
    }

    /// What the workflow tells the function.
    fn event(&self, document: Name) -> Value {
        let algorithm = match document.packing {
            Packing::Plain => Value::Null,
            Packing::Gzip => "GZIP".into(),
        };
        json!({
            "SellerId": "A3TH9S8BH6GOGM",
            "ReportId": "50000018000",
            "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "Document": {
                "RegionCode": "EU",
                "Url": self.url(document),
                "CompressionAlgorithm": algorithm,
                "KeyTime": "2026-11-22T05:00:00Z",
            },
        })
    }

    fn url(&self, document: Name) -> String {
        format!("https://{}/documents/{document}", self.source.address)
    }

    fn command(&self, contestant: Contestant, document: Name) -> Result<Command> {
        let (source, sink) = (self.source.address.to_string(), self.sink.address.to_string());
        let name = document.to_string();
        let script = |program: PathBuf, script: &str| {
            let mut command = process::command(program);
            command
                .arg(self.surroundings.peer(script))
                .envs(self.aws())
                .env("BENCH_SOURCE", &source)
                .env("BENCH_DOCUMENT", &name)
                .env("BENCH_URL", self.url(document));
            command
        };
        let python = || self.surroundings.python().to_owned();
        Ok(match contestant {
            Contestant::LeastWork | Contestant::LeastWorkInflating => {
                let mut copy = part("copy")?;
                copy.arg("--tls").arg(self.surroundings.tls_folder());
                copy.args(["--source", &source, "--sink", &sink, "--document", &name]);
                if contestant == Contestant::LeastWorkInflating {
                    copy.arg("--inflating");
                }
                copy
            }
            Contestant::Pipe => {
                let mut pipe = part("pipe")?;
                pipe.args(["--document", &name]);
                pipe
            }
            Contestant::PythonByHand => script(python(), "pass_through.py"),
            Contestant::PythonClient => script(python(), "sp_api_client.py"),
            Contestant::NodeClient => script("node".into(), "sp_api_download.mjs"),
            Contestant::NodeStream => script("node".into(), "sp_api_stream.mjs"),
            Contestant::Ours(_) => unreachable!("it runs under the Runtime API"),
        })
    }

    /// How the SDKs find the sink and trust it.
    fn aws(&self) -> BTreeMap<&'static str, String> {
        let sink = format!("https://{}", self.sink.address);
        let bundle = self.surroundings.tls().bundle().display().to_string();
        let mut variables = BTreeMap::from(IDENTITY.map(|(name, value)| (name, value.to_owned())));
        variables.extend([
            ("AWS_ENDPOINT_URL_S3", sink.clone()),
            ("AWS_ENDPOINT_URL_DYNAMODB", sink),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
            ("AWS_CA_BUNDLE", bundle.clone()),
            ("NODE_EXTRA_CA_CERTS", bundle.clone()),
            ("SSL_CERT_FILE", bundle),
        ]);
        variables
    }

    /// Asks the sink itself.
    fn ask(&self, method: &str, path: &str) -> Result<Vec<u8>> {
        let mut connection = self.client.connect(self.sink.address)?;
        http::send_head(
            &mut connection,
            &format!("{method} {path} HTTP/1.1"),
            &[("host", "sink")],
        )?;
        let response = http::read_response(&mut connection)?;
        ensure!(response.status == 200, "the sink says {}", response.status);
        let mut body = Vec::new();
        http::read_body(&mut connection, &response.headers, |bytes| {
            body.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(body)
    }
}

/// A part that this program plays itself.
fn part(name: &str) -> Result<Command> {
    let own = std::env::current_exe().context("this program's own path is unknown")?;
    let mut command = process::command(own);
    command.arg(name);
    Ok(command)
}
