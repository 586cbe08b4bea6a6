//! Amazon as it is: messages, documents and answers that are not what its schemas say.
//!
//! One case is ordered through the control API; or, with a seed, every so many are odd in one of the
//! ways that nobody has to lose a report by.

pub(crate) mod answer;
pub(crate) mod document;
mod kinds;
pub(crate) mod message;
pub(crate) mod seeded;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use sp_api::RegionCode;

use crate::documents::generate::Subject;
use crate::faults::FaultKind;
use crate::reports::{Report, ReportKey};
use answer::{AccessOddity, ListingOddity, ReplyOddity};
use document::DocumentOddity;
use message::MessageOddity;
use seeded::Seeded;

/// What can be odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Group {
    /// Notifications.
    Messages,
    /// What a document URL serves, and what getReportDocument says about it.
    Documents,
    /// What SP-API and LWA answer.
    Answers,
}

impl Group {
    const ALL: [Self; 3] = [Self::Messages, Self::Documents, Self::Answers];
}

/// One way to be odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    Message(MessageOddity),
    Document(DocumentOddity),
    /// An answer, and the operation that gives it: its name, or `lwa`.
    Reply(ReplyOddity, &'static str),
    Access(AccessOddity),
    Listing(ListingOddity),
}

impl Oddity {
    /// All of them; answers come from the operation that usually gives them.
    fn all() -> impl Iterator<Item = Self> {
        let reply = |kind: ReplyOddity| Self::Reply(kind, kind.usual_operation());
        let messages = MessageOddity::ALL.iter().copied().map(Self::Message);
        let documents = DocumentOddity::ALL.iter().copied().map(Self::Document);
        messages
            .chain(documents)
            .chain(ReplyOddity::ALL.iter().copied().map(reply))
            .chain(AccessOddity::ALL.iter().copied().map(Self::Access))
            .chain(ListingOddity::ALL.iter().copied().map(Self::Listing))
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|oddity| oddity.name() == name)
    }

    /// All names.
    pub(crate) fn names() -> Vec<&'static str> {
        Self::all().map(Self::name).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Message(kind) => kind.name(),
            Self::Document(kind) => kind.name(),
            Self::Reply(kind, _) => kind.name(),
            Self::Access(kind) => kind.name(),
            Self::Listing(kind) => kind.name(),
        }
    }

    pub(crate) fn group(self) -> Group {
        match self {
            Self::Message(_) => Group::Messages,
            Self::Document(_) => Group::Documents,
            Self::Reply(..) | Self::Access(_) | Self::Listing(_) => Group::Answers,
        }
    }
}

/// What an order is limited to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) seller_id: Option<String>,
    pub(crate) region: Option<RegionCode>,
    pub(crate) report_type: Option<String>,
    pub(crate) report_id: Option<String>,
}

/// One order: so many are to be odd like this.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) oddity: Oddity,
    /// How many more; `None` for all that come.
    pub(crate) left: Option<u64>,
    pub(crate) limits: Limits,
}

/// Whom and what something is about, as far as orders can tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About<'a> {
    pub(crate) region: Option<RegionCode>,
    pub(crate) seller_id: Option<&'a str>,
    pub(crate) report: Option<&'a Report>,
}

impl<'a> About<'a> {
    fn report(report: &'a Report) -> Self {
        Self {
            region: Some(report.key.region),
            seller_id: Some(&report.key.seller_id),
            report: Some(report),
        }
    }

    fn is_within(self, limits: &Limits) -> bool {
        let fits = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == actual)
        };
        let report_type = self
            .report
            .map(|report| report.specification.report_type.as_str());
        fits(&limits.seller_id, self.seller_id)
            && fits(&limits.report_type, report_type)
            && fits(
                &limits.report_id,
                self.report.map(|report| report.key.id.as_str()),
            )
            && limits.region.is_none_or(|region| Some(region) == self.region)
    }
}

/// What is to be odd, and how much has been.
#[derive(Debug, Default)]
pub(crate) struct Oddities {
    /// Oldest first; the first that fits is the only one.
    orders: Vec<Order>,
    seeded: Option<Seeded>,
    /// Documents that the wrong token has been tried on.
    access: HashMap<ReportKey, AccessOddity>,
    sent: BTreeMap<Group, BTreeMap<&'static str, u64>>,
}

impl Oddities {
    pub(crate) fn order(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub(crate) fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// From now on every so many are odd.
    pub(crate) fn seed(&mut self, seeded: Seeded) {
        self.seeded = Some(seeded);
    }

    pub(crate) fn seeded(&self) -> Option<&Seeded> {
        self.seeded.as_ref()
    }

    /// Takes everything back that has not happened yet.
    pub(crate) fn clear(&mut self) {
        self.orders.clear();
        self.seeded = None;
    }

    /// How many of each kind there have been.
    pub(crate) fn sent(&self) -> BTreeMap<Group, BTreeMap<&'static str, u64>> {
        let counts = |group| (group, self.sent.get(&group).cloned().unwrap_or_default());
        Group::ALL.map(counts).into()
    }

    /// How a notification about the report is to be written.
    pub(crate) fn message(&mut self, report: &Report) -> Option<MessageOddity> {
        let ordered = self.take(About::report(report), |oddity| match oddity {
            Oddity::Message(kind) if kind.fits(report) => Some(kind),
            _ => None,
        });
        let drawn = self.seeded.as_mut().and_then(|seeded| seeded.message(report));
        self.counted(ordered.or(drawn), Oddity::Message)
    }

    /// What the report's document is to be.
    pub(crate) fn document(&mut self, report: &Report) -> Option<DocumentOddity> {
        let plan = report.outcome.document.as_ref()?;
        let subject = Subject::of(report);
        let status = report.outcome.status;
        let ordered = self.take(About::report(report), |oddity| match oddity {
            Oddity::Document(kind) if kind.fits(subject, plan, status) => Some(kind),
            _ => None,
        });
        let draw =
            |seeded: &Seeded| seeded.document(report, &DocumentOddity::drawn_for(subject, plan, status));
        let drawn = || self.seeded.as_ref().and_then(draw);
        let kind = ordered.or_else(drawn);
        self.counted(kind, Oddity::Document)
    }

    /// What an operation answers instead of what it would.
    pub(crate) fn reply(
        &mut self,
        operation: &'static str,
        about: About<'_>,
        body: &[u8],
    ) -> Option<(ReplyOddity, FaultKind)> {
        let ordered = self.take(about, |oddity| match oddity {
            Oddity::Reply(kind, from) if from == operation => Some(kind),
            _ => None,
        });
        let draw = |seeded: &mut Seeded| seeded.reply(operation, about);
        let kind = ordered.or_else(|| self.seeded.as_mut().and_then(draw));
        let kind = self.counted(kind, |kind| Oddity::Reply(kind, operation))?;
        Some((kind, kind.answer(body)))
    }

    /// Whether no restricted token is to be had for the report's document.
    pub(crate) fn refuses_restricted_token(&mut self, report: &Report, is_restricted: bool) -> bool {
        let is_drawn = |seeded: &Seeded| is_restricted && seeded.access(report);
        self.decide(report, AccessOddity::TokenRefused, is_drawn)
    }

    /// Whether the document, of a type that nobody lists as restricted, needs a restricted token all the same.
    pub(crate) fn demands_restricted_token(&mut self, report: &Report) -> bool {
        self.decide(report, AccessOddity::Enforced, |seeded| seeded.access(report))
    }

    /// Whether the seller's own token opens a document that is restricted.
    pub(crate) fn opens_to_sellers_token(&self, report: &ReportKey) -> bool {
        self.access.get(report) == Some(&AccessOddity::TokenRefused)
    }

    fn decide(&mut self, report: &Report, kind: AccessOddity, is_drawn: impl Fn(&Seeded) -> bool) -> bool {
        let is_so = match self.access.get(&report.key) {
            Some(known) => *known == kind,
            None => {
                let ordered = |oddity| (oddity == Oddity::Access(kind)).then_some(());
                self.take(About::report(report), ordered).is_some()
                    || self.seeded.as_ref().is_some_and(is_drawn)
            }
        };
        if is_so {
            self.access.insert(report.key.clone(), kind);
            self.count(Oddity::Access(kind));
        }
        is_so
    }

    /// How the report is to be shown in a list.
    pub(crate) fn listing(&mut self, report: &Report) -> Option<ListingOddity> {
        let ordered = self.take(About::report(report), |oddity| match oddity {
            Oddity::Listing(kind) => Some(kind),
            _ => None,
        });
        let drawn = || self.seeded.as_ref().and_then(|seeded| seeded.listing(report));
        let kind = ordered.or_else(drawn);
        self.counted(kind, Oddity::Listing)
    }

    /// The first order that fits; it is used up by one.
    fn take<K>(&mut self, about: About<'_>, fits: impl Fn(Oddity) -> Option<K>) -> Option<K> {
        let mut within = self
            .orders
            .iter_mut()
            .filter(|order| about.is_within(&order.limits));
        let taken = within.find_map(|order| {
            let kind = fits(order.oddity)?;
            order.left = order.left.map(|left| left.saturating_sub(1));
            Some(kind)
        });
        self.orders.retain(|order| order.left != Some(0));
        taken
    }

    fn counted<K: Copy>(&mut self, kind: Option<K>, oddity: impl Fn(K) -> Oddity) -> Option<K> {
        if let Some(kind) = kind {
            self.count(oddity(kind));
        }
        kind
    }

    fn count(&mut self, oddity: Oddity) {
        let counts = self.sent.entry(oddity.group()).or_default();
        *counts.entry(oddity.name()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_kinds_have_the_same_name() {
        let names = Oddity::names();
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
        for name in names {
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{name}"
            );
            assert_eq!(Oddity::by_name(name).map(Oddity::name), Some(name));
        }
        assert_eq!(Oddity::by_name("normal"), None);
    }
}
