//! One file for each service that the pipeline speaks to.

mod amazon;
mod document_store;
mod links;
mod lwa_secret;
mod quotas;
mod reports_table;
mod selling_partners;
mod topic;
mod workflow;

pub use amazon::Amazon;
pub use document_store::DocumentStore;
pub use links::Links;
pub use lwa_secret::LwaSecret;
pub use quotas::Quotas;
pub use reports_table::{OrderedReport, ReportsTable};
pub use selling_partners::SellingPartners;
pub use topic::Topic;
pub use workflow::{Started, Workflow};

/// The SDK's configuration, from the function's environment.
pub async fn aws_config() -> aws_config::SdkConfig {
    aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await
}
