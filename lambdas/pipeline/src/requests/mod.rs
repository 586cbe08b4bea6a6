//! The bodies of the endpoints, as the Quick Start's users send them, parsed into domain types.

mod body;
mod order_report;
mod report_fields;
mod store_token;
mod subscribe;

pub use body::InvalidRequest;
pub use order_report::OrderReport;
pub use store_token::StoreToken;
pub use subscribe::Subscribe;
