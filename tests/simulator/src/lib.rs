#![doc = include_str!("../README.md")]

mod consent;
mod control;
mod delivery;
mod documents;
mod errors;
mod faults;
mod fields;
mod journal;
mod lwa;
mod notifications;
mod oddities;
mod outcomes;
mod quotas;
mod random;
mod reports;
mod restricted;
mod rotation;
mod schedules;
mod sellers;
mod server;
mod simulator;
mod stored_tokens;
pub mod testing;
mod tokens;
mod world;

pub use consent::Application;
pub use delivery::{Delivered, Sink, SqsSink};
pub use lwa::ClientCredentials;
pub use simulator::{Options, Simulator};
pub use stored_tokens::{SellingPartnersTable, StoredTokens};
