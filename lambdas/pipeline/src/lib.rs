#![doc = include_str!("../README.md")]

pub mod adapters;
pub mod answers;
pub mod api;
pub mod delivering;
pub mod domain;
mod error;
pub mod linking;
pub mod logging;
pub mod mailing;
pub mod metrics;
pub mod ordering;
pub mod pages;
mod parking;
mod persistence;
pub mod redelivery;
pub mod requests;
pub mod sellers_mail;
pub mod settings;
pub mod subscribing;
pub mod subscriptions;
pub mod telling;
pub mod transfer;
pub mod workflows;

pub use error::{PipelineError, StageError};
pub use persistence::persistently;
