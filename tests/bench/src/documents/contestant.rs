//! Who moves documents.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::composition::{Name, Packing};

/// How the function is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    AsIs,
    /// Gzip documents are not read, only counted.
    AsIsByLength,
    Utf8,
}

impl Setting {
    /// The variables that say so.
    pub fn variables(self) -> [(&'static str, &'static str); 2] {
        let (format, check) = match self {
            Self::AsIs => ("as-is", "contents"),
            Self::AsIsByLength => ("as-is", "length"),
            Self::Utf8 => ("utf8", "contents"),
        };
        [("DOCUMENT_FORMAT", format), ("GZIP_CHECK", check)]
    }
}

/// Somebody who moves a document from the source to the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Contestant {
    /// ReportDocumentStorage.
    Ours(Setting),
    /// Bytes from one connection into another.
    LeastWork,
    /// The same, with an eye on whether the gzip document is whole.
    LeastWorkInflating,
    /// `gzip -d | gzip -1`, without a network.
    Pipe,
    /// urllib3 into boto3's `upload_fileobj`.
    PythonByHand,
    /// python-amazon-sp-api into boto3's `put_object`.
    PythonClient,
    /// amazon-sp-api's `download` into `PutObject`.
    NodeClient,
    /// amazon-sp-api's `downloadStream` into lib-storage's `Upload`.
    NodeStream,
}

/// What must be in the bucket afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The document, byte for byte.
    AsSent,
    /// The document, inflated if it was compressed.
    Inflated,
    /// Its text in UTF-8.
    Utf8,
    /// Its text in UTF-8, as one gzip member.
    Utf8Gzip,
    /// Nothing.
    None,
}

impl Contestant {
    /// Everybody, in the order of the tables.
    pub const ALL: [Self; 10] = [
        Self::Ours(Setting::AsIs),
        Self::Ours(Setting::AsIsByLength),
        Self::LeastWork,
        Self::LeastWorkInflating,
        Self::PythonByHand,
        Self::Ours(Setting::Utf8),
        Self::Pipe,
        Self::PythonClient,
        Self::NodeClient,
        Self::NodeStream,
    ];

    /// Its name on the command line.
    fn short(self) -> &'static str {
        match self {
            Self::Ours(Setting::AsIs) => "as-is",
            Self::Ours(Setting::AsIsByLength) => "as-is-by-length",
            Self::Ours(Setting::Utf8) => "utf8",
            Self::LeastWork => "copy",
            Self::LeastWorkInflating => "copy-inflating",
            Self::Pipe => "pipe",
            Self::PythonByHand => "python-by-hand",
            Self::PythonClient => "python",
            Self::NodeClient => "node",
            Self::NodeStream => "node-stream",
        }
    }

    /// Whether that is something for documents that are sent so.
    pub fn moves(self, packing: Packing) -> bool {
        let only_gzip = matches!(
            self,
            Self::Ours(Setting::AsIsByLength) | Self::LeastWorkInflating | Self::Pipe
        );
        packing == Packing::Gzip || !only_gzip
    }

    /// Whether it holds the whole document in memory, several times over.
    pub fn is_buffering(self) -> bool {
        matches!(self, Self::PythonClient | Self::NodeClient)
    }

    /// What it is to store.
    pub fn content(self, document: Name) -> Content {
        match (self, document.packing) {
            (
                Self::Ours(Setting::AsIs | Setting::AsIsByLength)
                | Self::LeastWork
                | Self::LeastWorkInflating
                | Self::PythonByHand,
                _,
            ) => Content::AsSent,
            (Self::Ours(Setting::Utf8), Packing::Gzip) => Content::Utf8Gzip,
            (Self::Ours(Setting::Utf8), Packing::Plain) | (Self::PythonClient | Self::NodeClient, _) => {
                Content::Utf8
            }
            (Self::NodeStream, _) => Content::Inflated,
            (Self::Pipe, _) => Content::None,
        }
    }
}

impl FromStr for Contestant {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.short() == name);
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(Self::short).join(", ")))
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Ours(Setting::AsIs) => "ReportDocumentStorage, as-is",
            Self::Ours(Setting::AsIsByLength) => "ReportDocumentStorage, as-is, by length",
            Self::Ours(Setting::Utf8) => "ReportDocumentStorage, utf8",
            Self::LeastWork => "least work: a copy",
            Self::LeastWorkInflating => "least work: a copy, inflated on the side",
            Self::Pipe => "gzip -d | gzip -1, no network",
            Self::PythonByHand => "Python by hand: urllib3, upload_fileobj",
            Self::PythonClient => "python-amazon-sp-api, boto3",
            Self::NodeClient => "amazon-sp-api (npm), SDK: download",
            Self::NodeStream => "amazon-sp-api (npm), SDK: downloadStream",
        })
    }
}
