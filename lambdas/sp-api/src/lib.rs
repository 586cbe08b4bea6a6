//! A client for Amazon's Selling Partner API. It knows no AWS.

pub mod ids;
pub mod rates;
pub mod region;
pub mod report_types;
