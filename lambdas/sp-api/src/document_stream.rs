use bytes::Bytes;

use crate::SpApiError;
use crate::error::describe;

/// A document, or a stretch of one, on its way: chunk by chunk as the network hands it over.
#[derive(Debug)]
pub struct DocumentStream {
    response: reqwest::Response,
    length: Option<u64>,
    received: u64,
    /// What has arrived and was not asked for yet.
    pending: Bytes,
    /// Where the stream ends for its reader, whatever comes behind that.
    end: Option<u64>,
}

impl DocumentStream {
    pub(crate) fn new(response: reqwest::Response, length: Option<u64>) -> Self {
        Self {
            response,
            length,
            received: 0,
            pending: Bytes::new(),
            end: None,
        }
    }

    /// The same stream as if it had no more than `end` bytes.
    #[must_use]
    pub fn until(self, end: u64) -> Self {
        Self {
            end: Some(end),
            ..self
        }
    }

    /// The next bytes, at most `most` of them; `None` after the last of a complete document.
    ///
    /// # Errors
    /// [`SpApiError::DocumentIncomplete`] when the connection breaks, stalls or ends too early.
    pub async fn next_chunk(&mut self, most: usize) -> Result<Option<Bytes>, SpApiError> {
        let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.received));
        if left == 0 {
            return Ok(None);
        }
        let most = most.min(usize::try_from(left).unwrap_or(usize::MAX));
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
