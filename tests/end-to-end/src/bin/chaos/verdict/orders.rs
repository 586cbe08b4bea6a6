//! Orders.

use super::{Verdict, row};
use crate::evidence::{Evidence, TrueReport};
use crate::ordering::{Receipt, Sent};

impl Verdict {
    /// Whether the order became one report, as it was said.
    pub(super) fn judge_order(&mut self, order: &Sent, evidence: &Evidence) {
        let name = format!("order {} of {}", order.order, order.seller);
        let made: Vec<_> = evidence
            .reports
            .iter()
            .filter(|report| report.order == Some(order.order))
            .collect();
        let is_taken = |report: &&&TrueReport| {
            let others = evidence.orders.iter().filter(|it| it.seller == order.seller);
            others
                .filter_map(|it| placed_as(it, evidence))
                .any(|id| id == report.id)
        };
        if made.len() > 1 && !made.iter().all(|report| is_taken(&report)) {
            self.made_twice += 1;
            let ids: Vec<_> = made.iter().map(|report| report.id.as_str()).collect();
            self.complain(format!("{name} was made more than once: {}", ids.join(", ")));
        }
        let Some(first) = order.receipts.first() else {
            return self.judge_refusal(order, &name, evidence);
        };
        self.accepted += 1;
        if order.receipts.iter().any(|receipt| receipt != first) {
            self.complain(format!("{name} was answered differently: {:?}", order.receipts));
        }
        let row = match first {
            Receipt::Report(_) => None,
            Receipt::Request(id) => row(evidence, &order.seller, id),
        };
        let placed_as = placed_as(order, evidence);
        if has_like_orders_report(order, placed_as, evidence) && made.iter().all(|report| is_taken(&report)) {
            self.exchanged += 1;
            return;
        }
        match made.as_slice() {
            [] => {
                self.orders_without_report += 1;
                let status = row.map_or("no row", |row| row.status.as_str());
                self.complain(format!("{name} ({first:?}) has no report; the ledger: {status}"));
            }
            [report] if placed_as != Some(report.id.as_str()) => self.complain(format!(
                "{name} was made as {}, but is said to be {placed_as:?}",
                report.id
            )),
            _ if row.is_some_and(|row| row.status != "PLACED") => {
                let status = row.map(|row| &row.status);
                self.complain(format!("{name} was made, but the ledger says {status:?}"));
            }
            _ => {}
        }
    }

    fn judge_refusal(&mut self, order: &Sent, name: &str, evidence: &Evidence) {
        if evidence.revoked.contains(&order.seller) {
            self.refused_without_authorization += 1;
        } else if order.has_key {
            let refusal = order.refusal.as_deref().unwrap_or("it was never sent");
            self.complain(format!("{name} was never accepted: {refusal}"));
        } else {
            self.refused_without_key += 1;
        }
    }
}

/// The report that an order is said to have become.
fn placed_as<'a>(order: &'a Sent, evidence: &'a Evidence) -> Option<&'a str> {
    match order.receipts.first()? {
        Receipt::Report(id) => Some(id),
        Receipt::Request(id) => row(evidence, &order.seller, id)?.placed_as.as_deref(),
    }
}

/// Whether an order has, alone, a report that was made for another of the same type: what Amazon lists of
/// reports does not tell such orders apart.
fn has_like_orders_report(order: &Sent, placed_as: Option<&str>, evidence: &Evidence) -> bool {
    let is_it = |report: &&TrueReport| report.seller == order.seller && Some(report.id.as_str()) == placed_as;
    let Some(report) = evidence.reports.iter().find(is_it) else {
        return false;
    };
    let is_another = |it: &&Sent| it.seller == order.seller && it.order != order.order;
    let mut others = evidence.orders.iter().filter(is_another);
    report.report_type == order.report_type
        && report.order.is_some_and(|made_for| made_for != order.order)
        && others.all(|it| self::placed_as(it, evidence) != placed_as)
}
