use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::FinalStatus;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum NewsType {
    /// A report's document is in the bucket.
    ReportDelivered,
    /// Amazon cancelled a report, or had nothing to report.
    ReportCancelled,
    /// Amazon could not make a report.
    ReportFailed,
    /// Amazon does not know a report any more.
    ReportDropped,
    /// Amazon made a report, and it could not be delivered.
    ReportNotDelivered,
    /// A queued order could not be placed.
    OrderFailed,
    /// Amazon takes long to make a report.
    ReportSlow,
    /// Something that is somebody else's to mend stands in the way of reports and orders.
    ReportsWaiting,
    /// Nothing stands in their way any more.
    ReportsGoOn,
    /// What Amazon had already when a seller joined has been delivered.
    BackfillDelivered,
    /// So much has happened that people got it in one e-mail. Programs have been told of each before.
    NewsGathered,
    /// A seller's address bounced or complained, and gets nothing more until it is stored again.
    MailStopped,
    /// An e-mail about a report was refused for good.
    MailRefused,
    /// A seller's authorization ends soon.
    AuthorizationEnds,
    /// A seller is asked to authorize again: the authorization ends soon, or Amazon does not take it any more. Its
    /// owner is told of the same as `AuthorizationEnds` or `ReportsWaiting`.
    AuthorizeAgain,
}

/// Whom news are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whose reports they are.
    Seller,
    /// Who runs this.
    Owner,
}

impl NewsType {
    /// Of a report that ended so.
    #[must_use]
    pub fn of_end(status: FinalStatus) -> Self {
        match status {
            FinalStatus::Done => Self::ReportDelivered,
            FinalStatus::Cancelled => Self::ReportCancelled,
            FinalStatus::Fatal => Self::ReportFailed,
            FinalStatus::Dropped => Self::ReportDropped,
        }
    }

    /// The name in the document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReportDelivered => "ReportDelivered",
            Self::ReportCancelled => "ReportCancelled",
            Self::ReportFailed => "ReportFailed",
            Self::ReportDropped => "ReportDropped",
            Self::ReportNotDelivered => "ReportNotDelivered",
            Self::OrderFailed => "OrderFailed",
            Self::ReportSlow => "ReportSlow",
            Self::ReportsWaiting => "ReportsWaiting",
            Self::ReportsGoOn => "ReportsGoOn",
            Self::BackfillDelivered => "BackfillDelivered",
            Self::NewsGathered => "NewsGathered",
            Self::MailStopped => "MailStopped",
            Self::MailRefused => "MailRefused",
            Self::AuthorizationEnds => "AuthorizationEnds",
            Self::AuthorizeAgain => "AuthorizeAgain",
        }
    }

    /// Whether it is how a report ended at Amazon.
    #[must_use]
    pub fn is_end(self) -> bool {
        match self {
            Self::ReportDelivered | Self::ReportCancelled | Self::ReportFailed | Self::ReportDropped => true,
            Self::ReportNotDelivered
            | Self::OrderFailed
            | Self::ReportSlow
            | Self::ReportsWaiting
            | Self::ReportsGoOn
            | Self::BackfillDelivered
            | Self::NewsGathered
            | Self::MailStopped
            | Self::MailRefused
            | Self::AuthorizationEnds
            | Self::AuthorizeAgain => false,
        }
    }
}

impl Audience {
    /// The value of the message attribute.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Owner => "owner",
        }
    }
}
