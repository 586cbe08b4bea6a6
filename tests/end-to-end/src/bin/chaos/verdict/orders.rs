//! Orders.

use super::{Verdict, row};
use crate::evidence::Evidence;
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
        if made.len() > 1 {
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
        let (placed_as, row) = match first {
            Receipt::Report(id) => (Some(id.clone()), None),
            Receipt::Request(id) => {
                let row = row(evidence, &order.seller, id);
                (row.and_then(|row| row.placed_as.clone()), row)
            }
        };
        match made.as_slice() {
            [] => {
                self.orders_without_report += 1;
                let status = row.map_or("no row", |row| row.status.as_str());
                self.complain(format!("{name} ({first:?}) has no report; the ledger: {status}"));
            }
            [report] if placed_as.as_deref() != Some(&report.id) => self.complain(format!(
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
