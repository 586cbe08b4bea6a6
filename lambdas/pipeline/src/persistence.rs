//! Writes that must be heard of before an answer is given.

use std::time::Duration;

use crate::PipelineError;

/// Pauses before each further attempt.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Tries a write several times within this invocation, for some eight seconds: what it tells of has
/// happened, and an error would have it happen again.
///
/// # Errors
/// The write's own, if it lasts.
pub async fn persistently<Write>(write: impl Fn() -> Write) -> Result<(), PipelineError>
where
    Write: Future<Output = Result<(), PipelineError>>,
{
    for pause in PAUSES {
        match write().await {
            Err(error @ PipelineError::AwsTransient { .. }) => {
                tracing::warn!("not written down yet: {error}");
                tokio::time::sleep(pause).await;
            }
            result => return result,
        }
    }
    write().await
}
