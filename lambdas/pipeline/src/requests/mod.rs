//! What callers ask of the endpoints, parsed into domain types.

mod body;
mod forget_seller;
mod invite_seller;
mod list_finished;
mod list_reports;
mod list_sellers;
mod make_link;
mod named_report;
mod order_report;
mod parameters;
mod question;
mod redeliver;
mod refresh_token;
mod report_fields;
mod schedules;
#[cfg(test)]
mod schema_tests;
mod store_token;
mod subscription;

pub use body::InvalidRequest;
pub use forget_seller::ForgetSeller;
pub use invite_seller::InviteSeller;
pub use list_finished::ListFinished;
pub use list_reports::{After, LedgerStatus, ListAll, ListReports};
pub use list_sellers::{ListSellers, NamedSeller};
pub use make_link::{LinkOptions, MakeLink};
pub use named_report::{NamedReport, ReportName};
pub use order_report::{IdempotencyKey, ListOfOrders, OrderReport, OrderReports, idempotency_key};
pub use parameters::Parameters;
pub use redeliver::{NamedJob, Redeliver};
pub use report_fields::{OrderedReport, ScheduledReport};
pub use schedules::{CancelSchedule, CreateSchedule, ListSchedules};
pub use store_token::StoreToken;
pub use subscription::{Subscribe, SubscriptionKey, Unsubscribe};
