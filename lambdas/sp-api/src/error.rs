use std::fmt::Display;
use std::time::Duration;

use crate::rates::Operation;

/// What can come of a call to Amazon, by what the caller can do about it.
///
/// No variant holds a token or a document's URL, so every one may be logged.
#[derive(Debug, thiserror::Error)]
pub enum SpApiError {
    /// The quota of this operation is spent (HTTP 429). Amazon does not say when it comes back;
    /// `retry_after` is when the usage plan gives the next call.
    #[error("Amazon throttled {operation}: {message}")]
    Throttled {
        /// The operation whose quota is spent.
        operation: Operation,
        /// Amazon's words.
        message: String,
        /// How long until the usage plan hands out another call.
        retry_after: Duration,
    },
    /// Passing: a 5xx, a time-out, a reset connection. Trying again may help.
    #[error("{call} failed for the moment: {message}")]
    Transient {
        /// What was called: an operation's name, `LWA` or `document`.
        call: String,
        /// What happened.
        message: String,
    },
    /// LWA's `invalid_grant`: the selling partner has revoked the authorization, or it has run out.
    #[error("the selling partner's authorization is revoked or expired: {message}")]
    AuthorizationRevoked {
        /// LWA's words.
        message: String,
    },
    /// LWA's `unauthorized_client`: the refresh token was granted to another application.
    #[error("the selling partner's refresh token was granted to another application: {message}")]
    AuthorizationForeign {
        /// LWA's words.
        message: String,
    },
    /// LWA's `invalid_client`: the application's own client id or secret is wrong or rotated. Or an
    /// operation's 401 or 403 that speaks of the secret: LWA gives tokens for an expired one still.
    #[error("Amazon does not accept the application's LWA client id or secret: {message}")]
    ClientCredentialsRefused {
        /// LWA's words, or the operation's.
        message: String,
    },
    /// HTTP 401 or 403 from an operation: the access token does not give access to this. Amazon has
    /// also refused everybody so for half an hour, so it may pass.
    #[error("Amazon denied {operation}: {code}: {message}")]
    Unauthorized {
        /// The operation that was denied.
        operation: Operation,
        /// Amazon's error code.
        code: String,
        /// Amazon's words.
        message: String,
    },
    /// HTTP 404: no such report, document, destination or subscription.
    #[error("Amazon's {operation} found nothing: {code}: {message}")]
    NotFound {
        /// The operation that found nothing.
        operation: Operation,
        /// Amazon's error code.
        code: String,
        /// Amazon's words.
        message: String,
    },
    /// Any other 4xx: Amazon refuses the request, and will refuse it again; but for a document that is
    /// minutes old, of which not all of Amazon may know yet.
    #[error("Amazon rejected {operation} with {status}: {code}: {message}")]
    Rejected {
        /// The operation that was refused.
        operation: Operation,
        /// The HTTP status, 400–499.
        status: u16,
        /// Amazon's error code.
        code: String,
        /// Amazon's words.
        message: String,
    },
    /// A document's URL is older than its five minutes; a new one is needed.
    #[error("the document's URL has expired")]
    DocumentUrlExpired,
    /// The document ended before its announced length, or its connection broke.
    #[error("the document arrived incomplete: {message}")]
    DocumentIncomplete {
        /// What was seen.
        message: String,
    },
    /// Amazon said yes in a way its model does not provide for.
    #[error("{call} answered something unexpected: {message}")]
    UnexpectedAnswer {
        /// What was called.
        call: String,
        /// What was wrong with the answer.
        message: String,
    },
}

impl SpApiError {
    /// Whether Amazon may have carried the operation out all the same: it answered with a 5xx, its
    /// answer did not arrive, or its yes can't be read. To repeat the call may be to do it twice, so
    /// ask Amazon what became of it where that matters.
    ///
    /// A connection that never came about counts as well, although nothing was sent: the doubt costs
    /// a question, and a wrong certainty a second report. LWA and documents are never in doubt; there
    /// is nothing to be carried out.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::Transient { call, .. } | Self::UnexpectedAnswer { call, .. } => {
                Operation::by_name(call).is_some()
            }
            _ => false,
        }
    }

    /// Whether the reason may be that the application, or the seller's authorization, lacks a role. That
    /// is said with 403, and sometimes with 400.
    #[must_use]
    pub fn lacks_role(&self) -> bool {
        match self {
            Self::Unauthorized { .. } => true,
            // "Application do not have access to some or all requested resource"
            Self::Rejected { message, .. } => message.to_ascii_lowercase().contains("not have access"),
            _ => false,
        }
    }

    pub(crate) fn transient(call: &(impl Display + ?Sized), error: reqwest::Error) -> Self {
        Self::Transient {
            call: call.to_string(),
            message: describe(error),
        }
    }

    pub(crate) fn unexpected(call: &(impl Display + ?Sized), message: &(impl Display + ?Sized)) -> Self {
        Self::UnexpectedAnswer {
            call: call.to_string(),
            message: message.to_string(),
        }
    }
}

/// The error and its causes in one line, without the URL: document URLs are bearer secrets.
pub(crate) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_in_doubt_when_amazons_word_on_it_is_missing() {
        let message = String::new;
        let transient = |call: &str| SpApiError::Transient {
            call: call.to_owned(),
            message: message(),
        };
        let operation = Operation::CreateReport;
        assert!(transient(operation.name()).is_in_doubt());
        assert!(SpApiError::unexpected(&operation, "no report id").is_in_doubt());
        for certain in [
            transient("LWA"),
            transient("document"),
            SpApiError::unexpected("LWA", "no access token in the answer"),
            SpApiError::Throttled {
                operation,
                message: message(),
                retry_after: Duration::from_secs(60),
            },
            SpApiError::Rejected {
                operation,
                status: 400,
                code: message(),
                message: message(),
            },
        ] {
            assert!(!certain.is_in_doubt(), "{certain:?}");
        }
    }
}
