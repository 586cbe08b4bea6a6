//! What programs are told: one document for each piece of news. Consumers rely on its version; its JSON
//! Schema stands beside the functions' README.

mod authorization;
mod id;
mod kind;
mod parts;
#[cfg(test)]
pub(crate) mod tests;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sp_api::RegionCode;
use sp_api::ids::{ReportType, SellerId};

use super::advice::AdviceCode;
use super::backfill_news::BackfillNews;
use super::obstacle::Obstacle;
use super::order::{FailedOrder, RequestId};
use super::stages::Outcome;
use super::{Account, Failure, Particulars, Recipient, Reference, SlowReport, StoppedMail};
pub use authorization::NewsAuthorization;
pub use id::NewsId;
pub use kind::{Audience, NewsType};
pub use parts::{BackfillPart, NewsBackfill, NewsObject, NewsReport, ReportStatus};

/// What a consumer may rely on: within a version fields and types are added, and none is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Version {
    /// The first.
    #[serde(rename = "1")]
    One,
}

/// A piece of news. It holds no link and no URL: who may read it has IAM.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct News {
    /// Of this document.
    pub version: Version,
    /// The same should the news come twice.
    pub id: NewsId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: NewsType,
    /// When it was told.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
    /// Whose affair it is; absent where it is everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub seller_id: Option<SellerId>,
    /// Where, if that is known: `NA`, `EU` or `FE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub region_code: Option<RegionCode>,
    /// The order of it, as its answer called it: of a queued order or one with an idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub request_id: Option<RequestId>,
    /// The caller's own name for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reference: Option<Reference>,
    /// The report, or the one that was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NewsReport")]
    pub report: Option<NewsReport>,
    /// The stored document.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NewsObject")]
    pub object: Option<NewsObject>,
    /// The name of what went wrong, the same as in the report's row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub error: Option<String>,
    /// What went wrong, in words; of a report that Amazon could not make, in Amazon's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
    /// What can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AdviceCode")]
    pub advice_code: Option<AdviceCode>,
    /// How many reports and orders wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub waiting: Option<u64>,
    /// What was delivered of what Amazon had already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NewsBackfill")]
    pub backfill: Option<NewsBackfill>,
    /// The authorization that ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NewsAuthorization")]
    pub authorization: Option<NewsAuthorization>,
    /// The ids of the news that one e-mail told of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gathered: Vec<String>,
}

/// What the teller knows besides the news themselves.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// Where the seller sells, if that is known.
    pub region: Option<RegionCode>,
    /// What was ordered.
    pub particulars: &'a Particulars,
    /// How often the delivery or the order had begun again before: each time it fails is news.
    pub releases: u64,
    /// When they are told.
    pub now: Timestamp,
}

impl News {
    /// How a report ended, whose document is in `bucket`.
    #[must_use]
    pub fn of_outcome(outcome: &Outcome, bucket: &str, told: &Circumstances<'_>) -> Self {
        let report = &outcome.report;
        let (kind, failure) = match &outcome.failure {
            None => (NewsType::of_end(report.processing_status), None),
            Some(failure) => (NewsType::ReportNotDelivered, Some(failure)),
        };
        let occurrence = failure.map_or(0, |_| told.releases);
        let stored = outcome.stored_document.as_ref();
        Self {
            report: Some(NewsReport {
                report_id: Some(report.report_id.clone()),
                // Of one that is not delivered, what it was announced as may be all that there is.
                processing_status: failure.is_none().then(|| report.processing_status.into()),
                ..NewsReport::new(&report.report_type, told.particulars)
            }),
            object: stored.map(|stored| NewsObject::new(bucket, stored)),
            reason: stored.and_then(|stored| stored.reason.clone()),
            ..Self::of_account(
                kind,
                (&report.seller_id, report.report_id.as_str(), occurrence),
                told,
            )
        }
        .because_of(failure.map(|failure| (failure, failure.advice().code)))
    }

    /// That an order could not be placed.
    #[must_use]
    pub fn of_failed_order(order: &FailedOrder, told: &Circumstances<'_>) -> Self {
        let failure = &order.failure;
        let about = (&order.seller_id, order.request_id.as_str(), told.releases);
        Self {
            request_id: Some(order.request_id.clone()),
            report: Some(NewsReport::new(&order.report_type, told.particulars)),
            ..Self::of_account(NewsType::OrderFailed, about, told)
        }
        .because_of(Some((failure, failure.advice_on_order().code)))
    }

    /// That Amazon takes long to make a report.
    #[must_use]
    pub fn of_slow(report: &SlowReport, told: &Circumstances<'_>) -> Self {
        let about = (&report.seller_id, report.report_id.as_str(), 0);
        Self {
            report: Some(NewsReport {
                report_id: Some(report.report_id.clone()),
                processing_status: Some(report.processing_status.into()),
                ..NewsReport::new(&report.report_type, told.particulars)
            }),
            advice_code: Some(report.advice().code),
            ..Self::of_account(NewsType::ReportSlow, about, told)
        }
    }

    /// That an obstacle, which was met at `since`, stands in the way of so many reports and orders.
    #[must_use]
    pub fn of_obstacle(
        obstacle: &Obstacle,
        failure: &Failure,
        waiting: u64,
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            waiting: Some(waiting),
            ..Self::about_obstacle(NewsType::ReportsWaiting, obstacle, since, now)
        }
        .because_of(Some((failure, failure.advice_on_obstacle().code)))
    }

    /// That the obstacle is gone that was met at `since`.
    #[must_use]
    pub fn of_end(obstacle: &Obstacle, since: Timestamp, now: Timestamp) -> Self {
        Self::about_obstacle(NewsType::ReportsGoOn, obstacle, since, now)
    }

    /// What was delivered of what Amazon had already, as far as a message can hold it.
    #[must_use]
    pub fn of_backfill(news: &BackfillNews<'_>, bucket: &str, name: &str, now: Timestamp) -> Self {
        let told = Circumstances {
            region: Some(news.region),
            particulars: &Particulars::default(),
            releases: 0,
            now,
        };
        Self {
            backfill: Some(NewsBackfill::new(news, bucket)),
            ..Self::of_account(NewsType::BackfillDelivered, (news.seller_id, name, 0), &told)
        }
    }

    /// That a recipient got the news with those ids in one e-mail.
    #[must_use]
    pub fn of_many(ids: Vec<String>, recipient: &Recipient, now: Timestamp) -> Self {
        let (seller, region) = match recipient {
            Recipient::Owner => (None, None),
            Recipient::Seller(seller, region) => (Some(seller.clone()), *region),
        };
        let told = Circumstances {
            region,
            particulars: &Particulars::default(),
            releases: 0,
            now,
        };
        let kind = NewsType::NewsGathered;
        let id = NewsId::new(&[kind.as_str(), &recipient.to_string(), &ids.concat()]);
        Self {
            gathered: ids,
            ..Self::new(kind, id, seller, &told)
        }
    }

    /// Whom it is for: sellers hear of their reports and what they alone can mend, and all else that is to be
    /// mended is the owner's.
    #[must_use]
    pub fn audience(&self) -> Audience {
        let is_sellers = match self.kind {
            NewsType::BackfillDelivered | NewsType::AuthorizeAgain => true,
            NewsType::NewsGathered => self.seller_id.is_some(),
            kind => kind.is_end(),
        };
        match is_sellers {
            true => Audience::Seller,
            false => Audience::Owner,
        }
    }

    /// That nothing more is sent to a seller's address.
    #[must_use]
    pub fn of_stopped_mail(stopped: &StoppedMail<'_>, now: Timestamp) -> Self {
        let account = stopped.account;
        let told = Circumstances {
            region: account.further_region(),
            particulars: &Particulars::default(),
            releases: 0,
            now,
        };
        let kind = NewsType::MailStopped;
        let id = NewsId::new(&[kind.as_str(), account.as_str(), &stopped.since.to_string()]);
        Self {
            error: Some(stopped.why.name().to_owned()),
            reason: Some(stopped.reason().to_owned()),
            advice_code: Some(stopped.advice().code),
            ..Self::new(kind, id, Some(account.seller().clone()), &told)
        }
    }

    /// That the e-mail with these news was refused for good, as `failure` says.
    #[must_use]
    pub fn of_refused_mail(&self, failure: &Failure, now: Timestamp) -> Self {
        let kind = NewsType::MailRefused;
        Self {
            id: NewsId::new(&[kind.as_str(), self.id.as_str()]),
            kind,
            time: now,
            object: None,
            waiting: None,
            backfill: None,
            ..self.clone()
        }
        .because_of(Some((failure, AdviceCode::CheckMail)))
    }

    fn about_obstacle(kind: NewsType, obstacle: &Obstacle, since: Timestamp, now: Timestamp) -> Self {
        let told = Circumstances {
            region: obstacle.account().and_then(Account::further_region),
            particulars: &Particulars::default(),
            releases: 0,
            now,
        };
        let report_type = match obstacle {
            Obstacle::Role(_, report_type) => ReportType::parse(report_type).ok(),
            _ => None,
        };
        let name = obstacle.to_string();
        let id = NewsId::new(&[kind.as_str(), &name, &since.to_string()]);
        let seller = obstacle.account().map(|account| account.seller().clone());
        Self {
            report: report_type.map(|report_type| NewsReport::new(&report_type, told.particulars)),
            ..Self::new(kind, id, seller, &told)
        }
    }

    fn of_account(
        kind: NewsType,
        (account, about, occurrence): (&Account, &str, u64),
        told: &Circumstances<'_>,
    ) -> Self {
        let id = NewsId::new(&[kind.as_str(), account.as_str(), about, &occurrence.to_string()]);
        Self::new(kind, id, Some(account.seller().clone()), told)
    }

    fn new(kind: NewsType, id: NewsId, seller_id: Option<SellerId>, told: &Circumstances<'_>) -> Self {
        Self {
            version: Version::One,
            id,
            kind,
            time: told.now,
            seller_id,
            region_code: told.region,
            request_id: told.particulars.request_id.clone(),
            reference: told.particulars.reference.clone(),
            report: None,
            object: None,
            error: None,
            reason: None,
            advice_code: None,
            waiting: None,
            backfill: None,
            authorization: None,
            gathered: Vec::new(),
        }
    }

    fn because_of(self, trouble: Option<(&Failure, AdviceCode)>) -> Self {
        match trouble {
            None => self,
            Some((failure, advice)) => Self {
                error: Some(failure.error.clone()),
                reason: Some(failure.reason()),
                advice_code: Some(advice),
                ..self
            },
        }
    }

    /// The document.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers")
    }

    /// What a subscription's filter policy can choose by.
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, &str)> {
        let report = self.report.as_ref();
        let status = report.and_then(|report| report.processing_status);
        let optional = [
            ("SellerId", self.seller_id.as_ref().map(SellerId::as_str)),
            ("RegionCode", self.region_code.map(RegionCode::as_str)),
            (
                "ReportType",
                report.and_then(|it| Some(it.report_type.as_ref()?.as_str())),
            ),
            (
                "ReportId",
                report.and_then(|it| Some(it.report_id.as_ref()?.as_str())),
            ),
            // Amazon's last word only: nothing that failed here, and nothing that goes on.
            (
                "ProcessingStatus",
                status.filter(|_| self.kind.is_end()).map(ReportStatus::as_str),
            ),
        ];
        let mut attributes = vec![("Outcome", self.kind.as_str())];
        attributes.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        attributes
    }
}
