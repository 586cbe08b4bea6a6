//! What was asked of the simulator, and what it answered.

use jiff::Timestamp;
use serde::Serialize;
use sp_api::RegionCode;

/// Which kind of token a request carried; never the token itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    /// None at all.
    #[default]
    None,
    /// One that this simulator did not issue.
    Unknown,
    /// A selling partner's access token.
    Seller,
    /// An application's own access token.
    Grantless,
    /// A restricted data token.
    Rdt,
}

/// One request, or one attempt to deliver a notification.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) time: Timestamp,
    pub(crate) region: Option<RegionCode>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Absent for documents, whose query is a bearer secret.
    pub(crate) query: Option<String>,
    pub(crate) operation: String,
    pub(crate) seller_id: Option<String>,
    /// 0 where nothing was answered: a connection that was reset, a message that was not sent.
    pub(crate) status: u16,
    pub(crate) user_agent: Option<String>,
    pub(crate) token: TokenKind,
    /// A fault that struck, or why a delivery failed.
    pub(crate) detail: Option<String>,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) operation: Option<String>,
    pub(crate) seller_id: Option<String>,
    pub(crate) status: Option<u16>,
    /// Only entries with a higher sequence number.
    pub(crate) after: Option<u64>,
}

impl Filter {
    fn matches(&self, entry: &Entry) -> bool {
        self.operation
            .as_ref()
            .is_none_or(|operation| *operation == entry.operation)
            && self
                .seller_id
                .as_ref()
                .is_none_or(|seller| Some(seller) == entry.seller_id.as_ref())
            && self.status.is_none_or(|status| status == entry.status)
            && self.after.is_none_or(|sequence| entry.sequence > sequence)
    }
}

/// Entries beyond this are forgotten, oldest first: a local stack may run for weeks.
const KEPT: usize = 100_000;

/// The journal.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: std::collections::VecDeque<Entry>,
    last: u64,
}

impl Journal {
    /// Adds an entry and numbers it.
    pub(crate) fn record(&mut self, mut entry: Entry) {
        self.last += 1;
        entry.sequence = self.last;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn find(&self, filter: &Filter) -> Vec<Entry> {
        self.entries
            .iter()
            .filter(|entry| filter.matches(entry))
            .cloned()
            .collect()
    }

    /// Forgets the entries; numbers go on where they were.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
