use std::time::Instant;

use super::inspection::Inspection;
use super::parts::Parts;
use crate::PipelineError;
use crate::adapters::Upload;
use crate::domain::Checksummed;

/// How far the parts of a document have been sent.
pub(super) enum Sent {
    /// All that are of use.
    All,
    /// Those for which there was time.
    Some {
        /// Whether any of them was not there before.
        is_progress: bool,
    },
}

/// Sends the parts, and has them looked at.
pub(super) async fn send(
    upload: &mut Upload,
    first: Option<Checksummed>,
    mut parts: Parts,
    mut inspection: Option<&mut Inspection>,
    until: Instant,
) -> Result<Sent, PipelineError> {
    let mut next = match first {
        Some(first) => Some(first),
        None => parts.next().await?,
    };
    let mut is_progress = false;
    while let Some(part) = next {
        if let Some(inspection) = &mut inspection
            && !inspection.take(part.bytes.clone()).await
        {
            // What it has found is more than can be sent.
            break;
        }
        is_progress |= upload.send(part);
        upload.note_arrivals()?;
        if Instant::now() >= until {
            return Ok(Sent::Some { is_progress });
        }
        next = parts.next().await?;
    }
    Ok(Sent::All)
}
