use std::fmt;
use std::sync::Arc;

use crate::SpApiError;
use crate::rates::Operation;

/// Who was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// Amazon's API.
    Operation(Operation),
    /// Login with Amazon, for an access token.
    Lwa,
}

/// Somebody who counts the calls. It sees neither tokens nor bodies.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A call was made, and answered so: each attempt is a call of its own.
    fn called(&self, callee: Callee, answer: Result<(), &SpApiError>);
}

/// Nobody, or somebody whom a client and its clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed(Option<Arc<dyn Observer>>);

impl Observed {
    pub(crate) fn by(observer: Arc<dyn Observer>) -> Self {
        Self(Some(observer))
    }

    /// Passes an answer on, and shows what it was.
    pub(crate) fn show<T>(&self, callee: Callee, answer: Result<T, SpApiError>) -> Result<T, SpApiError> {
        if let Some(observer) = &self.0 {
            observer.called(callee, answer.as_ref().map(drop));
        }
        answer
    }
}
