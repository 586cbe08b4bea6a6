//! A finished report and its way to the seller; nothing here knows AWS, HTTP or the time.

mod account;
mod advice;
mod announced_report;
mod announcement;
mod authorization;
mod authorization_news;
pub mod backfill;
pub mod backfill_news;
mod charset;
mod checksum;
mod consent;
mod email_address;
mod envelope;
mod failure;
mod findings;
mod finished_report;
mod gathered_news;
mod html;
pub mod ledger;
pub mod likeness;
mod link_end;
mod link_token;
mod mail_feedback;
mod mail_news;
mod media_type;
pub mod newest;
pub mod news;
mod notification;
mod object_key;
pub mod obstacle;
mod obstacle_news;
pub mod order;
mod particulars;
pub mod quota;
mod reason;
mod recipient;
mod retention;
mod secret_notice;
mod slow_report;
pub mod stages;
pub mod stopped;
mod storage_options;
mod wanted;
mod words;
pub mod years;

pub use account::Account;
pub use advice::{Advice, AdviceCode};
pub use announced_report::{AnnouncedReport, ExecutionNames};
pub use announcement::{Announcement, Download, Link};
pub use authorization::{AuthorizationTerm, EndingAuthorization};
pub use charset::{Charset, CharsetFrom, Evidence, EvidenceSoFar};
pub use checksum::{Checksummed, Crc64Nvme, InvalidChecksum, RunningCrc64Nvme};
pub use consent::{AccountType, AppstoreCallback, ConsentPages, Country};
pub use email_address::{EmailAddress, InvalidEmailAddress};
pub use failure::{Failure, ROLE_MISSING};
pub use findings::{Counted, Findings};
pub use finished_report::{FinalStatus, FinishedReport};
pub(crate) use html::escaped;
pub use html::html;
pub use link_end::{Lifetimes, link_end};
pub use link_token::{LinkToken, TokenHash};
pub use mail_feedback::{MailEvent, MailFeedback, Undeliverable, UnreadableEvent};
pub use mail_news::StoppedMail;
pub use notification::{FinishedNotice, Notification, UnreadableNotification};
pub use object_key::{DocumentFacts, ObjectDescription};
pub use particulars::{InvalidReference, Particulars, Reference};
pub use reason::words_of;
pub use recipient::{Reach, Recipient};
pub use retention::Retention;
pub use secret_notice::{EndingSecret, NewSecret, SecretAge, SecretNotice, UnreadableNotice};
pub use slow_report::SlowReport;
pub use storage_options::{DocumentFormat, GzipCheck, UnknownOption};
pub use wanted::{Deliver, Wanted};

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
