//! Downloading a report document from the URL that getReportDocument gave.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::describe;
use crate::{SpApiClient, SpApiError};

/// A document's URL: whoever has it can read the document, so it can't be printed.
#[derive(Clone, Deserialize)]
pub struct DocumentUrl(SecretString);

impl DocumentUrl {
    /// The URL itself, for the one place that must hand it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for DocumentUrl {
    fn from(url: String) -> Self {
        Self(SecretString::from(url))
    }
}

impl fmt::Debug for DocumentUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DocumentUrl([REDACTED])")
    }
}

/// A document on its way, chunk by chunk as the network hands it over.
#[derive(Debug)]
pub struct DocumentStream {
    response: reqwest::Response,
    content_type: Option<String>,
    length: Option<u64>,
    received: u64,
    /// What has arrived and was not asked for yet.
    pending: Bytes,
}

impl SpApiClient {
    /// Opens a document. Its bytes are those Amazon stores: not decompressed.
    ///
    /// # Errors
    /// [`SpApiError::DocumentUrlExpired`] five minutes after the URL was made,
    /// [`SpApiError::Transient`] when the storage behind it is not to be had.
    pub async fn open_document(&self, url: &DocumentUrl) -> Result<DocumentStream, SpApiError> {
        let response = self
            .http()
            .get(url.expose())
            .send()
            .await
            .map_err(|error| SpApiError::transient("document", error))?;
        match response.status() {
            StatusCode::OK => {}
            // What S3 answers when a signature has run out; also when the object is gone, which a
            // new URL, or the lack of one, will tell.
            StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(SpApiError::DocumentUrlExpired);
            }
            status => {
                return Err(SpApiError::Transient {
                    call: "document".into(),
                    message: status.to_string(),
                });
            }
        }
        let content_type = response
            .headers()
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let length = response.content_length();
        Ok(DocumentStream {
            response,
            content_type,
            length,
            received: 0,
            pending: Bytes::new(),
        })
    }
}

impl DocumentStream {
    /// The `Content-Type` that came with the document.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The announced length in bytes; `None` when the server did not say.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes are still to come, at most `most`; `most` when the length is not known.
    #[must_use]
    pub fn remaining_or(&self, most: usize) -> usize {
        let remaining = self.length.map(|length| length.saturating_sub(self.received));
        remaining
            .and_then(|remaining| usize::try_from(remaining).ok())
            .unwrap_or(most)
            .min(most)
    }

    /// The next bytes, at most `most` of them; `None` after the last of a complete document.
    ///
    /// # Errors
    /// [`SpApiError::DocumentIncomplete`] when the connection breaks, stalls or ends too early.
    pub async fn next_chunk(&mut self, most: usize) -> Result<Option<Bytes>, SpApiError> {
        if self.pending.is_empty() {
            let chunk = self
                .response
                .chunk()
                .await
                .map_err(|error| SpApiError::DocumentIncomplete {
                    message: describe(error),
                })?;
            match chunk {
                Some(bytes) => self.pending = bytes,
                None => return self.end(),
            }
        }
        let bytes = self.pending.split_to(most.min(self.pending.len()));
        self.received += bytes.len() as u64;
        Ok(Some(bytes))
    }

    fn end(&self) -> Result<Option<Bytes>, SpApiError> {
        match self.length {
            Some(length) if length != self.received => Err(SpApiError::DocumentIncomplete {
                message: format!("{} of {length} bytes arrived", self.received),
            }),
            _ => Ok(None),
        }
    }
}
