//! The pipeline on the local stack: SigV4 and IAM enforced, Amazon played by the world.simulator.
//!
//! Every test has sellers of its own, so that all can run side by side on one stack.

mod a_look_a_minute;
mod access;
mod amazon_as_it_is;
mod aws_cli;
mod backfill;
mod bad_input;
mod browser;
mod cancelling;
mod consumers;
mod dead_letters;
mod delivery;
mod duplicates;
mod express_lane;
mod failures;
mod forgetting;
mod large_document;
mod ledger;
mod links;
mod logs;
mod mail_by_ses;
mod mails;
mod merged_accounts;
mod news;
mod onboarding;
mod orders;
mod quick_start;
mod quotas;
mod readme;
mod redelivery;
mod retention;
mod schedules;
mod secrecy;
mod secret_rotation;
mod sellers;
mod subscriptions;
mod upgrade;
mod whose_reports;
mod world;
