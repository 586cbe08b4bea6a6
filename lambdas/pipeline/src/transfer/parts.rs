use sp_api::SpApiError;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use crate::PipelineError;
use crate::domain::Checksummed;

/// The parts of a document, in order, while the next ones are on their way.
pub(super) struct Parts {
    coming: mpsc::Receiver<Coming>,
    makers: Vec<Task<()>>,
}

/// A part, or its task.
pub(super) enum Coming {
    Here(Result<Checksummed, PipelineError>),
    Read(Task<Result<Checksummed, PipelineError>>),
}

/// A task that is aborted when nobody waits for it any more.
pub(super) struct Task<T>(JoinHandle<T>);

impl<T> Task<T> {
    pub(super) fn new(handle: JoinHandle<T>) -> Self {
        Self(handle)
    }

    async fn end(&mut self) -> Result<T, PipelineError> {
        (&mut self.0).await.map_err(|lost| ended(&lost))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Parts {
    /// Parts that `makers` put into `coming`.
    pub(super) fn new(coming: mpsc::Receiver<Coming>, makers: Vec<Task<()>>) -> Self {
        Self { coming, makers }
    }

    /// The next part; `None` after the last of a complete document.
    pub(super) async fn next(&mut self) -> Result<Option<Checksummed>, PipelineError> {
        match self.coming.recv().await {
            Some(Coming::Here(part)) => part.map(Some),
            Some(Coming::Read(mut part)) => part.end().await?.map(Some),
            None => {
                // The end of the channel is the end of the document only if nobody panicked.
                for mut maker in self.makers.drain(..) {
                    maker.end().await?;
                }
                Ok(None)
            }
        }
    }
}

fn ended(lost: &JoinError) -> PipelineError {
    SpApiError::DocumentIncomplete {
        message: format!("what read it ended: {lost}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::domain::Crc64Nvme;

    #[tokio::test]
    async fn a_maker_that_panics_is_not_the_documents_end() {
        let (sender, coming) = mpsc::channel(1);
        let maker = tokio::spawn(async move {
            let bytes = Bytes::from_static(b"a part");
            let checksum = Crc64Nvme::of(&bytes);
            let part = Coming::Here(Ok(Checksummed { bytes, checksum }));
            assert!(sender.send(part).await.is_ok());
            panic!("in the middle");
        });
        let mut parts = Parts::new(coming, vec![Task::new(maker)]);
        let part = parts.next().await.expect("a part");
        assert_eq!(part.as_ref().map(|part| &part.bytes[..]), Some(&b"a part"[..]));
        assert_eq!(
            parts.next().await.expect_err("no end").name(),
            "DocumentIncomplete"
        );
    }
}
