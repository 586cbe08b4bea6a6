use serde::{Deserialize, Serialize};

/// How far Amazon is with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", try_from = "String")]
pub enum ProcessingStatus {
    /// Waiting to be made.
    InQueue,
    /// Being made.
    InProgress,
    /// Ready; there is a document.
    Done,
    /// Cancelled, or nothing to report, or asked for again inside its period. No document.
    Cancelled,
    /// Amazon failed to make it; there may be a document that says why.
    Fatal,
}

impl ProcessingStatus {
    const ALL: [Self; 5] = [
        Self::InQueue,
        Self::InProgress,
        Self::Done,
        Self::Cancelled,
        Self::Fatal,
    ];

    /// The status of that name, in capitals or not; `None` if Amazon has none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether nothing more will become of the report.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InQueue | Self::InProgress)
    }

    /// Amazon's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InQueue => "IN_QUEUE",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
            Self::Fatal => "FATAL",
        }
    }
}

/// A status that the models don't have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown processing status {0:?}")]
pub struct UnknownStatus(String);

impl TryFrom<String> for ProcessingStatus {
    type Error = UnknownStatus;

    fn try_from(name: String) -> Result<Self, UnknownStatus> {
        Self::parse(&name).ok_or(UnknownStatus(name))
    }
}
