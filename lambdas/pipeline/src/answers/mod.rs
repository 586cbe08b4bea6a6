//! What the endpoints answer when they do what they are asked. The fields' descriptions are those of the
//! API's document.

mod deliveries;
mod documents;
mod onboarding;
mod orders;
mod report_row;
mod schedules;
mod sellers;

pub use deliveries::{Delivery, Job, JobBegun, JobStatus, Running};
pub use documents::{Document, NewLink, RevokedLinks};
pub use onboarding::NewInvitation;
pub use orders::{
    CancellationAnswer, CancellationStatus, OrderAnswer, Ordered, Queued, QueuedOrders, QueuedStatus, Warned,
};
pub use report_row::{ReportList, ReportRow};
pub use schedules::{CancelledSchedule, NewSchedule, ScheduleList};
pub use sellers::{LastReport, Seller, SellerAnswer, SellerList, Subscribed, Success, Trouble, Unsubscribed};

/// The names of a type's fields in JSON, in alphabetical order.
#[cfg(test)]
pub(crate) fn property_names<T: schemars::JsonSchema>() -> Vec<String> {
    let schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>();
    let properties = schema.get("properties").and_then(|it| it.as_object());
    let mut names: Vec<_> = properties.expect("properties").keys().cloned().collect();
    names.sort_unstable();
    names
}
