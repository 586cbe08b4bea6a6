#![doc = include_str!("../README.md")]

mod answer;
mod application;
mod authorization_code;
mod client;
mod document;
mod document_stream;
mod endpoints;
mod error;
pub mod ids;
mod lwa;
pub mod marketplaces;
mod notifications;
mod observer;
mod processing_status;
mod rate_log;
pub mod rates;
mod refusal_body;
mod region;
mod report_list;
pub mod report_types;
mod reports;
mod restricted_data_token;
mod schedules;
mod token_cache;
mod wire;

pub use authorization_code::{AuthorizationCode, InvalidAuthorizationCode};
pub use client::SpApiClient;
pub use document::{Document, DocumentUrl};
pub use document_stream::DocumentStream;
pub use endpoints::{Endpoints, InvalidEndpoint};
pub use error::SpApiError;
pub use lwa::{AccessToken, Grant, GrantlessScope, LwaCredentials};
pub use notifications::{Destination, DestinationResource, NewSubscription, Subscription};
pub use observer::{Callee, Observer};
pub use processing_status::{ProcessingStatus, UnknownStatus};
pub use rate_log::RateLog;
pub use region::RegionCode;
pub use report_list::{
    Gap, InvalidFilter, ListedSince, NextToken, ReportTraits, ReportsFilter, ReportsPage, ReportsQuery,
    UnreadableReport,
};
pub use reports::{CompressionAlgorithm, CreateReport, Report, ReportDocument};
pub use schedules::{CreateReportSchedule, InvalidPeriod, ReportSchedule, SchedulePeriod};
pub use token_cache::TokenCache;
