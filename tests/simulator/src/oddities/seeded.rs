//! Every so many odd: which ones, and how, is decided by a seed and by what they are about, so that
//! whoever asks twice for the same document gets the same bytes.

use std::collections::HashMap;

use serde::Serialize;
use sp_api::rates::Operation;

use super::About;
use super::answer::{ListingOddity, ReplyOddity};
use super::document::DocumentOddity;
use super::message::MessageOddity;
use crate::random::Numbers;
use crate::reports::{Report, ReportKey};

/// One in how many is odd; `None` for none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Every {
    pub(crate) messages: Option<u64>,
    pub(crate) documents: Option<u64>,
    /// Reports whose answers are odd, exchanges of tokens, and subscriptions.
    pub(crate) answers: Option<u64>,
}

/// How often a subscription finds no destination. Everything else passes after once.
const TIMES_WITHOUT_DESTINATION: u64 = 2;

/// The seeded mode.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seeded {
    seed: u64,
    every: Every,
    /// The option that tells reports apart, where they have it. Unlike their ids and their sellers' it can be
    /// the same when everything is done again.
    report_option: Option<String>,
    /// How many messages there have been about a report.
    #[serde(skip)]
    messages: HashMap<ReportKey, u64>,
    /// How many odd answers there have been about a report or a subscription.
    #[serde(skip)]
    replies: HashMap<String, u64>,
    /// How many tokens a seller's application has asked for, and whether the last answer was odd.
    #[serde(skip)]
    exchanges: HashMap<String, (u64, bool)>,
}

/// How the answers about one report are odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AboutReport {
    /// The first one only.
    Reply(ReplyOddity),
    /// To whoever comes with the wrong token.
    Access,
}

impl Seeded {
    pub(crate) fn new(seed: u64, every: Every, report_option: Option<String>) -> Self {
        Self {
            seed,
            every,
            report_option,
            messages: HashMap::new(),
            replies: HashMap::new(),
            exchanges: HashMap::new(),
        }
    }

    /// One of the kinds, for one in `every`.
    fn draw<K: Copy>(&self, every: Option<u64>, about: &str, kinds: &[K]) -> Option<K> {
        let mut numbers = Numbers::from_text(&format!("{} {about}", self.seed));
        let count = u64::try_from(kinds.len()).ok().filter(|count| *count > 0)?;
        if numbers.below(every?) != 0 {
            return None;
        }
        let chosen = usize::try_from(numbers.below(count)).ok()?;
        kinds.get(chosen).copied()
    }

    fn name(&self, report: &Report) -> String {
        let option = self
            .report_option
            .as_ref()
            .and_then(|name| report.specification.options.get(name));
        match option {
            Some(value) => format!("{} {value}", report.specification.report_type),
            None => format!("{} {} {}", report.key.region, report.key.seller_id, report.key.id),
        }
    }

    pub(super) fn message(&mut self, report: &Report) -> Option<MessageOddity> {
        let number = self.messages.entry(report.key.clone()).or_default();
        *number += 1;
        let number = *number;
        let about = format!("message {number} of {}", self.name(report));
        let fits = |kind: &MessageOddity| kind.fits(report);
        let kinds: Vec<_> = MessageOddity::ALL.iter().copied().filter(fits).collect();
        self.draw(self.every.messages, &about, &kinds)
    }

    pub(super) fn document(&self, report: &Report, kinds: &[DocumentOddity]) -> Option<DocumentOddity> {
        let about = format!("document of {}", self.name(report));
        self.draw(self.every.documents, &about, kinds)
    }

    pub(super) fn reply(&mut self, operation: &str, about: About<'_>) -> Option<ReplyOddity> {
        if operation == "lwa" {
            return self.exchange(about.seller_id?);
        }
        if operation == Operation::CreateSubscription.name() {
            let about = format!("subscription of {:?} {:?}", about.region, about.seller_id);
            let kind = self.draw(self.every.answers, &about, &[ReplyOddity::NoDestination])?;
            return self.is_due(about, TIMES_WITHOUT_DESTINATION).then_some(kind);
        }
        let report = about
            .report
            .filter(|_| operation == Operation::GetReportDocument.name())?;
        match self.about_report(report)? {
            AboutReport::Reply(kind) => self.is_due(self.name(report), 1).then_some(kind),
            AboutReport::Access => None,
        }
    }

    /// Whether that has happened less often than so many times; now it happens once more.
    fn is_due(&mut self, about: String, times: u64) -> bool {
        let happened = self.replies.entry(about).or_default();
        *happened += 1;
        *happened <= times
    }

    /// Never two in a row for the same seller.
    fn exchange(&mut self, seller_id: &str) -> Option<ReplyOddity> {
        let (earlier, was_odd) = self.exchanges.get(seller_id).copied().unwrap_or_default();
        let about = format!("exchange {earlier} of {seller_id}");
        let drawn = self.draw(self.every.answers, &about, &ReplyOddity::PASSING_AT_LWA);
        let kind = drawn.filter(|_| !was_odd);
        self.exchanges
            .insert(seller_id.to_owned(), (earlier + 1, kind.is_some()));
        kind
    }

    /// Whether tokens for the report's document are not what they ought to be.
    pub(super) fn access(&self, report: &Report) -> bool {
        self.about_report(report) == Some(AboutReport::Access)
    }

    fn about_report(&self, report: &Report) -> Option<AboutReport> {
        let about = format!("answers about {}", self.name(report));
        let mut kinds = ReplyOddity::PASSING.map(AboutReport::Reply).to_vec();
        kinds.push(AboutReport::Access);
        self.draw(self.every.answers, &about, &kinds)
    }

    pub(super) fn listing(&self, report: &Report) -> Option<ListingOddity> {
        let about = format!("entry of {}", self.name(report));
        self.draw(self.every.answers, &about, &ListingOddity::DRAWN)
    }
}
