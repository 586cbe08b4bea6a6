//! From what one report uses to what a million reports cost.

use std::collections::BTreeMap;

use serde::Serialize;

use super::prices::{Item, PRICES};

/// How a figure is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Counted on the local stack.
    Measured,
    /// Follows from the definition: of a workflow, a table, a template.
    Defined,
    /// Neither; the reason is beside it.
    Assumed,
}

/// How much of something one report uses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Of what.
    pub item: Item,
    /// How much.
    pub per_report: f64,
    /// How that is known.
    pub source: Source,
    /// Where it comes from.
    pub note: String,
}

/// What a design uses for one report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// The design's name.
    pub name: &'static str,
    /// Everything, in no order.
    pub lines: Vec<Line>,
}

impl Bill {
    /// A design that uses nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            lines: Vec::new(),
        }
    }

    /// Adds a line.
    #[must_use]
    pub fn with(mut self, item: Item, per_report: f64, source: Source, note: impl Into<String>) -> Self {
        self.lines.push(Line {
            item,
            per_report,
            source,
            note: note.into(),
        });
        self
    }

    /// The same bill for another design, without what `is_out` says.
    pub fn without(&self, name: &'static str, is_out: impl Fn(Item) -> bool) -> Self {
        let lines = self.lines.iter().filter(|line| !is_out(line.item));
        Self {
            name,
            lines: lines.cloned().collect(),
        }
    }

    /// How much of `item` one report uses.
    pub fn per_report(&self, item: Item) -> f64 {
        let lines = self.lines.iter().filter(|line| line.item == item);
        lines.map(|line| line.per_report).sum()
    }

    /// What a million reports pay for `item`: a million × so much each × the price of one.
    pub fn dollars(&self, item: Item) -> f64 {
        self.per_report(item) * item.price().dollars_per_million
    }

    /// What a million reports pay.
    pub fn total(&self) -> f64 {
        PRICES.iter().map(|price| self.dollars(price.item)).sum()
    }

    /// What a million reports pay to each service, the largest first.
    pub fn by_service(&self) -> Vec<(&'static str, f64)> {
        let mut services: BTreeMap<&str, f64> = BTreeMap::new();
        for price in &PRICES {
            *services.entry(price.service).or_default() += self.dollars(price.item);
        }
        let mut services: Vec<_> = services
            .into_iter()
            .filter(|(_, dollars)| *dollars > 0.0)
            .collect();
        services.sort_by(|a, b| b.1.total_cmp(&a.1));
        services
    }
}

/// What Lambda bills for milliseconds at a memory size in MB, in GB-seconds.
pub fn gb_seconds(milliseconds: f64, memory_mb: f64) -> f64 {
    milliseconds / 1000.0 * memory_mb / 1024.0
}

/// What Step Functions bills for an Express execution, in GB-seconds: by the begun 100 ms and the begun
/// 64 MB.
pub fn express_gb_seconds(seconds: f64, memory_mb: f64) -> f64 {
    let tenths = (seconds * 10.0).ceil().max(1.0);
    let chunks = (memory_mb / 64.0).ceil().max(1.0);
    tenths / 10.0 * chunks * 64.0 / 1024.0
}

/// What DynamoDB bills for writing an item of so many bytes once.
pub fn write_units(bytes: f64) -> f64 {
    (bytes / 1024.0).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_reports_cost_a_million_times_what_one_uses() {
        let bill = Bill::new("ours")
            .with(Item::StateTransition, 8.0, Source::Defined, "")
            .with(Item::LambdaRequest, 2.0, Source::Measured, "one function")
            .with(Item::LambdaRequest, 3.0, Source::Measured, "another")
            .with(Item::LogGb, 2e-6, Source::Measured, "2 KB");
        assert_eq!(bill.dollars(Item::StateTransition), 200.0);
        assert_eq!(bill.dollars(Item::LambdaRequest), 1.0);
        assert_eq!(bill.dollars(Item::LogGb), 1.0);
        assert_eq!(bill.dollars(Item::Email), 0.0);
        assert_eq!(bill.total(), 202.0);
        let services = bill.by_service();
        assert_eq!(services[0], ("Step Functions", 200.0));
        assert_eq!(services.len(), 3);
        let other = bill.without("other", |item| item == Item::StateTransition);
        assert_eq!(other.total(), 2.0);
    }

    #[test]
    fn durations_become_gb_seconds() {
        assert_eq!(gb_seconds(100.0, 512.0), 0.05);
        // AWS's own example has 64 MB for the whole of a second: a sixteenth of a GB-second.
        assert_eq!(express_gb_seconds(1.0, 50.0), 0.0625);
        assert_eq!(express_gb_seconds(0.101, 64.0), 0.0125);
        assert_eq!(express_gb_seconds(0.1, 65.0), 0.0125);
        assert_eq!(express_gb_seconds(0.0, 1.0), 0.006_25);
    }

    #[test]
    fn items_are_written_by_the_begun_kilobyte() {
        assert_eq!(write_units(0.0), 1.0);
        assert_eq!(write_units(1024.0), 1.0);
        assert_eq!(write_units(1025.0), 2.0);
    }
}
