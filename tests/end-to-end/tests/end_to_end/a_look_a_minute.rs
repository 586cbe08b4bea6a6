//! What the local stack looks for once a minute.
//!
//! The name begins with `a` because tests are begun in the order of their names: these do little but wait, for minutes,
//! and all others run beside them.

mod authorizations;
mod reconciling;
mod slow_reports;
mod waiting;
