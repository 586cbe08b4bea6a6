//! One file for each service that the pipeline speaks to.

mod amazon;
mod aws;
mod dead_letters;
mod document_store;
mod event_bus;
mod ledger;
mod links;
mod lwa_secret;
mod mail_subscriptions;
mod metered;
mod onboardings;
mod quotas;
mod rejected_secret;
mod secret_rotations;
mod selling_partners;
pub(crate) mod ses_mail;
mod state_machine;
mod stored_documents;
mod topic;
mod upload;

pub use amazon::Amazon;
pub use aws::aws_config;
pub use dead_letters::DeadLetters;
pub use document_store::DocumentStore;
pub use event_bus::EventBus;
pub use ledger::{
    Accepted, Among, AnnouncementKind, Backfill, Cancellation, Claim, Due, EarlierTransfer, Found,
    GatheredNews, Going, Ledger, LedgerRow, Named, NewOrder, Notified, OrderRow, OrderState, OrderedReport,
    Page, PageToken, RowKey, Skipped, Standing, Teller, Traits, Turn, UnfinishedUpload, or_warn,
};
pub use links::{LinkTarget, Links};
pub use lwa_secret::{LwaSecret, StoredCredentials};
pub use mail_subscriptions::{MailSubscriptions, NotSubscribed};
pub use metered::{InSlot, MeteredAmazon};
pub use onboardings::{Attempt, Invitation, Onboardings};
pub use quotas::Quotas;
pub use rejected_secret::RejectedSecret;
pub use secret_rotations::SecretRotations;
pub use selling_partners::{
    Discovering, Given, Kept, KeptSchedule, KeptSubscription, KnownAccount, KnownAccounts, KnownSellers,
    MailAddresses, SellerRow, SellersOverview, SellingPartners, SwitchedOff, Walked,
};
pub use ses_mail::{SesMail, SuppressionList};
pub use state_machine::{Fate, Started, StateMachine};
pub use stored_documents::{StoredHeaders, UrlMethod};
pub use topic::{Mail, Topic};
pub use upload::Upload;
