use std::fmt;

use sp_api::RegionCode;
use sp_api::ids::ReportId;
use tracing::Span;

use crate::adapters::LedgerRow;
use crate::domain::Account;
use crate::domain::order::RequestId;

/// The name of a span whose fields are those of the whole invocation, too.
pub(super) const INVOCATION: &str = "invocation";

/// What a line is about: a report, or an order that is none yet.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    account: &'a Account,
    report: Option<&'a str>,
    order: Option<&'a str>,
    region: Option<RegionCode>,
    execution: Option<&'a str>,
}

impl<'a> About<'a> {
    /// A report of `account`.
    #[must_use]
    pub fn report(account: &'a Account, report: &'a ReportId) -> Self {
        Self {
            report: Some(report.as_str()),
            order: None,
            ..Self::row(account, report.as_str())
        }
    }

    /// An order of `account`.
    #[must_use]
    pub fn order(account: &'a Account, order: &'a RequestId) -> Self {
        Self::row(account, order.as_str())
    }

    /// The report or the order with that row.
    #[must_use]
    pub fn row(account: &'a Account, id: &'a str) -> Self {
        let is_order = RequestId::parse(id).is_ok();
        Self {
            account,
            report: (!is_order).then_some(id),
            order: is_order.then_some(id),
            region: account.further_region(),
            execution: None,
        }
    }

    /// The report that an order has become.
    #[must_use]
    pub fn placed_as(self, report: &'a ReportId) -> Self {
        Self {
            report: Some(report.as_str()),
            ..self
        }
    }

    /// The same, of which the region is known, perhaps.
    #[must_use]
    pub fn in_region(self, region: impl Into<Option<RegionCode>>) -> Self {
        Self {
            region: region.into().or(self.region),
            ..self
        }
    }

    /// The same, on which that execution works, if one does.
    #[must_use]
    pub fn in_execution(self, execution: Option<&'a str>) -> Self {
        Self {
            execution: execution.or(self.execution),
            ..self
        }
    }

    /// The same, with what its row says.
    #[must_use]
    pub fn as_in(self, row: Option<&'a LedgerRow>) -> Self {
        self.in_region(row.and_then(LedgerRow::region))
            .in_execution(self.execution.or_else(|| row?.text("execution")))
    }

    /// Has all lines be about it that are logged within the span.
    #[must_use]
    pub fn span(&self) -> Span {
        tracing::error_span!(
            "about",
            seller = self.account.seller().as_str(),
            region = self.region.map(RegionCode::as_str),
            report = self.report,
            order = self.order,
            execution = self.execution
        )
    }

    /// Has all further lines of the invocation be about it, that of its failure included.
    pub fn is_all_of_the_invocation(&self) {
        // The span itself is of no use: its fields go to the one around it.
        drop(tracing::error_span!(
            INVOCATION,
            seller = self.account.seller().as_str(),
            region = self.region.map(RegionCode::as_str),
            report = self.report,
            order = self.order,
            execution = self.execution
        ));
    }
}

/// As a sentence begins: `Report 54517018502 of A3TH9S8BH6GOGM`.
impl fmt::Display for About<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seller = self.account.seller();
        match (self.report, self.order) {
            (Some(report), _) => write!(formatter, "Report {report} of {seller}"),
            (None, order) => write!(formatter, "The order {} of {seller}", order.unwrap_or_default()),
        }
    }
}
