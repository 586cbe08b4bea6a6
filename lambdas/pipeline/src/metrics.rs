//! Metrics, as log lines in CloudWatch's embedded metric format: CloudWatch counts what it reads.
//!
//! A metric has the dimension `FunctionName`, and one more at most, whose values are few and known. Sellers and
//! reports are none: each would be a metric of its own, with a price of its own.

mod line;
mod of_amazon;
mod of_reports;

use sp_api::rates::Operation;

pub use line::Line;
pub(crate) use of_amazon::AmazonMetrics;
pub use of_reports::of_delivery;

/// How a report ended here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The document is stored, and its reader told.
    Delivered,
    /// Amazon cancelled it.
    Cancelled,
    /// Amazon could not make it.
    Failed,
    /// Amazon knows it no more.
    Dropped,
    /// Amazon made it, and it could not be delivered.
    NotDelivered,
    /// Amazon refused the order.
    NotOrdered,
    /// Nobody wants it here.
    Skipped,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "Delivered",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Failed",
            Self::Dropped => "Dropped",
            Self::NotDelivered => "NotDelivered",
            Self::NotOrdered => "NotOrdered",
            Self::Skipped => "Skipped",
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A time.
    Milliseconds,
    /// An age.
    Seconds,
    /// A size.
    Bytes,
}

impl Unit {
    /// As CloudWatch writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::Bytes => "Bytes",
        }
    }
}

/// Something that is counted or measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Reports that came to their end, and orders that came to none.
    Reports(Outcome),
    /// From when Amazon's end of the work was known here until the e-mail.
    TimeToMail,
    /// From the announcement until Amazon told where the document is; with the wait for the quota.
    RetrievalTime,
    /// From then until the document was in the bucket.
    StorageTime,
    /// From then until there was a link.
    LinkTime,
    /// From the stage before until the e-mail was handed over.
    NotificationTime,
    /// Of a document as it is stored.
    DocumentBytes,
    /// E-mails that were handed to SNS or SES, for each recipient.
    Mails,
    /// News that were too much for an address, and come with the next e-mail.
    NewsGathered,
    /// Links that somebody opened.
    LinksOpened,
    /// Calls of Amazon's API, answered or not.
    AmazonCalls(Operation),
    /// Those that Amazon refused because a quota is used up.
    AmazonThrottles(Operation),
    /// Calls of Amazon's API or of LWA that came to nothing otherwise, by the error's name.
    AmazonRefusals(&'static str),
    /// Access tokens that LWA was asked for.
    TokenCalls,
    /// Calls that were reserved of Amazon's quotas.
    QuotaSlots(Operation),
    /// From a reservation until its slot.
    QuotaWait,
    /// Rows that a run of the reconciler found overdue.
    OverdueRows,
    /// Executions that it had to start.
    OverdueStarted,
    /// Rows that it could not look after.
    OverdueFailed,
    /// Reports that nobody had announced.
    ReportsDiscovered,
    /// Deliveries that it began of what was there before.
    BackfillsStarted,
    /// Obstacles that it looked at again.
    ObstaclesChecked,
    /// The age of the oldest report that Amazon finished and that is not delivered, of those a run looked at.
    OldestUndelivered,
    /// The age of the oldest report that Amazon has not finished, of those a run looked at.
    OldestUnfinished,
    /// A report was announced of a selling partner who is not known here (any more).
    AnnouncementsOfUnknownSellers,
    /// The client secret ends within a week, and no new one has come.
    ClientSecretEndsSoon,
    /// What came as a new client secret can't be used, and was kept aside.
    ClientSecretRejected,
    /// Amazon refuses the application's credentials, so that nothing can be fetched or ordered.
    CredentialsRefused,
    /// SES refused an e-mail for good.
    MailRefused,
    /// The owner's own address bounced or complained.
    OwnersMailUndeliverable,
}

impl Metric {
    /// One of each kind, as the reference lists them.
    pub const ALL: [Self; 30] = [
        Self::Reports(Outcome::Delivered),
        Self::TimeToMail,
        Self::RetrievalTime,
        Self::StorageTime,
        Self::LinkTime,
        Self::NotificationTime,
        Self::DocumentBytes,
        Self::Mails,
        Self::NewsGathered,
        Self::LinksOpened,
        Self::AmazonCalls(Operation::GetReport),
        Self::AmazonThrottles(Operation::GetReport),
        Self::AmazonRefusals("Rejected"),
        Self::TokenCalls,
        Self::QuotaSlots(Operation::GetReport),
        Self::QuotaWait,
        Self::OverdueRows,
        Self::OverdueStarted,
        Self::OverdueFailed,
        Self::ReportsDiscovered,
        Self::BackfillsStarted,
        Self::ObstaclesChecked,
        Self::OldestUndelivered,
        Self::OldestUnfinished,
        Self::AnnouncementsOfUnknownSellers,
        Self::ClientSecretEndsSoon,
        Self::ClientSecretRejected,
        Self::CredentialsRefused,
        Self::MailRefused,
        Self::OwnersMailUndeliverable,
    ];

    /// Its name in CloudWatch.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reports(_) => "Reports",
            Self::TimeToMail => "TimeToMail",
            Self::RetrievalTime => "RetrievalTime",
            Self::StorageTime => "StorageTime",
            Self::LinkTime => "LinkTime",
            Self::NotificationTime => "NotificationTime",
            Self::DocumentBytes => "DocumentBytes",
            Self::Mails => "Mails",
            Self::NewsGathered => "NewsGathered",
            Self::LinksOpened => "LinksOpened",
            Self::AmazonCalls(_) => "AmazonCalls",
            Self::AmazonThrottles(_) => "AmazonThrottles",
            Self::AmazonRefusals(_) => "AmazonRefusals",
            Self::TokenCalls => "TokenCalls",
            Self::QuotaSlots(_) => "QuotaSlots",
            Self::QuotaWait => "QuotaWait",
            Self::OverdueRows => "OverdueRows",
            Self::OverdueStarted => "OverdueStarted",
            Self::OverdueFailed => "OverdueFailed",
            Self::ReportsDiscovered => "ReportsDiscovered",
            Self::BackfillsStarted => "BackfillsStarted",
            Self::ObstaclesChecked => "ObstaclesChecked",
            Self::OldestUndelivered => "OldestUndelivered",
            Self::OldestUnfinished => "OldestUnfinished",
            Self::AnnouncementsOfUnknownSellers => "AnnouncementsOfUnknownSellers",
            Self::ClientSecretEndsSoon => "ClientSecretEndsSoon",
            Self::ClientSecretRejected => "ClientSecretRejected",
            Self::CredentialsRefused => "CredentialsRefused",
            Self::MailRefused => "MailRefused",
            Self::OwnersMailUndeliverable => "OwnersMailUndeliverable",
        }
    }

    /// What its values are.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::TimeToMail
            | Self::RetrievalTime
            | Self::StorageTime
            | Self::LinkTime
            | Self::NotificationTime
            | Self::QuotaWait => Unit::Milliseconds,
            Self::OldestUndelivered | Self::OldestUnfinished => Unit::Seconds,
            Self::DocumentBytes => Unit::Bytes,
            _ => Unit::Count,
        }
    }

    /// The dimension that it has besides `FunctionName`, and this one's value of it.
    #[must_use]
    pub fn dimension(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Reports(outcome) => Some(("Outcome", outcome.name())),
            Self::AmazonCalls(operation) | Self::AmazonThrottles(operation) | Self::QuotaSlots(operation) => {
                Some(("Operation", operation.name()))
            }
            Self::AmazonRefusals(code) => Some(("Code", code)),
            _ => None,
        }
    }

    /// Counts one.
    pub fn count(self) {
        Line::default().with(self, 1).emit();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_reference_lists_every_metric_with_unit_and_dimension() {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cdk/SIGNALS.md");
        let readme = fs::read_to_string(readme).expect("the README");
        let (_, table) = readme.split_once("\n| metric |").expect("the table");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let mut listed: Vec<String> = rows
            .flat_map(|row| {
                let mut cells = row.trim_matches('|').split('|').map(str::trim);
                let names = cells.next().expect("names").to_owned();
                let rest: Vec<_> = cells.take(2).map(|cell| cell.replace('`', "")).collect();
                let names = names.split('`').skip(1).step_by(2).map(str::to_owned);
                names
                    .map(|name| format!("{name} {}", rest.join(" ")))
                    .collect::<Vec<_>>()
            })
            .map(|row| row.trim().to_owned())
            .collect();
        let mut known: Vec<String> = Metric::ALL
            .iter()
            .map(|metric| {
                let dimension = metric.dimension().map(|(name, _)| name).unwrap_or_default();
                let row = format!("{} {} {dimension}", metric.name(), metric.unit().name());
                row.trim().to_owned()
            })
            .collect();
        listed.sort();
        known.sort();
        assert_eq!(listed, known);
    }

    #[test]
    fn the_dashboard_draws_what_is_counted() {
        let graphs = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../cdk/lib/constructs/own-graphs.ts"
        );
        let graphs = fs::read_to_string(graphs).expect("the graphs");
        let is_name = |word: &&str| {
            word.starts_with(|first: char| first.is_ascii_uppercase())
                && word.chars().all(|letter| letter.is_ascii_alphabetic())
        };
        let outcomes = [
            Outcome::Delivered,
            Outcome::Cancelled,
            Outcome::Failed,
            Outcome::Dropped,
            Outcome::NotDelivered,
            Outcome::NotOrdered,
            Outcome::Skipped,
        ];
        let mut drawn = 0;
        for word in graphs.split('"').skip(1).step_by(2).filter(is_name) {
            let is_metric = Metric::ALL.iter().any(|metric| {
                metric.name() == word || metric.dimension().is_some_and(|(dimension, _)| dimension == word)
            });
            let is_outcome = outcomes.iter().any(|outcome| outcome.name() == word);
            assert!(is_metric || is_outcome, "{word} is not counted");
            drawn += 1;
        }
        assert!(drawn > 10, "{drawn}");
    }
}
