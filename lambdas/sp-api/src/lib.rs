#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod document;
mod endpoints;
mod error;
pub mod ids;
mod lwa;
mod notifications;
pub mod rates;
mod region;
pub mod report_types;
mod reports;
mod restricted_data_token;
mod token_cache;

pub use client::SpApiClient;
pub use document::{DocumentStream, DocumentUrl};
pub use endpoints::{Endpoints, InvalidEndpoint};
pub use error::SpApiError;
pub use lwa::{AccessToken, Grant, GrantlessScope, LwaCredentials};
pub use notifications::{Destination, Subscription};
pub use region::RegionCode;
pub use reports::{CompressionAlgorithm, CreateReport, ProcessingStatus, ReportDocument};
pub use token_cache::TokenCache;
