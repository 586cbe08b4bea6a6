//! A finished report and its way to the seller; nothing here knows AWS, HTTP or the time.

mod announcement;
mod charset;
mod checksum;
mod document_format;
mod finished_report;
mod gzip_check;
pub mod ledger;
mod media_type;
mod notification;
mod object_key;
pub mod order;
pub mod quota;
pub mod stages;

pub use announcement::{Announcement, Failure, Link};
pub use checksum::{Crc64Nvme, InvalidChecksum};
pub use document_format::{DocumentFormat, UnknownFormat};
pub use finished_report::{FinalStatus, FinishedReport};
pub use gzip_check::{GzipCheck, UnknownCheck};
pub use notification::{Notification, UnreadableNotification};
pub use object_key::{DocumentFacts, ObjectDescription, describe};

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
