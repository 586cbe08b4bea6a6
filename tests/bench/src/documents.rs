//! Documents on their way from Amazon to S3: throughput, CPU time and memory.

mod checks;
mod chunked;
mod composition;
mod connection;
mod contestant;
mod copy;
mod http;
mod measurement;
mod part;
mod pipe;
mod range;
mod results;
mod sink;
mod size;
mod source;
mod stage;
mod targets;
mod text;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::findings::Findings;
use crate::surroundings::Surroundings;
use crate::tls::Tls;
use composition::Name;
use contestant::Contestant;
use size::Size;

/// What can be chosen.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Documents of these sizes, with commas between
    #[arg(long, value_delimiter = ',', default_values = ["1MiB", "100MiB", "1GiB", "8GiB"])]
    sizes: Vec<Size>,
    /// How often each figure is measured [default: 3, of 1 GiB 9 where it takes less than 3 s, and 1
    /// above that]
    #[arg(long)]
    repeats: Option<u32>,
    /// Only these, with commas between: as-is, as-is-by-length, utf8, copy, copy-inflating,
    /// pipe, python-by-hand, python, node, node-stream
    #[arg(long, value_delimiter = ',')]
    contestants: Vec<Contestant>,
}

/// The processes that a measurement is made of, each a subcommand that is not meant for people.
#[derive(Clone, Debug, Subcommand)]
pub enum Part {
    /// Plays Amazon
    #[command(hide = true)]
    Source {
        #[arg(long)]
        tls: PathBuf,
    },
    /// Plays S3
    #[command(hide = true)]
    Sink {
        #[arg(long)]
        tls: PathBuf,
    },
    /// Copies a document with the least work possible
    #[command(hide = true)]
    Copy {
        #[arg(long)]
        tls: PathBuf,
        #[arg(long)]
        source: SocketAddr,
        #[arg(long)]
        sink: SocketAddr,
        #[arg(long)]
        document: Name,
        #[arg(long)]
        inflating: bool,
    },
    /// Inflates and deflates a document
    #[command(hide = true)]
    Pipe {
        #[arg(long)]
        document: Name,
    },
}

impl Part {
    /// Plays it.
    pub fn play(self) -> Result<()> {
        match self {
            Self::Source { tls } => source::play(&Tls::of(&tls)),
            Self::Sink { tls } => sink::play(&Tls::of(&tls)),
            Self::Copy {
                tls,
                source,
                sink,
                document,
                inflating,
            } => copy::play(source, sink, document, inflating, &Tls::of(&tls)),
            Self::Pipe { document } => pipe::play(document),
        }
    }
}

/// Measures everybody.
pub async fn run(options: &Options, surroundings: &Surroundings) -> Result<Findings> {
    let results = measurement::measure(options, surroundings).await?;
    Ok(Findings {
        name: "documents",
        title: "Documents",
        caption: results::CAPTION.to_owned(),
        tables: results.tables(),
        figures: serde_json::to_value(&results)?,
        targets: targets::all(&results),
    })
}
