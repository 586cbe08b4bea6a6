//! Opening a report document under the URL that getReportDocument gave.

use std::fmt;
use std::ops::Range;

use http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH, RANGE,
};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::document_stream::DocumentStream;
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

/// A document that has been found: what is known of it, and how to read more of it.
#[derive(Clone, Debug)]
pub struct Document {
    http: reqwest::Client,
    url: DocumentUrl,
    content_type: Option<String>,
    length: Option<u64>,
    /// The validator that stretches are asked for with. There is one if, and only if, the source
    /// answers stretches.
    etag: Option<HeaderValue>,
}

impl SpApiClient {
    /// Opens a document, to be read from its beginning to its end. Its bytes are those Amazon stores:
    /// not decompressed.
    ///
    /// # Errors
    /// [`SpApiError::DocumentUrlExpired`] five minutes after the URL was made,
    /// [`SpApiError::Transient`] when the storage behind it is not to be had.
    pub async fn open_document(&self, url: &DocumentUrl) -> Result<(Document, DocumentStream), SpApiError> {
        let response = get(self.http(), url, &[]).await?;
        if response.status() != StatusCode::OK {
            return Err(refusal(response.status()));
        }
        let length = response.content_length();
        Ok(self.opened(url, response, length, None))
    }

    /// Opens a document, to be read in stretches. The stream that comes with it has the first `first`
    /// bytes; or everything, if the source does not answer ranges or can't say what it is a range of.
    ///
    /// # Errors
    /// As [`open_document`](Self::open_document).
    pub async fn open_stretches(
        &self,
        url: &DocumentUrl,
        first: u64,
    ) -> Result<(Document, DocumentStream), SpApiError> {
        let response = get(self.http(), url, &[(RANGE, range(&(0..first))?)]).await?;
        let total = total_of(response.headers(), 0);
        // A weak validator does not tell whether two stretches are of the same bytes.
        let etag = response.headers().get(ETAG).cloned();
        let etag = etag.filter(|value| value.as_bytes().starts_with(b"\""));
        match (response.status(), total, etag) {
            (StatusCode::PARTIAL_CONTENT, Some(total), Some(etag)) => {
                Ok(self.opened(url, response, Some(total), Some((etag, first))))
            }
            // Also an empty document, of which there is no first byte.
            (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, ..) => {
                self.open_document(url).await
            }
            (StatusCode::OK, ..) => {
                let length = response.content_length();
                Ok(self.opened(url, response, length, None))
            }
            (status, ..) => Err(refusal(status)),
        }
    }

    /// A document of `length`, and the stream of `response`: the first stretch, if there is one.
    fn opened(
        &self,
        url: &DocumentUrl,
        response: Response,
        length: Option<u64>,
        stretch: Option<(HeaderValue, u64)>,
    ) -> (Document, DocumentStream) {
        let (etag, most) = stretch.unzip();
        let document = Document {
            http: self.http().clone(),
            url: url.clone(),
            content_type: text(response.headers(), &CONTENT_TYPE),
            length,
            etag,
        };
        let expected = length.map(|length| length.min(most.unwrap_or(length)));
        (document, DocumentStream::new(response, expected))
    }
}

impl Document {
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

    /// The validator of exactly these bytes, if [`stretch`](Self::stretch) can be asked for.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_ref()?.to_str().ok()
    }

    /// Opens the bytes of `wanted`.
    ///
    /// # Errors
    /// [`SpApiError::DocumentUrlExpired`], [`SpApiError::Transient`];
    /// [`SpApiError::DocumentIncomplete`] if it is not the same document any more, or the source does
    /// not answer stretches.
    pub async fn stretch(&self, wanted: Range<u64>) -> Result<DocumentStream, SpApiError> {
        let incomplete = |message: &str| SpApiError::DocumentIncomplete {
            message: message.to_owned(),
        };
        let (Some(etag), Some(length)) = (&self.etag, self.length) else {
            return Err(incomplete("its source does not answer ranges"));
        };
        let headers = [(RANGE, range(&wanted)?), (IF_MATCH, etag.clone())];
        let response = get(&self.http, &self.url, &headers).await?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => {
                return Err(incomplete("it changed while it was read"));
            }
            StatusCode::OK => return Err(incomplete("its source answers ranges no longer")),
            status => return Err(refusal(status)),
        }
        let announced = text(response.headers(), &CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let expected = wanted.end - wanted.start;
        if total_of(response.headers(), wanted.start) != Some(length) || announced != Some(expected) {
            return Err(incomplete(
                "its source answered another range than it was asked for",
            ));
        }
        Ok(DocumentStream::new(response, Some(expected)))
    }
}

async fn get(
    http: &reqwest::Client,
    url: &DocumentUrl,
    headers: &[(HeaderName, HeaderValue)],
) -> Result<Response, SpApiError> {
    // The bytes as they are stored, whatever they are called.
    let request = http.get(url.expose()).header(ACCEPT_ENCODING, "identity");
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(name, value));
    request
        .send()
        .await
        .map_err(|error| SpApiError::transient("document", error))
}

fn refusal(status: StatusCode) -> SpApiError {
    match status {
        // What S3 answers when a signature has run out; also when the object is gone, which a new
        // URL, or the lack of one, will tell.
        StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::GONE => {
            SpApiError::DocumentUrlExpired
        }
        status => SpApiError::Transient {
            call: "document".into(),
            message: status.to_string(),
        },
    }
}

fn range(wanted: &Range<u64>) -> Result<HeaderValue, SpApiError> {
    let last = wanted.end.saturating_sub(1);
    HeaderValue::try_from(format!("bytes={}-{last}", wanted.start))
        .map_err(|error| SpApiError::unexpected("document", &error))
}

/// The document's length, as the `Content-Range` of an answer says that begins at `start`.
fn total_of(headers: &HeaderMap, start: u64) -> Option<u64> {
    let (range, total) = headers
        .get(CONTENT_RANGE)?
        .to_str()
        .ok()?
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (first, _) = range.split_once('-')?;
    (first.parse() == Ok(start)).then(|| total.parse().ok())?
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(content_range: &'static str, start: u64) -> Option<u64> {
        let headers = HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_static(content_range))]);
        total_of(&headers, start)
    }

    #[test]
    fn a_content_range_is_read_as_http_has_it() {
        assert_eq!(total("bytes 0-9/100", 0), Some(100));
        assert_eq!(total("bytes 10-19/100", 10), Some(100));
        assert_eq!(total("bytes 10-19/100", 0), None);
        assert_eq!(total("bytes 0-9/*", 0), None);
        assert_eq!(total("bytes */0", 0), None);
        assert_eq!(total("rows 0-9/100", 0), None);
    }
}
