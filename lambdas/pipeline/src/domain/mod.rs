//! A finished report and its way to the seller; nothing here knows AWS, HTTP or the time.

mod announcement;
mod finished_report;
mod notification;
mod object_key;
pub mod quota;
pub mod stages;

pub use announcement::{Announcement, Failure, Link};
pub use finished_report::{FinalStatus, FinishedReport};
pub use notification::{Notification, UnreadableNotification};
pub use object_key::{ObjectDescription, object_key};
