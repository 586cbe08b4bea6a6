use super::gunzip::{beginning, is_gzip};

/// What is looked at before a document is stored: of its own bytes, and of what they decompress to. The
/// same for every attempt and every way, so that what is decided by it is the same, too.
pub(super) const LOOK: usize = 512 << 10;

/// What a document begins with.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// Whether it is gzip. Amazon's word for it decides nothing.
    pub(super) is_gzip: bool,
    /// The first bytes, decompressed.
    pub(super) head: Vec<u8>,
    /// Whether there are none.
    pub(super) is_empty: bool,
}

impl Opening {
    /// Of a document that begins with `first`, which is all of it or enough.
    pub(super) fn of(first: &[u8]) -> Self {
        let first = &first[..first.len().min(LOOK)];
        let is_gzip = is_gzip(first);
        Self {
            is_gzip,
            head: if is_gzip {
                beginning(first, LOOK)
            } else {
                first.to_vec()
            },
            is_empty: first.is_empty(),
        }
    }
}
