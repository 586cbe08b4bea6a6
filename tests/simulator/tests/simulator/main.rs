//! The simulator's behaviour, seen from outside.

#[path = "../common/mod.rs"]
mod common;

mod authorization;
mod consent;
mod control;
mod documents;
mod faults;
mod notifications;
mod odd_answers;
mod odd_documents;
mod odd_messages;
mod oddities;
mod program;
mod reports;
mod rotation;
mod schedules;
