//! The simulator's behaviour, seen from outside.

#[path = "../common/mod.rs"]
mod common;

mod authorization;
mod control;
mod documents;
mod faults;
mod notifications;
mod program;
mod reports;
mod schedules;
